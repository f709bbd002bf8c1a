//! What all JSON documents have in common: one read, one way to say where they are wrong.

use super::error::{IngestError, Problem};
use crate::model::limits;
use memchr::memmem;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// Parses a whole document; a document that ends too early is one that was cut.
pub(super) fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, IngestError> {
    if bytes.trim_ascii().is_empty() {
        return Err(IngestError::new(name, Problem::Empty));
    }
    serde_json::from_slice(bytes).map_err(|error| json_error(name, &error))
}

/// A document that Python wrote, with null for the numbers `NaN` and `Infinity`, which are no JSON.
pub(super) fn finite_only(bytes: &[u8]) -> Cow<'_, [u8]> {
    const WORDS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];
    if WORDS[1..].iter().all(|word| memmem::find(bytes, word).is_none()) {
        return Cow::Borrowed(bytes);
    }
    let mut finite = Vec::with_capacity(bytes.len());
    let (mut at, mut in_text) = (0, false);
    while let Some(byte) = bytes.get(at) {
        let word = WORDS.iter().find(|word| !in_text && bytes[at..].starts_with(word));
        let escape = in_text && *byte == b'\\';
        in_text ^= *byte == b'"';
        let (taken, written) = match word {
            Some(word) => (word.len(), b"null".as_slice()),
            None => {
                let end = (at + 1 + usize::from(escape)).min(bytes.len());
                (end - at, &bytes[at..end])
            }
        };
        finite.extend_from_slice(written);
        at += taken;
    }
    Cow::Owned(finite)
}

/// The error for a document that is not what it should be.
pub(super) fn json_error(name: &str, error: &serde_json::Error) -> IngestError {
    let problem =
        if error.is_eof() { Problem::CutDocument } else { Problem::Malformed(explained(error)) };
    IngestError::at(name, error.line() as u64, problem)
}

/// What the parser says, with the column in front and without the line, which may be a line of a part only.
pub(super) fn explained(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.rsplit_once(" at line").map_or(text.as_str(), |(what, _)| what);
    format!("column {}: {what}", error.column())
}

/// A count that a file writes as a float.
pub(super) fn count(name: &str, what: &str, value: f64) -> Result<u64, IngestError> {
    if (0.0..=limits::COUNT as f64).contains(&value) && value.fract().abs() < f64::EPSILON {
        // The range check above makes the cast exact.
        return Ok(value as u64);
    }
    let why = "is no count";
    let problem = Problem::BadValue { what: what.to_owned(), value: format!("{value:e}"), why };
    Err(IngestError::new(name, problem))
}

/// A number that must not be negative.
pub(super) fn amount(name: &str, what: &str, value: f64) -> Result<f64, IngestError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(value);
    }
    let why = "must be a number from 0 on";
    let problem = Problem::BadValue { what: what.to_owned(), value: value.to_string(), why };
    Err(IngestError::new(name, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_are_null_and_texts_stay() {
        for (written, read) in [
            (r#"{"a": NaN, "b": [Infinity, -Infinity]}"#, r#"{"a": null, "b": [null, null]}"#),
            (r#"{"NaN": "Infinity \" NaN", "a": NaN}"#, r#"{"NaN": "Infinity \" NaN", "a": null}"#),
            (r#"{"a": "cut NaN \"#, r#"{"a": "cut NaN \"#),
        ] {
            assert_eq!(String::from_utf8_lossy(&finite_only(written.as_bytes())), read);
        }
        assert!(matches!(finite_only(b"{}"), Cow::Borrowed(_)));
    }
}
