//! The axis of a plot: where its values lie, and the round numbers that stand along it.

use crate::report::number::grouped;

/// Numbers along an axis of times.
const STEPS_S: [f64; 16] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
    21_600.0, 86_400.0,
];
/// Numbers along a logarithmic axis at most, before only powers of ten are left.
const MOST_LOGARITHMIC: usize = 6;

/// An axis: its ends, and the values that are named.
#[derive(Debug, Clone)]
pub(in crate::report) struct Axis {
    low: f64,
    high: f64,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From zero to a round number that no value exceeds, and as far below zero as there are values. About so many numbers stand
    /// along it; the last one has the unit (` ms`).
    pub(in crate::report) fn from_zero(
        values: impl Iterator<Item = f64>,
        suffix: &str,
        about: usize,
    ) -> Self {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let high = if high > low { high } else { low + 1.0 };
        let step = round_step((high - low) / about as f64);
        // What floating point makes of a value at a round number does not ask for one more.
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let count = (last - first) as usize;
        let ticks = (0..=count).map(|i| {
            let value = (first + i as f64) * step;
            let unit = if i == count { suffix } else { "" };
            (value, format!("{}{unit}", label(value, decimals)))
        });
        Self { low: first * step, high: last * step, ticks: ticks.collect() }
    }

    /// From one value above zero to another, by their logarithms; each number has the unit.
    pub(in crate::report) fn logarithmic(low: f64, high: f64, suffix: &str) -> Self {
        let (low, high) = (low.log10(), high.log10());
        let within = |factors: &'static [f64]| {
            let powers = low.floor() as i32..=high.ceil() as i32;
            let all = powers.flat_map(move |power| factors.iter().map(move |f| (*f, power)));
            all.filter(|(f, power)| (low..=high).contains(&(f.log10() + f64::from(*power))))
                .collect::<Vec<_>>()
        };
        let mut named = within(&[1.0, 2.0, 5.0]);
        if named.len() > MOST_LOGARITHMIC {
            named = within(&[1.0]);
        } else if named.len() < 3 {
            named = within(&[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]);
        }
        let tick = |(factor, power): (f64, i32)| {
            let value = factor * 10_f64.powi(power);
            let whole = if factor.fract() == 0.0 { 0 } else { 1 };
            let decimals = (whole - power).max(0) as usize;
            (value.log10(), format!("{}{suffix}", label(value, decimals)))
        };
        Self { low, high: high.max(low + 1e-9), ticks: named.into_iter().map(tick).collect() }
    }

    /// Seconds, from the start on.
    pub(in crate::report) fn seconds(end: f64) -> Self {
        let step = STEPS_S.into_iter().find(|step| end / step <= 6.0).unwrap_or(end / 4.0);
        let (unit, suffix) = match step {
            s if s >= 3600.0 => (3600.0, " h"),
            s if s >= 60.0 => (60.0, " min"),
            _ => (1.0, " s"),
        };
        let ticks = (0..=(end / step) as usize).map(|i| {
            let at = i as f64 * step;
            (at, format!("{}{suffix}", label(at / unit, 0)))
        });
        Self { low: 0.0, high: end.max(1e-9), ticks: ticks.collect() }
    }

    /// Places from 0 to `last`, of which these are named.
    pub(in crate::report) fn places(last: f64, ticks: Vec<(f64, String)>) -> Self {
        Self { low: 0.0, high: last.max(1e-9), ticks }
    }

    /// The same with room on both sides of its ends.
    pub(in crate::report) fn with_room(self, room: f64) -> Self {
        Self { low: self.low - room, high: self.high + room, ..self }
    }

    /// Where a value lies between the ends, from 0 to 1.
    pub(in crate::report) fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    pub(super) fn ticks(&self) -> &[(f64, String)] {
        &self.ticks
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is no less.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(least)
}

fn label(value: f64, decimals: usize) -> String {
    if decimals == 0 && (0.0..1e15).contains(&value) {
        return grouped(value.round() as u64);
    }
    let text = format!("{value:.decimals$}");
    // Zero has no decimals and no sign.
    let zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
    if zero { "0".to_owned() } else { text.replace('-', "\u{2212}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks().iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn numbers_along_an_axis_are_round_and_the_last_one_has_the_unit() {
        let axis = |values: &[f64]| Axis::from_zero(values.iter().copied(), " ms", 4);
        assert_eq!(labels(&axis(&[33.0, 120.0])), ["0", "50", "100", "150 ms"]);
        assert_eq!(labels(&axis(&[0.4])), ["0", "0.1", "0.2", "0.3", "0.4 ms"]);
        assert_eq!(labels(&axis(&[-12.0, 31.0])), ["−20", "0", "20", "40 ms"]);
        assert_eq!(
            labels(&axis(&[25_000.0])),
            ["0", "10\u{202f}000", "20\u{202f}000", "30\u{202f}000 ms"]
        );
        assert_eq!(labels(&axis(&[])), ["0", "0.5", "1.0 ms"]);
    }

    #[test]
    fn a_logarithmic_axis_names_what_people_count_in() {
        assert_eq!(labels(&Axis::logarithmic(12.0, 130.0, " ms")), ["20 ms", "50 ms", "100 ms"]);
        assert_eq!(labels(&Axis::logarithmic(0.2, 3000.0, "")), ["1", "10", "100", "1000"]);
        assert_eq!(labels(&Axis::logarithmic(14.0, 33.0, "")), ["15", "20", "30"]);
    }

    #[test]
    fn times_are_counted_in_seconds_minutes_or_hours() {
        assert_eq!(labels(&Axis::seconds(25.0)), ["0 s", "5 s", "10 s", "15 s", "20 s", "25 s"]);
        assert_eq!(
            labels(&Axis::seconds(600.0)),
            ["0 min", "2 min", "4 min", "6 min", "8 min", "10 min"]
        );
    }

    #[test]
    fn a_value_beyond_the_ends_lies_at_one_of_them() {
        let axis = Axis::places(10.0, Vec::new());
        assert_eq!([axis.share(-3.0), axis.share(5.0), axis.share(99.0)], [0.0, 0.5, 1.0]);
    }
}
