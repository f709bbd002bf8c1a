//! Watching a load for the condition that ends it (`--stop-when`).

use crate::driver::{Hopeless, SoFar, StopRule, StopWatch};
use crate::ingest::{LiveCounts, LiveResults};
use std::path::Path;
use std::time::Duration;

/// How often the results are looked at while they are being written.
const STEP: Duration = Duration::from_millis(500);

/// A load with a condition that ends it.
pub(super) struct Watch {
    rule: StopRule,
    watch: StopWatch,
    results: LiveResults,
    next: Duration,
    found: Option<Hopeless>,
}

impl Watch {
    /// Watches what a tool writes into a folder.
    pub(super) fn new(rule: StopRule, folder: &Path) -> Self {
        let (watch, results) = (StopWatch::new(rule), LiveResults::in_folder(folder));
        Self { rule, watch, results, next: STEP, found: None }
    }

    /// Whether the load is still worth its time after so long.
    pub(super) fn goes_on(&mut self, elapsed: Duration) -> bool {
        if elapsed < self.next {
            return true;
        }
        self.next = elapsed + STEP;
        if let Some(counts) = self.results.counts() {
            let LiveCounts { requests, failures, total_ms } = counts;
            self.found = self.watch.look(elapsed, SoFar { requests, failures, total_ms });
        }
        self.found.is_none()
    }

    /// What was seen, as a sentence.
    pub(super) fn text(&self) -> String {
        let seen = self.found.map(|own| own.to_string()).unwrap_or_default();
        format!("stopped: {seen} ({})", self.rule)
    }
}
