//! Names come from files that anyone may have written. Here they are made harmless for the place where they appear.

/// The longest name that is shown in a table, in characters.
const LONGEST: usize = 72;

/// For a terminal: no control character, no mark that turns the reading direction, nothing endless.
pub fn terminal(text: &str) -> String {
    shortened(&harmless(text))
}

/// The same for a whole message with names in it, which must not be cut.
pub fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// For a command that somebody copies into a shell: one word, whatever it holds.
pub fn shell(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./@:+=%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        return text.to_owned();
    }
    format!("'{}'", harmless(text).replace('\'', "'\\''"))
}

/// For Markdown, inside a table as well: a code span, which GitHub renders without links, mentions or HTML.
pub(super) fn markdown_code(text: &str) -> String {
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

/// For Markdown as running text: every character that could begin markup, a mention, a reference or a link is written
/// so that it cannot.
pub(super) fn markdown_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let text = harmless(text);
    // GitHub links what begins with www. without a scheme as well.
    for c in text.replace("www.", "www\u{2060}.").chars() {
        match c {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            // A word joiner behind it breaks mentions, issue numbers and URLs without being seen.
            '@' | '#' => {
                shown.push(c);
                shown.push('\u{2060}');
            }
            '/' if shown.ends_with(':') => shown.push_str("\u{2060}/"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' | '^' => {
                shown.push('\\');
                shown.push(c);
            }
            other => shown.push(other),
        }
    }
    shown
}

/// Control characters, and the marks that change the direction of what follows or hide in a name.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
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
    }
}
