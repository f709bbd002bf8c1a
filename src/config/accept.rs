//! The grammar of accepted changes, which are written as trailers of commit messages:
//! `Perfgate-Accept: POST /api/chat p95 <= +35% | new index, see #123`.

use super::threshold::{Notation, Quantity, Threshold, limit};
use crate::model::{Direction, MeasurementKey, Metric, Raw, Untrusted, limits};

/// A change that somebody accepts: one measurement, up to a ceiling, with a reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Accept {
    /// The measurement, as it was written.
    what: Untrusted,
    /// How far it may move from the baseline.
    pub ceiling: Threshold,
    /// Which way is better: `<= +…` limits an increase, `>= -…` a decrease.
    pub direction: Direction,
    /// Why.
    pub reason: Untrusted,
}

impl Accept {
    /// The name of the trailer.
    pub const TRAILER: &str = "Perfgate-Accept";

    /// Reads the value of a trailer. The error says what is wrong with it.
    pub fn parse(value: &str) -> Result<Self, String> {
        // Each bar is read together with all text before it.
        if value.len() > limits::NAME_BYTES {
            return Err(format!("it is longer than {}", limits::size(limits::NAME_BYTES as u64)));
        }
        // Names and reasons may hold anything; a ceiling before a bar is what tells them apart.
        let bars = value.match_indices('|').map(|(at, _)| (&value[..at], &value[at + 1..]));
        let mut wrong = "write it as ENDPOINT STATISTIC <= +LIMIT | REASON".to_owned();
        for (change, reason) in bars {
            let up = change.rsplit_once("<=").map(|sides| (sides, Direction::Lower, '+'));
            let down = change.rsplit_once(">=").map(|sides| (sides, Direction::Higher, '-'));
            let Some(((what, ceiling), direction, sign)) = up.or(down) else { continue };
            let Some(ceiling) =
                ceiling.trim().replace('\u{2212}', "-").strip_prefix(sign).map(str::to_owned)
            else {
                wrong = format!(
                    "a ceiling is a change with a sign: <= +{0} or >= -{0}",
                    ceiling.trim().trim_start_matches(['+', '-'])
                );
                continue;
            };
            match read_ceiling(what, &ceiling) {
                Err(why) => wrong = why,
                Ok(_) if reason.trim().is_empty() => "the reason is missing".clone_into(&mut wrong),
                Ok(ceiling) => {
                    let (what, reason) = (what.trim().into(), reason.trim().into());
                    return Ok(Self { what, ceiling, direction, reason });
                }
            }
        }
        Err(wrong)
    }

    /// The values of the trailers of a commit message. Any line of it may be one: a squashed merge has the trailers of its
    /// commits in the middle.
    pub fn trailers(message: &str) -> impl Iterator<Item = &str> {
        message.lines().filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(Self::TRAILER).then(|| value.trim())
        })
    }

    /// The measurement, as it was written.
    pub fn what(&self) -> &str {
        self.what.raw()
    }

    /// Whether it is about this measurement.
    pub fn covers(&self, key: &MeasurementKey) -> bool {
        key.is_named(self.what.raw())
    }

    /// The line that accepts this change, with room: its ceiling is a tenth beyond the change, rounded up. None where the
    /// name cannot stand in one line, or where nothing got worse.
    pub fn suggest(
        key: &MeasurementKey,
        (relative, absolute): (Option<f64>, f64),
        direction: Direction,
    ) -> Option<String> {
        let what = key.text();
        let what = what.raw();
        let plain = !what.chars().any(char::is_control) && !what.contains('|');
        let worse = if direction == Direction::Higher { -1.0 } else { 1.0 };
        let up = |change: f64, step: f64| (change * 1.1 / step - 1e-9).ceil() * step;
        let change = match (&key.metric, relative) {
            (Metric::ErrorRate, _) => up(worse * absolute * 100.0, 0.05),
            (_, Some(relative)) => up(worse * relative * 100.0, 5.0),
            (_, None) => return None,
        };
        let decimals = if key.metric == Metric::ErrorRate { 2 } else { 0 };
        let ceiling = match direction {
            Direction::Lower => format!("<= +{change:.decimals$}%"),
            Direction::Higher => format!(">= -{change:.decimals$}%"),
        };
        (plain && change > 0.0)
            .then(|| format!("{}: {what} {ceiling} | why this is worth it", Self::TRAILER))
    }
}

fn read_ceiling(what: &str, text: &str) -> Result<Threshold, String> {
    let quantity = match what.trim().rsplit([' ', '_']).next().unwrap_or_default() {
        "rate" => Quantity::ErrorRate,
        "throughput" => Quantity::Throughput,
        // Of a latency as well as of a metric of one's own.
        _ => Quantity::Latency,
    };
    let amount = text.trim();
    let found = limit(amount, quantity, Notation::Bare)
        .or_else(|why| limit(amount, Quantity::Custom, Notation::Absolute).map_err(|_| why))?;
    found.ok_or_else(|| "`off` is not a ceiling: write a limit".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EndpointKey, Kind, Statistic};

    #[test]
    fn a_trailer_names_a_measurement_a_ceiling_and_a_reason() {
        let accept = Accept::parse("POST /api/chat p95 <= +35% | new index, see #123").unwrap();
        assert_eq!(accept.ceiling, Threshold::Relative(0.35));
        assert_eq!(accept.reason, "new index, see #123");
        let rate = Accept::parse("total error rate <= +0.5% | flaky upstream | known").unwrap();
        assert_eq!(rate.ceiling, Threshold::Absolute(0.005));
        assert_eq!(rate.reason, "flaky upstream | known");
        let odd = Accept::parse("GET /a|b<=c p99 <= +50ms | x").unwrap();
        assert_eq!((odd.what(), odd.ceiling), ("GET /a|b<=c p99", Threshold::Absolute(50.0)));
    }

    #[test]
    fn what_is_no_trailer_is_told() {
        for wrong in [
            "",
            "POST /a p95",
            "POST /a p95 <= +35%",
            "POST /a p95 <= +35% |  ",
            "/a p95 <= much | x",
            "/a p95 <= +off | x",
            "/a p95 <= 45ms | x",
            "/a p95 <= -5% | x",
            "/a throughput >= +5% | x",
        ] {
            assert!(Accept::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_trailer_is_a_line_of_a_commit_message() {
        let message = "Add an index\n\nperfgate-accept: a p95 <= 1% | y\r\nNot Perfgate-Accept: b\n\nSigned-off-by: x\n";
        assert_eq!(Accept::trailers(message).collect::<Vec<_>>(), ["a p95 <= 1% | y"]);
    }

    #[test]
    fn the_suggested_line_reads_back_and_covers_the_change() {
        let endpoint = EndpointKey::named(Kind::Http, Some("POST"), "/api/chat");
        let key =
            MeasurementKey { endpoint, metric: Metric::Latency, statistic: "p95".parse().unwrap() };
        let line = Accept::suggest(&key, (Some(0.273), 9.0), Direction::Lower).unwrap();
        assert_eq!(line, "Perfgate-Accept: POST /api/chat p95 <= +35% | why this is worth it");
        let value = Accept::trailers(&line).next().unwrap().to_owned();
        assert!(Accept::parse(&value).unwrap().covers(&key));
        let total = MeasurementKey {
            endpoint: EndpointKey::Total,
            metric: Metric::ErrorRate,
            statistic: Statistic::Rate,
        };
        let line = Accept::suggest(&total, (None, 0.0035), Direction::Lower).unwrap();
        assert!(line.contains("total error_rate <= +0.40% |"), "{line}");
    }
}
