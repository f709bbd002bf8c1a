//! From the noise of three or more baseline runs to a verdict for each test of a family.

use super::evidence::{Q_FAIL, Q_SUSPICIOUS};
use super::limit::is_crossed;
use super::noise::{Analysis, Confirmation, Family, Look, RARE_WHOLE_RUN, RUNS_FOR_NOISE};
use super::plan::Test;
use super::report::{Reason, Variation, Verdict};
use crate::config::{Decide, Rules, Threshold};
use crate::model::{Direction, EndpointKey};
use crate::stats::{Interval, Matrix, benjamini_hochberg, median, student_quantile};
use std::collections::BTreeMap;

/// What the noise says about one test.
#[derive(Debug, Clone, Copy)]
pub(super) struct ByNoise {
    pub(super) verdict: Verdict,
    pub(super) reason: Reason,
    pub(super) p: f64,
    /// 95 % interval of the relative change.
    pub(super) interval: Interval,
    /// Centre of the baseline window, and of the new runs.
    pub(super) values: [f64; 2],
    /// The smallest relative change that would have been seen.
    pub(super) detectable: f64,
}

/// The tests of one family that every run has, by their place in the list; none without enough baseline runs.
///
/// `runs` are the numbers of baseline and new runs; the first `nearest` baseline runs are of the nearest commit.
pub(super) fn by_noise(
    tests: &[(usize, &Test)],
    runs: [usize; 2],
    nearest: usize,
    rules: &Rules,
) -> Option<(BTreeMap<usize, ByNoise>, Variation)> {
    let members: Vec<Member<'_>> =
        tests.iter().filter_map(|(i, test)| Member::of(*i, test, runs)).collect();
    if runs[0] < RUNS_FOR_NOISE || members.is_empty() {
        return None;
    }
    let family = family(&members, runs);
    let analysis = Analysis::of(&family);
    let look = analysis.look(runs[1], rules.decide != Decide::Confirmed);
    let most = rules.max_runs.max(runs[1]);
    let confirmation = analysis.confirm(&look, most);
    let p: Vec<f64> = look.tests.iter().map(|test| test.distance.p).collect();
    let (real, suspicious) = (benjamini_hochberg(&p, Q_FAIL), benjamini_hochberg(&p, Q_SUSPICIOUS));
    let rare = if rules.decide == Decide::Confirmed { RARE_WHOLE_RUN } else { Q_SUSPICIOUS };
    let whole_run = analysis.is_whole_run_suspicious(&look, rare);
    let judged = members.iter().enumerate().map(|(j, member)| {
        let view = View::of(member, &look, j, nearest);
        let (verdict, reason) = match rules.decide {
            Decide::Confirmed => confirmed(&view, (look.moved, whole_run), &confirmation, j),
            Decide::Evidence | Decide::Threshold => {
                if look.moved {
                    let suspicious = whole_run || suspicious[j];
                    moved_together(&view, runs[1], suspicious, &confirmation, j)
                } else {
                    evident(&view, real[j], suspicious[j])
                }
            }
        };
        (member.place, view.judged(verdict, reason, &look, j))
    });
    let (cv, shared) = analysis.variation();
    Some((judged.collect(), Variation { cv, shared }))
}

/// A test with its values as logarithms, worse up.
struct Member<'a> {
    place: usize,
    test: &'a Test,
    baseline: Vec<f64>,
    new: Vec<f64>,
    limit: f64,
}

impl<'a> Member<'a> {
    /// None when a run does not have the test, a value has no logarithm, or there is nothing to compare.
    fn of(place: usize, test: &'a Test, runs: [usize; 2]) -> Option<Self> {
        let values = &test.measured.per_run;
        let whole = test.one_sided.is_none()
            && test.measured.sides.is_ok()
            && values[0].len() == runs[0]
            && values[1].len() == runs[1]
            && values.iter().flatten().all(|v| *v > 0.0);
        let centre = median(&values[0]).filter(|_| whole)?;
        let share = match test.threshold {
            Threshold::Relative(share) => share,
            Threshold::Absolute(amount) => amount / centre,
        };
        let (sign, limit) = match test.direction {
            Direction::Lower => (1.0, share.ln_1p()),
            Direction::Higher => (-1.0, -(-share.min(0.999)).ln_1p()),
        };
        let logs = |side: &[f64]| side.iter().map(|v| sign * v.ln()).collect();
        Some(Self { place, test, baseline: logs(&values[0]), new: logs(&values[1]), limit })
    }
}

fn family(members: &[Member<'_>], runs: [usize; 2]) -> Family {
    let mut known: BTreeMap<&EndpointKey, usize> = BTreeMap::new();
    let mut endpoints = Vec::with_capacity(members.len());
    for member in members {
        let next = known.len();
        endpoints.push(*known.entry(&member.test.endpoint).or_insert(next));
    }
    let rows = |count: usize, of: fn(&Member<'_>, usize) -> f64| {
        Matrix::new((0..count).map(|r| members.iter().map(|m| of(m, r)).collect()).collect())
    };
    let sampling = |member: &Member<'_>| {
        // The variance of a side is that of the median of its runs.
        let sides = member.test.measured.sides.as_ref().ok();
        let one = |i: usize| Some(sides?[i].log_variance? * runs[i] as f64);
        one(1).zip(one(0)).map_or(0.0, |(new, old)| (new - old).max(0.0))
    };
    Family {
        baseline: rows(runs[0], |m, r| m.baseline[r]),
        new: rows(runs[1], |m, r| m.new[r]),
        endpoints,
        limits: members.iter().map(|m| m.limit).collect(),
        sampling: members.iter().map(sampling).collect(),
    }
}

/// What the plain rule says about one test, seen from the window's centre.
struct View<'a> {
    test: &'a Test,
    values: [f64; 2],
    /// Whether the limit is crossed as measured.
    plain: bool,
    /// Whether it is still crossed with half a rounding step taken off on both sides.
    beyond_rounding: bool,
    /// Whether it is crossed by the noise model, the run effect taken out.
    crossed: bool,
    /// Whether the nearest baseline commit is crossed, too, as measured or by the noise model, or is no worse than the window.
    since_nearest: bool,
}

impl<'a> View<'a> {
    fn of(member: &Member<'a>, look: &Look, j: usize, nearest: usize) -> Self {
        let (test, looked) = (member.test, look.tests[j]);
        let sign = if test.direction == Direction::Lower { 1.0 } else { -1.0 };
        let at = |log: f64| (sign * log).exp();
        let values = [at(looked.centre), at(looked.centre + looked.raw.change)];
        let crossed = |base: f64, new: f64| is_crossed(base, new, test.threshold, test.direction);
        let half = |i: usize| {
            test.measured
                .sides
                .as_ref()
                .map_or(0.0, |sides| sides[i].rounded_from.high - sides[i].value)
        };
        let near =
            median(&test.measured.per_run[0][..nearest.clamp(1, test.measured.per_run[0].len())]);
        Self {
            test,
            values,
            plain: crossed(values[0], values[1]),
            beyond_rounding: crossed(values[0] + half(0), values[1] - half(1)),
            crossed: looked.distance.change > member.limit
                && looked.raw.change > 0.75 * member.limit,
            // The nearest commit has noise of its own: it is ahead only where it stands out from the window.
            since_nearest: near.is_none_or(|near| {
                let ahead = sign * near.ln() - looked.centre;
                ahead <= looked.deviation
                    || crossed(near, values[1])
                    || looked.distance.change - ahead > member.limit
            }),
        }
    }

    /// A crossing that nothing but the plain rule sees.
    fn unproven(&self) -> (Verdict, Reason) {
        match (self.plain, self.beyond_rounding) {
            (false, _) => (Verdict::Pass, Reason::WithinLimit),
            (true, false) => (Verdict::Warn, Reason::BelowResolution),
            (true, true) => (Verdict::Warn, Reason::WithinNoise),
        }
    }

    /// What keeps a proven crossing from being one of this change.
    fn excused(&self) -> Option<(Verdict, Reason)> {
        if self.plain && !self.beyond_rounding {
            return Some((Verdict::Warn, Reason::BelowResolution));
        }
        let known = (self.plain || self.crossed) && !self.since_nearest;
        known.then_some((Verdict::Warn, Reason::AlreadyOnMain))
    }

    fn judged(&self, verdict: Verdict, reason: Reason, look: &Look, j: usize) -> ByNoise {
        let looked = look.tests[j];
        let reach = student_quantile(0.975, looked.raw.freedom) * looked.raw.error;
        let ends = [looked.raw.change - reach, looked.raw.change + reach];
        let interval = match self.test.direction {
            Direction::Lower => Interval { low: ends[0].exp_m1(), high: ends[1].exp_m1() },
            Direction::Higher => Interval { low: (-ends[1]).exp_m1(), high: (-ends[0]).exp_m1() },
        };
        let detectable =
            (student_quantile(0.99, looked.distance.freedom) * looked.distance.error).exp_m1();
        let p = match reason {
            Reason::WholeRun => look.whole_run_p().unwrap_or(looked.distance.p),
            _ => looked.distance.p,
        };
        ByNoise { verdict, reason, p, interval, values: self.values, detectable }
    }
}

/// `evidence`: one crossing, weighed.
fn evident(view: &View<'_>, real: bool, suspicious: bool) -> (Verdict, Reason) {
    if !view.crossed {
        return view.unproven();
    }
    view.excused().unwrap_or(match (real, suspicious) {
        (true, _) => (Verdict::Fail, Reason::OverThreshold),
        (false, true) => (Verdict::Inconclusive, Reason::MeasureAgain),
        (false, false) => (Verdict::Warn, Reason::WithinNoise),
    })
}

/// `evidence`, and the whole run moved: from one run alone, nobody can tell a slow machine from slow code. What the run
/// shares is taken out of the single tests, so a crossing here is one as measured.
fn moved_together(
    view: &View<'_>,
    new_runs: usize,
    suspicious: bool,
    confirmation: &Confirmation,
    j: usize,
) -> (Verdict, Reason) {
    if !view.crossed && !view.plain {
        return view.unproven();
    }
    view.excused().unwrap_or(match confirmation {
        Confirmation::Fail(tests) if tests.contains(&j) => (Verdict::Fail, Reason::OverThreshold),
        _ if suspicious || (view.crossed && new_runs < 2) => {
            (Verdict::Inconclusive, Reason::WholeRun)
        }
        _ => (Verdict::Warn, Reason::WithinNoise),
    })
}

/// `confirmed`: fail, pass, or run again.
fn confirmed(
    view: &View<'_>,
    (moved, whole_run): (bool, bool),
    confirmation: &Confirmation,
    j: usize,
) -> (Verdict, Reason) {
    match confirmation {
        Confirmation::Fail(tests) if tests.contains(&j) => {
            view.excused().unwrap_or((Verdict::Fail, Reason::OverThreshold))
        }
        Confirmation::Again(tests) if tests.contains(&j) || (whole_run && view.plain) => {
            let reason = if moved { Reason::WholeRun } else { Reason::MeasureAgain };
            view.excused().unwrap_or((Verdict::Inconclusive, reason))
        }
        Confirmation::Fail(_) | Confirmation::Again(_) | Confirmation::Pass => view.unproven(),
    }
}
