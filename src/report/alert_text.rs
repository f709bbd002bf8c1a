//! What came of an alert, in words.

use super::escape::Show;
use super::number::trimmed;
use crate::gate::BudgetFinding;
use crate::model::{AlertOutcome, Firing};

/// `alert High Error Rate would have fired at 02:31:07 UTC for 40 s`.
pub(super) fn text(budget: &BudgetFinding, outcome: &AlertOutcome, show: Show<'_>) -> String {
    let subject = show(&budget.subject);
    match outcome {
        AlertOutcome::Quiet => format!("{subject} would not have fired"),
        AlertOutcome::Fired(Firing { at, for_s, series }) => {
            let of = series.as_ref().map(|labels| format!(" ({})", show(labels)));
            let (at, long) = (at.strftime("%H:%M:%S"), long(*for_s));
            format!("{subject} would have fired at {at} UTC for {long}{}", of.unwrap_or_default())
        }
        AlertOutcome::Unknown(why) => format!("{subject} was not evaluated: {}", show(why)),
    }
}

/// `40 s`, `3 min 20 s`.
fn long(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 60, whole % 60) {
        (0, _) => format!("{} s", trimmed(seconds)),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
