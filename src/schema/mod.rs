//! The wire types of perfgate's own files, versioned; JSON Schemas are generated from them.
//!
//! A wire type is what stands in a file; the domain types of [`crate::model`] are what the program works with.
//! They are kept apart so that a change inside never changes a file. The schemas in `schemas/` are generated from here.

mod alert;
pub mod bounded;
mod checklist;
mod fleet;
mod histogram;
mod history;
mod keys;
mod lack;
mod latency;
mod metric;
mod notice;
mod read;
mod report;
mod run;
mod series;
mod verdicts;
mod write;

pub use alert::{AlertOutcomeV1, AlertSeverityV1, AlertV1};
pub use checklist::ChecklistItemV1;
pub use fleet::{
    FLEET_SCHEMA, FleetGateV1, FleetGatesV1, FleetStepV1, FleetStepsV1, FleetV1, UnjudgedV1,
};
pub use histogram::{HistogramError, decode_histogram, encode_histogram};
pub use history::{HISTORY_SCHEMA, HistoryV1, RowV1, SeriesV1, StepV1, ValueV1};
pub use lack::LackV1;
pub use latency::{HistogramV1, LatencyV1};
pub use metric::DirectionV1;
pub use notice::{MovedV1, NOTICE_SCHEMA, NoticeV1};
pub use read::{ReadRun, RunFileError, read_bundled, read_recorded, read_run};
pub use report::{
    AcceptedV1, BaselineV1, BudgetV1, ChangeV1, CoverageV1, CurrentV1, DifferenceV1,
    FailureCountsV1, FewComparedV1, FewV1, FindingKindV1, FindingV1, IntervalV1, NoiseV1, PairsV1,
    PartV1, PlaceV1, REPORT_SCHEMA, ReportV1, ShownV1, SkippedV1, ThresholdV1, TimeSpanV1,
    VisitedV1, WarningV1,
};
pub use run::{EndpointV1, KindV1, RUN_SCHEMA, RunV1};
pub use series::TimelineV1;
pub use verdicts::{
    ComparisonV1, DecideV1, ItemStateV1, OutcomeV1, ReasonV1, ReportReasonV1, SeverityV1, TierV1,
    TotalV1, VerdictV1,
};
pub use write::Stored;
