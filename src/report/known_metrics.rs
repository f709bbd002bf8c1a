//! The metrics whose names everybody knows: a list for people, and the table of the documentation.

use crate::model::{Direction, KNOWN_METRICS, KnownMetric};
use std::io::{self, Write};

/// A form of the list of known metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricList {
    /// Everything about each metric, as text.
    Text,
    /// A row of Markdown for each metric.
    Markdown,
}

/// Writes the list.
pub fn render(list: MetricList, out: &mut impl Write) -> io::Result<()> {
    if list == MetricList::Markdown {
        writeln!(out, "| Metric | Unit | Better | Meaning | Also called |")?;
        writeln!(out, "| --- | --- | --- | --- | --- |")?;
    }
    KNOWN_METRICS.iter().try_for_each(|known| match list {
        MetricList::Text => text(known, out),
        MetricList::Markdown => row(known, out),
    })
}

fn better(known: &KnownMetric) -> &'static str {
    match known.direction {
        Direction::Lower => "lower",
        Direction::Higher => "higher",
    }
}

fn text(known: &KnownMetric, out: &mut impl Write) -> io::Result<()> {
    let KnownMetric { name, unit, meaning, .. } = known;
    writeln!(out, "{name}: {meaning}")?;
    writeln!(out, "  unit: {unit}, {} is better", better(known))?;
    if known.spellings.is_empty() {
        return Ok(());
    }
    writeln!(out, "  also called: {}", known.spellings.join(", "))
}

fn row(known: &KnownMetric, out: &mut impl Write) -> io::Result<()> {
    let KnownMetric { name, unit, meaning, .. } = known;
    let spellings: Vec<String> = known.spellings.iter().map(|own| format!("`{own}`")).collect();
    let (better, spellings) = (better(known), spellings.join(", "));
    writeln!(out, "| `{name}` | {unit} | {better} | {meaning} | {spellings} |")
}
