//! The document that is resolved, and what its words mean: errors point at the place where they stand.

use super::error::ConfigError;
use super::limits::{self, Quantity, Threshold};
use super::written_value::{At, Entries, Written};
use crate::model::{Direction, Quantile, Statistic};

/// The statistics that latency limits name most often, for messages.
pub(super) const USUAL_STATISTICS: [&str; 12] =
    ["mean", "max", "p50", "p66", "p75", "p80", "p90", "p95", "p98", "p99", "p99.9", "p99.99"];

/// The text, for messages.
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    pub(super) fn error(&self, place: (u64, u64), problem: String) -> ConfigError {
        ConfigError::new(self.file, self.text, place, problem)
    }

    pub(super) fn unknown(&self, key: &At<String>, problem: String, known: &[&str]) -> ConfigError {
        let mut error = self.error(key.place, problem);
        error.word.clone_from(&key.value);
        error.known = known.iter().map(|word| (*word).to_owned()).collect();
        error
    }

    /// A whole number that means nothing below `least`.
    pub(super) fn at_least(
        &self,
        least: usize,
        value: Option<At<usize>>,
    ) -> Result<Option<usize>, ConfigError> {
        match value {
            Some(At { value, place }) if value < least => {
                Err(self.error(place, format!("{value} is too few: write {least} or more")))
            }
            other => Ok(other.map(|own| own.value)),
        }
    }

    /// The text of a value that must not be a mapping.
    pub(super) fn text_of<'v>(&self, value: &'v At<Written>) -> Result<&'v str, ConfigError> {
        match &value.value {
            Written::Text(text) => Ok(text),
            Written::Map(_) => {
                Err(self.error(value.place, "a single value is expected here".to_owned()))
            }
        }
    }

    /// A limit, and for a mapping the one under `relative` or `absolute`.
    pub(super) fn limit(
        &self,
        value: &At<Written>,
        quantity: Quantity,
    ) -> Result<Option<Threshold>, ConfigError> {
        let Written::Map(Entries(entries)) = &value.value else {
            return self.limit_written(value, quantity, limits::Written::Bare);
        };
        let [(key, value)] = entries.as_slice() else {
            let problem = "give one limit: either relative or absolute".to_owned();
            return Err(self.error(value.place, problem));
        };
        let written = match key.value.as_str() {
            "relative" => limits::Written::Relative,
            "absolute" => limits::Written::Absolute,
            other => {
                let problem = format!("unknown kind of limit \"{other}\"");
                return Err(self.unknown(key, problem, &["relative", "absolute"]));
            }
        };
        self.limit_written(value, quantity, written)
    }

    pub(super) fn limit_written(
        &self,
        value: &At<Written>,
        quantity: Quantity,
        written: limits::Written,
    ) -> Result<Option<Threshold>, ConfigError> {
        let limit = limits::limit(self.text_of(value)?, quantity, written);
        limit.map_err(|problem| self.error(value.place, problem))
    }
}

/// The statistic that a key names.
pub(super) fn statistic(
    source: &Source<'_>,
    key: &At<String>,
    of: &str,
) -> Result<Statistic, ConfigError> {
    let unknown = || {
        let problem = format!("unknown threshold \"{}\" for {of}", key.value);
        source.unknown(key, problem, &USUAL_STATISTICS)
    };
    match key.value.parse() {
        // The fastest request says nothing about the others.
        Ok(Statistic::Rate | Statistic::Value | Statistic::Min) | Err(()) => Err(unknown()),
        Ok(Statistic::Quantile(level)) if !is_usual(level) => Err(unknown()),
        Ok(statistic) => Ok(statistic),
    }
}

/// A level that people mean: every one from p90 on, and below it those of the usual grids. A `p59` is a slip.
fn is_usual(level: Quantile) -> bool {
    let percent = level.fraction() * 100.0;
    percent >= 90.0 || (percent % 5.0).abs() < 1e-9 || Quantile::GRID.contains(&level)
}

pub(super) fn direction(
    source: &Source<'_>,
    value: &At<Written>,
) -> Result<Direction, ConfigError> {
    match source.text_of(value)? {
        "lower" => Ok(Direction::Lower),
        "higher" => Ok(Direction::Higher),
        other => {
            let problem = format!("\"{other}\" is no direction: write lower or higher");
            Err(source.error(value.place, problem))
        }
    }
}
