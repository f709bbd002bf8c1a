//! Contents of the store: whoever may push can put anything there, and nothing larger than a record is taken into memory.

use super::error::StoreError;
use crate::model::limits;
use git2::{Error, Oid, Repository};

/// A content that is larger than any record.
#[derive(Debug)]
pub(super) struct TooLarge;

impl TooLarge {
    /// The error about this content.
    pub(super) fn of(self, what: impl Into<String>) -> StoreError {
        StoreError::TooLarge { what: what.into() }
    }
}

/// Refuses a content of this size.
pub(super) fn check(bytes: u64) -> Result<(), TooLarge> {
    if bytes > limits::STORED_BYTES { Err(TooLarge) } else { Ok(()) }
}

/// The content of a blob; its size stands in front of it, and is looked at first.
pub(super) fn read_blob(
    repository: &Repository,
    id: Oid,
) -> Result<Result<Vec<u8>, TooLarge>, Error> {
    let (bytes, _) = repository.odb()?.read_header(id)?;
    Ok(match check(bytes as u64) {
        Ok(()) => Ok(repository.find_blob(id)?.content().to_vec()),
        Err(too_large) => Err(too_large),
    })
}
