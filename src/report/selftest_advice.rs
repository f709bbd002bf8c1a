//! What to do where a selftest shows that a gate sees too little, or fails what did not change.

use super::escape::terminal;
use super::number::{grouped, limit, plural, signed};
use crate::config::Threshold;
use crate::gate::{RUNS_FOR_NOISE, Replayed, Selftest, Unseen};
use crate::model::{Direction, Statistic};

/// Share of unchanged runs that a gate may fail before it is told of a rule that asks twice.
const TOO_MANY: f64 = 0.05;
/// A percentile of fewer requests than so many times what it needs gets steadier with more of them.
const FEW: u64 = 5;

/// What to do, most useful first; nothing where the gate sees what it should.
pub(super) fn advice(test: &Selftest) -> Vec<String> {
    let mut lines = Vec::new();
    if test.baseline_runs < RUNS_FOR_NOISE && (!test.unseen.is_empty() || test.itself) {
        lines.push(format!(
            "record more runs of unchanged code: {} here, and from {RUNS_FOR_NOISE} on the gate knows how much they vary",
            plural(test.baseline_runs, "baseline run")
        ));
    }
    lines.extend(noisiest(test));
    lines.extend(false_alarms(test.runs));
    lines
}

/// What to do about the measurement that is furthest from seeing its limit.
fn noisiest(test: &Selftest) -> Option<String> {
    let all = || test.blind.iter().chain(&test.unseen);
    let beyond = |own: &&Unseen| match (own.visible, own.threshold) {
        (Some(visible), Threshold::Relative(share)) if share > 0.0 => visible / share,
        _ => 0.0,
    };
    let worst = all().max_by(|a, b| beyond(a).total_cmp(&beyond(b)))?;
    let more = match all().count() - 1 {
        0 => String::new(),
        more => format!("; the same holds for {more} more"),
    };
    let name = terminal(&worst.key.text());
    let higher = worst.direction == Direction::Higher;
    let own = limit(worst.threshold, &worst.key.metric, &worst.unit, higher);
    let Some(visible) = worst.visible.filter(|_| beyond(&worst) > 1.0) else {
        return Some(format!(
            "{name} has too few requests for its limit of {own}: send more, or set a wider limit{more}"
        ));
    };
    let sign = worst.direction.worse_sign();
    let seen = signed(sign * 100.0 * visible, 0);
    Some(format!(
        "{name} varies too much for its limit of {own}, changes below {seen} % are noise: {}, set a limit above {:.0} %, or ignore it{more}",
        calm(worst),
        (100.0 * visible).ceil()
    ))
}

/// What makes a measurement steadier.
fn calm(worst: &Unseen) -> String {
    let needs = match worst.key.statistic {
        Statistic::Quantile(level) => level.requests_needed(),
        _ => 0,
    };
    match worst.requests {
        Some(has) if has < FEW * needs => {
            format!("send more requests to it ({} now)", grouped(has))
        }
        _ => "run the load for longer".to_owned(),
    }
}

fn false_alarms(runs: Replayed) -> Option<String> {
    let often = runs.fail as f64 > TOO_MANY * runs.judged as f64 && runs.fail > 1;
    often.then(|| {
        format!(
            "{} of {} failed: gate: {{ decide: confirmed }} fails nothing that a second run does not show",
            runs.fail,
            plural(runs.judged, "unchanged run")
        )
    })
}
