//! From text to document, and what the parser's errors mean.

use super::PolicyFile;
use super::documents::{Keys, is_of_profile, together};
use crate::config::error::ConfigError;
use serde::Deserialize;
use serde_saphyr::budget::BudgetBreach;

impl PolicyFile {
    /// Parses the text of a policy; `file` is for messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let documents: Vec<Self> = read(file, text)?;
        let keys: Vec<Keys> = read(file, text)?;
        together((file, text), documents.into_iter().zip(keys).collect())
    }
}

/// What each YAML document of the text is.
pub(in crate::config) fn read<'t, T: Deserialize<'t>>(
    file: &str,
    text: &'t str,
) -> Result<Vec<T>, ConfigError> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|e| yaml_error(file, text, &e))
}

/// The parser's error, with place and allowed words.
pub(in crate::config) fn yaml_error(
    file: &str,
    text: &str,
    error: &serde_saphyr::Error,
) -> ConfigError {
    use serde_saphyr::Error as Yaml;
    let error = error.without_snippet();
    let place = error.location().map_or((0, 0), |at| (at.line(), at.column()));
    let (problem, word, known): (String, &str, &[&str]) = match error {
        Yaml::SerdeUnknownField { field, expected, .. } => {
            (format!("unknown key \"{field}\""), field, expected)
        }
        Yaml::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("unknown value \"{variant}\""), variant, expected)
        }
        Yaml::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or_default();
            let next_profile = place.1 == 1 && is_of_profile(key);
            let help = if next_profile { ": write --- between two profiles" } else { "" };
            (format!("\"{key}\" is given twice{help}"), key, &[])
        }
        Yaml::Budget { breach, .. } => (too_much(breach), "", &[]),
        other => {
            // The rendered message repeats the place in front; only the first line says what is wrong.
            let rendered = other.to_string();
            let message = rendered.lines().next().unwrap_or_default();
            let message = message.split_once(": ").map_or(message, |(place, rest)| {
                if place.starts_with("error: line") || place.starts_with("line ") {
                    rest
                } else {
                    message
                }
            });
            let help =
                if after_slashes(text, place.0) { "; a comment begins with #, not //" } else { "" };
            (format!("{}{help}", plain(message, line_of(text, place.0))), "", &[])
        }
    };
    let mut located = ConfigError::new(file, text, place, problem);
    word.clone_into(&mut located.word);
    located.known = known.iter().map(|word| (*word).to_owned()).collect();
    located
}

/// Whether this line, or the one before it, ends in a comment of JavaScript.
fn after_slashes(text: &str, line: u64) -> bool {
    let skip = usize::try_from(line.saturating_sub(2)).unwrap_or(usize::MAX);
    text.lines().skip(skip).take(2).any(|line| line.contains(" // "))
}

/// What a policy has more of than the parser takes.
fn too_much(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => "keys are nested too deeply".to_owned(),
        BudgetBreach::Aliases { .. }
        | BudgetBreach::Anchors { .. }
        | BudgetBreach::AliasAnchorRatio { .. }
        | BudgetBreach::RecordedAnchorEvents { .. }
        | BudgetBreach::RecordedAnchorBytes { .. }
        | BudgetBreach::MergeKeys { .. } => "it has too many anchors and aliases".to_owned(),
        _ => "it is larger than a policy may be".to_owned(),
    }
}

/// A line of the text, without the blanks around it.
fn line_of(text: &str, line: u64) -> &str {
    let at = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
    at.and_then(|at| text.lines().nth(at)).unwrap_or_default().trim()
}

/// What the parser says of YAML that is none, and what that means.
const MISTAKES: [(&str, &str); 9] = [
    ("unknown anchor", "quote a text that begins with *, as in [\"*.csv\"]"),
    ("while scanning an alias", "quote a text that begins with *, as in [\"*.csv\"]"),
    ("while scanning an anchor", "quote a text that begins with &"),
    ("while scanning a block scalar", "quote a text that begins with > or |, as in \"> 500ms\""),
    ("tabs disallowed", "indent with blanks, not with a tab"),
    ("did not find expected key", "this line is not indented like the keys above it"),
    (
        "mapping values are not allowed",
        "quote a text that has a colon in it, or begin a new line for the key",
    ),
    ("found character that cannot start any token", "quote a text that begins with this sign"),
    (
        "invalid type: unit value",
        "the value is missing: write it behind the colon, or indent the lines that belong to it",
    ),
];

/// A message of the parser in words of the file; `line` is the one that it is about.
fn plain(message: &str, line: &str) -> String {
    // The message already starts with the location.
    let is_place = |text: &str| {
        text.split_once(", column ").is_some_and(|(line, column)| {
            [line, column].iter().all(|number| number.bytes().all(|b| b.is_ascii_digit()))
        })
    };
    let message = match message.rsplit_once(" at line ") {
        Some((message, place)) if is_place(place) => message,
        _ => message,
    };
    if let Some((_, ours)) = MISTAKES.iter().find(|(theirs, _)| message.contains(theirs)) {
        return (*ours).to_owned();
    }
    let (key, value) = line.split_once(':').unwrap_or_default();
    let value = value.trim().trim_matches(['"', '\'']);
    match message {
        "expected sequence start" if !value.is_empty() => {
            format!("a list is expected: {key}: [\"{value}\"]")
        }
        "expected sequence start" => "a list is expected: [\"…\", \"…\"]".to_owned(),
        "expected mapping start" if key == "baseline" => {
            format!("keys with values are expected: baseline: {{ branch: {value} }}")
        }
        "expected mapping start" => "keys with values are expected: { key: value }".to_owned(),
        other => other
            .replace("invalid u64", "not a whole number")
            .replace("invalid usize", "not a whole number"),
    }
}
