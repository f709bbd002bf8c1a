//! What Taurus dumps at the end of a test: a set of numbers for each label, and for the empty label those of all requests.
//!
//! `throughput` is a count. Times are in seconds, and their percentiles in whole milliseconds.

pub(super) mod stats_csv;
pub(super) mod stats_xml;

use super::endpoint_stats::{kind_of, most_frequent};
use super::error::{IngestError, Problem};
use super::json_file::{amount, count};
use crate::model::limits::Census;
use crate::model::{
    Distribution, Endpoint, EndpointKey, Kind, Latency, Quantile, Rounding, Run, Tool,
};
use std::collections::BTreeMap;

/// The tool, as a run names it.
const TOOL: &str = "taurus";
const MS_PER_SECOND: f64 = 1e3;
/// What the percentiles are multiples of, in microseconds.
const STEP_US: u64 = 1_000;

/// The numbers of one label, as they are written.
#[derive(Default)]
struct Label {
    name: String,
    /// By name, such as `avg_rt`.
    numbers: BTreeMap<String, f64>,
    /// Percentiles in seconds, by level.
    percentiles: Vec<(f64, f64)>,
    /// How many answers had which code.
    codes: BTreeMap<String, f64>,
}

impl Label {
    /// Takes a number that a column or an element names; `of` is the level of a percentile, or the code of answers.
    fn take(&mut self, name: &str, of: Option<&str>, value: f64) -> Result<(), Problem> {
        match (name, of) {
            ("perc", Some(level)) => {
                let level = level.parse().map_err(|_| Problem::BadValue {
                    what: "the level of a percentile".to_owned(),
                    value: level.to_owned(),
                    why: "must be a number",
                })?;
                self.percentiles.push((level, value));
            }
            ("rc", Some(code)) => {
                self.codes.insert(code.to_owned(), value);
            }
            (name, _) => {
                self.numbers.insert(name.to_owned(), value);
            }
        }
        Ok(())
    }
}

/// The run of all labels.
fn run_of(file: &str, labels: Vec<Label>, duration_s: Option<f64>) -> Result<Run, IngestError> {
    let mut run = Run::new(Tool { name: TOOL.into(), version: None });
    run.duration_s = duration_s.filter(|s| *s > 0.0);
    let (mut census, mut total) = (Census::default(), None);
    for label in labels {
        let key = match label.name.as_str() {
            "" => EndpointKey::Total,
            name => EndpointKey::named(Kind::Http, None, name),
        };
        if key != EndpointKey::Total {
            census.count(&key).map_err(|why| IngestError::new(file, why.into()))?;
        }
        let endpoint = Stats { file, label: &label }.endpoint(key, run.duration_s)?;
        let known = match endpoint.key {
            EndpointKey::Total => total.is_some(),
            EndpointKey::Named { .. } => run.endpoints.iter().any(|own| own.key == endpoint.key),
        };
        if known {
            let endpoint = format!("the label `{}`", label.name);
            return Err(IngestError::new(file, Problem::Duplicate { endpoint }));
        }
        match endpoint.key {
            EndpointKey::Total => total = Some(endpoint),
            EndpointKey::Named { .. } => run.endpoints.push(endpoint),
        }
    }
    run.total = total.ok_or_else(|| {
        let problem = "nothing has an empty label, as the numbers of all requests have";
        IngestError::new(file, Problem::Malformed(problem.to_owned()))
    })?;
    Ok(run)
}

/// A label, and the file for messages.
struct Stats<'a> {
    file: &'a str,
    label: &'a Label,
}

impl Stats<'_> {
    fn what(&self, name: &str) -> String {
        format!("{name} of the label `{}`", self.label.name)
    }

    fn count(&self, name: &'static str) -> Result<u64, IngestError> {
        let value = self.label.numbers.get(name);
        let missing = || IngestError::new(self.file, Problem::MissingColumn(name));
        count(self.file, &self.what(name), *value.ok_or_else(missing)?)
    }

    /// A time in milliseconds.
    fn ms(&self, name: &str, seconds: f64) -> Result<f64, IngestError> {
        let ms = amount(self.file, &self.what(name), seconds)? * MS_PER_SECOND;
        if Distribution::takes(ms) {
            return Ok(ms);
        }
        let (what, why) = (self.what(name), "is no response time");
        let problem = Problem::BadValue { what, value: seconds.to_string(), why };
        Err(IngestError::new(self.file, problem))
    }

    fn endpoint(&self, key: EndpointKey, duration_s: Option<f64>) -> Result<Endpoint, IngestError> {
        let (requests, failures) = (self.count("throughput")?, self.count("fail")?);
        if failures.checked_add(self.count("succ")?) != Some(requests) {
            let problem = format!("{}: not as many as succ and fail", self.what("throughput"));
            return Err(IngestError::new(self.file, Problem::Malformed(problem)));
        }
        Ok(Endpoint {
            requests: Some(requests),
            failures: Some(failures),
            failure_kinds: most_frequent(self.kinds()?),
            throughput_rps: duration_s.map(|s| requests as f64 / s),
            latency: (requests > 0).then(|| self.latency(requests)).transpose()?,
            ..Endpoint::new(key)
        })
    }

    /// Answers by code: what is no HTTP status is the name of an error.
    fn kinds(&self) -> Result<BTreeMap<String, u64>, IngestError> {
        let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
        for (code, number) in &self.label.codes {
            let kind = match code.parse::<u16>() {
                Ok(status) if status < 400 => continue,
                Ok(status) => format!("HTTP {status}"),
                Err(_) => kind_of(code).into_owned(),
            };
            let known = kinds.entry(kind).or_default();
            let more = count(self.file, &self.what(code), *number)?;
            *known = known.saturating_add(more);
        }
        kinds.retain(|_, count| *count > 0);
        Ok(kinds)
    }

    fn latency(&self, requests: u64) -> Result<Latency, IngestError> {
        let number = |name: &str| {
            let value = self.label.numbers.get(name);
            value.map(|seconds| self.ms(name, *seconds)).transpose()
        };
        let mut latency = Latency {
            count: Some(requests),
            mean: number("avg_rt")?,
            stddev: number("stdev_rt")?,
            rounding: Some(Rounding::Steps { us: STEP_US }),
            ..Latency::default()
        };
        for (level, seconds) in &self.label.percentiles {
            let ms = self.ms(&format!("perc_{level}"), *seconds)?;
            // The ends are those of all times.
            match *level {
                level if level <= 0.0 => latency.min = Some(ms),
                level if level >= 100.0 => latency.max = Some(ms),
                level => {
                    let level = Quantile::from_percent(level);
                    latency.quantiles.extend(level.map(|level| (level, ms)));
                }
            }
        }
        let ascending = latency.min.into_iter().chain(latency.quantiles.values().copied());
        let ascending: Vec<f64> = ascending.chain(latency.max).collect();
        if ascending.windows(2).any(|pair| pair[0] > pair[1]) {
            let problem = format!("{}: they fall", self.what("the percentiles"));
            return Err(IngestError::new(self.file, Problem::Malformed(problem)));
        }
        Ok(latency)
    }
}
