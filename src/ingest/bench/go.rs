//! `go test -bench`: lines such as `BenchmarkSort/n=10-8  1000  1310 ns/op  896 B/op  1 allocs/op`, each a mean over its iterations.
//!
//! With `-count`, a benchmark has several lines, which are its rounds. `-json` wraps the same lines in events and may split one
//! between two of them, so the events of a package are put together again first.

use super::{Benchmark, Suite, Times};
use crate::ingest::csv_file::refuse_cut;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::json_file::json_error;
use crate::ingest::source::Source;
use crate::model::{CustomMetric, Direction, Unit, limits};
use crate::stats::median;
use serde::Deserialize;
use std::collections::BTreeMap;

const TELLS: &[Fact] = &[Fact::Endpoints, Fact::P99, Fact::ResponseTimes, Fact::Metrics];

pub(in crate::ingest) static TEXT: Format = Format {
    name: "go-bench",
    tool: "go",
    title: "`go test -bench`",
    get: "`go test -bench . -count 10 > FILE`",
    section: "go test -bench",
    versions: "1.27",
    holds: Holds::Counts,
    tells: TELLS,
    remark: "run it with `-count`",
    claim: |head| Claim::likely_if(has_result(head.text())),
    read: |source, _| text(source),
};

pub(in crate::ingest) static EVENTS: Format = Format {
    name: "go-bench-json",
    tool: "go",
    title: "`go test -bench -json`",
    get: "`go test -bench . -count 10 -json > FILE`",
    section: "go test -bench",
    versions: "1.27",
    holds: Holds::Counts,
    tells: TELLS,
    remark: "run it with `-count`",
    claim: |head| Claim::certain_if(is_event(head)),
    read: |source, _| events(source),
};

fn is_event(head: &Head<'_>) -> bool {
    let own = ["Time", "Action", "Package"];
    own.into_iter().all(|key| head.has_key(key)) && head.line().ends_with(b"}")
}

/// Whether a line is the result of a benchmark.
fn has_result(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("Benchmark") && Line::read(line).is_some())
}

/// One event of `-json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    #[serde(default)]
    package: String,
    #[serde(default)]
    output: String,
}

fn text(source: Source) -> Result<Ingested, IngestError> {
    let file = source.name().to_owned();
    let bytes = source.document(limits::DOCUMENT_BYTES)?;
    refuse_cut(&file, &bytes)?;
    let mut found = Found::default();
    found.read(&String::from_utf8_lossy(&bytes), "");
    found.into_run(&file)
}

fn events(source: Source) -> Result<Ingested, IngestError> {
    let file = source.name().to_owned();
    let bytes = source.document(limits::DOCUMENT_BYTES)?;
    refuse_cut(&file, &bytes)?;
    let mut order: Vec<String> = Vec::new();
    let mut packages: BTreeMap<String, String> = BTreeMap::new();
    let lines = (1..).zip(bytes.split(|b| *b == b'\n'));
    for (line, bytes) in lines.filter(|(_, bytes)| !bytes.trim_ascii().is_empty()) {
        let event: Event = serde_json::from_slice(bytes)
            .map_err(|error| IngestError { line: Some(line), ..json_error(&file, &error) })?;
        let output = packages.entry(event.package.clone()).or_default();
        if output.is_empty() {
            order.push(event.package);
        }
        output.push_str(&event.output);
    }
    let mut found = Found::default();
    for package in order {
        found.read(&packages[&package], &package);
    }
    found.into_run(&file)
}

/// What the lines of a benchmark say.
#[derive(Default)]
struct Found {
    order: Vec<String>,
    rounds: BTreeMap<String, Vec<Round>>,
    /// Benchmarks and packages that failed.
    failed: Vec<String>,
    cpu: Option<String>,
}

/// One round: values by their unit.
type Round = Vec<(String, f64)>;

impl Found {
    /// Reads the output of one package; `package` is its name, where that is known already.
    fn read(&mut self, output: &str, package: &str) {
        let mut package = package.to_owned();
        for line in output.lines() {
            if let Some(name) = line.strip_prefix("pkg: ") {
                name.trim().clone_into(&mut package);
            } else if let Some(cpu) = line.strip_prefix("cpu: ") {
                self.cpu = Some(cpu.trim().to_owned());
            } else if let Some(name) = line.trim_start().strip_prefix("--- FAIL: ") {
                let name = name.split_whitespace().next().unwrap_or_default();
                self.failed.push(qualified(&package, name));
            } else if let Some(name) = line.strip_prefix("FAIL\t") {
                self.failed.push(name.split_whitespace().next().unwrap_or_default().to_owned());
            } else if let Some(Line { name, values }) = Line::read(line) {
                let name = qualified(&package, name);
                let own = self.rounds.entry(name.clone()).or_default();
                if own.is_empty() {
                    self.order.push(name);
                }
                own.push(values);
            }
        }
    }

    fn into_run(self, file: &str) -> Result<Ingested, IngestError> {
        if let Some(name) = self.failed.first() {
            // Its benchmarks would be taken for removed ones.
            let problem = format!(
                "{name} failed, and nothing after it was measured: mend it, or leave it out with -skip"
            );
            return Err(IngestError::new(file, Problem::Malformed(problem)));
        }
        let mut suite = Suite::new(file, TEXT.tool, None);
        suite.label("cpu", self.cpu.as_deref());
        let processors = common_processors(&self.order);
        suite.label("gomaxprocs", processors);
        for name in &self.order {
            let ending = processors.map(|processors| format!("-{processors}"));
            let short = ending.and_then(|ending| name.strip_suffix(ending.as_str()));
            suite.add(benchmark(file, short.unwrap_or(name), &self.rounds[name])?)?;
        }
        suite.finish()
    }
}

/// The name that no other package has.
fn qualified(package: &str, name: &str) -> String {
    if package.is_empty() { name.to_owned() } else { format!("{package}.{name}") }
}

/// The number of processors at the end of each name (`-8`), which differs between machines. With one processor Go leaves it out,
/// and with `-cpu` there are several: then what looks like it belongs to the names.
fn common_processors(names: &[String]) -> Option<&str> {
    let ending = |name: &'_ String| {
        let (at, _) = name.rmatch_indices('-').next()?;
        let digits = &name[at + 1..];
        let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        number.then_some(at + 1)
    };
    let first = names.first()?;
    let own = &first[ending(first)?..];
    names.iter().all(|name| ending(name).is_some_and(|at| &name[at..] == own)).then_some(own)
}

/// A line with a result.
struct Line<'a> {
    name: &'a str,
    values: Round,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut fields = line.split_whitespace();
        let name = fields.next().filter(|name| name.starts_with("Benchmark"))?;
        fields.next()?.parse::<u64>().ok()?;
        let mut values = Vec::new();
        while let Some(value) = fields.next() {
            values.push((fields.next()?.to_owned(), value.parse().ok()?));
        }
        (!values.is_empty()).then_some(Self { name, values })
    }
}

fn benchmark(file: &str, name: &str, rounds: &[Round]) -> Result<Benchmark, IngestError> {
    let mut by_unit: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (unit, value) in rounds.iter().flatten() {
        by_unit.entry(unit).or_default().push(*value);
    }
    let times = by_unit.remove("ns/op").unwrap_or_default();
    let latency = Times { file, unit_ms: 1e-6 }.rounds(&times)?;
    Ok(Benchmark {
        name: name.to_owned(),
        rounds: Some(rounds.len() as u64),
        latency,
        metrics: by_unit.into_iter().map(|(unit, values)| metric(unit, &values)).collect(),
        ..Benchmark::default()
    })
}

/// What a benchmark reports beside its time: the median over the rounds. Which way a unit of its own is better, nobody knows.
fn metric(unit: &str, values: &[f64]) -> CustomMetric {
    let (name, own, direction) = match unit {
        "B/op" => ("bytes_per_op", Unit::Bytes, Some(Direction::Lower)),
        "allocs/op" => ("allocs_per_op", Unit::Number, Some(Direction::Lower)),
        "MB/s" => ("bytes_per_second", Unit::Other("MB/s".into()), Some(Direction::Higher)),
        other => (other, Unit::Number, None),
    };
    CustomMetric { value: median(values), direction, ..CustomMetric::new(name, own) }
}
