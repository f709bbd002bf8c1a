//! From the noise that is expected, and that the baseline runs show, to a verdict for each test of a family.

use super::confirmation::{Confirmation, RARE_WHOLE_RUN, RUNS_TO_FAIL};
use super::evidence::{CONFIDENCE_POINT, Q_FAIL, Q_SUSPICIOUS};
use super::finding::{NoiseWorking, RankInFamily};
use super::limit::share;
use super::member::{Member, family};
use super::noise_model::{Analysis, Look, RUNS_FOR_NOISE};
use super::plan::{ComparedRuns, Test};
use super::report::Variation;
use super::sides::Sides;
use super::verdict::{Reason, Verdict};
use super::view::View;
use crate::config::{Decide, Rules};
use crate::model::Direction;
use crate::stats::{Interval, Matrix, benjamini_hochberg, student_quantile};
use std::collections::BTreeMap;

/// Share of false rejections at which a crossing is a failure where few tests lend each other strength.
const Q_FAIL_OF_FEW: f64 = 0.001;
/// The risk at which a test by itself would be called worse: what it would see.
const RISK_OF_ONE: f64 = 0.005;
/// A test that sees nothing below so many times its limit is blind: its crossings and its passes mean nothing.
const BLIND: f64 = 3.0;
/// Share of what is expected of a test that must be doubt about what the run shares for the only other endpoint to be in
/// its way.
const MOSTLY_DOUBT: f64 = 0.5;
/// New runs beyond which nobody measures again.
const MOST_FURTHER_RUNS: usize = 20;
/// New runs that a run which is slower as a whole needs to be confirmed.
const RUNS_FOR_WHOLE_RUN: usize = 3;

/// What the noise says about one test.
#[derive(Debug, Clone, Copy)]
pub(super) struct ByNoise {
    pub(super) reason: Reason,
    pub(super) p: f64,
    /// 95 % interval of the relative change.
    pub(super) interval: Interval,
    /// Centre of the baseline window, and of the new runs.
    pub(super) values: Sides<f64>,
    /// The smallest relative change that would have failed.
    pub(super) visible: f64,
    /// How many more runs would decide.
    pub(super) further_runs: Option<usize>,
    /// The place of p in its family.
    pub(super) family: RankInFamily,
    /// Share of false rejections at which a crossing is a failure.
    pub(super) risk: f64,
    /// The way to the verdict.
    pub(super) steps: NoiseWorking,
}

/// What is judged together.
pub(super) struct Judged {
    /// The tests that every run has, by their place in the list.
    pub(super) tests: BTreeMap<usize, ByNoise>,
    /// The noise from run to run, where three or more baseline runs show it.
    pub(super) variation: Option<Variation>,
    /// How probable it is that the run as a whole is that much slower; none where nobody can tell.
    pub(super) whole_run_p: Option<f64>,
}

/// Judges the tests of one family that every run has. A `disturbed` run is one that was slower as a whole by another metric,
/// so that a crossing here may have the same reason.
pub(super) fn by_noise(
    tests: &[(usize, &Test)],
    calibration: Option<&Sides<Matrix>>,
    compared: &ComparedRuns,
    disturbed: bool,
    rules: &Rules,
) -> Option<Judged> {
    let runs = compared.runs;
    let members: Vec<Member<'_>> =
        tests.iter().filter_map(|(i, test)| Member::of(*i, test, runs)).collect();
    if !members.iter().any(Member::is_shown) {
        return None;
    }
    let family = family(&members, compared, calibration);
    let analysis = Analysis::of(&family);
    let look = analysis.look(runs.current, rules.decide != Decide::Confirmed);
    let weighed = Weighed::of(&analysis, &look, &members, disturbed, rules, runs);
    let judge = |(j, member): (usize, &Member<'_>)| {
        (member.place, weighed.judge(member, j, compared.nearest))
    };
    let shown = members.iter().enumerate().filter(|(_, member)| member.is_shown());
    Some(Judged {
        tests: shown.map(judge).collect(),
        variation: analysis.variation().map(|(cv, shared)| Variation { cv, shared }),
        whole_run_p: look.whole_run_p,
    })
}

/// All tests of a family considered.
struct Weighed<'a> {
    look: &'a Look,
    rules: &'a Rules,
    runs: Sides<usize>,
    confirmation: Confirmation,
    /// Whether the run as a whole moved.
    moved: bool,
    /// The same for the confirmed rule, which looks again.
    whole_run: bool,
    disturbed: bool,
    /// Smallest relative change that each test sees.
    visible: Vec<f64>,
    blind: Vec<bool>,
    /// Crossings that chance hardly ever gives, and those that it gives too rarely to ignore.
    real: Vec<bool>,
    suspicious: Vec<bool>,
    /// Place of each p in its family.
    family: Vec<RankInFamily>,
    risk: f64,
    /// 97.5 % point of Student's t.
    reach: f64,
}

impl<'a> Weighed<'a> {
    fn of(
        analysis: &Analysis<'_>,
        look: &'a Look,
        members: &[Member<'_>],
        disturbed: bool,
        rules: &'a Rules,
        runs: Sides<usize>,
    ) -> Self {
        let most = rules.max_runs.max(runs.current);
        let freedom = look.tests.first().map_or(f64::INFINITY, |test| test.distance.freedom);
        let seen = student_quantile(1.0 - RISK_OF_ONE, freedom);
        let visible: Vec<f64> = look
            .tests
            .iter()
            .zip(members)
            .map(|(test, member)| visible(member, test.distance.visible(seen)))
            .collect();
        let blind: Vec<bool> = visible
            .iter()
            .zip(members)
            .map(|(visible, member)| {
                member.is_judged() && *visible > BLIND * share(member.limit, member.test.direction)
            })
            .collect();
        let q = if analysis.has_many_tests() { Q_FAIL } else { Q_FAIL_OF_FEW };
        let p = |of: fn(&crate::stats::Distance) -> f64| -> Vec<f64> {
            look.tests.iter().map(|test| of(&test.distance)).collect()
        };
        let judged: Vec<bool> = members.iter().map(Member::is_judged).collect();
        let (sure, doubted) = (p(|d| d.sure()), p(|d| d.suspicious()));
        let among = Among::new(&judged, &blind);
        let family = (0..members.len())
            .map(|j| {
                let own: Vec<f64> = among.family(blind[j]).iter().map(|i| sure[*i]).collect();
                RankInFamily::new(sure[j], &own)
            })
            .collect();
        let moved = look.whole_run_p.is_some_and(|p| p < Q_SUSPICIOUS);
        Self {
            confirmation: analysis.confirm(look, most),
            whole_run: analysis.is_whole_run_suspicious(look, RARE_WHOLE_RUN),
            moved,
            disturbed,
            real: among.rejected(&sure, q),
            suspicious: among.rejected(&doubted, Q_SUSPICIOUS),
            visible,
            blind,
            family,
            risk: q,
            reach: student_quantile(CONFIDENCE_POINT, freedom),
            look,
            rules,
            runs,
        }
    }

    fn judge(&self, member: &Member<'_>, j: usize, nearest: usize) -> ByNoise {
        let looked = self.look.tests[j];
        let view = View::of(member, &looked, nearest);
        let reason = match self.rules.decide {
            _ if member.test.control => view.of_control(),
            Decide::Confirmed => self.confirmed(&view, j),
            Decide::Evidence | Decide::Threshold => self.evident(&view, j),
        };
        let reason = if self.blind[j] {
            self.unseen(reason, &view, j)
        } else if reason == Reason::WithinNoise && self.is_beyond_doubt_as_measured(j) {
            Reason::MeasureAgain
        } else {
            reason
        };
        let further_runs = (reason.verdict() == Verdict::Inconclusive)
            .then(|| self.further_runs(member, j, reason))
            .flatten();
        let p = match reason {
            Reason::WholeRun => self.look.whole_run_p.unwrap_or(looked.distance.p),
            _ => looked.distance.sure(),
        };
        ByNoise {
            reason,
            p,
            interval: self.interval(member, j),
            values: view.values,
            visible: self.visible[j],
            further_runs,
            family: self.family[j],
            risk: self.risk,
            steps: NoiseWorking {
                own: looked.distance,
                raw: looked.raw,
                limit: member.limit,
                whole_run: self.look.whole_run_p.map(|p| (self.moved, p)),
            },
        }
    }

    /// The reason for a test that sees nothing near its limit: neither its passes nor its warnings mean anything.
    fn unseen(&self, reason: Reason, view: &View, j: usize) -> Reason {
        let unsettled = matches!(reason.verdict(), Verdict::Pass | Verdict::Warn);
        let excused = matches!(reason, Reason::AlreadyOnMain | Reason::Control);
        if !unsettled || excused {
            reason
        } else if self.is_told_by_one_other(view, j) {
            Reason::WholeRun
        } else if view.crossed && self.would_fail_alone(j) {
            Reason::MeasureAgain
        } else {
            Reason::TooNoisy
        }
    }

    /// Whether a test would be a failure by itself: a tight limit that makes it blind is no excuse.
    fn would_fail_alone(&self, j: usize) -> bool {
        self.look.tests[j].distance.sure() <= Q_FAIL || self.is_beyond_doubt_as_measured(j)
    }

    /// Whether a change leaves no doubt as measured. What the other endpoints may share with it is no excuse then, unless
    /// controls show that it was the machine.
    fn is_beyond_doubt_as_measured(&self, j: usize) -> bool {
        self.look.tests[j].p_as_measured <= Q_FAIL_OF_FEW && !self.look.is_the_machines
    }

    /// Whether a crossing is in doubt because the only other endpoint moved as well: then both may have, or the machine.
    fn is_told_by_one_other(&self, view: &View, j: usize) -> bool {
        self.look.whole_run_p.is_none() && view.plain && self.look.tests[j].doubt > MOSTLY_DOUBT
    }

    /// `evidence`: one crossing, weighed.
    fn evident(&self, view: &View, j: usize) -> Reason {
        let worst = if view.crossed && self.real[j] {
            self.failed_alone()
        } else if view.crossed && self.suspicious[j] {
            Reason::MeasureAgain
        } else if view.plain && self.moved && !self.look.is_the_machines {
            // What the run shares crosses, or may have a part in it. From one run alone, nobody can tell a slow machine from slow code.
            match &self.confirmation {
                Confirmation::Fail(tests) if tests.contains(&j) => Reason::OverThreshold,
                _ => Reason::WholeRun,
            }
        } else {
            return view.unproven();
        };
        view.excused().unwrap_or(worst)
    }

    /// A proven crossing: of this run's code, unless the run was slower as a whole by another metric.
    fn failed_alone(&self) -> Reason {
        if self.disturbed { Reason::WholeRun } else { Reason::OverThreshold }
    }

    /// `confirmed`: fail, pass, or run again.
    fn confirmed(&self, view: &View, j: usize) -> Reason {
        // Without the noise from run to run, nothing but counts can confirm.
        if self.runs.baseline < RUNS_FOR_NOISE {
            let again = Reason::MeasureAgain;
            return if view.plain { view.excused().unwrap_or(again) } else { view.unproven() };
        }
        match &self.confirmation {
            Confirmation::Fail(tests) if tests.contains(&j) => {
                let beyond = if view.plain { self.failed_alone() } else { Reason::MeasureAgain };
                view.excused().unwrap_or(beyond)
            }
            Confirmation::Again(tests) if tests.contains(&j) || (self.whole_run && view.plain) => {
                let reason =
                    if self.look.typical_moved { Reason::WholeRun } else { Reason::MeasureAgain };
                view.excused().unwrap_or(reason)
            }
            Confirmation::Fail(_) | Confirmation::Again(_) | Confirmation::Pass => view.unproven(),
        }
    }

    fn further_runs(&self, member: &Member<'_>, j: usize, reason: Reason) -> Option<usize> {
        let distance = self.look.tests[j].distance;
        let needed = match reason {
            Reason::WholeRun => Some(RUNS_FOR_WHOLE_RUN),
            _ => distance.runs_to_see(member.limit, MOST_FURTHER_RUNS),
        };
        // One run alone confirms nothing.
        let least = if self.rules.decide == Decide::Confirmed { RUNS_TO_FAIL } else { 1 };
        needed.map(|n| n.max(least).saturating_sub(self.runs.current).max(1))
    }

    /// The 95 % interval of the relative change: whether what the run shares belongs to it or not.
    fn interval(&self, member: &Member<'_>, j: usize) -> Interval {
        let (looked, distance) = (self.look.tests[j], self.look.tests[j].distance);
        let reach = self.reach * distance.error;
        let low = looked.raw.min(distance.change) - reach;
        let high = looked.raw.max(distance.change) + reach;
        match member.test.direction {
            Direction::Lower => Interval { low: low.exp_m1(), high: high.exp_m1() },
            Direction::Higher => Interval { low: (-high).exp_m1(), high: (-low).exp_m1() },
        }
    }
}

/// The smallest relative change that fails: beyond the limit, and beyond the noise.
fn visible(member: &Member<'_>, noise: f64) -> f64 {
    let limit = if member.is_judged() { member.limit } else { 0.0 };
    share(noise.max(limit), member.test.direction)
}

/// The tests that are judged together: what sees nothing does not count among those that do.
struct Among {
    seeing: Vec<usize>,
    all: Vec<usize>,
}

impl Among {
    fn new(judged: &[bool], blind: &[bool]) -> Self {
        let all: Vec<usize> = (0..judged.len()).filter(|j| judged[*j]).collect();
        Self { seeing: all.iter().copied().filter(|j| !blind[*j]).collect(), all }
    }

    /// The tests that a test is judged with.
    fn family(&self, blind: bool) -> &[usize] {
        if blind { &self.all } else { &self.seeing }
    }

    /// Which tests are rejected: those that see something among themselves, the blind ones among all.
    fn rejected(&self, p: &[f64], q: f64) -> Vec<bool> {
        let mut result = vec![false; p.len()];
        for list in [&self.all, &self.seeing] {
            let own: Vec<f64> = list.iter().map(|j| p[*j]).collect();
            for (j, rejected) in list.iter().zip(benjamini_hochberg(&own, q)) {
                result[*j] = rejected;
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blind_test_takes_no_strength_from_those_that_see() {
        let among = Among::new(&[true, true, true, false], &[false, false, true, false]);
        assert_eq!((among.family(false), among.family(true)), (&[0, 1][..], &[0, 1, 2][..]));
        // 0.02 is rejected among the two that see; among all three, and for the blind one, it is not.
        assert_eq!(among.rejected(&[0.02, 0.9, 0.02, 0.0], 0.04), [true, false, true, false]);
        assert_eq!(among.rejected(&[0.02, 0.9, 0.9, 0.0], 0.04), [true, false, false, false]);
        assert_eq!(among.rejected(&[0.9, 0.9, 0.02, 0.0], 0.04), [false; 4]);
    }
}
