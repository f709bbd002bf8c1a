//! A format of result files: what is known of it, and its reader; what goes into a reader, and what comes out.

use super::error::IngestError;
use super::fact::Fact;
use super::head::{Claim, Head};
use super::source::Source;
use crate::config::Pattern;
use crate::model::{Named as _, Run, Warning};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A format of result files: each reader describes its own in a static `FORMAT`, and `formats.rs` lists them.
pub struct Format {
    /// Its name on the command line, such as `k6-json`.
    pub name: &'static str,
    /// The tool that writes it, as a run of it names the tool.
    pub tool: &'static str,
    /// What the file is, as Markdown.
    pub title: &'static str,
    /// How to get such a file, as Markdown.
    pub get: &'static str,
    /// Heading of the section of docs/formats.md that describes it.
    pub section: &'static str,
    /// Versions of the tool whose files are among the fixtures.
    pub versions: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// What its files can say about a run; a file says less where the test was set up so.
    pub tells: &'static [Fact],
    /// What to know before choosing it, as Markdown.
    pub remark: &'static str,
    /// Whether a file that begins so is one of it.
    pub(super) claim: fn(&Head<'_>) -> Claim,
    /// Reads a file of it.
    pub(super) read: fn(Source, &ReadOptions) -> Result<Ingested, IngestError>,
}

/// What the files of a format hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A run that perfgate has written itself.
    Run,
    /// A record of each request.
    Samples {
        /// Whether the records say at what time of the calendar they were made.
        dated: bool,
        /// Whether they say which group and scenario they belong to.
        grouped: bool,
    },
    /// How often each response time was seen.
    Counts,
    /// Numbers of the whole run.
    Summary,
    /// Numbers that people have written: no tool leaves them behind.
    Figures,
}

impl Format {
    /// Whether it holds samples, not numbers of the whole run.
    pub fn is_raw(&self) -> bool {
        matches!(self.holds, Holds::Samples { .. })
    }

    /// Whether its samples have a date.
    pub(super) fn is_dated(&self) -> bool {
        matches!(self.holds, Holds::Samples { dated: true, .. })
    }

    /// Whether its samples belong to groups and scenarios.
    pub(super) fn is_grouped(&self) -> bool {
        matches!(self.holds, Holds::Samples { grouped: true, .. })
    }

    /// What it cannot say about a run.
    pub fn lacks(&self) -> Vec<Fact> {
        Fact::ALL.iter().copied().filter(|fact| !self.tells.contains(fact)).collect()
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Format {}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The format, if it is not to be recognised by content.
    pub format: Option<&'static Format>,
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
    pub(super) fn cannot_be_done(&self, format: &Format) -> Option<(&'static str, &'static str)> {
        let raw = format.is_raw();
        let dated = format.is_dated();
        let numbers = "this file holds numbers of the whole run, not samples";
        let undated = "its samples have no date";
        let groups = "only k6's raw outputs have both groups and scenarios";
        [
            (self.trim_start.is_some() && !raw, "--trim-start", numbers),
            (self.from.is_some() && !raw, "--from", numbers),
            (self.to.is_some() && !raw, "--to", numbers),
            (self.from.is_some() && !dated, "--from", undated),
            (self.to.is_some() && !dated, "--to", undated),
            (self.by.is_some() && !format.is_grouped(), "--by", groups),
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
