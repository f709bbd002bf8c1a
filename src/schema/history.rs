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
    /// The series.
    pub series: Vec<SeriesV1>,
}

/// One series.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SeriesV1 {
    /// Its name. Untrusted text.
    pub id: String,
    /// How many points have a value.
    pub points: usize,
    /// Its steps, oldest first.
    pub steps: Vec<StepV1>,
}

/// A step: the level moved, and stayed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepV1 {
    /// The first point of the new level, from 0.
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
