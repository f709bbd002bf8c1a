//! Text for people, whatever it was made from: what is unsafe to print is written as an escape, and what is long is cut.

use super::untrusted::Raw;
use std::borrow::Cow;

/// The most characters of one message: a value that takes megabytes must not fill a log.
const LONGEST_MESSAGE: usize = 2_000;
/// Characters of a message that was cut that come from its end, where the reason and the advice are.
const LONGEST_END: usize = 400;

/// The text with every character that is unsafe to print as an escape (`\u{1b}`, `\n`). What is left is one line that moves
/// no cursor, turns no reading direction, hides nothing, is valid XML, and holds no command for a CI runner.
pub fn harmless(text: &(impl Raw + ?Sized)) -> String {
    let text = text.raw();
    let mut shown = String::with_capacity(text.len());
    // GitHub's runner takes a line that begins with `::` for a command, and `##[` anywhere in one.
    let mut command = text.trim_start().starts_with("::");
    for c in text.chars() {
        if is_harmful(c) {
            shown.extend(c.escape_default());
        } else if (command && c == ':') || (c == '[' && shown.ends_with("##")) {
            shown.extend(c.escape_unicode());
            command = false;
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether a character does something beside being seen: controls, separators of lines, marks that turn the reading
/// direction, characters that nobody sees, and code points that are no characters at all.
pub fn is_harmful(c: char) -> bool {
    c.is_control() || is_unseen(c) || is_no_character(c)
}

/// What Unicode calls default ignorable, and the separators of lines and paragraphs. The variation selectors that emoji need
/// are let through.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The 66 code points that Unicode never assigns; XML forbids some of them.
fn is_no_character(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// For a file in YAML: a text in double quotes, on one line.
pub fn yaml(text: &(impl Raw + ?Sized)) -> String {
    let mut shown = String::from('"');
    for c in text.raw().chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '"' | '\\' => shown.extend(['\\', c]),
            '[' if shown.ends_with("##") => shown.push_str("\\x5b"),
            c if is_harmful(c) => shown.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown + "\""
}

/// A message in at most 2000 characters: beginning and end of a longer one, and how much is left out between them.
pub fn brief(text: &str) -> Cow<'_, str> {
    let all = text.chars().count();
    if all <= LONGEST_MESSAGE {
        return Cow::Borrowed(text);
    }
    let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    let (begin, end) = (at(LONGEST_MESSAGE - LONGEST_END), at(all - LONGEST_END));
    let left_out = all - LONGEST_MESSAGE;
    Cow::Owned(format!("{} … ({left_out} characters left out) … {}", &text[..begin], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_turns_or_hides_is_left() {
        assert_eq!(harmless("/a\u{1b}[31m\r\n\u{202e}b"), "/a\\u{1b}[31m\\r\\n\\u{202e}b");
        assert_eq!(harmless("a\u{61c}b\u{ad}c\u{2028}d"), "a\\u{61c}b\\u{ad}c\\u{2028}d");
        let tags: String =
            "hi".chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c))).collect();
        assert_eq!(harmless(&tags), "\\u{e0068}\\u{e0069}");
        assert_eq!(harmless("/ünïcode/日本語 🚀 ✈\u{fe0f}"), "/ünïcode/日本語 🚀 ✈\u{fe0f}");
    }

    #[test]
    fn code_points_that_are_no_characters_are_escaped() {
        let none = (0..=0x10ffff).filter_map(char::from_u32).filter(|c| is_no_character(*c));
        let none: Vec<char> = none.collect();
        assert_eq!(none.len(), 66);
        assert!(none.iter().all(|c| harmless(&c.to_string()).is_ascii()));
    }

    #[test]
    fn a_command_for_the_runner_is_none_anywhere_in_a_line() {
        assert_eq!(harmless("x ##[set-output name=a]b"), "x ##\\u{5b}set-output name=a]b");
        assert_eq!(harmless("[1] #[2] ##x["), "[1] #[2] ##x[");
        assert_eq!(harmless(" ::error::x"), " \\u{3a}:error::x");
        assert_eq!(harmless("[::1]:80 std::vec"), "[::1]:80 std::vec");
    }

    #[test]
    fn yaml_is_one_line_in_quotes() {
        assert_eq!(yaml("a\n\"b\"\\ \u{2028}##[x]"), "\"a\\n\\\"b\\\"\\\\ \\U00002028##\\x5bx]\"");
    }

    #[test]
    fn a_long_message_keeps_its_beginning_and_its_end() {
        let text = format!("run.json: `{}` is no unit", "ü".repeat(5_000_000));
        let cut = brief(&text);
        assert!(cut.starts_with("run.json: `üü") && cut.ends_with("üü` is no unit"), "{cut}");
        assert!(cut.contains("… (4998023 characters left out) …"), "{cut}");
        assert!(cut.chars().count() < 2_100);
        assert_eq!(brief("short"), "short");
    }
}
