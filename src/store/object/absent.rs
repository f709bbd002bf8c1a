//! A perfgate without object storage, which says so as soon as something is asked of it.

use crate::store::error::StoreError;
use crate::store::object_error::{ObjectError, ObjectProblem};
use crate::store::patience::Patience;

/// The objects below an address, of which nothing can be known.
#[derive(Debug)]
pub(super) struct Objects {
    url: String,
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

    pub(super) fn remove(&self, _: &[String]) -> Result<(), StoreError> {
        Err(self.absent())
    }

    fn absent(&self) -> StoreError {
        let (store, problem) = (self.url.clone(), ObjectProblem::NotBuilt);
        StoreError::Object(ObjectError { store, problem, said: None })
    }
}
