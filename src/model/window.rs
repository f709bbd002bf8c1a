//! Windows of a load: the timelines of a run that are judged, not only drawn.

use super::untrusted::{Raw as _, Untrusted};

/// Seconds of a window; a power of two times as many in very long runs.
pub const WINDOW_S: f64 = 10.0;

/// What is known of each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Requests.
    Requests,
    /// Failed requests.
    Failures,
    /// The fewest users at once.
    Users,
    /// The median of the response times.
    P50,
    /// Their p95.
    P95,
    /// Their p99.
    P99,
}

impl Window {
    /// Whether a timeline is one of these, by its name.
    pub fn is_named(name: &Untrusted) -> bool {
        name.raw().starts_with("window_")
    }

    /// The name of its timeline.
    pub fn series(self) -> &'static str {
        match self {
            Self::Requests => "window_requests",
            Self::Failures => "window_failures",
            Self::Users => "window_users",
            Self::P50 => "window_p50_ms",
            Self::P95 => "window_p95_ms",
            Self::P99 => "window_p99_ms",
        }
    }
}
