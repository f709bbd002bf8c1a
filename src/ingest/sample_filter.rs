//! Which samples of a raw file count, and what endpoints they make.

use super::error::{IngestError, Problem};
use super::source::Source;
use super::{By, Ingested, ReadOptions};
use crate::config::Pattern;
use jiff::Timestamp;
use std::sync::Arc;

/// Which samples count, and what endpoints they make.
#[derive(Debug, Clone, Default)]
pub(super) struct SampleFilter {
    /// Nanoseconds since 1970 of the first and behind the last sample that counts.
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
    pub(super) by: Option<By>,
    pub(super) collapse: Arc<[Pattern]>,
}

impl SampleFilter {
    /// What the options ask for, in a file that is written in the order of time. `first_time` is to find the earliest time in its
    /// first bytes.
    pub(super) fn ordered(
        source: &mut Source,
        options: &ReadOptions,
        first_time: impl FnOnce(&[u8]) -> Option<i64>,
    ) -> Result<Self, IngestError> {
        let first = match options.trim_start {
            Some(_) => first_time(source.head()?),
            None => None,
        };
        Self::new(options, first).map_err(|problem| IngestError::new(source.name(), problem))
    }

    /// What the options ask for, in a file whose records come when requests end: the one that started first may be the last one.
    /// `read` is to read all of it, where the start has to be looked for; gives the source to read as well.
    pub(super) fn unordered(
        source: Source,
        options: &ReadOptions,
        read: impl FnOnce(Source) -> Result<Ingested, IngestError>,
    ) -> Result<(Self, Source), IngestError> {
        let name = source.name().to_owned();
        let (first, source) = match options.trim_start {
            Some(_) => {
                let (look, source) = source.twice()?;
                (read(look)?.run.started_at, source)
            }
            None => (None, source),
        };
        let first = first.and_then(|at| i64::try_from(at.as_nanosecond()).ok());
        let filter = Self::new(options, first).map_err(|problem| IngestError::new(&name, problem));
        Ok((filter?, source))
    }

    /// All samples, whatever their time.
    pub(super) fn everything(options: &ReadOptions) -> Self {
        Self { collapse: Arc::clone(&options.collapse), ..Self::default() }
    }

    /// What the options ask for, in a file whose first sample is of this time.
    fn new(options: &ReadOptions, first: Option<i64>) -> Result<Self, Problem> {
        if options.trim_start.is_some() && first.is_none() {
            let lacks = "it has no sample whose time could be counted from";
            return Err(Problem::NotRaw { option: "--trim-start", lacks, raw: true });
        }
        let nanoseconds = |at: Timestamp| i64::try_from(at.as_nanosecond()).ok();
        let trimmed = options
            .trim_start
            .and_then(|by| first?.checked_add(i64::try_from(by.as_nanos()).ok()?));
        let from = options.from.and_then(nanoseconds).into_iter().chain(trimmed).max();
        let to = options.to.and_then(nanoseconds);
        Ok(Self { from, to, by: options.by, collapse: Arc::clone(&options.collapse) })
    }

    /// Whether a sample of this time does not count.
    pub(super) fn leaves_out(&self, time: i64) -> bool {
        self.from.is_some_and(|from| time < from) || self.to.is_some_and(|to| time >= to)
    }
}
