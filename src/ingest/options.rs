//! How a file is read, and what it comes to.

use super::format::Format;
use crate::config::Pattern;
use crate::model::{Run, Warning};
use std::sync::Arc;
use std::time::Duration;

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The format, if it is not to be recognised by content.
    pub format: Option<Format>,
    /// Whether a cut file and broken lines are warnings instead of errors.
    pub lenient: bool,
    /// Raw samples: what else they are told apart by.
    pub by: Option<By>,
    /// Raw samples: how much is left out at the start, counted from the first sample.
    pub trim_start: Option<Duration>,
    /// Raw samples: those before are left out.
    pub from: Option<jiff::Timestamp>,
    /// Raw samples: those from here on are left out.
    pub to: Option<jiff::Timestamp>,
    /// Raw samples: names that a pattern holds are one endpoint, called by the pattern.
    pub collapse: Arc<[Pattern]>,
    /// Whether every line goes to the JSON parser, also those of a shape that is known: slower, and the same.
    pub parser_only: bool,
}

impl ReadOptions {
    /// An option that means nothing for a format, and why: to pass over it in silence would be to do something else.
    pub(super) fn cannot_be_done(&self, format: Format) -> Option<(&'static str, &'static str)> {
        let k6 = matches!(format, Format::K6Json | Format::K6Csv);
        let raw = format.is_raw();
        let dated = raw && !matches!(format, Format::HeyCsv | Format::OhaCsv);
        let numbers = "this file holds numbers of the whole run, not samples";
        let undated = "its samples have no date";
        let groups = "only k6's raw outputs know groups and scenarios";
        [
            (self.trim_start.is_some() && !raw, "--trim-start", numbers),
            (self.from.is_some() && !raw, "--from", numbers),
            (self.to.is_some() && !raw, "--to", numbers),
            (self.from.is_some() && !dated, "--from", undated),
            (self.to.is_some() && !dated, "--to", undated),
            (self.by.is_some() && !k6, "--by", groups),
        ]
        .into_iter()
        .find_map(|(wrong, option, lacks)| wrong.then_some((option, lacks)))
    }
}

/// What raw samples are told apart by, beside their endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The groups of the script.
    Group,
    /// Its scenarios.
    Scenario,
}

/// A run that was read.
#[derive(Debug)]
pub struct Ingested {
    /// The run.
    pub run: Run,
    /// What was noticed on the way.
    pub warnings: Vec<Warning>,
}
