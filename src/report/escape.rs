//! Names come from files that anyone may have written. Here they are made harmless for the place where they appear.

pub use crate::model::harmless;
pub(super) use crate::model::yaml;
use crate::model::{Raw, is_harmful};
use serde::Serialize;
use std::io::{self, Write};

/// How a renderer shows text that came from outside.
pub(super) type Show<'a> = &'a dyn Fn(&dyn Raw) -> String;

/// The longest name that is shown in a table, in characters.
const LONGEST: usize = 72;

/// For a terminal: one line that does nothing but be read, and nothing endless.
pub fn terminal(text: &(impl Raw + ?Sized)) -> String {
    shortened(&harmless(text))
}

/// For a command that somebody copies into a shell: one word, whatever it holds.
pub fn shell(text: &(impl Raw + ?Sized)) -> String {
    let text = text.raw();
    let plain = |c: char| (c.is_alphanumeric() && !is_harmful(c)) || "-_./@:+=%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        return text.to_owned();
    }
    format!("'{}'", harmless(text).replace('\'', "'\\''"))
}

/// Writes a document for programs, in a form that may stand in a log: what a terminal or a CI runner would act on is JSON's own
/// escape of the same character, so that a program reads what was measured.
pub fn write_json(document: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    let mut shown = String::with_capacity(text.len());
    // Outside of its strings JSON is ASCII without a `#`; the line ends between its values are no part of them.
    for c in text.chars() {
        if (is_harmful(c) && c != '\n') || (c == '[' && shown.ends_with("##")) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(c);
        }
    }
    writeln!(out, "{shown}")
}

/// For the text of a SARIF message, where `[text](address)` is a link.
pub(super) fn sarif(text: &(impl Raw + ?Sized)) -> String {
    harmless(text).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

/// For Markdown, inside a table as well: a code span, which GitHub renders without links, mentions or HTML.
pub(super) fn markdown_code(text: &(impl Raw + ?Sized)) -> String {
    let plain = terminal(text).replace('|', "\\|");
    let longest_run = plain.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest_run + 1);
    // A span may not begin or end with the backtick of its text; one blank on each side is taken off again.
    let pad = if plain.starts_with('`') || plain.ends_with('`') || plain.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{plain}{pad}{fence}")
}

/// For Markdown: lines to be copied, in a fence that none of them ends.
pub(super) fn fence(lines: &[impl Raw]) -> String {
    let text = lines.iter().map(harmless).collect::<Vec<_>>().join("\n");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{text}\n{fence}\n")
}

/// For Markdown as running text: every character that could begin markup, a mention, a reference or a link is written
/// so that it cannot.
pub(super) fn markdown_text(text: &(impl Raw + ?Sized)) -> String {
    let text = harmless(text);
    // GitHub links what begins with www. without a scheme as well.
    let text = text.trim_start().replace("www.", "www\u{2060}.");
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let word = rest.peek().is_some_and(|next| next.is_alphanumeric() || *next == '"');
        match c {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '@' | '#' => shown.push(c),
            '/' if shown.ends_with(':') => shown.push_str("\u{2060}/"),
            // GH-12 is an issue on GitHub.
            '-' if word && ends_with_gh(&shown) => shown.push_str("\u{2060}-"),
            '-' | '+' | '=' if shown.is_empty() => shown.extend(['\\', c]),
            // An ordered list is a number and one of these.
            '.' | ')' if is_number(&shown) => shown.extend(['\\', c]),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' | '^' => {
                shown.extend(['\\', c]);
            }
            other => shown.push(other),
        }
        // A word joiner behind it breaks mentions and references (GitLab has !1, $1, %1, ~1, ^1 and &1 as well) without being
        // seen.
        if matches!(c, '@' | '#') || (word && matches!(c, '!' | '$' | '%' | '~' | '^' | '&')) {
            shown.push('\u{2060}');
        }
    }
    shown
}

fn ends_with_gh(text: &str) -> bool {
    text.len() >= 2 && text.as_bytes()[text.len() - 2..].eq_ignore_ascii_case(b"gh")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_never_sees_control_or_direction_characters() {
        assert_eq!(terminal("/a\u{1b}[31m\r\n\u{202e}b"), "/a\\u{1b}[31m\\r\\n\\u{202e}b");
        assert_eq!(terminal(&"x".repeat(500)).chars().count(), LONGEST + 1);
        assert_eq!(terminal("/ünïcode/日本語 🚀"), "/ünïcode/日本語 🚀");
    }

    #[test]
    fn json_in_a_log_is_no_command_and_reads_back_the_same() {
        let text = "a\n##[group]\u{9b}31m\u{202e}\u{e0041}\u{fffe}\u{1f680}";
        let mut out = Vec::new();
        write_json(&vec![text], &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(!out.contains("##["));
        assert!(out.chars().all(|c| c == '\n' || !is_harmful(c)), "{out}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&out).unwrap(), [text]);
    }

    #[test]
    fn a_message_in_sarif_links_nowhere() {
        assert_eq!(sarif("a [b](http://c) \\"), "a \\[b\\](http://c) \\\\");
    }

    #[test]
    fn a_copied_command_runs_nothing_else() {
        assert_eq!(shell("main"), "main");
        assert_eq!(shell("a'; rm -rf $(x)"), "'a'\\''; rm -rf $(x)'");
        assert_eq!(shell("-x"), "'-x'");
    }

    #[test]
    fn a_code_span_holds_backticks_and_pipes() {
        assert_eq!(markdown_code("/tick`code`"), "`` /tick`code` ``");
        assert_eq!(markdown_code("a|b"), "`a\\|b`");
        assert_eq!(markdown_code("a\nb"), "`a\\nb`");
    }

    #[test]
    fn running_text_mentions_nobody_and_links_nowhere() {
        let text = markdown_text("@me #12 http://x <b> [a](b) *c*");
        assert!(!text.contains("@m") && !text.contains("#1") && !text.contains("://"), "{text}");
        assert!(!text.contains('<') && text.contains("\\[a\\]"), "{text}");
        assert_eq!(markdown_text("see GH-9 and gh-10"), "see GH\u{2060}-9 and gh\u{2060}-10");
        assert_eq!(
            markdown_text("!1 %2 ~3 96 % a&b"),
            "\\!\u{2060}1 %\u{2060}2 \\~\u{2060}3 96 % a&amp;\u{2060}b"
        );
    }

    #[test]
    fn running_text_begins_no_list_and_no_heading() {
        for (text, expected) in [
            ("- x", "\\- x"),
            ("+ x", "\\+ x"),
            ("12. x", "12\\. x"),
            ("1) x", "1\\) x"),
            ("1 of 2.", "1 of 2."),
        ] {
            assert_eq!(markdown_text(text), expected);
        }
        assert_eq!(markdown_text("    === x"), "\\=== x");
    }
}
