//! The document that is resolved, and what its words mean: errors point at the place where they stand.

use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use crate::config::threshold::{self, Notation, Quantity, Threshold};
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
    pub(super) fn text_of<'v>(&self, value: &'v At<RawValue>) -> Result<&'v str, ConfigError> {
        match &value.value {
            RawValue::Text(text) => Ok(text),
            RawValue::Map(_) => {
                Err(self.error(value.place, "a single value is expected here".to_owned()))
            }
        }
    }

    /// A limit, and for a mapping the one under `relative` or `absolute`.
    pub(super) fn limit(
        &self,
        value: &At<RawValue>,
        quantity: Quantity,
    ) -> Result<Option<Threshold>, ConfigError> {
        let RawValue::Map(Entries(entries)) = &value.value else {
            return self.limit_in(value, quantity, Notation::Bare);
        };
        let [(key, value)] = entries.as_slice() else {
            let problem = "give one limit: either relative or absolute".to_owned();
            return Err(self.error(value.place, problem));
        };
        let notation = match key.value.as_str() {
            "relative" => Notation::Relative,
            "absolute" => Notation::Absolute,
            other => {
                let problem = format!("unknown kind of limit \"{other}\"");
                return Err(self.unknown(key, problem, &["relative", "absolute"]));
            }
        };
        self.limit_in(value, quantity, notation)
    }

    pub(super) fn limit_in(
        &self,
        value: &At<RawValue>,
        quantity: Quantity,
        notation: Notation,
    ) -> Result<Option<Threshold>, ConfigError> {
        let limit = threshold::limit(self.text_of(value)?, quantity, notation);
        limit.map_err(|problem| self.error(value.place, problem))
    }
}

/// The statistic whose change a key limits.
pub(super) fn statistic(
    source: &Source<'_>,
    key: &At<String>,
    of: &str,
) -> Result<Statistic, ConfigError> {
    let statistic = budget_statistic(source, key, of)?;
    refuse_spread(source, key)?;
    Ok(statistic)
}

/// How far samples lie apart changes with a few slow ones: a limit of its change would fail by chance.
pub(super) fn refuse_spread(source: &Source<'_>, key: &At<String>) -> Result<(), ConfigError> {
    match key.value.parse::<Statistic>() {
        Ok(spread) if spread.is_spread() => {
            let problem = format!(
                "{spread} is not compared with the baseline: limit its value under budgets, as latency_{spread}"
            );
            Err(source.error(key.place, problem))
        }
        _ => Ok(()),
    }
}

/// The statistic whose value a key limits.
pub(super) fn budget_statistic(
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
    value: &At<RawValue>,
) -> Result<Direction, ConfigError> {
    match source.text_of(value)? {
        "lower" => Ok(Direction::Lower),
        "higher" => Ok(Direction::Higher),
        other => {
            let problem = format!("\"{other}\" is not a direction: write lower or higher");
            Err(source.error(value.place, problem))
        }
    }
}

/// The statistic of a latency that a word names, if it is one.
pub(super) fn latency_statistic(word: &str) -> Option<Statistic> {
    let known = word.parse().ok()?;
    let limited = match known {
        Statistic::Quantile(_) | Statistic::Mean | Statistic::Max => true,
        other => other.is_spread(),
    };
    limited.then_some(known)
}

/// A duration in seconds: `10m`, `1h30m`, or a number of seconds.
pub(super) fn duration(source: &Source<'_>, written: &At<RawValue>) -> Result<f64, ConfigError> {
    let text = source.text_of(written)?;
    length_s(text).ok_or_else(|| {
        source.error(
            written.place,
            format!("\"{text}\" is not a duration: write it like 90s, 10m or 2h"),
        )
    })
}

/// Seconds of a length of time; more than 0.
pub(super) fn length_s(text: &str) -> Option<f64> {
    let number = text.parse::<f64>().ok();
    let friendly = || text.parse::<jiff::SignedDuration>().ok().map(|own| own.as_secs_f64());
    number.or_else(friendly).filter(|s| s.is_finite() && *s > 0.0)
}
