//! One test as the plain rule sees it, from the window's centre.

use super::limit::is_crossed;
use super::member::Member;
use super::noise_model::Looked;
use super::verdict::{Reason, Verdict};
use crate::model::Direction;
use crate::stats::median;

/// Standard deviations from run to run by which the nearest commit must be worse than the window to stand out from it.
const AHEAD: f64 = 2.0;
/// How far beyond its limit a logarithm must lie to have crossed it: at the limit passes, whatever floats say.
const BEYOND: f64 = 1e-9;

/// What the plain rule says about one test.
pub(super) struct View {
    /// Median of the baseline, and of the new runs.
    pub(super) values: [f64; 2],
    /// Whether the limit is crossed as measured.
    pub(super) plain: bool,
    /// Whether it is still crossed with half a rounding step taken off on both sides.
    beyond_rounding: bool,
    /// Whether it is crossed without what the run shares as well.
    pub(super) crossed: bool,
    /// Whether the nearest baseline commit is crossed, too, as measured or without what the run shares, or is no worse than the
    /// window.
    since_nearest: bool,
}

impl View {
    pub(super) fn of(member: &Member<'_>, looked: &Looked, nearest: usize) -> Self {
        let test = member.test;
        let sign = if test.direction == Direction::Lower { 1.0 } else { -1.0 };
        let at = |log: f64| (sign * log).exp();
        // As they were measured to the last digit, unless the level moved.
        let measured = test.measured.values;
        let base = measured[0].filter(|_| test.levels.is_empty());
        let values = [
            base.unwrap_or_else(|| at(looked.centre)),
            measured[1].unwrap_or_else(|| at(looked.centre + looked.raw)),
        ];
        let crossed = |base: f64, new: f64| is_crossed(base, new, test.threshold, test.direction);
        let half = test.measured.steps.map(|step| step / 2.0);
        let baseline = &test.measured.per_run[0];
        let near = median(&baseline[..nearest.clamp(1, baseline.len())]);
        let change = looked.distance.change;
        let plain = crossed(values[0], values[1]);
        Self {
            values,
            plain,
            beyond_rounding: crossed(values[0] + half[0], values[1] - half[1]),
            crossed: plain && change > member.limit + BEYOND,
            // The nearest commit has noise of its own: it is ahead only where it stands out from the window.
            since_nearest: near.is_none_or(|near| {
                let ahead = sign * near.ln() - looked.centre;
                ahead <= AHEAD * looked.deviation
                    || crossed(near, values[1])
                    || change - ahead > member.limit
            }),
        }
    }

    /// A crossing that nothing but the plain rule sees.
    pub(super) fn unproven(&self) -> (Verdict, Reason) {
        match (self.plain, self.beyond_rounding) {
            (false, _) => (Verdict::Pass, Reason::WithinLimit),
            (true, false) => (Verdict::Warn, Reason::BelowResolution),
            (true, true) => (Verdict::Warn, Reason::WithinNoise),
        }
    }

    /// What keeps a proven crossing from being one of this change.
    pub(super) fn excused(&self) -> Option<(Verdict, Reason)> {
        if self.plain && !self.beyond_rounding {
            return Some((Verdict::Warn, Reason::BelowResolution));
        }
        let known = self.plain && !self.since_nearest;
        known.then_some((Verdict::Warn, Reason::AlreadyOnMain))
    }

    /// An endpoint that the change cannot touch: where it moved, the machine did.
    pub(super) fn of_control(&self) -> (Verdict, Reason) {
        if self.plain && self.beyond_rounding {
            (Verdict::Warn, Reason::Control)
        } else {
            self.unproven()
        }
    }
}
