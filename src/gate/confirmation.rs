//! The confirmed rule: fail, pass, or run again, with a risk that is spent over the looks.
//!
//! What the constants give together, unchanged code that fails and slowdowns that are found, is simulated by
//! `cargo bench --bench decisions` and measured on real repeats by `cargo bench --bench repeats` (docs/accuracy.md).

use super::noise_model::{Analysis, Look};
use crate::stats::benjamini_hochberg;

/// How rare a shift of the whole run must be to ask for another run before the confirmed rule decides.
pub(super) const RARE_WHOLE_RUN: f64 = 0.15;
/// Share of unchanged gates that may fail over all looks.
const RISK: f64 = 0.01;
/// The same with few tests.
const RISK_OF_FEW: f64 = 0.0075;
/// Fewest new runs that fail a test by itself.
pub(super) const RUNS_TO_FAIL: usize = 2;
/// Fewest new runs that fail where the run moved as a whole.
const RUNS_TO_FAIL_TOGETHER: usize = 3;
/// Share of its limit that a test must exceed as measured, whatever the run shares.
const FAILS_AS_MEASURED: f64 = 0.75;
/// Share of its limit that the best new run must exceed: a single bad run proves nothing.
const FAILS_AT_BEST: f64 = 0.5;
/// Share of the risk that the whole run may spend, beside the tests one by one.
const RISK_OF_WHOLE_RUN: f64 = 0.8;
/// 80 % point of the standard normal distribution: a test whose true change may be beyond its limit in one case of five is
/// measured again.
const COULD_BE_BEYOND: f64 = 0.84;
/// 90 % point of the standard normal distribution: the same for the whole run, in one case of ten.
const WHOLE_RUN_COULD_BE_BEYOND: f64 = 1.28;
/// How many tests of an unchanged gate may ask for another run, on average: near a limit, and at most this p-value of each.
const RARE_NEAR_LIMIT: f64 = 0.8;
const MOST_RARE_NEAR_LIMIT: f64 = 0.2;
/// p-value at which a test beyond its limit asks for another run.
const RARE_BEYOND_LIMIT: f64 = 0.05;

/// What the confirmed rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// These tests are slower, seen in several runs.
    Fail(Vec<usize>),
    /// Nothing is suspicious.
    Pass,
    /// These tests are suspicious; another run would tell.
    Again(Vec<usize>),
}

impl Analysis<'_> {
    /// The confirmed rule after this look, of at most `most` new runs.
    pub fn confirm(&self, look: &Look, most: usize) -> Confirmation {
        let failed = self.failed(look, most);
        if !failed.is_empty() {
            return Confirmation::Fail(failed);
        }
        let suspicious: Vec<usize> =
            (0..look.tests.len()).filter(|j| self.is_suspicious(look, *j)).collect();
        if !suspicious.is_empty() {
            return Confirmation::Again(suspicious);
        }
        if self.is_whole_run_suspicious(look, RARE_WHOLE_RUN) {
            return Confirmation::Again(self.worst(look));
        }
        Confirmation::Pass
    }

    /// Whether the run as a whole could be beyond the limit, and chance gives as much in less than a share `rare` of runs.
    pub fn is_whole_run_suspicious(&self, look: &Look, rare: f64) -> bool {
        let limit = self.typical_limit();
        look.whole.is_some_and(|whole| {
            whole.centre > limit - WHOLE_RUN_COULD_BE_BEYOND * whole.distance.error
                && whole.distance.p < rare
        })
    }

    /// Tests that are slower beyond doubt: each by itself from the second run on, or together with the whole run from the
    /// third on.
    fn failed(&self, look: &Look, most: usize) -> Vec<usize> {
        let m = look.runs;
        let alpha = self.spent(m, most);
        let limit = |j: usize| self.family.limits[j];
        if m >= RUNS_TO_FAIL && !(look.typical_moved && m < RUNS_TO_FAIL_TOGETHER) {
            let judged: Vec<usize> =
                (0..look.tests.len()).filter(|j| self.family.is_judged(*j)).collect();
            let p: Vec<f64> = judged.iter().map(|j| look.tests[*j].distance.sure()).collect();
            let rejected = benjamini_hochberg(&p, alpha);
            let alone = |(j, rejected): (&usize, bool)| {
                let test = look.tests[*j];
                let fails = rejected
                    && test.distance.change > limit(*j)
                    && test.raw > FAILS_AS_MEASURED * limit(*j)
                    && test.distance.best > FAILS_AT_BEST * limit(*j);
                fails.then_some(*j)
            };
            let alone: Vec<usize> = judged.iter().zip(rejected).filter_map(alone).collect();
            if !alone.is_empty() {
                return alone;
            }
        }
        let typical = self.typical_limit();
        // More runs do not tell code that adds time everywhere from a machine that has been short of it for minutes.
        let together = m >= RUNS_TO_FAIL_TOGETHER
            && !self.shared.is_of_time(m)
            && look.whole.is_some_and(|whole| {
                whole.centre > typical
                    && whole.distance.change > FAILS_AT_BEST * typical
                    && whole.distance.p < RISK_OF_WHOLE_RUN * alpha
                    && whole.distance.best > FAILS_AT_BEST * typical
            });
        let beyond = |j: &usize| together && look.tests[*j].raw > limit(*j);
        (0..look.tests.len()).filter(beyond).collect()
    }

    /// The share of the risk that look `m` of at most `most` may spend; later looks, which know more, may spend more.
    fn spent(&self, m: usize, most: usize) -> f64 {
        let risk = if self.has_many_tests() { RISK } else { RISK_OF_FEW };
        let (m, most) = (m as f64, most.max(2) as f64);
        3.0 * risk * m * (m - 1.0) / ((most - 1.0) * most * (most + 1.0))
    }

    /// Whether a test could be beyond its limit.
    fn is_suspicious(&self, look: &Look, j: usize) -> bool {
        let (distance, limit) = (look.tests[j].distance, self.family.limits[j]);
        let tests = self.family.judged_count() as f64;
        let near = distance.change > limit - COULD_BE_BEYOND * distance.error
            && distance.sure() < (RARE_NEAR_LIMIT / tests).min(MOST_RARE_NEAR_LIMIT);
        let rare = distance.sure() < RARE_BEYOND_LIMIT
            || distance.suspicious() < RARE_BEYOND_LIMIT / tests;
        near || (distance.change > limit && rare)
    }

    /// The test that moved most.
    fn worst(&self, look: &Look) -> Vec<usize> {
        let change = |j: &usize| look.tests[*j].raw - self.family.limits[*j];
        (0..look.tests.len()).max_by(|a, b| change(a).total_cmp(&change(b))).into_iter().collect()
    }
}
