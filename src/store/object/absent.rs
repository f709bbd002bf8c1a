//! A perfgate without object storage, which says so as soon as something is asked of it.

use super::version::{Held, Version, Versioned};
use crate::store::error::StoreError;
use crate::store::object_error::{ObjectError, ObjectProblem};
use crate::store::patience::Patience;

/// The objects below an address, of which nothing can be known.
#[derive(Debug)]
pub(super) struct Objects {
    url: String,
}

/// A folder whose names are wanted, from one on.
#[expect(dead_code, reason = "nothing is listed")]
pub(super) struct Listing {
    pub(super) folder: String,
    pub(super) from: Option<String>,
}

/// An object that is to be put in the place of what it was.
#[expect(dead_code, reason = "nothing is swapped")]
pub(super) struct Swap {
    pub(super) key: String,
    pub(super) bytes: Vec<u8>,
    pub(super) before: Option<Version>,
}

/// What a folder has.
pub(super) struct InFolder {
    pub(super) files: Vec<String>,
    pub(super) folders: Vec<String>,
}

impl Objects {
    pub(super) fn open(url: &str, _: Patience) -> Result<Self, StoreError> {
        Ok(Self { url: url.to_owned() })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn make(&self, _: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        Err(self.absent())
    }

    pub(super) fn read(&self, _: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        Err(self.absent())
    }

    pub(super) fn names(
        &self,
        _: &str,
        _: Option<(&str, &str)>,
    ) -> Result<Vec<String>, StoreError> {
        Err(self.absent())
    }

    pub(super) fn listed(&self, _: Vec<Listing>) -> Result<Vec<Vec<String>>, StoreError> {
        Err(self.absent())
    }

    pub(super) fn folders(&self, _: Vec<String>) -> Result<Vec<InFolder>, StoreError> {
        Err(self.absent())
    }

    pub(super) fn read_versions(
        &self,
        _: Vec<String>,
    ) -> Result<Vec<Option<Versioned>>, StoreError> {
        Err(self.absent())
    }

    pub(super) fn swap(&self, _: Vec<Swap>) -> Result<Vec<bool>, StoreError> {
        Err(self.absent())
    }

    pub(super) fn copy(&self, _: &[(String, std::path::PathBuf)]) -> Result<(), StoreError> {
        Err(self.absent())
    }

    pub(super) fn hold(&self, _: &str) -> Result<Held, StoreError> {
        Err(self.absent())
    }

    pub(super) fn remove(&self, _: &[String]) -> Result<(), StoreError> {
        Err(self.absent())
    }

    fn absent(&self) -> StoreError {
        let (store, problem) = (self.url.clone(), ObjectProblem::NotBuilt);
        StoreError::Object(ObjectError { store, problem, said: None })
    }
}
