//! Files in object storage that are results, not records: shards of a distributed load test.

use super::objects::Objects;
use crate::store::error::StoreError;
use crate::store::patience::Patience;
use std::path::{Path, PathBuf};

/// The files below an address.
#[derive(Debug)]
pub struct RemoteFiles {
    objects: Objects,
}

impl RemoteFiles {
    /// The files below an address. Nothing is asked of the service now.
    pub fn open(url: &str, patience: Patience) -> Result<Self, StoreError> {
        Ok(Self { objects: Objects::open(url.trim_end_matches('/'), patience)? })
    }

    /// Their names, from the address on, sorted.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        self.objects.names("", None)
    }

    /// Copies files into a folder, a part at a time, and tells where each is.
    pub fn copy(&self, names: &[String], folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
        let mut copies = Vec::with_capacity(names.len());
        for name in names {
            // Names are those of a service: none leads out of the folder.
            let plain = |part: &&str| !part.is_empty() && *part != "." && *part != "..";
            let path =
                name.split('/').filter(plain).fold(folder.to_owned(), |path, part| path.join(part));
            copies.push((name.clone(), path));
        }
        self.objects.copy(&copies)?;
        Ok(copies.into_iter().map(|(_, path)| path).collect())
    }
}
