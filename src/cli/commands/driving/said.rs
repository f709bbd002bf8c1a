//! What a program said last: most often it is the reason.

use std::path::Path;

/// Lines of the log that an error shows.
const LAST_LINES: usize = 12;

/// Where the output of a program is; its last lines follow, if it said something.
pub(in crate::cli) fn output_in(log: &Path, said: &[String]) -> String {
    let last = if said.is_empty() { "" } else { "; its last lines:" };
    format!("its output is in {}{last}", log.display())
}

/// The last lines of a log.
pub(in crate::cli) fn tail(log: &Path) -> Vec<String> {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].iter().map(|line| (*line).to_owned()).collect()
}
