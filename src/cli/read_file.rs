//! Files that a command reads as a whole, other than results: a policy, a report, a CI event.

use super::error::CliError;
use crate::model::limits;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The bytes of a file of limited size.
pub(super) fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, CliError> {
    let wrap = |source| CliError::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(wrap)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(wrap)?;
    if bytes.len() as u64 > limit {
        let why = format!("is larger than {}", limits::size(limit));
        return Err(wrap(io::Error::new(io::ErrorKind::FileTooLarge, why)));
    }
    Ok(bytes)
}

/// The same as text.
pub(super) fn read_text(path: &Path, limit: u64) -> Result<String, CliError> {
    let not_utf8 = |error| {
        let source = io::Error::new(io::ErrorKind::InvalidData, error);
        CliError::File { path: path.to_owned(), source }
    };
    String::from_utf8(read_file(path, limit)?).map_err(not_utf8)
}
