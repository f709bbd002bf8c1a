//! What the machine used.

/// Use of one resource of the machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resource {
    /// Mean over the run.
    pub mean: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Trend over the run, in units per hour.
    pub slope_per_hour: Option<f64>,
    /// What the trend is at least and at most, in units per hour (95 % confidence), by every part of the steady run.
    pub slope_interval: Option<Span>,
}

/// A lower and an upper end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}
