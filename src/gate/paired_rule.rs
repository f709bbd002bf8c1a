//! The rule for pairs: fail, pass or measure on, with a risk that is spent over the looks.
//!
//! What the constants give together, unchanged code that fails and slowdowns that are found, is simulated by
//! `cargo bench --bench ab` and measured with a real load tool by `benches/ab` (docs/accuracy.md).

use crate::stats::{
    PairedChange, PairedFamily, benjamini_hochberg, paired_changes, student_quantile,
    student_upper_tail,
};

/// Share of unchanged families that may fail over all looks.
const RISK: f64 = 0.01;
/// Share of tests with a change as large as their limit that may be taken for clear over all looks.
const RISK_OF_MISSING: f64 = 0.1;
/// Share of false rejections at which a crossing is worth measuring on.
const SUSPICIOUS: f64 = 0.05;
/// p-value at which a test that the budget does not let see is waited for all the same.
const RARE: f64 = 0.05;
/// The risk at which a test by itself would be called worse: what it would see.
const RISK_OF_ONE: f64 = 0.005;
/// A test that sees nothing below so many times its limit is blind: its crossings and its passes mean nothing.
const BLIND: f64 = 3.0;

/// A look at the pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedLook {
    /// Share of the budget that had been spent at the look before, in [0, 1].
    pub before: f64,
    /// Share that is spent now; 1 at the last look.
    pub now: f64,
}

impl PairedLook {
    /// The only look.
    pub const ONCE: Self = Self { before: 0.0, now: 1.0 };

    /// The share of a risk that this look may spend. Later looks, which know more, may spend more: after a share t of the budget,
    /// t² of the risk is spent.
    pub(super) fn spent(self) -> f64 {
        (self.now * self.now - self.before * self.before).max(0.0)
    }

    /// Share of false rejections at which this look calls a crossing a failure.
    pub(super) fn risk(self) -> f64 {
        RISK * self.spent()
    }
}

/// What a look says about one test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedStanding {
    /// The change.
    pub change: PairedChange,
    /// Whether it is beyond its limit, and chance hardly ever gives such a change, with all tests and all looks considered.
    pub fails: bool,
    /// Whether chance gives such a change too rarely to ignore it.
    pub suspicious: bool,
    /// Whether more pairs are likely to tell whether it is beyond its limit.
    pub open: bool,
}

/// What a look says about the tests of one family. `limits` are logarithms: how far each test may rise. None of a test with too
/// few pairs.
pub fn standings(
    family: &PairedFamily,
    limits: &[f64],
    look: PairedLook,
) -> Vec<Option<PairedStanding>> {
    let changes = paired_changes(family);
    let p: Vec<f64> = changes.iter().flatten().map(|change| change.p).collect();
    let rejected = benjamini_hochberg(&p, look.risk()).into_iter();
    let mut rejected = rejected.zip(benjamini_hochberg(&p, SUSPICIOUS));
    let one = |(change, limit): (Option<PairedChange>, &f64)| {
        let change = change?;
        let (real, suspicious) = rejected.next()?;
        // What is unusual without what all have in common must be beyond the limit without it, too.
        let beyond = change.change > *limit && (!change.by_own || change.own > *limit);
        let fails = real && beyond;
        let open = !fails && is_open(&change, *limit, look);
        Some(PairedStanding { change, fails, suspicious, open })
    };
    changes.into_iter().zip(limits).map(one).collect()
}

/// What a test sees by itself.
pub(super) fn sees(change: &PairedChange) -> f64 {
    student_quantile(1.0 - RISK_OF_ONE, change.freedom) * change.error
}

/// Whether a test sees nothing near its limit.
pub(super) fn is_blind(change: &PairedChange, limit: f64) -> bool {
    sees(change) > BLIND * limit
}

/// Whether a test could be beyond its limit, and the rest of the budget is likely to say so.
fn is_open(change: &PairedChange, limit: f64, look: PairedLook) -> bool {
    if look.now >= 1.0 {
        return false;
    }
    let rare = RISK_OF_MISSING * look.spent();
    let so_low = |below: f64, error: f64| student_upper_tail(below / error, change.freedom);
    let is_clear = so_low(limit - change.change, change.error) < rare;
    // The error narrows by the square root of the pairs. What is blind even then is not worth the time of the others.
    let will_see = so_low(BLIND * limit, change.error * look.now.sqrt()) < RISK_OF_ONE;
    !is_clear && (will_see || change.p < RARE)
}
