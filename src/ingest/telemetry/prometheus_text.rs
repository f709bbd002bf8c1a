//! What a service shows to Prometheus, saved as a file: of its histograms and summaries of requests, the one that says most.
//!
//! Everything counts from the start of the service, and nothing says how long that was: there is no throughput. Where the histogram
//! itself does not tell failures, a counter of requests by status does, if it counts the same requests.

use super::buckets::Buckets;
use super::exposition::Exposition;
use super::family::Family;
use super::request_metrics::{endpoint, failure, is_of_requests, tell_outcome};
use crate::ingest::csv_file::refuse_cut;
use crate::ingest::endpoint_stats::{kind_of, most_frequent};
use crate::ingest::endpoint_table::collapsed;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested, ReadOptions};
use crate::ingest::head::Claim;
use crate::ingest::json_file::count;
use crate::ingest::source::Source;
use crate::model::limits::{self, Census};
use crate::model::{Endpoint, EndpointKey, Quantile, Run, Tool};
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "prometheus-text",
    tool: "prometheus",
    title: "Prometheus text and OpenMetrics",
    get: "`curl http://localhost:8080/metrics`",
    section: "Prometheus text and OpenMetrics",
    versions: "none of one tool: files of prometheus_client 0.26 and prom-client 15.1",
    holds: Holds::Summary,
    tells: &[Fact::Endpoints, Fact::P99, Fact::Errors, Fact::FailureKinds],
    remark: "everything since the start of the service; percentiles are as wide as the histogram's buckets",
    claim: |head| {
        let begins = [&b"# HELP "[..], b"# TYPE ", b"# UNIT "];
        let commented = begins.iter().any(|own| head.line().starts_with(own));
        Claim::certain_if(commented && head.text().contains("# TYPE "))
    },
    read,
};

fn read(source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let bytes = source.document(limits::DOCUMENT_BYTES)?;
    refuse_cut(&name, &bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let exposition = Exposition::read(&name, &text, is_of_requests)?;
    let family = choose(&name, &exposition)?;
    let reader = Reader { file: &name, options, family: &family };
    let mut counted = reader.count()?;
    if !family.series.iter().any(|own| tell_outcome(&own.labels)) {
        let failures = reader.counter(&exposition, &counted)?;
        for (key, own) in &mut counted {
            own.failures = failures.as_ref().map(|all| all.get(key).cloned().unwrap_or_default());
        }
    }
    Ok(Ingested { run: run_of(&family, counted), warnings: Vec::new() })
}

/// The histogram or summary of requests that says most: of endpoints, in buckets, by whoever answers. Others of a service count the
/// same requests once more.
fn choose(file: &str, exposition: &Exposition) -> Result<Family, IngestError> {
    let wrong = |why: String| IngestError::new(file, Problem::Malformed(why));
    let mut all = Vec::new();
    for (name, kind) in exposition.types.iter().filter(|(name, _)| is_of_requests(name)) {
        if let Some(family) = Family::read(file, exposition, name, kind)? {
            let named = family.series.iter().any(|own| endpoint(&own.labels).is_some());
            let rank = (family.count() > 0, named, family.is_histogram, !name.contains("client"));
            all.push((rank, family));
        }
    }
    all.sort_by(|(a, _), (b, _)| b.cmp(a));
    let mut all = all.into_iter();
    let (first, second) = (all.next(), all.next());
    match (first, second) {
        (Some((a, first)), Some((b, second))) if a == b => Err(wrong(format!(
            "it has two metrics of requests, {} and {}: leave one of them out, as with grep -v",
            first.name, second.name
        ))),
        (Some((_, first)), _) => Ok(first),
        (None, _) => Err(wrong(
            "it has no histogram or summary of requests, such as http_request_duration_seconds"
                .to_owned(),
        )),
    }
}

/// What was counted of one endpoint.
#[derive(Default)]
struct Counted {
    times: Buckets,
    /// How often which failure came, where that is known.
    failures: Option<Kinds>,
    /// Percentiles in milliseconds, where one summary alone is of this endpoint.
    quantiles: Vec<(f64, f64)>,
    series: usize,
}

/// By endpoint; the total is one of them.
type ByEndpoint<T> = BTreeMap<EndpointKey, T>;
/// How often each kind of failure came.
type Kinds = BTreeMap<String, u64>;
/// How often each outcome came: a kind of failure, or none.
type Outcomes = BTreeMap<Option<String>, u64>;

struct Reader<'a> {
    file: &'a str,
    options: &'a ReadOptions,
    family: &'a Family,
}

impl Reader<'_> {
    /// The total, and the endpoint that the labels name.
    fn keys(&self, labels: &BTreeMap<String, String>) -> Vec<EndpointKey> {
        let own = endpoint(labels).map(|own| collapsed(own, &self.options.collapse));
        [EndpointKey::Total].into_iter().chain(own).collect()
    }

    fn count(&self) -> Result<ByEndpoint<Counted>, IngestError> {
        let mut all: ByEndpoint<Counted> = BTreeMap::new();
        all.insert(EndpointKey::Total, Counted::default());
        let mut census = Census::default();
        for series in &self.family.series {
            for key in self.keys(&series.labels) {
                if !all.contains_key(&key) {
                    census.count(&key).map_err(|why| IngestError::new(self.file, why.into()))?;
                }
                let own = all.entry(key).or_default();
                series.add_to(&mut own.times);
                own.series += 1;
                own.quantiles.clone_from(&series.quantiles);
                let failures = own.failures.get_or_insert_default();
                if let Some(kind) = failure(&series.labels).filter(|_| series.count > 0) {
                    let known = failures.entry(kind_of(&kind).into_owned()).or_default();
                    *known = known.saturating_add(series.count);
                }
            }
        }
        Ok(all)
    }

    /// The failures by a counter that counts as many requests of each endpoint as the histogram does, if there is one.
    fn counter(
        &self,
        exposition: &Exposition,
        counted: &ByEndpoint<Counted>,
    ) -> Result<Option<ByEndpoint<Kinds>>, IngestError> {
        let mut counters: BTreeMap<&str, ByEndpoint<Outcomes>> = BTreeMap::new();
        let samples = exposition.samples.iter().filter(|own| own.name.ends_with("_total"));
        for sample in samples.filter(|own| tell_outcome(&own.labels)) {
            let requests = count(self.file, &sample.name, sample.value)?;
            let counter = counters.entry(&sample.name).or_default();
            for key in self.keys(&sample.labels) {
                let kind = failure(&sample.labels).map(|own| kind_of(&own).into_owned());
                let known = counter.entry(key).or_default().entry(kind).or_default();
                *known = known.saturating_add(requests);
            }
        }
        let same = |counter: &ByEndpoint<Outcomes>| {
            counter.keys().all(|key| counted.contains_key(key))
                && counted.iter().all(|(key, own)| {
                    let requests = counter.get(key).map_or(0, |all| sum(all.values()));
                    requests == own.times.count()
                })
        };
        Ok(counters.into_values().find(same).map(|counter| {
            counter.into_iter().map(|(key, outcomes)| (key, failures_of(outcomes))).collect()
        }))
    }
}

fn failures_of(outcomes: Outcomes) -> Kinds {
    let failed = outcomes.into_iter().filter(|(_, count)| *count > 0);
    failed.filter_map(|(kind, count)| Some((kind?, count))).collect()
}

fn sum<'a>(counts: impl Iterator<Item = &'a u64>) -> u64 {
    counts.fold(0, |sum, count| sum.saturating_add(*count))
}

fn run_of(family: &Family, counted: ByEndpoint<Counted>) -> Run {
    let mut run = Run::new(Tool { name: FORMAT.tool.into(), version: None });
    for (key, own) in counted {
        let endpoint = own.endpoint(key, family.is_histogram);
        match endpoint.key {
            EndpointKey::Total => run.total = endpoint,
            EndpointKey::Named { .. } => run.endpoints.push(endpoint),
        }
    }
    run
}

impl Counted {
    fn endpoint(self, key: EndpointKey, is_histogram: bool) -> Endpoint {
        let mut latency = self.times.latency();
        // Percentiles of several summaries do not add up.
        if !is_histogram && self.series == 1 {
            let level =
                |(level, ms): &(f64, f64)| Some((Quantile::from_percent(level * 100.0)?, *ms));
            latency.quantiles = self.quantiles.iter().filter_map(level).collect();
        }
        Endpoint {
            requests: Some(self.times.count()),
            failures: self.failures.as_ref().map(|all| sum(all.values())),
            failure_kinds: most_frequent(self.failures.unwrap_or_default()),
            latency: Some(latency),
            ..Endpoint::new(key)
        }
    }
}
