//! The words of `perfgate.report/1`: each enum with its names, which stand here alone.

use crate::model::Named;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares an enum of the wire with the name of each value; the schema lists the names.
macro_rules! named {
    ($(#[$doc:meta])* pub enum $name:ident { $($value:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[expect(missing_docs, reason = "a name in the file says what it is")]
        pub enum $name {
            $(#[serde(rename = $text)] $value,)+
        }

        impl Named for $name {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)+
                }
            }
        }
    };
}

named! {
    /// The outcome of one comparison, or of all.
    pub enum VerdictV1 {
        Pass = "pass",
        Warn = "warn",
        Inconclusive = "inconclusive",
        Fail = "fail",
        NotCompared = "not_compared",
    }
}

named! {
    /// Why a report has its verdict; `findings` where the worst of them decides.
    pub enum ReportReasonV1 {
        Findings = "findings",
        NoBaseline = "no_baseline",
        NothingCompared = "nothing_compared",
        NoLatencyCompared = "no_latency_compared",
        CoverageTooLow = "coverage_too_low",
        IdleLimit = "idle_limit",
        BudgetNotMeasured = "budget_not_measured",
        Checklist = "checklist",
        Skipped = "skipped",
        NotComparable = "not_comparable",
    }
}

named! {
    /// Why a finding has its verdict.
    pub enum ReasonV1 {
        WithinLimit = "within_limit",
        OverThreshold = "over_threshold",
        MeasureAgain = "measure_again",
        WithinNoise = "within_noise",
        BelowResolution = "below_resolution",
        WholeRun = "whole_run",
        AlreadyOnMain = "already_on_main",
        WarnOnly = "warn_only",
        Accepted = "accepted",
        Control = "control",
        NotMeasured = "not_measured",
        NoData = "no_data",
        OtherUnit = "other_unit",
        TooFewRequests = "too_few_requests",
        AllFailed = "all_failed",
        TooNoisy = "too_noisy",
        ZeroBaseline = "zero_baseline",
        NewEndpoint = "new_endpoint",
        Removed = "removed",
    }
}

named! {
    /// How much evidence a crossing needed.
    pub enum DecideV1 {
        Threshold = "threshold",
        Evidence = "evidence",
        Confirmed = "confirmed",
    }
}

named! {
    /// What a commit had to offer as a baseline.
    pub enum OutcomeV1 {
        Taken = "taken",
        NoRecord = "no_record",
        OtherVersion = "other_version",
        UnderTest = "under_test",
        NotComparable = "not_comparable",
        SameMeasurement = "same_measurement",
    }
}

named! {
    /// How grave it is to break a limit.
    pub enum TierV1 {
        Target = "target",
        Acceptable = "acceptable",
        Critical = "critical",
    }
}

named! {
    /// What came of an item of a checklist.
    pub enum ItemStateV1 {
        Checked = "checked",
        Failed = "failed",
        CannotTell = "cannot_tell",
        NotAsked = "not_asked",
        ForPeople = "for_people",
    }
}

named! {
    /// The worst that a rule may do.
    pub enum SeverityV1 {
        Fail = "fail",
        Warn = "warn",
    }
}

named! {
    /// How a value must stand to its limit.
    pub enum ComparisonV1 {
        Below = "<",
        AtMost = "≤",
        Above = ">",
        AtLeast = "≥",
    }
}

named! {
    /// The whole run, which is no endpoint.
    pub enum TotalV1 {
        Total = "total",
    }
}
