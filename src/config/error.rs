//! What is wrong with a policy, where, and what was probably meant.

use super::suggest::suggest;
use crate::model::limits;
use std::fmt;

/// The most characters of a line of the policy that a message shows.
const WIDEST: usize = 120;

/// What is wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, as it was named.
    pub file: String,
    /// Line, from 1; 0 when the place is not known.
    pub line: u64,
    /// Column, from 1; 0 when the place is not known.
    pub column: u64,
    /// What is wrong.
    pub problem: String,
    /// The offending word, underlined in the message.
    pub word: String,
    /// The text of the line.
    pub source_line: String,
    /// What would be allowed, if that is a short list.
    pub known: Vec<String>,
}

impl ConfigError {
    /// An error at a place of this text.
    pub(super) fn new(file: &str, text: &str, (line, column): (u64, u64), problem: String) -> Self {
        let at = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
        let source_line = at.and_then(|at| text.lines().nth(at)).unwrap_or_default();
        Self {
            file: file.to_owned(),
            line,
            column,
            problem: limits::shown(&problem),
            word: String::new(),
            source_line: source_line.to_owned(),
            known: Vec::new(),
        }
    }

    /// An error about a file as a whole.
    pub fn whole(file: &str, problem: &str) -> Self {
        Self::new(file, "", (0, 0), problem.to_owned())
    }

    /// The line, or the part of a long one around the location, and the number of characters before the location.
    fn excerpt(&self) -> (String, usize) {
        let before = usize::try_from(self.column.saturating_sub(1)).unwrap_or_default();
        if self.source_line.chars().count() <= WIDEST {
            return (self.source_line.clone(), before);
        }
        let first = before.saturating_sub(WIDEST / 2);
        let mut shown: String = self.source_line.chars().skip(first).take(WIDEST).collect();
        if first > 0 {
            shown = format!("…{}", shown.chars().skip(1).collect::<String>());
        }
        (shown + "…", before - first)
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "{}: {}", self.file, self.problem);
        }
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.problem)?;
        let (shown, before) = self.excerpt();
        write!(f, "\n{:>4} | {shown}", self.line)?;
        let carets = "^".repeat(self.word.chars().count().clamp(1, WIDEST / 2));
        write!(f, "\n     | {}{carets}", " ".repeat(before))?;
        if let Some(word) = suggest(&self.word, self.known.iter().map(String::as_str)) {
            write!(f, " did you mean {word}?")?;
        }
        if !self.known.is_empty() {
            write!(f, "\n  known: {}", self.known.join(", "))?;
        }
        Ok(())
    }
}
