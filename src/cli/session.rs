//! A command's surroundings: its folder, the environment, and its output streams.

use super::error::CliError;
use super::screen::{self, Stream};
use crate::forge::Forge;
use crate::model::{brief, harmless};
use crate::report::Paper;
use clap::ValueEnum;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The environment variables that matter.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// The names of all variables that are set and not empty.
    set: BTreeSet<String>,
}

impl std::fmt::Debug for Environment {
    /// The names alone: some of the values are tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// Names of the variables that are read, but for those of forges.
    const NAMES: [&str; 12] = [
        "CLICOLOR_FORCE",
        "COLUMNS",
        "FORCE_COLOR",
        "NO_COLOR",
        "TERM",
        "GITHUB_EVENT_NAME",
        "GITHUB_OUTPUT",
        "GITHUB_STEP_SUMMARY",
        "PERFGATE_PAGE_URL",
        "PERFGATE_PROMETHEUS_TOKEN",
        "PERFGATE_SITE_URL",
        "PERFGATE_WEBHOOK",
    ];

    /// The variables of this process.
    pub fn of_process() -> Self {
        let read = |name: &str| Some((name.to_owned(), std::env::var(name).ok()?));
        let names = Self::NAMES.into_iter().chain(Forge::all_variables());
        let has_value = |(_, value): &(OsString, OsString)| !value.is_empty();
        let set =
            std::env::vars_os().filter(has_value).filter_map(|(name, _)| name.into_string().ok());
        Self { variables: names.filter_map(read).collect(), set: set.collect() }
    }

    /// Whether a variable, any at all, is set and not empty.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.set.contains(name)
    }

    /// The value of a variable; none when it is unset or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// When output is colored.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ColorChoice {
    Auto,
    Always,
    Never,
}

/// A command's surroundings.
pub struct Session<'a> {
    /// Standard output.
    pub(super) out: Box<dyn Write + 'a>,
    /// Standard error.
    pub(super) err: RefCell<Box<dyn Write + 'a>>,
    pub(super) environment: Environment,
    folder: PathBuf,
    /// The policy file that the arguments name.
    pub(super) policy_file: Option<PathBuf>,
    /// Whether a person reads standard error.
    pub(super) terminal_err: bool,
    /// What standard output is written on.
    pub(super) paper: Paper,
    /// What standard error is written on.
    pub(super) paper_err: Paper,
}

impl<'a> Session<'a> {
    /// A session in a folder. `streams` says what standard output and standard error lead to.
    pub fn new(
        folder: PathBuf,
        environment: Environment,
        out: Box<dyn Write + 'a>,
        err: Box<dyn Write + 'a>,
        streams: [Stream; 2],
    ) -> Self {
        let [paper, paper_err] = streams.map(|stream| screen::paper(stream, &environment));
        let terminal_err = matches!(streams[1], Stream::Terminal(_));
        let (err, policy_file) = (RefCell::new(err), None);
        Self { out, err, environment, folder, policy_file, terminal_err, paper, paper_err }
    }

    /// The folder that relative paths are resolved against.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A path as the arguments have it, from the session's folder on; `-` stays what it is.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        if path.as_os_str() == "-" { path.to_owned() } else { self.folder.join(path) }
    }

    pub(super) fn set_color(&mut self, choice: ColorChoice) {
        let color = match choice {
            ColorChoice::Auto => return,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        (self.paper.color, self.paper_err.color) = (color, color);
    }

    /// Writes to standard output. A closed pipe is no failure (`perfgate … | head`), and
    /// the verdict stays what it is.
    pub(super) fn print(
        &mut self,
        write: impl FnOnce(&mut Box<dyn Write + 'a>) -> io::Result<()>,
    ) -> Result<(), CliError> {
        unless_closed(write(&mut self.out))
    }

    /// Tells the person something that is not the output. Whatever a name in it holds, a terminal and a CI runner act on none of
    /// its lines.
    pub(super) fn say(&self, text: &str) -> Result<(), CliError> {
        let line = |line: &str| self.on_err(&harmless(&*brief(line)));
        let lines: Vec<String> = text.lines().map(line).collect();
        unless_closed(writeln!(self.err.borrow_mut(), "{}", lines.join("\n")))
    }

    /// A line for standard error: in a terminal, several that fit.
    pub(super) fn on_err(&self, line: &str) -> String {
        let hang = line.len() - line.trim_start().len() + 2;
        if self.terminal_err { self.paper_err.folded(line, hang) } else { line.to_owned() }
    }

    pub(super) fn flush(&mut self) -> Result<(), CliError> {
        unless_closed(self.out.flush())
    }
}

fn unless_closed(written: io::Result<()>) -> Result<(), CliError> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(CliError::Output),
    }
}
