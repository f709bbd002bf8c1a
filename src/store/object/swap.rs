//! Objects that are changed: swapped as a whole, and only if they still are what was read.

use super::super::version::{Held, Version, Versioned};
use super::{AT_ONCE, Objects};
use crate::store::error::StoreError;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt as _, PutMode, PutPayload, UpdateVersion};
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

/// An object that is to be put in the place of what it was, or of nothing.
pub(in crate::store::object) struct Swap {
    pub(in crate::store::object) key: String,
    pub(in crate::store::object) bytes: Vec<u8>,
    pub(in crate::store::object) before: Option<Version>,
}

/// What a folder has.
pub(in crate::store::object) struct InFolder {
    pub(in crate::store::object) files: Vec<String>,
    pub(in crate::store::object) folders: Vec<String>,
}

/// A new file, in folders that are made.
fn file_at(path: &std::path::Path) -> Result<File, Error> {
    let make = || {
        path.parent().map(std::fs::create_dir_all).transpose()?;
        File::create(path)
    };
    make().map_err(|error| own(path, error))
}

/// An error of this machine.
fn own(path: &std::path::Path, error: std::io::Error) -> Error {
    Error::Generic { store: "file", source: format!("{}: {error}", path.display()).into() }
}

impl Objects {
    /// What folders have themselves.
    pub(in crate::store::object) fn folders(
        &self,
        folders: Vec<String>,
    ) -> Result<Vec<InFolder>, StoreError> {
        let lists = folders.into_iter().map(|folder| async move {
            let path = self.path(&folder);
            let last = |path: &Path| path.filename().map(str::to_owned);
            self.step(async || {
                let listed = self.store.list_with_delimiter(Some(&path)).await?;
                let files = listed.objects.iter().filter_map(|own| last(&own.location)).collect();
                let folders = listed.common_prefixes.iter().filter_map(last).collect();
                Ok(InFolder { files, folders })
            })
            .await
        });
        self.wait(stream::iter(lists).buffered(AT_ONCE).try_collect())
    }

    /// The contents of objects, and what they were; none of those that are not there.
    pub(in crate::store::object) fn read_versions(
        &self,
        keys: Vec<String>,
    ) -> Result<Vec<Option<Versioned>>, StoreError> {
        let reads = keys.into_iter().map(|key| async move { self.read_one(&key).await });
        let read: Vec<_> = self.wait(stream::iter(reads).buffered(AT_ONCE).try_collect())?;
        read.into_iter().collect()
    }

    /// Swaps objects. False for each that is not any more what it was.
    pub(in crate::store::object) fn swap(&self, all: Vec<Swap>) -> Result<Vec<bool>, StoreError> {
        let swaps = all.into_iter().map(|own| async move { self.swap_one(own).await });
        self.wait(stream::iter(swaps).buffered(AT_ONCE).try_collect())
    }

    async fn swap_one(&self, Swap { key, bytes, before }: Swap) -> Result<bool, Error> {
        let path = self.path(&key);
        let payload = PutPayload::from(bytes);
        let mode = match before {
            // A folder knows no versions: its writers hold a lock.
            _ if self.is_folder() => PutMode::Overwrite,
            Some(Version { e_tag, version }) => PutMode::Update(UpdateVersion { e_tag, version }),
            None => PutMode::Create,
        };
        self.step(async || {
            let put = self.store.put_opts(&path, payload.clone(), mode.clone().into()).await;
            match put {
                Ok(_) => Ok(true),
                Err(
                    Error::Precondition { .. }
                    | Error::AlreadyExists { .. }
                    | Error::NotFound { .. },
                ) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Copies objects into files, a part at a time.
    pub(in crate::store::object) fn copy(
        &self,
        copies: &[(String, PathBuf)],
    ) -> Result<(), StoreError> {
        let all = copies.iter().map(|(key, path)| async move {
            let from = self.path(key);
            self.step(async || {
                let mut parts = self.store.get(&from).await?.into_stream();
                let mut file = file_at(path)?;
                while let Some(part) = parts.try_next().await? {
                    file.write_all(&part).map_err(|error| own(path, error))?;
                }
                Ok(())
            })
            .await
        });
        self.wait(stream::iter(all).buffered(AT_ONCE).try_collect())
    }

    /// Waits until nobody else changes objects in a folder; services tell writers apart themselves.
    pub(in crate::store::object) fn hold(&self, folder: &str) -> Result<Held, StoreError> {
        if !self.is_folder() {
            return Ok(Held { _file: None });
        }
        let folder = PathBuf::from(format!("/{}", self.path(folder)));
        let path = folder.join(".lock");
        let lock = || {
            std::fs::create_dir_all(&folder)?;
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        let file = lock().map_err(|source| StoreError::Io { path: path.clone(), source })?;
        Ok(Held { _file: Some(file) })
    }
}
