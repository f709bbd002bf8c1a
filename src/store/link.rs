//! What exchanging records needs of a remote, and a real one.

use super::error::StoreError;
use super::git_store::GitStore;
use super::push::{Change, PushOutcome, push};
use super::remote::Remote;
use super::talk::Talk;
use git2::Oid;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// The way to a remote.
pub(super) trait Link {
    /// The remote's name, for messages.
    fn name(&self) -> &str;
    /// Where it is.
    fn url(&self) -> &str;
    /// Brings the newest state of its refs here, and with `whole` all their folders; the refs by their names without
    /// `refs/perfgate/`.
    fn fetch(&self, whole: bool) -> Result<Vec<(String, Oid)>, StoreError>;
    /// Changes its refs, all or none. The first is the one that tells who was faster.
    fn push(&self, changes: &[(String, Change)]) -> Result<PushOutcome, StoreError>;
    /// Whether readers see a ref.
    fn shows(&self, name: &str) -> Result<bool, StoreError>;
    /// Lets others go first.
    fn pause(&self);
}

/// A talk with a remote through the `git` program.
pub(super) struct Talking<'a> {
    store: &'a GitStore,
    remote: &'a Remote,
    talk: Talk,
}

impl<'a> Talking<'a> {
    /// A talk in which this state of the remote need not be sent again.
    pub(super) fn open(
        store: &'a GitStore,
        remote: &'a Remote,
        known: Option<(Oid, bool)>,
    ) -> Result<Self, StoreError> {
        Ok(Self { store, remote, talk: Talk::open(store.path(), known)? })
    }
}

impl Link for Talking<'_> {
    fn name(&self) -> &str {
        self.remote.name()
    }

    fn url(&self) -> &str {
        self.remote.url()
    }

    fn fetch(&self, whole: bool) -> Result<Vec<(String, Oid)>, StoreError> {
        self.remote.fetch_store(&self.talk, whole)?;
        self.talk.keep()?;
        self.store.refresh()?;
        self.talk.incoming()
    }

    fn push(&self, changes: &[(String, Change)]) -> Result<PushOutcome, StoreError> {
        push(self.remote, &self.talk, changes)
    }

    fn shows(&self, name: &str) -> Result<bool, StoreError> {
        // What is pushed elsewhere comes to be seen when it comes to be there.
        Ok(self.remote.pushes_elsewhere() || !self.remote.listed(&self.talk, &[name])?.is_empty())
    }

    /// A flat random pause of 0.1 to 1 s: with many writers at once, growing pauses starve the unlucky.
    fn pause(&self) {
        let random = RandomState::new().build_hasher().finish();
        std::thread::sleep(Duration::from_millis(100 + random % 900));
    }
}
