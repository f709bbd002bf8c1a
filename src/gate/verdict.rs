//! The outcome of a comparison, and why it is so.

use crate::config::Severity;
use crate::model::{Difference, Named as _, Untrusted};
use crate::schema::{ReasonV1, ReportReasonV1, VerdictV1};

/// The outcome of one comparison, or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Within the limit.
    Pass,
    /// A limit is crossed, by no more than noise or rounding gives, or something else deserves a look.
    Warn,
    /// A limit is crossed and suspicious: measuring again would decide.
    Inconclusive,
    /// A limit is crossed.
    Fail,
    /// There was nothing to judge.
    NotCompared,
}

impl Verdict {
    /// The name in files.
    pub fn name(self) -> &'static str {
        VerdictV1::from(self).name()
    }

    /// How bad it is; what was not compared is no worse than a pass, because coverage speaks for it.
    pub fn rank(self) -> u8 {
        match self {
            Self::NotCompared => 0,
            Self::Pass => 1,
            Self::Warn => 2,
            Self::Inconclusive => 3,
            Self::Fail => 4,
        }
    }
}

/// Why a measurement has no value to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The statistic was not measured.
    NotMeasured,
    /// There is no request, or nothing but zeros.
    NoData,
    /// Too few requests for this statistic.
    TooFewRequests {
        /// How many it needs.
        needs: u64,
    },
    /// Every request failed, so the response times say nothing.
    AllFailed,
}

/// Why a finding has its verdict. Each reason stands for one verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Pass: the limit is not crossed.
    WithinLimit,
    /// Fail: the limit is crossed.
    OverThreshold,
    /// Inconclusive: crossed, and chance would give it too rarely to be ignored and too often to be sure.
    MeasureAgain,
    /// Warn: crossed, and chance gives as much.
    WithinNoise,
    /// Warn: crossed, but within the rounding of the source.
    BelowResolution,
    /// Inconclusive: the whole run moved, a machine or something that all endpoints share.
    WholeRun,
    /// Warn: crossed against the window, but not against the nearest commit, which stands out from it: the change is on the
    /// branch already.
    AlreadyOnMain,
    /// Warn: crossed, and the policy only warns here.
    WarnOnly,
    /// Warn: crossed, and a commit accepts it.
    Accepted,
    /// Warn: crossed by an endpoint that the change cannot touch: the machine differs.
    Control,
    /// Not compared: one side has no value to judge.
    Missing(Missing),
    /// Not compared: the runs vary so much that nothing near the limit could be seen.
    TooNoisy,
    /// Not compared: a relative limit on a baseline of zero.
    ZeroBaseline,
    /// Not compared: the baseline does not have the endpoint.
    NewEndpoint,
    /// Fail or warn, as the policy says: the run does not have the endpoint any more.
    Removed(Severity),
}

impl Reason {
    /// The verdict that it stands for.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::WithinLimit => Verdict::Pass,
            Self::OverThreshold | Self::Removed(Severity::Fail) => Verdict::Fail,
            Self::MeasureAgain | Self::WholeRun => Verdict::Inconclusive,
            Self::WithinNoise
            | Self::BelowResolution
            | Self::AlreadyOnMain
            | Self::WarnOnly
            | Self::Accepted
            | Self::Control
            | Self::Removed(Severity::Warn) => Verdict::Warn,
            Self::Missing(_) | Self::TooNoisy | Self::ZeroBaseline | Self::NewEndpoint => {
                Verdict::NotCompared
            }
        }
    }

    /// The same, or a warning where the policy allows no more.
    pub(super) fn at_most(self, severity: Severity) -> Self {
        match (severity, self) {
            (Severity::Fail, reason) => reason,
            (Severity::Warn, Self::Removed(_)) => Self::Removed(Severity::Warn),
            (Severity::Warn, reason) => match reason.verdict() {
                Verdict::Fail | Verdict::Inconclusive => Self::WarnOnly,
                Verdict::Pass | Verdict::Warn | Verdict::NotCompared => reason,
            },
        }
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        ReasonV1::from(self).name()
    }
}

/// Why a budget has its verdict. Each reason stands for one verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetReason {
    /// Pass: every limit is kept.
    Kept,
    /// Warn: the target is missed, and nothing graver.
    TargetMissed,
    /// Fail: a limit is broken.
    Broken,
    /// Warn: a limit is broken, and the policy only warns here.
    WarnOnly,
    /// Warn: others of the class were judged, and this endpoint was hardly requested. How many requests the statistic needs;
    /// none where there was not one request.
    RarelyRequested(Option<u64>),
    /// Not compared: there is no value to judge.
    Missing(Missing),
    /// Not compared: the limit and its metric have units that do not fit together.
    OtherUnit,
}

impl BudgetReason {
    /// The verdict that it stands for.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Kept => Verdict::Pass,
            Self::TargetMissed | Self::WarnOnly | Self::RarelyRequested(_) => Verdict::Warn,
            Self::Broken => Verdict::Fail,
            Self::Missing(_) | Self::OtherUnit => Verdict::NotCompared,
        }
    }

    /// What keeps the budget from being judged, with a verdict of its own or without.
    pub fn missing(self) -> Option<Missing> {
        match self {
            Self::Missing(missing) => Some(missing),
            Self::RarelyRequested(Some(needs)) => Some(Missing::TooFewRequests { needs }),
            Self::RarelyRequested(None) => Some(Missing::NoData),
            Self::Kept | Self::TargetMissed | Self::Broken | Self::WarnOnly | Self::OtherUnit => {
                None
            }
        }
    }
}

/// Why a report has its verdict.
#[derive(Debug, Clone, PartialEq)]
pub enum ReportReason {
    /// The worst finding decides.
    Findings,
    /// There is no baseline.
    NoBaseline,
    /// The two sides have nothing in common that has a limit.
    NothingCompared,
    /// The policy limits latency and not one latency could be compared.
    NoLatencyCompared,
    /// Less was compared than the policy requires.
    CoverageTooLow {
        /// The share that is required, from 0 to 1.
        required: f64,
    },
    /// Coverage is required, and a limit of the policy holds for nothing.
    IdleLimit,
    /// A budget could not be judged.
    BudgetNotMeasured,
    /// An item of the checklist does not hold, or could not be checked.
    Checklist,
    /// The profile requires what is not there, and so there is no run.
    Skipped {
        /// The profile.
        profile: Untrusted,
        /// The environment variables that are not set.
        missing: Vec<Untrusted>,
    },
    /// The runs are not of the same load.
    NotComparable {
        /// What differs.
        differences: Vec<Difference>,
    },
}

impl ReportReason {
    /// The name in files.
    pub fn name(&self) -> &'static str {
        ReportReasonV1::from(self).name()
    }
}

/// What the verdict on the whole does to the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: nothing is worse than the policy allows.
    Pass,
    /// 1: a regression, or a broken budget.
    Regression,
    /// 3: nobody knows.
    NoVerdict,
}

impl Exit {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Regression => 1,
            Self::NoVerdict => 3,
        }
    }
}

impl From<Verdict> for VerdictV1 {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Warn => Self::Warn,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::Fail => Self::Fail,
            Verdict::NotCompared => Self::NotCompared,
        }
    }
}

impl From<VerdictV1> for Verdict {
    fn from(verdict: VerdictV1) -> Self {
        match verdict {
            VerdictV1::Pass => Self::Pass,
            VerdictV1::Warn => Self::Warn,
            VerdictV1::Inconclusive => Self::Inconclusive,
            VerdictV1::Fail => Self::Fail,
            VerdictV1::NotCompared => Self::NotCompared,
        }
    }
}

impl From<Missing> for ReasonV1 {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::NotMeasured => Self::NotMeasured,
            Missing::NoData => Self::NoData,
            Missing::TooFewRequests { .. } => Self::TooFewRequests,
            Missing::AllFailed => Self::AllFailed,
        }
    }
}

impl From<Reason> for ReasonV1 {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::WithinLimit => Self::WithinLimit,
            Reason::OverThreshold => Self::OverThreshold,
            Reason::MeasureAgain => Self::MeasureAgain,
            Reason::WithinNoise => Self::WithinNoise,
            Reason::BelowResolution => Self::BelowResolution,
            Reason::WholeRun => Self::WholeRun,
            Reason::AlreadyOnMain => Self::AlreadyOnMain,
            Reason::WarnOnly => Self::WarnOnly,
            Reason::Accepted => Self::Accepted,
            Reason::Control => Self::Control,
            Reason::Missing(missing) => missing.into(),
            Reason::TooNoisy => Self::TooNoisy,
            Reason::ZeroBaseline => Self::ZeroBaseline,
            Reason::NewEndpoint => Self::NewEndpoint,
            Reason::Removed(_) => Self::Removed,
        }
    }
}

impl From<BudgetReason> for ReasonV1 {
    fn from(reason: BudgetReason) -> Self {
        match reason {
            BudgetReason::Kept => Self::WithinLimit,
            BudgetReason::TargetMissed | BudgetReason::Broken => Self::OverThreshold,
            BudgetReason::WarnOnly => Self::WarnOnly,
            BudgetReason::RarelyRequested(Some(_)) => Self::TooFewRequests,
            BudgetReason::RarelyRequested(None) => Self::NoData,
            BudgetReason::Missing(missing) => missing.into(),
            BudgetReason::OtherUnit => Self::OtherUnit,
        }
    }
}

impl From<&ReportReason> for ReportReasonV1 {
    fn from(reason: &ReportReason) -> Self {
        match reason {
            ReportReason::Findings => Self::Findings,
            ReportReason::NoBaseline => Self::NoBaseline,
            ReportReason::NothingCompared => Self::NothingCompared,
            ReportReason::NoLatencyCompared => Self::NoLatencyCompared,
            ReportReason::CoverageTooLow { .. } => Self::CoverageTooLow,
            ReportReason::IdleLimit => Self::IdleLimit,
            ReportReason::BudgetNotMeasured => Self::BudgetNotMeasured,
            ReportReason::Checklist => Self::Checklist,
            ReportReason::Skipped { .. } => Self::Skipped,
            ReportReason::NotComparable { .. } => Self::NotComparable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_stands_for_one_verdict_and_one_name() {
        let needs = 200;
        for (reason, verdict, name) in [
            (Reason::WithinLimit, Verdict::Pass, "within_limit"),
            (Reason::OverThreshold, Verdict::Fail, "over_threshold"),
            (Reason::MeasureAgain, Verdict::Inconclusive, "measure_again"),
            (Reason::WithinNoise, Verdict::Warn, "within_noise"),
            (Reason::BelowResolution, Verdict::Warn, "below_resolution"),
            (Reason::WholeRun, Verdict::Inconclusive, "whole_run"),
            (Reason::AlreadyOnMain, Verdict::Warn, "already_on_main"),
            (Reason::WarnOnly, Verdict::Warn, "warn_only"),
            (Reason::Accepted, Verdict::Warn, "accepted"),
            (Reason::Control, Verdict::Warn, "control"),
            (Reason::Missing(Missing::NotMeasured), Verdict::NotCompared, "not_measured"),
            (Reason::Missing(Missing::NoData), Verdict::NotCompared, "no_data"),
            (
                Reason::Missing(Missing::TooFewRequests { needs }),
                Verdict::NotCompared,
                "too_few_requests",
            ),
            (Reason::Missing(Missing::AllFailed), Verdict::NotCompared, "all_failed"),
            (Reason::TooNoisy, Verdict::NotCompared, "too_noisy"),
            (Reason::ZeroBaseline, Verdict::NotCompared, "zero_baseline"),
            (Reason::NewEndpoint, Verdict::NotCompared, "new_endpoint"),
            (Reason::Removed(Severity::Warn), Verdict::Warn, "removed"),
            (Reason::Removed(Severity::Fail), Verdict::Fail, "removed"),
        ] {
            assert_eq!((reason.verdict(), reason.name()), (verdict, name));
        }
    }

    #[test]
    fn every_reason_of_a_budget_stands_for_one_verdict_and_one_name() {
        let few = Missing::TooFewRequests { needs: 200 };
        for (reason, verdict, name) in [
            (BudgetReason::Kept, Verdict::Pass, "within_limit"),
            (BudgetReason::TargetMissed, Verdict::Warn, "over_threshold"),
            (BudgetReason::Broken, Verdict::Fail, "over_threshold"),
            (BudgetReason::WarnOnly, Verdict::Warn, "warn_only"),
            (BudgetReason::RarelyRequested(Some(200)), Verdict::Warn, "too_few_requests"),
            (BudgetReason::RarelyRequested(None), Verdict::Warn, "no_data"),
            (BudgetReason::Missing(few), Verdict::NotCompared, "too_few_requests"),
            (BudgetReason::Missing(Missing::NoData), Verdict::NotCompared, "no_data"),
            (BudgetReason::OtherUnit, Verdict::NotCompared, "other_unit"),
        ] {
            assert_eq!((reason.verdict(), ReasonV1::from(reason).name()), (verdict, name));
        }
    }

    #[test]
    fn a_rule_that_only_warns_makes_nothing_worse_than_a_warning_and_hides_nothing() {
        let warned = |reason: Reason| reason.at_most(Severity::Warn);
        assert_eq!(warned(Reason::OverThreshold), Reason::WarnOnly);
        assert_eq!(warned(Reason::WholeRun), Reason::WarnOnly);
        assert_eq!(warned(Reason::Removed(Severity::Fail)), Reason::Removed(Severity::Warn));
        for kept in [Reason::WithinLimit, Reason::WithinNoise, Reason::TooNoisy] {
            assert_eq!(warned(kept), kept);
        }
        assert_eq!(Reason::OverThreshold.at_most(Severity::Fail), Reason::OverThreshold);
    }
}
