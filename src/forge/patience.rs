//! How long a job waits for a forge.

use std::time::Duration;

/// How long a job waits.
pub struct Patience {
    /// Seconds that all waiting together may take: pauses that a forge asks for, and requests that failed.
    pub total: u64,
    /// How long one request may take, from connecting to the last byte of its answer.
    pub request: Duration,
    /// Waits.
    pub sleep: fn(Duration),
    /// Seconds since 1970.
    pub now: fn() -> i64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            total: 150,
            request: Duration::from_secs(30),
            sleep: std::thread::sleep,
            now: || crate::model::now().as_second(),
        }
    }
}
