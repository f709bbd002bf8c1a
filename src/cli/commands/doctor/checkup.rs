//! The lines that `perfgate doctor` prints.

use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::report::{harmless, plural};
use std::io::Write as _;

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Fine,
    Hint,
    Wrong,
}

/// The lines of the report.
#[derive(Default)]
pub(super) struct Checkup {
    pub(super) lines: Vec<(Mark, &'static str, String)>,
}

impl Checkup {
    pub(super) fn fine(&mut self, head: &'static str, text: impl Into<String>) {
        self.lines.push((Mark::Fine, head, text.into()));
    }

    pub(super) fn hint(&mut self, head: &'static str, text: impl Into<String>) {
        self.lines.push((Mark::Hint, head, text.into()));
    }

    pub(super) fn wrong(&mut self, head: &'static str, error: &CliError) {
        let help = error.help().map(|help| format!("\n{help}")).unwrap_or_default();
        self.lines.push((Mark::Wrong, head, format!("{error}{help}")));
    }

    fn count(&self, mark: Mark) -> usize {
        self.lines.iter().filter(|(own, ..)| *own == mark).count()
    }

    /// Number of findings that would stop a gate.
    pub(super) fn problems(&self) -> usize {
        self.count(Mark::Wrong)
    }

    pub(super) fn write(&self, session: &mut Session<'_>) -> Result<(), CliError> {
        let paper = session.paper;
        session.print(|out| {
            for (mark, head, text) in &self.lines {
                let mark = match mark {
                    Mark::Fine => "✓",
                    Mark::Hint => "!",
                    Mark::Wrong => "✗",
                };
                let mut lines = text.lines().map(harmless);
                let first = format!("{mark} {head:<11} {}", lines.next().unwrap_or_default());
                writeln!(out, "{}", paper.folded(&first, 14))?;
                for line in lines {
                    writeln!(out, "{}", paper.folded(&format!("{:14}{line}", ""), 14))?;
                }
            }
            writeln!(out)?;
            match (self.problems(), self.count(Mark::Hint)) {
                (0, 0) => writeln!(out, "everything that a gate needs is set up"),
                (0, n) => {
                    writeln!(out, "a gate can run; {} above would improve it", plural(n, "hint"))
                }
                (n, _) => writeln!(out, "{} would stop a gate", plural(n, "problem")),
            }
        })
    }
}
