//! The JSON that github-action-benchmark takes from tools it does not know: an array of `name`, `unit` and `value`. Whether smaller or
//! larger values are better is not in the file, so there are two formats; units of time and size say it, and rates do.

use super::{Benchmark, Suite, Times};
use crate::ingest::error::{IngestError, OtherFile};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::json_file::{amount, parse};
use crate::ingest::source::Source;
use crate::model::{CustomMetric, Direction, Unit, limits};
use serde::Deserialize;

pub(in crate::ingest) static SMALLER: Format = Format {
    name: "custom-smaller",
    tool: "custom",
    title: "`customSmallerIsBetter`",
    get: "written by a script, as github-action-benchmark takes it",
    section: "customSmallerIsBetter and customBiggerIsBetter",
    versions: "none, from documentation",
    holds: Holds::Counts,
    tells: &[Fact::Endpoints, Fact::Metrics],
    remark: "recognized by units of time and size alone",
    claim: |head| claim(head, Direction::Lower),
    read: |source, _| read(source, Direction::Lower),
};

pub(in crate::ingest) static BIGGER: Format = Format {
    name: "custom-bigger",
    tool: "custom",
    title: "`customBiggerIsBetter`",
    get: "written by a script, as github-action-benchmark takes it",
    section: "customSmallerIsBetter and customBiggerIsBetter",
    versions: "none, from documentation",
    holds: Holds::Counts,
    tells: &[Fact::Endpoints, Fact::Metrics],
    remark: "recognized by units of rates alone",
    claim: |head| claim(head, Direction::Higher),
    read: |source, _| read(source, Direction::Higher),
};

/// A file whose units do not say which way is better, or say both.
static NO_DIRECTION: OtherFile = OtherFile {
    what: "does not say whether smaller or larger values are better",
    help: |_| "say it: --format-in custom-smaller or --format-in custom-bigger".to_owned(),
    beside_results: false,
};

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    unit: String,
    value: f64,
}

/// Claims the files in which this direction is better, and for one of the two formats those that do not say it.
fn claim(head: &Head<'_>, direction: Direction) -> Claim {
    let has = |key: &str| head.text().contains(&format!("\"{key}\""));
    if !head.begins_with(b'[') || !["name", "unit", "value"].into_iter().all(has) {
        return Claim::No;
    }
    let directions: Vec<Option<Direction>> = units(head.text()).map(direction_of).collect();
    if directions.iter().all(|own| *own == Some(direction)) {
        return Claim::Likely;
    }
    let same = directions.windows(2).all(|pair| pair[0] == pair[1]);
    let told = same && directions.first().is_some_and(Option::is_some);
    if told || direction == Direction::Higher { Claim::No } else { Claim::Other(&NO_DIRECTION) }
}

/// The units in the beginning of a file.
fn units(text: &str) -> impl Iterator<Item = &str> {
    text.split("\"unit\"").skip(1).filter_map(|rest| {
        let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        value.split_once('"').map(|(unit, _)| unit)
    })
}

/// Which way is better of a value in this unit.
fn direction_of(unit: &str) -> Option<Direction> {
    let unit = unit.trim().to_lowercase();
    let rate = ["/s", "/sec", "/second", "per second"].iter().any(|end| unit.ends_with(end));
    let size = ["b", "kb", "mb", "gb", "kib", "mib", "gib", "bytes", "byte"];
    let long = ["nanoseconds", "microseconds", "milliseconds", "seconds", "sec", "minutes"];
    if rate {
        Some(Direction::Higher)
    } else if time(&unit).is_some() || [&size[..], &long[..]].concat().contains(&unit.as_str()) {
        Some(Direction::Lower)
    } else {
        None
    }
}

/// The milliseconds of a unit of time: `ns`, and `ns/iter` as well.
fn time(unit: &str) -> Option<f64> {
    let unit = unit.trim();
    match Unit::from_name(unit.split('/').next().unwrap_or_default().trim()) {
        (Unit::Milliseconds, unit_ms) => Some(unit_ms),
        _ => None,
    }
}

fn read(source: Source, direction: Direction) -> Result<Ingested, IngestError> {
    let file = source.name().to_owned();
    let entries: Vec<Entry> = parse(&file, &source.document(limits::DOCUMENT_BYTES)?)?;
    let mut suite = Suite::new(&file, SMALLER.tool, None);
    for Entry { name, unit, value } in entries {
        let mut own = Benchmark { name, ..Benchmark::default() };
        match time(&unit) {
            Some(unit_ms) if direction == Direction::Lower => {
                own.latency = Some(Times { file: &file, unit_ms }.one(value)?);
            }
            _ => {
                let (base, factor) = Unit::from_name(unit.trim());
                own.metrics.push(CustomMetric {
                    value: Some(amount(&file, "value", value)? * factor),
                    direction: Some(direction),
                    ..CustomMetric::new("value", base)
                });
            }
        }
        suite.add(own)?;
    }
    suite.finish()
}
