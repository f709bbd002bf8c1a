//! From the numbers of a k6 summary to a run.
//!
//! Endpoints exist only where a threshold of the script asks for a part of a metric. A part that never got a sample is
//! all zeros in the file; it is kept as an endpoint without data.

use super::metric::{
    DROPPED, DURATION, FAILED, GRPC, ITERATIONS, PARTS, REQUESTS, Selector, USERS, dropped_metrics,
    is_built_in, is_websocket_latency, part, unit,
};
use super::pages::{page_of, web_vital};
use super::summary::{Summary, SummaryMetric, parse_summary};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::json_file::{amount, count};
use crate::ingest::part_stats::add_first_byte;
use crate::ingest::source::Source;
use crate::model::limits::Census;
use crate::model::{
    CustomMetric, Endpoint, EndpointKey, EndpointNames, Kind, Latency, MetricType, Named as _,
    PartTime, Quantile, Raw, Run, Tool, Unit, Untrusted, Warning, WarningKind, limits,
};
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "k6-summary",
    tool: "k6",
    title: "k6 summary: `--summary-export`, `handleSummary`, or machine-readable",
    get: "`k6 run --summary-export x.json`, `handleSummary(data)`, or `--new-machine-readable-summary`",
    section: "k6 summaries",
    versions: "0.49, 1.1, 2.2",
    holds: Holds::Summary,
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::Parts,
        Fact::Errors,
        Fact::Throughput,
        Fact::Users,
        Fact::Start,
        Fact::Checks,
        Fact::Metrics,
    ],
    remark: "endpoints and p99 only where the script asks for them; p99 never in the machine-readable one",
    claim,
    read: |source, _| read(source),
};

/// Keys of other tools' files that have one of k6's as well.
const OF_OTHERS: [&str; 9] = [
    "latencies",
    "aggregate",
    "machine_info",
    "benchmarks",
    "lighthouseVersion",
    "command",
    // oha's.
    "latencyPercentiles",
    "statusCodeDistribution",
    "requestsPerSec",
];

/// The order of keys is random in k6's summaries, so any of them may come first.
fn claim(head: &Head<'_>) -> Claim {
    let has_any = |keys: &[&str]| keys.iter().any(|key| head.has_key(key));
    let own = has_any(&["root_group", "metrics", "k6_version", "results"]);
    Claim::possible_if(own && !has_any(&OF_OTHERS))
}

/// How far what k6 has calculated may be from what follows from the same file. It writes all digits, which whoever processes the
/// file may round.
const TOLERANCE: f64 = 1e-4;
/// The same of a rate, as a share of it.
const RATE_TOLERANCE: f64 = 1e-3;

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let summary = parse_summary(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    build(&name, &summary)
}

fn build(file: &str, summary: &Summary) -> Result<Ingested, IngestError> {
    let builder = Builder { file, summary };
    let mut run =
        Run::new(Tool { name: "k6".into(), version: summary.version.clone().map(Into::into) });
    run.duration_s = builder.duration()?;
    run.started_at = builder.started_at(run.duration_s);
    (run.load.users, run.load.peak_users) = builder.users()?;
    run.load.script_sha256 = summary.script_sha256.clone().map(Into::into);
    run.total = builder.total(run.duration_s)?;
    run.endpoints = builder.endpoints(run.duration_s)?;
    run.endpoints.extend(builder.pages());
    let names = run.endpoints.iter().map(|endpoint| &endpoint.key).collect();
    run.metrics = builder.custom_metrics(&names)?;
    run.metrics.extend(builder.dropped()?);
    run.checks.clone_from(&summary.checks);
    builder.refuse_other_durations()?;
    let warnings = builder.warnings(&run)?;
    Ok(Ingested { run, warnings })
}

struct Builder<'a> {
    file: &'a str,
    summary: &'a Summary,
}

impl Builder<'_> {
    fn metric(&self, name: &str, tags: &[(String, String)]) -> Option<&SummaryMetric> {
        self.summary.metrics.get(&Selector { metric: name.to_owned(), tags: tags.to_vec() })
    }

    fn value(
        &self,
        metric: &SummaryMetric,
        what: &str,
        stat: &str,
    ) -> Result<Option<f64>, IngestError> {
        let value = metric.values.get(stat).copied();
        value.map(|value| amount(self.file, &format!("{stat} of {what}"), value)).transpose()
    }

    fn count(
        &self,
        metric: &SummaryMetric,
        what: &str,
        stat: &str,
    ) -> Result<Option<u64>, IngestError> {
        let value = metric.values.get(stat).copied();
        value.map(|value| count(self.file, &format!("{stat} of {what}"), value)).transpose()
    }

    fn malformed(&self, why: String) -> IngestError {
        IngestError::new(self.file, Problem::Malformed(why))
    }

    /// The counters of a test are all divided by the same time: one that is not was changed, or its neighbor's line is lost.
    fn refuse_other_durations(&self) -> Result<(), IngestError> {
        let length = |(selector, metric): (&Selector, &SummaryMetric)| {
            let (count, rate) = (metric.values.get("count")?, metric.values.get("rate")?);
            (metric.sort == MetricType::Counter && *count > 0.0 && *rate > 0.0)
                .then(|| (selector.to_string(), count / rate))
        };
        let stated = self.summary.duration_s.map(|s| ("the duration".to_owned(), s));
        let mut lengths = stated.into_iter().chain(self.summary.metrics.iter().filter_map(length));
        let Some((first, expected)) = lengths.next() else { return Ok(()) };
        match lengths.find(|(_, length)| (length / expected - 1.0).abs() > TOLERANCE) {
            None => Ok(()),
            Some((other, length)) => Err(self.malformed(format!(
                "{first} says that the test took {expected} s, {other} that it took {length} s: the file is damaged"
            ))),
        }
    }

    /// The length of the test in seconds: as stated, or (legacy export) as it follows from a count and its rate.
    fn duration(&self) -> Result<Option<f64>, IngestError> {
        if let Some(stated) = self.summary.duration_s {
            return Ok(Some(amount(self.file, "the duration", stated)?));
        }
        for name in [REQUESTS, ITERATIONS] {
            let Some(metric) = self.metric(name, &[]) else { continue };
            let (count, rate) =
                (self.value(metric, name, "count")?, self.value(metric, name, "rate")?);
            if let (Some(count), Some(rate)) = (count, rate.filter(|rate| *rate > 0.0)) {
                return Ok(Some(count / rate));
            }
        }
        Ok(None)
    }

    fn started_at(&self, duration_s: Option<f64>) -> Option<jiff::Timestamp> {
        let end: jiff::Timestamp = self.summary.generated_at.as_ref()?.parse().ok()?;
        let length = jiff::SignedDuration::try_from_secs_f64(duration_s?).ok()?;
        end.checked_sub(length).ok()
    }

    /// The virtual users, when their number never changed, else their peak: of a ramp, only the script knows the shape.
    fn users(&self) -> Result<(Option<u64>, Option<u64>), IngestError> {
        let Some(metric) = self.metric(USERS, &[]) else { return Ok((None, None)) };
        let (min, max) = (self.count(metric, USERS, "min")?, self.count(metric, USERS, "max")?);
        Ok(if min == max { (max, None) } else { (None, max) })
    }

    fn total(&self, duration_s: Option<f64>) -> Result<Endpoint, IngestError> {
        let mut total = self.endpoint(EndpointKey::Total, DURATION, &[], duration_s)?;
        let has =
            |prefix: &str| self.summary.metrics.keys().any(|key| key.metric.starts_with(prefix));
        // k6 leaves out a metric without samples; without http_reqs no HTTP request was made.
        if total.requests.is_none() && !["ws_", "grpc_", "browser_"].into_iter().any(has) {
            total.requests = Some(0);
            total.throughput_rps = duration_s.filter(|s| *s > 0.0).map(|_| 0.0);
            if let Some(latency) = &mut total.latency {
                latency.count = latency.count.or(total.requests);
            }
        }
        Ok(total)
    }

    /// One endpoint: its response times, requests and failures, each under the same tags.
    fn endpoint(
        &self,
        key: EndpointKey,
        latency_metric: &str,
        tags: &[(String, String)],
        duration_s: Option<f64>,
    ) -> Result<Endpoint, IngestError> {
        let what = |metric: &str| match &key {
            EndpointKey::Total => metric.to_owned(),
            named @ EndpointKey::Named { .. } => format!("{metric}{{{}}}", named.text().raw()),
        };
        let mut endpoint = Endpoint::new(key.clone());
        if let Some(metric) =
            self.metric(latency_metric, tags).filter(|m| m.sort == MetricType::Trend)
        {
            endpoint.latency = Some(self.latency(metric, &what(latency_metric))?);
        }
        let samples = endpoint.latency.as_ref().and_then(|latency| latency.count);
        if latency_metric != DURATION {
            endpoint.requests = samples;
            return Ok(endpoint);
        }
        if let Some(metric) = self.metric(REQUESTS, tags) {
            let what = what(REQUESTS);
            endpoint.requests = self.count(metric, &what, "count")?;
            endpoint.throughput_rps = self.value(metric, &what, "rate")?;
        }
        if let Some(metric) = self.metric(FAILED, tags) {
            self.failures(&mut endpoint, metric, &what(FAILED))?;
        }
        endpoint.requests = endpoint.requests.or(samples).or(endpoint.outcomes);
        // More outcomes than requests cannot be; then the requests are not all.
        endpoint.requests = endpoint.requests.max(endpoint.outcomes);
        endpoint.outcomes = endpoint.outcomes.filter(|of| Some(*of) != endpoint.requests);
        let over_time = || Some(endpoint.requests? as f64 / duration_s.filter(|s| *s > 0.0)?);
        endpoint.throughput_rps = endpoint.throughput_rps.or_else(over_time);
        if let Some(latency) = &mut endpoint.latency {
            latency.count = latency.count.or(endpoint.requests);
        }
        endpoint.parts = self.parts(tags)?;
        Ok(endpoint)
    }

    /// The parts of the requests under these tags.
    fn parts(
        &self,
        tags: &[(String, String)],
    ) -> Result<BTreeMap<Untrusted, PartTime>, IngestError> {
        let mut parts = BTreeMap::new();
        for (name, part) in PARTS {
            let Some(metric) = self.metric(name, tags) else { continue };
            let time = PartTime::Times(Box::new(self.latency(metric, name)?));
            if metric.sort == MetricType::Trend && !time.is_nothing() {
                parts.insert(part.name().into(), time);
            }
        }
        add_first_byte(&mut parts);
        Ok(parts)
    }

    /// `passes` (`matches`) counts requests for which "failed" is true.
    fn failures(
        &self,
        endpoint: &mut Endpoint,
        metric: &SummaryMetric,
        what: &str,
    ) -> Result<(), IngestError> {
        let failed = match self.count(metric, what, "passes")? {
            Some(failed) => Some(failed),
            None => self.count(metric, what, "matches")?,
        };
        let succeeded = self.count(metric, what, "fails")?;
        let total = self.count(metric, what, "total")?;
        endpoint.failures = failed;
        endpoint.outcomes = failed.zip(succeeded).map(|(f, s)| f.saturating_add(s)).or(total);
        let rate = self.value(metric, what, "rate")?.or(self.value(metric, what, "value")?);
        self.refuse_other_rate(what, failed.zip(endpoint.outcomes), rate)?;
        // Without a single outcome, the file says 0; nothing is known then.
        let known = endpoint.outcomes != Some(0);
        endpoint.stated_error_rate = rate.filter(|rate| known && *rate <= 1.0);
        if endpoint.failures > endpoint.outcomes {
            // Impossible counts are no counts; without them the rate stands alone.
            (endpoint.failures, endpoint.outcomes) = (None, None);
        }
        Ok(())
    }

    /// k6 writes a rate with the two counts that it follows from: without one of the three, a part of the file is lost.
    fn refuse_other_rate(
        &self,
        what: &str,
        counts: Option<(u64, u64)>,
        rate: Option<f64>,
    ) -> Result<(), IngestError> {
        let Some(((failed, of), rate)) = counts.zip(rate) else {
            return Err(self.malformed(format!(
                "{what} lacks its rate or one of its counts: a part of the file is missing"
            )));
        };
        let follows = failed as f64 / of.max(1) as f64;
        if failed <= of && (follows - rate).abs() > RATE_TOLERANCE * follows.max(rate) {
            return Err(self.malformed(format!(
                "{what} is {rate}, which does not follow from its counts, {failed} of {of}"
            )));
        }
        Ok(())
    }

    fn latency(&self, metric: &SummaryMetric, what: &str) -> Result<Latency, IngestError> {
        Ok(Latency {
            count: self.count(metric, what, "count")?,
            mean: self.value(metric, what, "avg")?,
            min: self.value(metric, what, "min")?,
            max: self.value(metric, what, "max")?,
            quantiles: self.quantiles(metric, what)?,
            ..Latency::default()
        })
    }

    fn quantiles(
        &self,
        metric: &SummaryMetric,
        what: &str,
    ) -> Result<BTreeMap<Quantile, f64>, IngestError> {
        let mut quantiles = BTreeMap::new();
        for (stat, value) in &metric.values {
            if let Some(level) = level(stat) {
                let value = amount(self.file, &format!("{stat} of {what}"), *value)?;
                quantiles.insert(level, value);
            }
        }
        let ends = |stat: &str| self.value(metric, what, stat);
        let (min, max) = (ends("min")?, ends("max")?);
        let ascending: Vec<f64> =
            min.into_iter().chain(quantiles.values().copied()).chain(max).collect();
        if let Some(pair) = ascending.windows(2).find(|pair| pair[0] > pair[1]) {
            let [low, high] = [pair[0], pair[1]];
            return Err(
                self.malformed(format!("the percentiles of {what} fall, from {low} to {high}"))
            );
        }
        Ok(quantiles)
    }

    /// Every part of a latency metric or of the counts of requests that the script asks for.
    fn endpoints(&self, duration_s: Option<f64>) -> Result<Vec<Endpoint>, IngestError> {
        let mut endpoints = Vec::new();
        let mut census = Census::default();
        let mut seen = BTreeSet::new();
        for selector in self.summary.metrics.keys() {
            let (metric, kind) = match selector.metric.as_str() {
                DURATION | REQUESTS | FAILED => (DURATION, Kind::Http),
                GRPC => (GRPC, Kind::Grpc),
                name if is_websocket_latency(name) => (name, Kind::Websocket),
                name if part(name).is_some() => (DURATION, Kind::Http),
                _ => continue,
            };
            let named = match (selector.tags.as_slice(), kind) {
                // The whole of a gRPC or WebSocket metric is an endpoint of its own: no total holds it.
                ([], Kind::Grpc | Kind::Websocket) => Some(EndpointKey::named(kind, None, metric)),
                (_, Kind::Websocket) => selector.endpoint(kind).map(|key| {
                    EndpointKey::named(kind, None, &format!("{metric} {}", key.text().raw()))
                }),
                _ => selector.endpoint(kind),
            };
            if let Some(key) = named.filter(|key| seen.insert(key.clone())) {
                census
                    .count(&key)
                    .map_err(|exceeded| IngestError::new(self.file, exceeded.into()))?;
                endpoints.push(self.endpoint(key, metric, &selector.tags, duration_s)?);
            }
        }
        Ok(endpoints)
    }

    /// Every page of which the script asks for a web vital.
    fn pages(&self) -> impl Iterator<Item = Endpoint> {
        let vitals = self.summary.metrics.keys().filter(|own| web_vital(&own.metric).is_some());
        let pages: BTreeSet<EndpointKey> = vitals.filter_map(page_of).collect();
        pages.into_iter().map(Endpoint::new)
    }

    fn custom_metrics(&self, names: &EndpointNames<'_>) -> Result<Vec<CustomMetric>, IngestError> {
        let own =
            self.summary.metrics.iter().filter(|(selector, _)| !is_built_in(&selector.metric));
        own.map(|(selector, metric)| self.custom_metric(selector, metric, names)).collect()
    }

    fn custom_metric(
        &self,
        selector: &Selector,
        metric: &SummaryMetric,
        names: &EndpointNames<'_>,
    ) -> Result<CustomMetric, IngestError> {
        let what = &selector.metric;
        let page = web_vital(what).zip(page_of(selector));
        let mut custom = match &page {
            Some((vital, _)) => CustomMetric::new(vital.name, vital.unit()),
            None => CustomMetric::new(what, unit(what, metric.contains.as_deref())),
        };
        custom.endpoint = match selector.endpoint(Kind::Http) {
            _ if page.is_some() => page.map_or(EndpointKey::Total, |(_, page)| page),
            Some(key) => names.named(key.text().raw()),
            None if selector.tags.is_empty() => EndpointKey::Total,
            None => {
                let tags = selector.tags.iter().map(|(k, v)| format!("{k}:{v}"));
                names.named(&tags.collect::<Vec<_>>().join(","))
            }
        };
        custom.sort = Some(metric.sort);
        let number = |stat: &str| metric.values.get(stat).copied();
        match metric.sort {
            MetricType::Trend => {
                custom.value = number("avg");
                custom.count = self.count(metric, what, "count")?;
                custom.quantiles =
                    metric.values.iter().filter_map(|(s, v)| Some((level(s)?, *v))).collect();
            }
            MetricType::Counter => custom.value = number("count"),
            MetricType::Gauge => custom.value = number("value"),
            MetricType::Rate => {
                custom.unit = Unit::Ratio;
                custom.value = number("value").or_else(|| number("rate"));
                let passes = self.count(metric, what, "passes")?;
                let fails = self.count(metric, what, "fails")?;
                let total = self.count(metric, what, "total")?;
                custom.count = passes.zip(fails).map(|(p, f)| p.saturating_add(f)).or(total);
            }
        }
        // A metric that only a threshold names is all zeros: no value, rather than a perfect one.
        let zeros =
            metric.sort != MetricType::Counter && metric.values.values().all(|value| *value == 0.0);
        if zeros && custom.count.is_none_or(|count| count == 0) && metric.sort != MetricType::Gauge
        {
            custom.value = None;
            custom.quantiles.clear();
        }
        Ok(custom)
    }

    fn dropped(&self) -> Result<Vec<CustomMetric>, IngestError> {
        let total = |name: &str| match self.metric(name, &[]) {
            Some(metric) => Ok(self.count(metric, name, "count")?.unwrap_or_default() as f64),
            None => Ok(0.0),
        };
        Ok(dropped_metrics(total(DROPPED)?, total(ITERATIONS)?))
    }

    fn warnings(&self, run: &Run) -> Result<Vec<Warning>, IngestError> {
        let mut warnings = Vec::new();
        if let Some(metric) = self.metric(DROPPED, &[])
            && let Some(count) = self.count(metric, DROPPED, "count")?.filter(|count| *count > 0)
        {
            warnings.push(Warning::at(WarningKind::DroppedIterations { count }, self.file, None));
        }
        if let (Some(known), Some(requests)) = (run.total.outcomes, run.total.requests)
            && known < requests
        {
            let kind = WarningKind::UnknownOutcomes { known, requests };
            warnings.push(Warning::at(kind, self.file, None));
        }
        Ok(warnings)
    }
}

/// The quantile that a statistic names: `p(95)`, in the machine-readable summary `p95`; `med` is the median.
fn level(stat: &str) -> Option<Quantile> {
    if stat == "med" {
        return Some(Quantile::P50);
    }
    let legacy = stat.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')'));
    Quantile::from_percent(legacy.or_else(|| stat.strip_prefix('p'))?.parse().ok()?)
}
