//! The columns of facts, in their order.

use crate::trend::parquet::{ColumnType, Nulls};
use polars_arrow::datatypes::{ArrowDataType, TimeUnit};

/// The name and version of this format.
pub const FACTS_SCHEMA: &str = "perfgate.facts/1";
/// The key of what stands beside the columns.
pub(super) const ABOUT: &str = "perfgate";

/// Texts about a run.
pub(super) const RUN_TEXTS: [&str; 10] = [
    "run_id",
    "commit",
    "suite",
    "profile",
    "environment",
    "tool",
    "tool_version",
    "runner",
    "target",
    "overload",
];
/// Times of a run, in milliseconds since 1970, UTC.
pub(super) const RUN_TIMES: [&str; 2] = ["committed_at", "started_at"];
/// Counts of a run.
pub(super) const RUN_COUNTS: [&str; 2] = ["users", "connections"];
/// How long a run's load lasted.
pub(super) const DURATION: &str = "duration_s";
/// Texts about a number.
pub(super) const SUBJECT_TEXTS: [&str; 7] =
    ["kind", "method", "endpoint", "metric", "statistic", "unit", "better"];
pub(super) const VALUE: &str = "value";
pub(super) const REQUESTS: &str = "requests";

/// All columns with their types. Counts are signed: not every engine reads others.
pub(super) fn types() -> Vec<ColumnType<'static>> {
    let time = ArrowDataType::Timestamp(TimeUnit::Millisecond, None);
    let of = |names: &[&'static str], of: &ArrowDataType, nulls: Nulls| {
        names.iter().map(|name| (*name, of.clone(), nulls)).collect::<Vec<_>>()
    };
    [
        of(&RUN_TEXTS, &ArrowDataType::Utf8View, Nulls::Allowed),
        of(&RUN_TIMES, &time, Nulls::Allowed),
        of(&RUN_COUNTS, &ArrowDataType::Int64, Nulls::Allowed),
        of(&[DURATION], &ArrowDataType::Float64, Nulls::Allowed),
        of(&SUBJECT_TEXTS, &ArrowDataType::Utf8View, Nulls::Allowed),
        of(&[VALUE], &ArrowDataType::Float64, Nulls::Never),
        of(&[REQUESTS], &ArrowDataType::Int64, Nulls::Allowed),
    ]
    .concat()
}
