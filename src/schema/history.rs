//! `perfgate.history/1`: series and their steps, for programs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name and version of this format.
pub const HISTORY_SCHEMA: &str = "perfgate.history/1";

/// Series of one value per commit, and the steps in them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "perfgate history, version 1")]
pub struct HistoryV1 {
    /// Always `perfgate.history/1`.
    #[schemars(regex(pattern = r"^perfgate\.history/1$"))]
    pub schema: String,
    /// The recorded commits that are shown, oldest first; none for a series from elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowV1>,
    /// The series.
    pub series: Vec<SeriesV1>,
}

/// A recorded commit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RowV1 {
    /// The commit.
    pub commit: String,
    /// Its date, RFC 3339.
    pub date: String,
    /// Who wrote it. Untrusted text.
    pub author: String,
    /// First line of its message. Untrusted text.
    pub subject: String,
    /// How many runs it has.
    pub runs: usize,
    /// A value for each series.
    pub values: Vec<ValueV1>,
}

/// One value of a series.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ValueV1 {
    /// The id of the series. Untrusted text.
    pub series: String,
    /// The median over the commit's runs; null where it was not measured.
    pub value: Option<f64>,
    /// What today's policy says of it, held against the runs before: `warn`, `inconclusive`, `fail` or `accepted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// What today's budgets say of it: `fail`, or `warn` where a target is missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<String>,
}

/// One series.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SeriesV1 {
    /// Its name. Untrusted text.
    pub id: String,
    /// What the column is called, where a heading was given. Untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// The unit of its values, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Which way is better, where it is known: `lower` or `higher`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// How many points have a value.
    pub points: usize,
    /// Its steps, oldest first.
    pub steps: Vec<StepV1>,
}

/// A step: the level moved, and stayed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepV1 {
    /// The first point of the new level, from 0: a place in the whole series, of which `rows` may be the end.
    pub index: usize,
    /// The commit of that point; null where the series names none. Untrusted text.
    pub commit: Option<String>,
    /// Relative change of the median: 0.12 is 12 % up; null from zero.
    pub size: Option<f64>,
    /// How probable a step as large as this is in noise.
    pub p: f64,
    /// Whether it was seen already without the last point.
    pub confirmed: bool,
}
