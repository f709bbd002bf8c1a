//! A printed report as lines, each with its place in the file.

use crate::ingest::csv_file::{bad_value, refuse_cut, whole};
use crate::ingest::endpoint_stats::{MOST_KINDS, kind_of};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::source::Source;
use crate::model::{FailureKind, Latency, Quantile, limits};
use std::collections::BTreeMap;

/// A printed report.
pub(super) struct Report {
    file: String,
    text: String,
}

impl Report {
    pub(super) fn read(source: Source) -> Result<Self, IngestError> {
        let file = source.name().to_owned();
        let bytes = source.document(limits::DOCUMENT_BYTES)?;
        refuse_cut(&file, &bytes)?;
        Ok(Self { file, text: String::from_utf8_lossy(&bytes).into_owned() })
    }

    /// All lines, without the blanks around them.
    pub(super) fn lines(&self) -> impl Iterator<Item = Cell<'_>> {
        let lines = (1..).zip(self.text.lines());
        lines.map(|(line, text)| Cell { file: &self.file, line, what: "line", text: text.trim() })
    }

    /// What follows a label, in each line that begins with it.
    pub(super) fn each(&self, label: &'static str) -> impl Iterator<Item = Cell<'_>> {
        let what = label.trim_end_matches([':', '#', ' ']);
        self.lines().filter_map(move |line| {
            let rest = line.text.strip_prefix(label)?;
            Some(Cell { what, ..line }.with(rest))
        })
    }

    /// What follows a label, if a line begins with it. Twice the same label is two reports in one file.
    pub(super) fn find(&self, label: &'static str) -> Result<Option<Cell<'_>>, IngestError> {
        let mut found = self.each(label);
        let first = found.next();
        match found.next() {
            Some(second) => {
                let why = format!("a second `{label}`: two reports in one file");
                Err(IngestError::at(&self.file, second.line, Problem::Malformed(why)))
            }
            None => Ok(first),
        }
    }

    /// What follows a label that every report has.
    pub(super) fn need(&self, label: &'static str) -> Result<Cell<'_>, IngestError> {
        self.find(label)?.ok_or_else(|| self.lacks(label))
    }

    /// The first line with this text in it, which every report has.
    pub(super) fn containing(&self, text: &'static str) -> Result<Cell<'_>, IngestError> {
        let found = self.lines().find(|line| line.text.contains(text));
        found.map(|line| Cell { what: text.trim(), ..line }).ok_or_else(|| self.lacks(text))
    }

    /// The error for a part that every report has.
    pub(super) fn lacks(&self, part: &str) -> IngestError {
        let problem = Problem::Truncated {
            lines: self.text.lines().count() as u64,
            how: format!("`{part}` is missing"),
        };
        IngestError::new(&self.file, problem)
    }

    /// The lines below a heading, up to an empty one.
    pub(super) fn below(&self, heading: &'static str) -> impl Iterator<Item = Cell<'_>> {
        let lines = self.lines().skip_while(move |line| !line.text.starts_with(heading)).skip(1);
        lines
            .take_while(|line| !line.text.is_empty())
            .map(move |line| Cell { what: heading, ..line })
    }
}

/// A piece of the report, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    file: &'a str,
    line: u64,
    what: &'a str,
    pub(super) text: &'a str,
}

impl<'a> Cell<'a> {
    /// Another text in its place.
    pub(super) fn with(self, text: &'a str) -> Self {
        Self { text: text.trim(), ..self }
    }

    /// The same without a unit at its end, which must be there.
    pub(super) fn in_unit(self, unit: &'static str) -> Result<Self, IngestError> {
        let text = self.text.strip_suffix(unit);
        text.map(|text| self.with(text)).ok_or_else(|| self.bad("has another unit than expected"))
    }

    /// The text before and behind a separator.
    pub(super) fn split(self, separator: &str) -> Result<(Self, Self), IngestError> {
        let parts = self.text.split_once(separator);
        let (before, behind) = parts.ok_or_else(|| self.bad("is not what stands there"))?;
        Ok((self.with(before), self.with(behind)))
    }

    /// A count.
    pub(super) fn count(self) -> Result<u64, IngestError> {
        whole(self.file, self.line, self.what, self.text)
    }

    /// A number from 0 on.
    pub(super) fn number(self) -> Result<f64, IngestError> {
        let number = self.text.parse::<f64>().ok();
        let number = number.filter(|number| number.is_finite() && *number >= 0.0);
        number.ok_or_else(|| self.bad("must be a number from 0 on"))
    }

    /// The error for a value that cannot be.
    pub(super) fn bad(self, why: &'static str) -> IngestError {
        bad_value(self.file, self.line, self.what, self.text, why)
    }
}

/// Adds a percentile of a row, and gives its level. Those of a report rise from the minimum to the maximum.
pub(super) fn add_percentile(
    latency: &mut Latency,
    percent: Cell<'_>,
    ms: f64,
) -> Result<Option<Quantile>, IngestError> {
    let last = latency.quantiles.values().copied().last().or(latency.min).unwrap_or_default();
    if ms < last || latency.max.is_some_and(|max| ms > max) {
        return Err(percent.bad("has a time that is out of order"));
    }
    let level = Quantile::from_percent(percent.number()?);
    latency.quantiles.extend(level.map(|level| (level, ms)));
    Ok(level)
}

/// How requests failed, and how often.
#[derive(Default)]
pub(super) struct Failures(BTreeMap<String, u64>);

impl Failures {
    pub(super) fn add(&mut self, message: &str, count: u64) {
        if count > 0 {
            let known = self.0.entry(kind_of(message).into_owned()).or_default();
            *known = known.saturating_add(count);
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The most frequent kinds, those of the same number by name.
    pub(super) fn kinds(&self) -> Vec<FailureKind> {
        let kinds = self.0.iter().map(|(message, count)| FailureKind::new(message, *count));
        let mut kinds: Vec<FailureKind> = kinds.collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        kinds.truncate(MOST_KINDS);
        kinds
    }
}
