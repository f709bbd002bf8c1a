//! What is known of a forge: each describes itself in a static `FORGE`, and `forges.rs` lists them.

use super::error::ForgeError;
use super::issues::Issues;
use super::marker::Style;
use super::patience::Patience;
use super::sticky::Comments;
use serde_json::Value;
use std::fmt;

/// A forge that comments can be posted to, and its CI.
pub struct Forge {
    /// Its name on the command line.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Variables of which its CI sets one.
    pub detected_by: &'static [&'static str],
    /// Variables that may hold a token, the first one first.
    pub tokens: &'static [&'static str],
    /// Every other variable that is read on it.
    pub variables: &'static [&'static str],
    /// The variable that names the file with the event that started the run.
    pub event: Option<&'static str>,
    /// How its comments hide a line; where HTML is shown as text, they are plain.
    pub style: Style,
    /// What its CI says of the run.
    pub run: fn(&dyn Variables, &Value) -> CiRun,
    /// The comments of the pull request of this number.
    pub comments: fn(&dyn Variables, Access<'_>) -> Reached,
    /// What to do about an answer of this status.
    pub help: fn(u16) -> Option<&'static str>,
    /// Its issues; none where it has none that could be relied on.
    pub tracking: Option<Tracking>,
}

/// How the issues of a forge are reached.
pub struct Tracking {
    /// The issues of the project that the job belongs to, with this token.
    pub issues: fn(&dyn Variables, &str, Patience) -> ReachedIssues,
    /// The page that compares two commits, but for `OLD...NEW` at its end.
    pub comparison: fn(&dyn Variables) -> Option<String>,
    /// What to do about a request that was refused.
    pub help: &'static str,
}

/// The environment of a CI job. A variable that is empty is not set.
pub trait Variables {
    /// The value of a variable.
    fn get(&self, name: &str) -> Option<&str>;
}

/// What a CI says of its run.
#[derive(Debug, Default)]
pub struct CiRun {
    /// The pull request's number, if this is about one.
    pub number: Option<u64>,
    /// The commit that people know the change by.
    pub sha: String,
    /// Number and attempt of the run.
    pub run: (u64, u64),
}

/// With what, and to which pull request.
#[expect(missing_debug_implementations, reason = "it holds a token")]
pub struct Access<'a> {
    /// The token.
    pub token: &'a str,
    /// The pull request's number.
    pub number: u64,
    /// How long to wait for the forge.
    pub patience: Patience,
}

/// The comments of a pull request, or why they cannot be reached.
pub type Reached = Result<Box<dyn Comments>, Unreached>;

/// The issues of a project, or why they cannot be reached.
pub type ReachedIssues = Result<Box<dyn Issues>, Unreached>;

/// Why comments or issues cannot be reached.
#[derive(Debug)]
pub enum Unreached {
    /// A variable that says where they are is not set.
    Unset(&'static str),
    /// The forge cannot be asked.
    Forge(ForgeError),
}

impl From<ForgeError> for Unreached {
    fn from(error: ForgeError) -> Self {
        Self::Forge(error)
    }
}

/// The value of a variable without which there is no way.
pub(super) fn needed<'v>(
    variables: &'v dyn Variables,
    name: &'static str,
) -> Result<&'v str, Unreached> {
    variables.get(name).ok_or(Unreached::Unset(name))
}

/// A number in a variable.
pub(super) fn number_in(variables: &dyn Variables, name: &str) -> Option<u64> {
    variables.get(name)?.parse().ok()
}

/// The page that compares two commits, on GitHub and those that are like it.
pub(super) fn comparison(variables: &dyn Variables) -> Option<String> {
    let server = variables.get("GITHUB_SERVER_URL")?;
    Some(format!("{server}/{}/compare/", variables.get("GITHUB_REPOSITORY")?))
}

impl PartialEq for Forge {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Forge {}

impl fmt::Debug for Forge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
