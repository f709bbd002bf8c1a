//! Objects in memory that tests share.

use super::fleet::Fleet;
use super::objects::Objects;
use super::{Dates, ObjectStore};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};
use std::sync::Arc;

/// Where the objects are.
const ROOT: &str = "fleet";

/// Objects in memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<InMemory>);

impl Memory {
    /// All services.
    pub(crate) fn fleet(&self) -> Fleet {
        Fleet::of(self.objects(ROOT))
    }

    /// The store of one service.
    pub(crate) fn store(&self, service: &str, dates: Dates) -> ObjectStore {
        let objects = self.objects(&format!("{ROOT}/{service}"));
        ObjectStore { objects, dates, shelf: Arc::default() }
    }

    /// The content of an object.
    pub(crate) fn get(&self, key: &str) -> Vec<u8> {
        let read = async { self.0.get(&path(key)).await.unwrap().bytes().await.unwrap().to_vec() };
        now(read)
    }

    /// Puts an object in the place of any other.
    pub(crate) fn put(&self, key: &str, content: &[u8]) {
        now(self.0.put(&path(key), PutPayload::from(content.to_vec()))).unwrap();
    }

    fn objects(&self, root: &str) -> Objects {
        Objects::of(Arc::clone(&self.0) as _, Path::from(root), "memory://").unwrap()
    }
}

fn path(key: &str) -> Path {
    Path::from(format!("{ROOT}/{key}"))
}

fn now<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}
