//! What all JSON documents have in common: one read, one way to say where they are wrong.

use super::error::{IngestError, Problem};
use crate::model::limits;
use serde::de::DeserializeOwned;

/// Parses a whole document; a document that ends too early is one that was cut.
pub(super) fn parse<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, IngestError> {
    if bytes.trim_ascii().is_empty() {
        return Err(IngestError::new(name, Problem::Empty));
    }
    serde_json::from_slice(bytes).map_err(|error| json_error(name, &error))
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
