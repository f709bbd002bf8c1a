//! Answers: what perfgate prints, short enough for an agent, with what to ask next.

use super::next::{after_accept, after_failure, after_program};
use super::program::{Ended, Program};
use super::tools::Asked;
use crate::model::harmless;

/// Bytes of an answer at most. A token of tables and names is about three bytes long, so these are 2 000 tokens.
const BYTES: usize = 6_000;

/// What an agent is told.
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) is_error: bool,
}

impl Answer {
    pub(super) fn error(text: String) -> Self {
        Self { text, is_error: true }
    }
}

/// Answers a question.
pub(super) async fn answer(asked: Asked, program: &Program) -> Answer {
    match asked {
        Asked::Accept(line) => {
            let next = after_accept(&line);
            Answer { text: joined("", &line, &next), is_error: false }
        }
        Asked::Program { arguments, compares } => {
            match called(arguments, compares, program).await {
                Ok(answer) => answer,
                Err(error) => Answer::error(format!("perfgate could not be called: {error}")),
            }
        }
    }
}

async fn called(
    mut arguments: Vec<String>,
    compares: bool,
    program: &Program,
) -> std::io::Result<Answer> {
    let scratch = tempfile::tempdir()?;
    let report = scratch.path().join("report.json");
    if compares {
        arguments.insert(1, format!("--output=json={}", report.display()));
    }
    let Ended { code, printed } = program.call(&arguments).await?;
    let is_error = !matches!(code, Some(0 | 1 | 3));
    let first = match code {
        Some(0) => "exit code 0",
        Some(1) => "exit code 1: a regression",
        Some(3) => "exit code 3: no verdict",
        Some(2) => "exit code 2: it could not run",
        _ => "it was ended",
    };
    let next = if is_error { after_failure() } else { after_program(&arguments[0], &report) };
    Ok(Answer { text: joined(first, &printed, &next), is_error })
}

/// An answer that is short enough: of a long one, the beginning and the end.
fn joined(first: &str, output: &str, next: &str) -> String {
    let lines: Vec<String> = output.lines().map(harmless).collect();
    let room = BYTES.saturating_sub(first.len() + next.len() + 80);
    let (kept, left_out) = shortened(&lines, room);
    let note = match left_out {
        0 => String::new(),
        n => format!("\n({n} lines in the middle are left out)"),
    };
    let parts = [first.to_owned(), kept + &note, next.to_owned()];
    parts
        .iter()
        .filter(|part| !part.is_empty())
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// Lines from both ends that fit, two thirds of them from the beginning, and how many do not.
fn shortened(lines: &[String], room: usize) -> (String, usize) {
    let fits = |lines: &mut dyn Iterator<Item = &String>, room: usize| {
        let mut used = 0;
        lines
            .take_while(|line| {
                used += line.len() + 1;
                used <= room
            })
            .count()
    };
    if fits(&mut lines.iter(), room) == lines.len() {
        return (lines.join("\n"), 0);
    }
    let head = fits(&mut lines.iter(), room / 3 * 2);
    let tail = fits(&mut lines[head..].iter().rev(), room / 3);
    let kept: Vec<&str> =
        lines[..head].iter().chain(&lines[lines.len() - tail..]).map(String::as_str).collect();
    (kept.join("\n"), lines.len() - head - tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_answers_keep_both_ends_and_say_how_much_is_left_out() {
        let lines: Vec<String> = (0..1_000).map(|i| format!("line {i}")).collect();
        let text = joined("exit code 0", &lines.join("\n"), "next: nothing");
        assert!(text.len() <= BYTES, "{}", text.len());
        assert!(text.starts_with("exit code 0\n\nline 0\n"));
        assert!(text.contains("\nline 999\n(") && text.ends_with("next: nothing"), "{text}");
        let kept = text.lines().filter(|line| line.starts_with("line ")).count();
        assert!(text.contains(&format!("({} lines in the middle are left out)", 1_000 - kept)));
        // Of one line that is too long, nothing is left but the note.
        assert!(joined("", &"x".repeat(9_000), "").contains("(1 lines in the middle"));
    }
}
