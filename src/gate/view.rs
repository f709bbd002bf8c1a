//! One test as the plain rule sees it, from the window's centre.

use super::limit::is_crossed;
use super::member::Member;
use super::noise_model::Looked;
use super::sides::Sides;
use super::verdict::Reason;
use crate::model::BEYOND;
use crate::stats::median;

/// Standard deviations from run to run by which the nearest commit must be worse than the window to stand out from it.
const AHEAD: f64 = 2.0;
/// What the plain rule says about one test.
pub(super) struct View {
    /// Median of the baseline, and of the new runs.
    pub(super) values: Sides<f64>,
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
        let sign = test.direction.worse_sign();
        let at = |log: f64| (sign * log).exp();
        // As they were measured to the last digit, unless the level moved.
        let measured = test.measured.values;
        let base = measured.baseline.filter(|_| test.levels.is_empty());
        let values = Sides {
            baseline: base.unwrap_or_else(|| at(looked.centre)),
            current: measured.current.unwrap_or_else(|| at(looked.centre + looked.raw)),
        };
        let crossed = |base: f64, new: f64| is_crossed(base, new, test.threshold, test.direction);
        let half = test.measured.steps.map(|step| step / 2.0);
        let baseline = &test.measured.per_run.baseline;
        let near = median(&baseline[..nearest.clamp(1, baseline.len())]);
        let change = looked.distance.change;
        let plain = crossed(values.baseline, values.current);
        Self {
            values,
            plain,
            beyond_rounding: crossed(
                values.baseline + half.baseline,
                values.current - half.current,
            ),
            crossed: plain && change > member.limit + BEYOND,
            // The nearest commit has noise of its own: it is ahead only where it stands out from the window.
            since_nearest: near.is_none_or(|near| {
                let ahead = sign * near.ln() - looked.centre;
                ahead <= AHEAD * looked.deviation
                    || crossed(near, values.current)
                    || change - ahead > member.limit
            }),
        }
    }

    /// A crossing that nothing but the plain rule sees.
    pub(super) fn unproven(&self) -> Reason {
        match (self.plain, self.beyond_rounding) {
            (false, _) => Reason::WithinLimit,
            (true, false) => Reason::BelowResolution,
            (true, true) => Reason::WithinNoise,
        }
    }

    /// What keeps a proven crossing from being one of this change.
    pub(super) fn excused(&self) -> Option<Reason> {
        if self.plain && !self.beyond_rounding {
            return Some(Reason::BelowResolution);
        }
        let known = self.plain && !self.since_nearest;
        known.then_some(Reason::AlreadyOnMain)
    }

    /// An endpoint that the change cannot touch: where it moved, the machine did.
    pub(super) fn of_control(&self) -> Reason {
        if self.plain && self.beyond_rounding { Reason::Control } else { self.unproven() }
    }
}
