//! The outcome of a comparison, and why it is so.

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
    /// Every verdict.
    pub const ALL: [Self; 5] =
        [Self::Pass, Self::Warn, Self::Inconclusive, Self::Fail, Self::NotCompared];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
            Self::NotCompared => "not_compared",
        }
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

/// Why a finding has its verdict.
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
    /// Not compared: one side did not measure this statistic.
    NotMeasured,
    /// Not compared: one side has no request, or nothing but zeros.
    NoData,
    /// Not compared: a budget and its metric have units that do not fit together.
    OtherUnit,
    /// Not compared: too few requests for this statistic.
    TooFewRequests {
        /// How many it needs.
        needs: u64,
    },
    /// Not compared: every request failed, so the response times say nothing.
    AllFailed,
    /// Not compared: the runs vary so much that nothing near the limit could be seen.
    TooNoisy,
    /// Not compared: a relative limit on a baseline of zero.
    ZeroBaseline,
    /// Not compared: the baseline does not have the endpoint.
    NewEndpoint,
    /// The run does not have the endpoint any more; the policy says how bad that is.
    Removed,
}

impl Reason {
    /// Every reason; the number of requests is a placeholder.
    pub const ALL: [Self; 19] = [
        Self::WithinLimit,
        Self::OverThreshold,
        Self::MeasureAgain,
        Self::WithinNoise,
        Self::BelowResolution,
        Self::WholeRun,
        Self::AlreadyOnMain,
        Self::WarnOnly,
        Self::Accepted,
        Self::Control,
        Self::NotMeasured,
        Self::NoData,
        Self::OtherUnit,
        Self::TooFewRequests { needs: 0 },
        Self::AllFailed,
        Self::TooNoisy,
        Self::ZeroBaseline,
        Self::NewEndpoint,
        Self::Removed,
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::WithinLimit => "within_limit",
            Self::OverThreshold => "over_threshold",
            Self::MeasureAgain => "measure_again",
            Self::WithinNoise => "within_noise",
            Self::BelowResolution => "below_resolution",
            Self::WholeRun => "whole_run",
            Self::AlreadyOnMain => "already_on_main",
            Self::WarnOnly => "warn_only",
            Self::Accepted => "accepted",
            Self::Control => "control",
            Self::NotMeasured => "not_measured",
            Self::NoData => "no_data",
            Self::OtherUnit => "other_unit",
            Self::TooFewRequests { .. } => "too_few_requests",
            Self::AllFailed => "all_failed",
            Self::TooNoisy => "too_noisy",
            Self::ZeroBaseline => "zero_baseline",
            Self::NewEndpoint => "new_endpoint",
            Self::Removed => "removed",
        }
    }
}
