//! What the output streams lead to: whether colors are used, and how wide a line may be.

use crate::forge::Variables;
use crate::report::Paper;
use std::fs::File;
use std::io::{self, IsTerminal};
#[cfg(unix)]
use std::os::fd::AsFd as AsHandle;
#[cfg(windows)]
use std::os::windows::io::AsHandle;
use terminal_size::{Width, terminal_size_of};

/// What an output stream leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// A terminal, with its columns where they are known.
    Terminal(Option<u16>),
    /// A pipe: a log, or another program.
    Pipe,
    /// A file.
    File,
}

impl Stream {
    /// What a stream of this process leads to.
    pub fn of(stream: impl AsHandle + IsTerminal) -> Self {
        if stream.is_terminal() {
            return Self::Terminal(terminal_size_of(&stream).map(|(Width(columns), _)| columns));
        }
        if is_file(&stream).unwrap_or(false) { Self::File } else { Self::Pipe }
    }
}

fn is_file(stream: &impl AsHandle) -> io::Result<bool> {
    #[cfg(unix)]
    let handle = stream.as_fd();
    #[cfg(windows)]
    let handle = stream.as_handle();
    Ok(File::from(handle.try_clone_to_owned()?).metadata()?.is_file())
}

/// Columns of a terminal that does not tell how wide it is.
const USUAL: u16 = 80;

/// The paper that a stream is.
pub(super) fn paper(stream: Stream, environment: &dyn Variables) -> Paper {
    let color = colors(stream, environment);
    let set = environment.get("COLUMNS").and_then(|columns| columns.parse().ok());
    match (set, stream) {
        (Some(columns), _) => Paper::terminal(columns, color),
        (None, Stream::Terminal(columns)) => {
            Paper::terminal(usize::from(columns.unwrap_or(USUAL)), color)
        }
        (None, Stream::Pipe | Stream::File) => Paper::log(color),
    }
}

/// Whether colors are used, by the usual variables (<https://no-color.org>, <https://force-color.org>,
/// <https://bixense.com/clicolors>). The logs of GitHub and GitLab show colors, and are pipes.
fn colors(stream: Stream, environment: &dyn Variables) -> bool {
    let is_on = |name| environment.get(name).is_some_and(|value| !matches!(value, "0" | "false"));
    if environment.get("NO_COLOR").is_some() {
        return false;
    }
    if is_on("FORCE_COLOR") || is_on("CLICOLOR_FORCE") {
        return true;
    }
    match stream {
        Stream::Terminal(_) => environment.get("TERM") != Some("dumb"),
        Stream::Pipe => {
            ["GITHUB_ACTIONS", "GITLAB_CI"].iter().any(|ci| environment.get(ci).is_some())
        }
        Stream::File => false,
    }
}
