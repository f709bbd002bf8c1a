//! From the noise of three or more baseline runs to a verdict for each test of a family.

use super::evidence::{Q_FAIL, Q_SUSPICIOUS, rank};
use super::limit::is_crossed;
use super::noise::{Analysis, Confirmation, Family, Look, Looked, RARE_WHOLE_RUN, RUNS_FOR_NOISE};
use super::plan::Test;
use super::report::{NoiseWorking, Reason, Variation, Verdict};
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
    /// How many more runs would decide.
    pub(super) further_runs: Option<usize>,
    /// The place of p in its family, and the family's size.
    pub(super) family: [usize; 2],
    /// The way to the verdict.
    pub(super) steps: NoiseWorking,
}

/// The two sides of a comparison.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides {
    /// Baseline and new runs.
    pub(super) runs: [usize; 2],
    /// Baseline runs of the nearest commit; they come first.
    pub(super) nearest: usize,
}

/// New runs beyond which nobody measures again.
const MOST_FURTHER_RUNS: usize = 20;
/// New runs that a run which is slower as a whole needs to be confirmed.
const RUNS_FOR_WHOLE_RUN: usize = 3;

/// The tests of one family that every run has, by their place in the list; none without enough baseline runs.
pub(super) fn by_noise(
    tests: &[(usize, &Test)],
    calibration: Option<&[Matrix; 2]>,
    sides: Sides,
    rules: &Rules,
) -> Option<(BTreeMap<usize, ByNoise>, Variation)> {
    let runs = sides.runs;
    let members: Vec<Member<'_>> =
        tests.iter().filter_map(|(i, test)| Member::of(*i, test, runs)).collect();
    if runs[0] < RUNS_FOR_NOISE || members.is_empty() {
        return None;
    }
    let mut family = family(&members, runs);
    if let Some(calibration) = calibration {
        family.calibration = calibration.clone();
    }
    let analysis = Analysis::of(&family);
    let look = analysis.look(runs[1], rules.decide != Decide::Confirmed);
    let most = rules.max_runs.max(runs[1]);
    let confirmation = analysis.confirm(&look, most);
    let p: Vec<f64> = look.tests.iter().map(|test| test.distance.p).collect();
    let (real, suspicious) = (benjamini_hochberg(&p, Q_FAIL), benjamini_hochberg(&p, Q_SUSPICIOUS));
    let rare = if rules.decide == Decide::Confirmed { RARE_WHOLE_RUN } else { Q_SUSPICIOUS };
    let whole_run = analysis.is_whole_run_suspicious(&look, rare);
    let points = Points::of(&look);
    let judged = members.iter().enumerate().map(|(j, member)| {
        let view = View::of(member, &look, j, sides.nearest);
        let (verdict, reason) = match rules.decide {
            _ if member.test.control => view.of_control(),
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
        let mut judged = view.judged((verdict, reason), &look, j, &points);
        judged.steps.limit = member.limit;
        judged.steps.shared = look.corrected.then(|| analysis.shared(j, runs[1]));
        judged.family = [rank(look.tests[j].distance.p, &p), p.len()];
        if verdict == Verdict::Inconclusive {
            let distance = look.tests[j].distance;
            let needed = match reason {
                Reason::WholeRun => Some(RUNS_FOR_WHOLE_RUN),
                _ => distance.runs_to_see(member.limit, MOST_FURTHER_RUNS),
            };
            // One run alone confirms nothing.
            let least = if rules.decide == Decide::Confirmed { 2 } else { 1 };
            let needed = needed.map(|n| n.max(least));
            judged.further_runs = needed.map(|n| n.saturating_sub(runs[1]).max(1));
        }
        (member.place, judged)
    });
    let (cv, shared) = analysis.variation();
    Some((judged.collect(), Variation { cv, shared }))
}

/// Points of Student's t distribution at the degrees of freedom of a look; those are the same for all its tests.
struct Points {
    /// 97.5 %, for the values as measured.
    interval: f64,
    /// 99 %, for the values without the run effect.
    detectable: f64,
}

impl Points {
    fn of(look: &Look) -> Self {
        let freedom = |of: fn(&Looked) -> f64| look.tests.first().map_or(f64::INFINITY, of);
        Self {
            interval: student_quantile(0.975, freedom(|test| test.raw.freedom)),
            detectable: student_quantile(0.99, freedom(|test| test.distance.freedom)),
        }
    }
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
        let limit = if test.control { f64::INFINITY } else { limit };
        let logs = |side: &[f64]| side.iter().map(|v| sign * v.ln()).collect::<Vec<_>>();
        let baseline = at_present_level(logs(&values[0]), &test.levels);
        Some(Self { place, test, baseline, new: logs(&values[1]), limit })
    }

    /// How many of the baseline runs are of the present level.
    fn level(&self) -> usize {
        self.test.levels.first().copied().unwrap_or(self.baseline.len())
    }
}

/// Values before a step, moved to the level after it: they say how far runs lie apart, and no longer where they lie.
fn at_present_level(mut values: Vec<f64>, levels: &[usize]) -> Vec<f64> {
    let ends: Vec<usize> = levels.iter().copied().chain([values.len()]).collect();
    let present = median(&values[..ends[0]]).unwrap_or_default();
    for bounds in ends.windows(2) {
        let level = &mut values[bounds[0]..bounds[1]];
        let shift = present - median(level).unwrap_or_default();
        level.iter_mut().for_each(|value| *value += shift);
    }
    values
}

fn family(members: &[Member<'_>], runs: [usize; 2]) -> Family {
    let mut known: BTreeMap<&EndpointKey, usize> = BTreeMap::new();
    let mut endpoints = Vec::with_capacity(members.len());
    for member in members {
        let next = known.len();
        endpoints.push(*known.entry(&member.test.key.endpoint).or_insert(next));
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
    let control =
        |(member, endpoint): (&Member<'_>, &usize)| member.test.control.then_some(*endpoint);
    let controls = members.iter().zip(&endpoints).filter_map(control).collect();
    let (baseline, new) = (rows(runs[0], |m, r| m.baseline[r]), rows(runs[1], |m, r| m.new[r]));
    let limits = members.iter().map(|m| m.limit).collect();
    let mut family = Family::new(baseline, new, endpoints, limits);
    family.controls = controls;
    family.level = members.iter().map(Member::level).collect();
    family.sampling = members.iter().map(sampling).collect();
    family
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

    /// An endpoint that the change cannot touch: where it moved, the machine did.
    fn of_control(&self) -> (Verdict, Reason) {
        if self.plain && self.beyond_rounding {
            (Verdict::Warn, Reason::Control)
        } else {
            self.unproven()
        }
    }

    fn judged(
        &self,
        (verdict, reason): (Verdict, Reason),
        look: &Look,
        j: usize,
        points: &Points,
    ) -> ByNoise {
        let looked = look.tests[j];
        let reach = points.interval * looked.raw.error;
        let ends = [looked.raw.change - reach, looked.raw.change + reach];
        let interval = match self.test.direction {
            Direction::Lower => Interval { low: ends[0].exp_m1(), high: ends[1].exp_m1() },
            Direction::Higher => Interval { low: (-ends[1]).exp_m1(), high: (-ends[0]).exp_m1() },
        };
        let detectable = (points.detectable * looked.distance.error).exp_m1();
        let p = match reason {
            Reason::WholeRun => look.whole_run_p().unwrap_or(looked.distance.p),
            _ => looked.distance.p,
        };
        let steps = NoiseWorking {
            shared: None,
            own: looked.distance,
            raw: looked.raw,
            limit: f64::INFINITY,
            whole_run: look.whole_run_p().map(|p| (look.moved, p)),
        };
        let values = self.values;
        let (further_runs, family) = (None, [0, 0]);
        ByNoise { verdict, reason, p, interval, values, detectable, further_runs, family, steps }
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
