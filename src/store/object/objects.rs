//! Objects of a service, many at once: made if they are not there, read, listed and removed. Waits for all of them.

#[path = "swap.rs"]
mod swap;

pub(super) use swap::Swap;

use super::classify::{is_missing, is_there, may_be_repeated, store_error};
use super::connect::{Connected, connect, secrets};
use super::version::{Version, Versioned};
use crate::store::blob::check;
use crate::store::error::StoreError;
use crate::store::patience::{Patience, Waiting};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Requests that are under way at once.
pub(super) const AT_ONCE: usize = 16;
/// How often something that failed on the way is tried again, beyond what the service asks for.
const AGAIN: u32 = 3;
/// Before the first time; twice as long before the next.
const PAUSE: Duration = Duration::from_millis(50);
/// Comes after every name that begins with what stands in front of it.
const LAST: &str = "~";
/// How often a line about waiting is renewed.
const TICK: Duration = Duration::from_millis(100);

/// A folder whose names are wanted, from one on.
pub(super) struct Listing {
    pub(super) folder: String,
    pub(super) from: Option<String>,
}

/// The objects below an address.
pub(super) struct Objects {
    pub(super) store: Arc<dyn ObjectStore>,
    root: Path,
    runtime: Runtime,
    url: String,
    #[cfg(test)]
    pub(super) faults: super::kills::Faults,
}

impl Objects {
    pub(super) fn open(url: &str, patience: Patience) -> Result<Self, StoreError> {
        let Connected { store, root } = connect(url, patience).map_err(StoreError::Object)?;
        Self::of(store, root, url)
    }

    pub(super) fn of(
        store: Arc<dyn ObjectStore>,
        root: Path,
        url: &str,
    ) -> Result<Self, StoreError> {
        let wrap = |source| StoreError::Io { path: url.into(), source };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(wrap)?;
        let url = url.to_owned();
        Ok(Self {
            store,
            root,
            runtime,
            url,
            #[cfg(test)]
            faults: super::kills::Faults::default(),
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Makes objects that are not there yet; those that are stay as they are.
    pub(super) fn make(&self, objects: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        let puts = objects.into_iter().map(|(key, bytes)| self.make_one(key, bytes));
        self.wait(stream::iter(puts).buffer_unordered(AT_ONCE).try_collect())
    }

    async fn make_one(&self, key: String, bytes: Vec<u8>) -> Result<(), Error> {
        let path = self.path(&key);
        let payload = PutPayload::from(bytes);
        self.step(async || {
            match self.store.put_opts(&path, payload.clone(), PutMode::Create.into()).await {
                Err(error) if !is_there(&error) => Err(error),
                _ => Ok(()),
            }
        })
        .await
    }

    /// The contents of objects, in their order; none of those that are not there.
    pub(super) fn read(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let reads = keys.into_iter().map(|key| async move { self.read_one(&key).await });
        let read: Vec<_> = self.wait(stream::iter(reads).buffered(AT_ONCE).try_collect())?;
        read.into_iter().map(|read| Ok(read?.map(|(bytes, _)| bytes))).collect()
    }

    async fn read_one(&self, key: &str) -> Result<Result<Option<Versioned>, StoreError>, Error> {
        let path = self.path(key);
        self.step(async || match self.store.get(&path).await {
            Ok(found) => match check(found.meta.size) {
                Ok(()) => {
                    let (e_tag, version) = (found.meta.e_tag.clone(), found.meta.version.clone());
                    let bytes = found.bytes().await?.to_vec();
                    Ok(Ok(Some((bytes, Version { e_tag, version }))))
                }
                Err(large) => Ok(Err(large.of(format!("{}/{key}", self.url)))),
            },
            Err(error) if is_missing(&error) => Ok(Ok(None)),
            Err(error) => Err(error),
        })
        .await
    }

    /// The names of the objects in a folder, from its name on, sorted: all of them, or those between two.
    pub(super) fn names(
        &self,
        folder: &str,
        range: Option<(&str, &str)>,
    ) -> Result<Vec<String>, StoreError> {
        let (from, to) = range.unzip();
        self.wait(self.list(folder, from, to))
    }

    /// The same of several folders at once, each from a name on.
    pub(super) fn listed(&self, listings: Vec<Listing>) -> Result<Vec<Vec<String>>, StoreError> {
        let lists = listings.into_iter().map(|Listing { folder, from }| async move {
            self.list(&folder, from.as_deref(), None).await
        });
        self.wait(stream::iter(lists).buffered(AT_ONCE).try_collect())
    }

    async fn list(
        &self,
        folder: &str,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<Vec<String>, Error> {
        let prefix = self.path(folder);
        let mut names: Vec<String> =
            self.step(async || self.list_once(&prefix, from, to).await).await?;
        names.sort_unstable();
        Ok(names)
    }

    async fn list_once(
        &self,
        prefix: &Path,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<Vec<String>, Error> {
        let name = |object: &ObjectMeta| {
            let all = object.location.as_ref();
            all.strip_prefix(prefix.as_ref()).map(|name| name.trim_start_matches('/').to_owned())
        };
        let beyond = |name: &str| to.is_some_and(|to| *name > *format!("{to}{LAST}"));
        let mut listed = match from {
            Some(from) => self.store.list_with_offset(Some(prefix), &prefix.clone().join(from)),
            None => self.store.list(Some(prefix)),
        };
        let mut names = Vec::new();
        while let Some(object) = listed.try_next().await? {
            let Some(name) = name(&object) else { continue };
            if beyond(&name) {
                // Services list in order: what is beyond need not be asked for.
                if self.is_folder() {
                    continue;
                }
                break;
            }
            if from.is_none_or(|from| *name >= *from) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Whether this is a folder of this machine, which is listed in no order.
    pub(super) fn is_folder(&self) -> bool {
        self.url.starts_with("file:")
    }

    /// Removes objects; those that are not there need no removal.
    pub(super) fn remove(&self, keys: &[String]) -> Result<(), StoreError> {
        for keys in keys.chunks(1_000) {
            let paths: Vec<Path> = keys.iter().map(|key| self.path(key)).collect();
            self.wait(self.step(async || {
                let mut removed = self
                    .store
                    .delete_stream(stream::iter(paths.clone().into_iter().map(Ok)).boxed());
                while let Some(removed) = removed.next().await {
                    match removed {
                        Err(error) if !is_missing(&error) => return Err(error),
                        _ => {}
                    }
                }
                Ok(())
            }))?;
        }
        Ok(())
    }

    pub(super) fn path(&self, key: &str) -> Path {
        key.split('/')
            .filter(|part| !part.is_empty())
            .fold(self.root.clone(), |path, part| path.join(part))
    }

    /// Does one thing that may be done twice; once more where it failed on the way.
    pub(super) async fn step<T>(
        &self,
        work: impl AsyncFn() -> Result<T, Error>,
    ) -> Result<T, Error> {
        #[cfg(test)]
        self.faults.before()?;
        let mut tries = 0;
        let done = loop {
            match work().await {
                Err(error) if tries < AGAIN && may_be_repeated(&error) => {
                    tokio::time::sleep(PAUSE * 2_u32.pow(tries)).await;
                    tries += 1;
                }
                done => break done?,
            }
        };
        #[cfg(test)]
        self.faults.after()?;
        Ok(done)
    }

    /// Waits until it is done, and not in silence.
    pub(super) fn wait<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, StoreError> {
        let mut waiting = Waiting::new(&self.url);
        let done = self.runtime.block_on(async {
            let mut work = pin!(work);
            loop {
                match tokio::time::timeout(TICK, work.as_mut()).await {
                    Ok(done) => return done,
                    Err(_) => waiting.look(),
                }
            }
        });
        done.map_err(|error| store_error(&self.url, &error, &secrets()))
    }
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").field("url", &self.url).finish_non_exhaustive()
    }
}
