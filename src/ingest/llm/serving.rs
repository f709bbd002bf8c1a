//! What `vllm bench serve` and SGLang's `bench_serving` have in common: one JSON object a result, in a file of its own or appended to
//! earlier ones. SGLang's grew out of vLLM's.
//!
//! Times are in milliseconds where a key ends in `_ms`, and in seconds in the lists of single requests.

use super::{Level, Stated, measured, number, record, run_of, times};
use crate::ingest::endpoint_stats::kind_of;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::format::Ingested;
use crate::ingest::json_file::{finite_only, json_error};
use crate::ingest::source::Source;
use crate::model::{CustomMetric, Latency, Quantile, Tool, Values, Warning, WarningKind, limits};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeMap;

const MS_PER_SECOND: f64 = 1e3;

/// The metrics that are stated, and what they are called here.
const STATED: [(&str, &str); 4] = [
    ("ttft", "ttft"),
    ("tpot", "tpot"),
    ("itl", "inter_token_latency"),
    ("client_queue_time", "queue_time"),
];
/// What the response time is called: by vLLM, and by SGLang.
const LATENCY: [&str; 2] = ["e2el", "e2e_latency"];

#[derive(Deserialize)]
struct Report {
    model_id: Option<String>,
    /// A number, or `inf`.
    request_rate: Option<Value>,
    max_concurrency: Option<u64>,
    /// Requests that were meant to be made.
    num_prompts: Option<u64>,
    duration: f64,
    completed: u64,
    failed: Option<u64>,
    total_input_tokens: Option<f64>,
    total_output_tokens: Option<f64>,
    output_throughput: Option<f64>,
    request_goodput: Option<f64>,
    // A value for each request; those that failed have 0, or nothing.
    ttfts: Option<Vec<Option<f64>>>,
    itls: Option<Vec<Vec<f64>>>,
    latencies: Option<Vec<Option<f64>>>,
    errors: Option<Vec<Option<String>>>,
    // Large, and of no use.
    #[serde(rename = "generated_texts")]
    _texts: Option<IgnoredAny>,
    #[serde(rename = "input_lens")]
    _prompts: Option<IgnoredAny>,
    #[serde(rename = "output_lens")]
    _answers: Option<IgnoredAny>,
    #[serde(rename = "start_times")]
    _starts: Option<IgnoredAny>,
    #[serde(rename = "queue_times")]
    _waits: Option<IgnoredAny>,
    /// Everything else, of which the statistics are `p99_ttft_ms` and the like.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Reads the results of a file.
pub(super) fn read(source: Source, tool: &str) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let bytes = source.document(limits::DOCUMENT_BYTES)?;
    let bytes = finite_only(&bytes);
    let mut reports = Vec::new();
    for report in serde_json::Deserializer::from_slice(&bytes).into_iter::<Report>() {
        reports.push(report.map_err(|error| json_error(&name, &error))?);
    }
    let levels = reports.iter().map(|report| report.level(&name)).collect::<Result<Vec<_>, _>>()?;
    if levels.is_empty() {
        return Err(IngestError::new(&name, Problem::Empty));
    }
    let unknown = levels.iter().any(|level| level.failures.is_none());
    let mut ingested = run_of(&name, Tool { name: tool.into(), version: None }, levels)?;
    if let [report] = reports.as_slice() {
        ingested.run.load.users = report.max_concurrency;
        ingested.run.load.users_planned = report.max_concurrency.is_some();
    }
    let mut models = reports.iter().filter_map(|report| report.model_id.as_deref());
    if let Some(model) = models.next().filter(|first| models.all(|other| other == *first)) {
        ingested.run.labels.insert("model".into(), model.into());
    }
    if unknown {
        ingested.warnings.push(Warning::at(WarningKind::AnswersOnly, &name, None));
    }
    Ok(ingested)
}

impl Report {
    fn level(&self, file: &str) -> Result<Level, IngestError> {
        let (outcomes, failures) = self.outcomes(file)?;
        let mut metrics = Vec::new();
        // Without an answer, all statistics are 0.
        if self.completed > 0 {
            for (theirs, name) in STATED {
                let own = match self.samples(file, theirs)? {
                    Some(values) => measured(name, values),
                    None => self.stated(theirs).metric(file, name)?,
                };
                metrics.extend(own);
            }
            metrics.extend(self.tokens(file)?);
        }
        Ok(Level {
            name: self.name(),
            duration_s: self.duration,
            outcomes,
            failures,
            kinds: self.kinds(failures),
            latency: if self.completed > 0 { self.latency(file)? } else { None },
            metrics,
            ..Level::default()
        })
    }

    /// Requests that ended, and how many of them failed, as far as the file tells.
    fn outcomes(&self, file: &str) -> Result<(u64, Option<u64>), IngestError> {
        let all = match (self.failed, &self.errors) {
            (Some(failed), _) => Some(self.completed.saturating_add(failed)),
            (None, Some(errors)) => Some(errors.len() as u64),
            (None, None) => self.num_prompts,
        };
        let Some(all) = all else { return Ok((self.completed, None)) };
        match all.checked_sub(self.completed) {
            Some(failures) => Ok((all, Some(failures))),
            None => {
                let completed = self.completed;
                let what = format!("{completed} of {all} requests completed: the file is damaged");
                Err(IngestError::new(file, Problem::Malformed(what)))
            }
        }
    }

    /// What the failures were; what has no message is other.
    fn kinds(&self, failures: Option<u64>) -> BTreeMap<String, u64> {
        let mut kinds = BTreeMap::new();
        let errors = self.errors.iter().flatten().flatten();
        // A traceback ends with what went wrong.
        let said =
            |error: &str| error.trim_end().lines().next_back().unwrap_or_default().to_owned();
        for error in errors.filter(|error| !error.is_empty()) {
            *kinds.entry(kind_of(&said(error)).into_owned()).or_default() += 1;
        }
        let named: u64 = kinds.values().sum();
        let others = failures.unwrap_or_default().saturating_sub(named);
        if self.errors.is_some() && others > 0 {
            *kinds.entry(kind_of("").into_owned()).or_default() += others;
        }
        kinds
    }

    /// The rate and the concurrency that were asked for.
    fn name(&self) -> String {
        let rate = self.request_rate.as_ref().and_then(Value::as_f64);
        let rate = rate.map(|rate| format!("{rate}/s"));
        let users = self.max_concurrency.map(|users| format!("{users} at once"));
        let parts: Vec<String> = rate.into_iter().chain(users).collect();
        if parts.is_empty() { "all at once".to_owned() } else { parts.join(", ") }
    }

    fn latency(&self, file: &str) -> Result<Option<Latency>, IngestError> {
        if let Some(seconds) = self.response_times() {
            return times(file, seconds.into_iter().map(|s| s * MS_PER_SECOND));
        }
        let stated = LATENCY.iter().map(|name| self.stated(name)).find(|own| !own.is_nothing());
        stated.map_or(Ok(None), |own| own.latency(file))
    }

    /// The seconds of each answer that came whole; none where not every one of them is in the file.
    fn response_times(&self) -> Option<Vec<f64>> {
        let positive = |s: &f64| *s > 0.0;
        let seconds: Vec<f64> = match &self.latencies {
            Some(all) => all.iter().flatten().copied().filter(positive).collect(),
            // Up to the first token, and from each to the next.
            None => self.answers()?.map(|(first, gaps)| first + gaps.iter().sum::<f64>()).collect(),
        };
        (seconds.len() as u64 == self.completed).then_some(seconds)
    }

    /// The time to the first token and the gaps between tokens of each answer that came whole, in seconds.
    fn answers(&self) -> Option<impl Iterator<Item = (f64, &[f64])>> {
        let (firsts, gaps) = (self.ttfts.as_ref()?, self.itls.as_ref()?);
        let errors = self.errors.as_deref().unwrap_or_default();
        let good = |at: usize| {
            errors.get(at).is_none_or(|error| error.as_deref().is_none_or(str::is_empty))
        };
        let all = firsts.iter().zip(gaps).enumerate();
        Some(all.filter_map(move |(at, (first, gaps))| {
            let first = first.filter(|first| *first > 0.0 && good(at))?;
            Some((first, gaps.as_slice()))
        }))
    }

    /// The samples of a metric, in milliseconds; none where the file has numbers of all requests alone.
    fn samples(&self, file: &str, metric: &str) -> Result<Option<Values>, IngestError> {
        let Some(answers) = self.answers() else { return Ok(None) };
        let mut values = Values::default();
        let mut record = |s: f64| record(&mut values, file, metric, s * MS_PER_SECOND);
        for (first, gaps) in answers {
            match metric {
                "ttft" => record(first)?,
                "itl" => gaps.iter().try_for_each(|gap| record(*gap))?,
                _ => return Ok(None),
            }
        }
        Ok(Some(values))
    }

    /// What the file states of a metric.
    fn stated(&self, metric: &str) -> Stated {
        let number = |stat: &str| self.rest.get(&format!("{stat}_{metric}_ms"))?.as_f64();
        let suffix = format!("_{metric}_ms");
        let level = |(key, value): (&String, &Value)| {
            let percent = key.strip_prefix('p')?.strip_suffix(&suffix)?.parse().ok()?;
            Some((Quantile::from_percent(percent)?, value.as_f64()?))
        };
        let median = number("median").map(|ms| (Quantile::P50, ms));
        Stated {
            // Gaps between tokens are more than answers.
            count: (metric != "itl").then_some(self.completed),
            mean: number("mean"),
            stddev: number("std"),
            quantiles: self.rest.iter().filter_map(level).chain(median).collect(),
            ..Stated::default()
        }
    }

    fn tokens(&self, file: &str) -> Result<Vec<CustomMetric>, IngestError> {
        let each = |total: Option<f64>| Stated {
            count: Some(self.completed),
            mean: total.map(|total| total / self.completed as f64),
            ..Stated::default()
        };
        let all = [
            each(self.total_input_tokens).metric(file, "prompt_tokens")?,
            each(self.total_output_tokens).metric(file, "completion_tokens")?,
            number(file, "tokens_per_second", self.output_throughput)?,
            number(file, "goodput", self.request_goodput)?,
        ];
        Ok(all.into_iter().flatten().collect())
    }
}
