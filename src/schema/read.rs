//! From a `perfgate.run/1` file to the domain: checks every number, derives what follows from others.

use super::histogram::{HistogramError, decode_histogram};
use super::keys::check_keys;
use super::latency::{LatencyV1, PartTimeV1, RoundingV1};
use super::metric::MetricV1;
use super::run::{EndpointV1, MeasuredV1, RUN_SCHEMA, RunV1};
use crate::model::limits::{self, Census, Exceeded, check_name};
use crate::model::{
    Alert, Check, CommitId, CustomMetric, Direction, Endpoint, EndpointKey, EndpointNames,
    FailureKind, InvalidCommitId, Kind, Latency, Load, MetricType, Named as _, OutOfRange, Part,
    PartTime, Quantile, Raw, Resource, Rounding, Run, Span, Timeline, Tool, Unit, Untrusted,
    known_metric, without_credentials,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A run that was read, and the fields that were left out because the format does not have them.
#[derive(Debug)]
pub struct ReadRun {
    /// The run.
    pub run: Run,
    /// Paths of unknown fields.
    pub unknown_fields: Vec<String>,
}

/// Why a run file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RunFileError {
    /// Not JSON, or not of the right shape.
    #[error("line {}, column {}: {source}", source.line(), source.column())]
    Json {
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// Another format or version.
    #[error("the schema is `{found}`; this perfgate reads `{RUN_SCHEMA}`")]
    Version {
        /// What the file says.
        found: String,
    },
    /// A value that cannot be.
    #[error("{path}: {problem}")]
    Invalid {
        /// Where in the document.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

/// Reads a run. `json` is the whole document.
pub fn read_run(json: &[u8]) -> Result<ReadRun, RunFileError> {
    let wrap = |source| RunFileError::Json { source };
    check_document(json)?;
    let mut unknown_fields = Vec::new();
    let mut more = 0_u64;
    let mut parser = serde_json::Deserializer::from_slice(json);
    let file: RunV1 = serde_ignored::deserialize(&mut parser, |path| {
        if unknown_fields.len() < limits::UNKNOWN_FIELDS {
            unknown_fields.push(limits::shown(&path.to_string()));
        } else {
            more += 1;
        }
    })
    .map_err(wrap)?;
    parser.end().map_err(wrap)?;
    if more > 0 {
        unknown_fields.push(format!("and {more} more"));
    }
    Ok(ReadRun { run: run(file)?, unknown_fields })
}

/// Reads a run of which nobody asks what it has beside the known fields: a record. Keeping track of those takes as long as reading.
pub fn read_recorded(json: &[u8]) -> Result<Run, RunFileError> {
    check_document(json)?;
    run(serde_json::from_slice(json).map_err(|source| RunFileError::Json { source })?)
}

/// Reads a run of a bundle: one that perfgate wrote without histograms and samples. Either of them is an error, before it is
/// unpacked.
pub fn read_bundled(json: &[u8]) -> Result<Run, RunFileError> {
    check_document(json)?;
    let file: RunV1 =
        serde_json::from_slice(json).map_err(|source| RunFileError::Json { source })?;
    let total = file.total.iter().map(|total| (&total.latency, &total.parts));
    let endpoints = file.endpoints.iter().map(|own| (&own.latency, &own.parts));
    let latencies = total.chain(endpoints).flat_map(|(whole, parts)| {
        whole.iter().chain(parts.values().filter_map(PartTimeV1::times))
    });
    for latency in latencies {
        if latency.histogram.is_some() || latency.samples.is_some() {
            return Err(invalid("latency", "a bundle holds no histogram and no samples"));
        }
    }
    run(file)
}

/// Refuses what is too much to be read, and another schema. What that is called is looked up first only where it is not at the very
/// beginning, as perfgate writes it.
fn check_document(json: &[u8]) -> Result<(), RunFileError> {
    check_keys(json).map_err(|exceeded| invalid("run", exceeded))?;
    if json.starts_with(BEGINNING) {
        return Ok(());
    }
    match schema_of(json)? {
        found if found == RUN_SCHEMA => Ok(()),
        found => Err(RunFileError::Version { found: limits::shown(&found) }),
    }
}

/// How a run that perfgate wrote begins.
const BEGINNING: &[u8] = br#"{"schema":"perfgate.run/1","#;

fn schema_of(json: &[u8]) -> Result<String, RunFileError> {
    #[derive(Deserialize)]
    struct Header {
        schema: Option<String>,
    }
    let header: Header =
        serde_json::from_slice(json).map_err(|source| RunFileError::Json { source })?;
    Ok(header.schema.unwrap_or_default())
}

/// A field of a part of the document: its text is made only where something is wrong with it.
struct Field<'a>(&'a dyn fmt::Display, &'a str);

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

fn invalid(path: impl fmt::Display, problem: impl ToString) -> RunFileError {
    RunFileError::Invalid { path: path.to_string(), problem: problem.to_string() }
}

fn run(file: RunV1) -> Result<Run, RunFileError> {
    let mut run =
        Run::new(Tool { name: file.tool.name.into(), version: file.tool.version.map(Into::into) });
    if run.tool.name == "" {
        return Err(invalid("tool.name", "must not be empty"));
    }
    run.suite = file.suite.map_or(run.suite, Into::into);
    run.profile = file.profile.map(Into::into);
    run.environment = file.environment.map(Into::into);
    let commit =
        |text: String| text.parse::<CommitId>().map_err(|e: InvalidCommitId| invalid("commit", e));
    run.commit = file.commit.map(commit).transpose()?;
    let time = |text: String| text.parse().map_err(|e: jiff::Error| invalid("started_at", e));
    run.started_at = file.started_at.map(time).transpose()?;
    run.duration_s = amount(&"duration_s", file.duration_s)?;
    run.load = Load {
        users: file.load.users,
        users_planned: file.load.users_planned,
        duration_planned: file.load.duration_planned,
        peak_users: file.load.peak_users,
        connections: file.load.connections,
        spawn_rate: amount(&"load.spawn_rate", file.load.spawn_rate)?,
        target: file.load.target.map(|target| without_credentials(&target).into_owned().into()),
        script_sha256: file.load.script_sha256.map(Into::into),
    };
    run.labels = file.labels.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
    run.endpoints = endpoints(file.endpoints, run.duration_s)?;
    run.total = match file.total {
        Some(total) => measured(EndpointKey::Total, &"total", total, run.duration_s)?,
        None => total_of(&run.endpoints)?,
    };
    let names: EndpointNames<'_> = run.endpoints.iter().map(|endpoint| &endpoint.key).collect();
    let metric = |(i, file)| metric(i, file, &names);
    run.metrics = file.metrics.into_iter().enumerate().map(metric).collect::<Result<_, _>>()?;
    for (name, r) in file.resources {
        let slope_interval = r.slope_interval.map(|own| Span { low: own.low, high: own.high });
        let (mean, max) = (r.mean, r.max);
        let known = Resource { mean, max, slope_per_hour: r.slope_per_hour, slope_interval };
        run.resources.insert(name.into(), known);
    }
    for (name, own) in file.timeline {
        let positive = amount(&format!("timeline.{name}.interval_s"), Some(own.interval_s))?;
        let interval_s = positive.filter(|s| *s > 0.0).unwrap_or(1.0);
        run.timeline.insert(name.into(), Timeline { interval_s, values: own.values });
    }
    run.checks = file
        .checks
        .into_iter()
        .map(|check| Check { name: check.name.into(), passes: check.passes, fails: check.fails })
        .collect();
    for (i, alert) in file.alerts.into_iter().enumerate() {
        let wrong = |field| invalid(format!("alerts[{i}].{field}"), "not a time of an alert");
        run.alerts.push(Alert::try_from(alert).map_err(wrong)?);
    }
    for (name, took) in file.calibration {
        let path = format!("calibration.{name}");
        let positive = amount(&path, Some(took))?.filter(|ms| *ms > 0.0);
        let took = positive.ok_or_else(|| invalid(&path, "must be more than 0 ms"))?;
        run.calibration.insert(name.into(), took);
    }
    limits::check_run(&run).map_err(|exceeded| invalid("run", exceeded))?;
    run.check_lengths().map_err(|long| invalid(&long.path, &long.exceeded))?;
    Ok(run)
}

fn endpoints(
    list: Vec<EndpointV1>,
    duration_s: Option<f64>,
) -> Result<Vec<Endpoint>, RunFileError> {
    let mut seen = BTreeSet::new();
    let mut census = Census::default();
    let mut all: Vec<Endpoint> = Vec::with_capacity(list.len());
    let mut bytes = 0;
    for (i, endpoint) in list.into_iter().enumerate() {
        let path = format!("endpoints[{i}]");
        if endpoint.name.is_empty() {
            return Err(invalid(format!("{path}.name"), "must not be empty"));
        }
        let kind = Kind::from(endpoint.kind);
        let key = EndpointKey::named(kind, endpoint.method.as_deref(), &endpoint.name);
        let at = |exceeded: &Exceeded| match exceeded {
            Exceeded::Bytes { .. } => format!("{path}.name"),
            Exceeded::Characters { .. } => format!("{path}.method"),
            _ => path.clone(),
        };
        census.count(&key).map_err(|exceeded| invalid(at(&exceeded), exceeded))?;
        if !seen.insert(key.clone()) {
            return Err(invalid(&path, format!("{} stands twice in the file", key.text().raw())));
        }
        let parts = MeasuredV1 {
            requests: endpoint.requests,
            failures: endpoint.failures,
            outcomes: endpoint.outcomes,
            throughput_rps: endpoint.throughput_rps,
            error_rate: endpoint.error_rate,
            latency: endpoint.latency,
            failure_kinds: endpoint.failure_kinds,
            parts: endpoint.parts,
        };
        let endpoint = measured(key, &path, parts, duration_s)?;
        bytes += endpoint.sample_bytes();
        if bytes > limits::MEASURED_BYTES {
            return Err(invalid(&path, Exceeded::Memory));
        }
        all.push(endpoint);
    }
    Ok(all)
}

fn measured(
    key: EndpointKey,
    path: &dyn fmt::Display,
    parts: MeasuredV1,
    duration_s: Option<f64>,
) -> Result<Endpoint, RunFileError> {
    let at = |field| Field(path, field);
    let mut endpoint = Endpoint::new(key);
    endpoint.latency = parts.latency.map(|l| latency(&at("latency"), l)).transpose()?;
    let samples = endpoint.latency.as_ref().and_then(|l| l.count);
    endpoint.requests = parts.requests.or(samples);
    if let Some(latency) = &mut endpoint.latency {
        latency.count = latency.count.or(endpoint.requests);
    }
    endpoint.outcomes = parts.outcomes;
    endpoint.failures = parts.failures;
    let counts = [
        ("requests", endpoint.requests),
        ("outcomes", endpoint.outcomes),
        ("failures", endpoint.failures),
    ];
    for (field, count) in counts {
        if count.is_some_and(|count| count > limits::COUNT) {
            return Err(invalid(at(field), "is larger than 10^12"));
        }
    }
    if endpoint.outcomes > endpoint.requests && endpoint.requests.is_some() {
        return Err(invalid(at("outcomes"), "are more than there are requests"));
    }
    if let (Some(failures), Some(of)) = (endpoint.failures, endpoint.outcomes.or(endpoint.requests))
        && failures > of
    {
        return Err(invalid(at("failures"), format!("{failures} failures in {of} requests")));
    }
    endpoint.stated_error_rate = amount(&at("error_rate"), parts.error_rate)?;
    if endpoint.stated_error_rate.is_some_and(|rate| rate > 1.0) {
        return Err(invalid(at("error_rate"), "must lie between 0 and 1"));
    }
    let over_time = || Some(endpoint.requests? as f64 / duration_s.filter(|s| *s > 0.0)?);
    endpoint.throughput_rps =
        amount(&at("throughput_rps"), parts.throughput_rps)?.or_else(over_time);
    for (name, time) in parts.parts {
        let time = part_time(&Field(&at("parts"), &name), time, endpoint.timed())?;
        endpoint.parts.insert(part_name(name), time);
    }
    endpoint.failure_kinds = parts
        .failure_kinds
        .into_iter()
        .map(|kind| FailureKind::new(&kind.message, kind.count))
        .collect();
    Ok(endpoint)
}

/// A part by the name that perfgate has for it: k6 calls connecting `connecting`.
fn part_name(name: String) -> Untrusted {
    let known = known_metric(&name).and_then(|known| Part::from_name(known.name));
    known.map_or_else(|| name.into(), |part| part.name().into())
}

/// The times of a part; `timed` requests have one where it does not say how many.
fn part_time(
    path: &dyn fmt::Display,
    file: PartTimeV1,
    timed: Option<u64>,
) -> Result<PartTime, RunFileError> {
    Ok(match file {
        PartTimeV1::Mean(ms) => PartTime::Mean(not_negative(path, ms)?),
        PartTimeV1::Times(times) => {
            let stated: Vec<String> = times.quantiles.keys().cloned().collect();
            let stddev = times.stddev;
            let mut times = latency(path, *times)?;
            // What samples say beside is not kept of a part.
            let kept = |level: &Quantile| Part::QUANTILES.contains(level);
            times.quantiles.retain(|level, _| kept(level) || stated.contains(&level.to_string()));
            times.stddev = times.stddev.filter(|_| stddev.is_some());
            times.count = times.count.or(timed);
            PartTime::Times(Box::new(times))
        }
    })
}

fn latency(path: &dyn fmt::Display, file: LatencyV1) -> Result<Latency, RunFileError> {
    let at = |field| Field(path, field);
    let (unit, factor) = Unit::from_name(&file.unit);
    if unit != Unit::Milliseconds {
        return Err(invalid(
            at("unit"),
            format!("`{}` is not a unit of time (ns, us, ms, s)", file.unit),
        ));
    }
    let time =
        |field: &str, value: Option<f64>| amount(&Field(path, field), value.map(|v| v * factor));
    let mut latency = match (&file.samples, &file.histogram) {
        (Some(samples), _) => from_samples(&at("samples"), samples, factor)?,
        (None, Some(histogram)) => {
            if histogram.unit != "ns" {
                return Err(invalid(at("histogram.unit"), "must be ns"));
            }
            let mut all = decode_histogram(&histogram.data)
                .map_err(|e: HistogramError| invalid(at("histogram.data"), e))?;
            all.set_exact(time("min", file.min)?, time("max", file.max)?, time("mean", file.mean)?);
            Latency::from_distribution(all)
        }
        (None, None) => Latency::default(),
    };
    let stated = quantiles(&at("quantiles"), &file.quantiles, factor, not_negative)?;
    latency.quantiles.extend(stated);
    if file.count.is_some_and(|count| count > limits::COUNT) {
        return Err(invalid(at("count"), "is larger than 10^12"));
    }
    latency.count = latency.count.or(file.count);
    latency.mean = time("mean", file.mean)?.or(latency.mean);
    latency.min = time("min", file.min)?.or(latency.min);
    latency.max = time("max", file.max)?.or(latency.max);
    latency.stddev = time("stddev", file.stddev)?.or(latency.stddev);
    if latency.min > latency.max && latency.max.is_some() {
        return Err(invalid(at("min"), "is larger than max"));
    }
    let rounding = match file.rounding {
        Some(RoundingV1::TwoSignificantDigits) => Some(Rounding::TwoSignificantDigits),
        Some(RoundingV1::StepMs(step)) => {
            let step = amount(&at("rounding.step_ms"), Some(step))?.unwrap_or_default();
            let us = (step * 1e3).round() as u64;
            (us > 0).then_some(Rounding::Steps { us })
        }
        None => None,
    };
    // What was recorded is judged as it was when it was measured.
    if file.samples.is_some() {
        latency.set_rounding(rounding)
    } else {
        latency.rounding = rounding
    }
    for (name, off) in &file.half_steps {
        let path = Field(path, "half_steps");
        let level = name.parse::<Quantile>();
        let level = level.map_err(|()| invalid(Field(&path, name), NO_QUANTILE))?;
        latency.half_steps.insert(level, not_negative(&Field(&path, name), off * factor)?);
    }
    Ok(latency)
}

fn from_samples(
    path: &dyn fmt::Display,
    samples: &[f64],
    factor: f64,
) -> Result<Latency, RunFileError> {
    let wrong = |value: &&f64| !value.is_finite() || **value < 0.0;
    if let Some(i) = samples.iter().position(|value| wrong(&value)) {
        return Err(invalid(format!("{path}[{i}]"), OutOfRange(samples[i])));
    }
    let counts = samples.iter().map(|value| (value * factor, 1)).collect();
    Latency::from_counts(counts).map_err(|e| invalid(path, e))
}

const NO_QUANTILE: &str = "is not a quantile: write p50, p95, p99.9";

fn quantiles(
    path: &dyn fmt::Display,
    file: &BTreeMap<String, f64>,
    factor: f64,
    checked: fn(&dyn fmt::Display, f64) -> Result<f64, RunFileError>,
) -> Result<BTreeMap<Quantile, f64>, RunFileError> {
    let mut known = BTreeMap::new();
    for (name, value) in file {
        let at = Field(path, name);
        let level = name.parse::<Quantile>();
        let level = level.map_err(|()| invalid(&at, NO_QUANTILE))?;
        known.insert(level, checked(&at, value * factor)?);
    }
    let falling = known.iter().zip(known.iter().skip(1)).find(|((_, low), (_, high))| low > high);
    match falling {
        Some(((low, _), (high, _))) => Err(invalid(path, format!("{high} is smaller than {low}"))),
        None => Ok(known),
    }
}

fn metric(
    i: usize,
    file: MetricV1,
    names: &EndpointNames<'_>,
) -> Result<CustomMetric, RunFileError> {
    let path = format!("metrics[{i}]");
    if file.name.is_empty() {
        return Err(invalid(format!("{path}.name"), "must not be empty"));
    }
    check_name("a metric's name", &file.name)
        .map_err(|exceeded| invalid(format!("{path}.name"), exceeded))?;
    let known = known_metric(&file.name).map(|known| known.unit);
    let (unit, factor) = Unit::from_name(file.unit.as_deref().or(known).unwrap_or_default());
    let mut metric = CustomMetric::new(&file.name, unit);
    metric.sort = file.sort.map(MetricType::from);
    metric.direction = file.direction.map(Direction::from);
    let value = file.value.map(|value| finite(&format!("{path}.value"), value * factor));
    metric.value = value.transpose()?;
    metric.count = file.count;
    metric.quantiles = quantiles(&format!("{path}.quantiles"), &file.quantiles, factor, finite)?;
    metric.endpoint = file.endpoint.map_or(EndpointKey::Total, |text| names.named(&text));
    Ok(metric)
}

/// A number that must not be negative.
fn amount(path: &dyn fmt::Display, value: Option<f64>) -> Result<Option<f64>, RunFileError> {
    value.map(|value| not_negative(path, value)).transpose()
}

fn not_negative(path: &dyn fmt::Display, value: f64) -> Result<f64, RunFileError> {
    if value < 0.0 {
        return Err(invalid(path, format!("{value} must not be negative")));
    }
    finite(path, value)
}

/// JSON has no infinity, but a large number in a large unit is one.
fn finite(path: &dyn fmt::Display, value: f64) -> Result<f64, RunFileError> {
    if value.is_finite() { Ok(value) } else { Err(invalid(path, "is too large")) }
}

/// The total as far as it follows from the endpoints: sums of counts and rates, merged histograms.
fn total_of(endpoints: &[Endpoint]) -> Result<Endpoint, RunFileError> {
    let mut total = Endpoint::new(EndpointKey::Total);
    if endpoints.is_empty() {
        return Ok(total);
    }
    let sum = |of: fn(&Endpoint) -> Option<u64>| {
        endpoints.iter().map(of).try_fold(0_u64, |all, n| all.checked_add(n?))
    };
    total.requests = sum(|e| e.requests);
    total.failures = sum(|e| e.failures);
    if endpoints.iter().any(|e| e.outcomes.is_some()) {
        total.outcomes = sum(|e| e.outcomes.or(e.requests));
    }
    total.throughput_rps = endpoints.iter().map(|e| e.throughput_rps).sum();
    let mut all = endpoints.iter().map(|e| e.latency.as_ref()?.distribution.clone());
    if let Some(Some(mut merged)) = all.next() {
        for distribution in all {
            match distribution {
                Some(more) => merged.merge(&more).map_err(|e| invalid("endpoints", e))?,
                None => return Ok(total),
            }
        }
        total.latency = Some(Latency::from_distribution(merged));
    }
    Ok(total)
}
