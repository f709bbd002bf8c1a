//! What is said while a load runs: a bar in a terminal, a line now and then in a log.

use crate::ingest::LiveResults;
use crate::report::plural;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;
use std::time::Duration;

/// How often a bar moves, and how often a log gets a line.
const BAR: Duration = Duration::from_secs(1);
const LINE: Duration = Duration::from_secs(30);

/// How far a load is.
pub(super) struct Progress {
    /// None in a log.
    bar: Option<ProgressBar>,
    results: LiveResults,
    duration_s: Option<f64>,
    next: Duration,
}

impl Progress {
    /// A load that is planned to take so long, and writes into a folder.
    pub(super) fn new(duration_s: Option<f64>, folder: &Path, in_terminal: bool) -> Self {
        let bar = in_terminal.then(|| bar(duration_s));
        let next = if bar.is_some() { BAR } else { LINE };
        Self { bar, results: LiveResults::in_folder(folder), duration_s, next }
    }

    /// The line that a log gets after so long, if any.
    pub(super) fn at(&mut self, elapsed: Duration) -> Option<String> {
        if elapsed < self.next {
            return None;
        }
        let seen = self.seen(elapsed);
        let Some(bar) = &self.bar else {
            self.next += LINE;
            let of = self.duration_s.map(|s| format!(" of {s:.0} s")).unwrap_or_default();
            return Some(format!("{} s{of}{seen}", elapsed.as_secs()));
        };
        self.next = elapsed + BAR;
        bar.set_position(elapsed.as_secs());
        bar.set_message(seen);
        None
    }

    /// What the tool has written so far, where it writes while it runs.
    fn seen(&self, elapsed: Duration) -> String {
        let Some(counts) = self.results.sums().filter(|own| own.requests > 0) else {
            return String::new();
        };
        let rate = counts.requests as f64 / elapsed.as_secs_f64();
        let failed = match counts.failures {
            0 => String::new(),
            n => format!(", {n} failed"),
        };
        format!(" · {} ({rate:.0}/s){failed}", plural(counts.requests as usize, "request"))
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        self.bar.into_iter().for_each(|bar| bar.finish_and_clear());
    }
}

fn bar(duration_s: Option<f64>) -> ProgressBar {
    let (bar, template) = match duration_s {
        Some(s) => (ProgressBar::new(s.ceil() as u64), "{bar:20} {pos} of {len} s{msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {pos} s{msg}"),
    };
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_gets_a_line_every_half_minute_with_what_the_tool_has_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut progress = Progress::new(Some(600.0), folder.path(), false);
        let mut at = |s| progress.at(Duration::from_secs(s));
        assert_eq!(at(29), None);
        assert_eq!(at(30).as_deref(), Some("30 s of 600 s"));
        let history = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,95%,Total Request Count,Total Failure Count,\
                       Total Average Response Time\n1790000000,5,,Aggregated,20,0,5,9,1200,3,6.5\n";
        std::fs::write(folder.path().join("locust_stats_history.csv"), history).unwrap();
        assert_eq!(at(59), None);
        assert_eq!(at(60).as_deref(), Some("60 s of 600 s · 1200 requests (20/s), 3 failed"));
    }
}
