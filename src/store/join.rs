//! Joining what is here with what a remote has: by buckets, reading only those that differ.

use super::bucket::Bucket;
use super::error::StoreError;
use super::snapshot::{Leaf, Leaves};
use git2::{Oid, Repository};
use std::collections::BTreeSet;

/// The states that are joined.
#[derive(Debug, Default)]
pub(super) struct Sides {
    /// What is here.
    pub(super) own: Leaves,
    /// What the remote had when it was last joined.
    pub(super) seen: Leaves,
    /// What the remote has.
    pub(super) theirs: Leaves,
    /// What else the remote has, in refs of their own.
    pub(super) inbox: Vec<Leaves>,
    /// Contents that are known of here and can be had nowhere any more.
    pub(super) absent: BTreeSet<Oid>,
}

/// What came of it, and how many runs it concerns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Joined {
    pub(super) leaves: Leaves,
    /// Were here, and somebody removed them.
    pub(super) dropped: usize,
    /// Whether anything that was here is not any more.
    pub(super) less: bool,
    /// Are known of here, and their contents can be had nowhere any more.
    pub(super) gone: usize,
    /// Are here, were seen on the remote, and are not there any more although nobody removed them.
    pub(super) lost: usize,
    /// Are not in the remote's state.
    pub(super) new: usize,
    /// Whether the remote's state holds what was removed.
    pub(super) removes: bool,
}

impl Sides {
    /// The buckets that have to be read: those in which the sides are not one.
    fn different(&self) -> Vec<u8> {
        let mut digits: Vec<u8> =
            self.own.digits().chain(self.inbox.iter().flat_map(Leaves::digits)).collect();
        digits.sort_unstable();
        digits.dedup();
        let is_one = |digits: u8| {
            let theirs = self.theirs.get(digits);
            let same = |leaf: Leaf| leaf == theirs || leaf.is_empty();
            same(self.own.get(digits)) && self.inbox.iter().all(|inbox| same(inbox.get(digits)))
        };
        digits.retain(|digits| !is_one(*digits));
        digits
    }

    /// The folders and files that have to be here: those of the remote, and those that are known here but were never
    /// fetched.
    pub(super) fn needed(&self, repository: &Repository) -> Result<[Vec<Oid>; 2], StoreError> {
        let mut needed = [Vec::new(), Vec::new()];
        for digits in self.different() {
            needed[0].extend(self.theirs.get(digits).missing(repository)?);
            for inbox in &self.inbox {
                needed[0].extend(inbox.get(digits).missing(repository)?);
            }
            needed[1].extend(self.own.get(digits).missing(repository)?);
        }
        for list in &mut needed {
            list.sort();
            list.dedup();
        }
        Ok(needed)
    }

    /// The contents of records that the remote has not, as far as they are not here: it cannot be given what is not
    /// here.
    pub(super) fn contents(&self, repository: &Repository) -> Result<Vec<Oid>, StoreError> {
        let odb = repository.odb().map_err(StoreError::git("reading the store"))?;
        let mut missing = Vec::new();
        for digits in self.different() {
            let own = read_if_here(repository, self.own.get(digits))?;
            let theirs = self.theirs.get(digits).read(repository)?;
            let mut new = own.beyond(&theirs);
            for inbox in &self.inbox {
                new = new.beyond(&inbox.get(digits).read(repository)?);
            }
            missing.extend(new.contents().into_iter().filter(|part| !odb.exists(*part)));
        }
        Ok(missing)
    }

    /// All of them in one. What is known here but can be had nowhere any more was never here.
    pub(super) fn join(&self, repository: &Repository) -> Result<Joined, StoreError> {
        let mut joined = Joined { leaves: self.theirs.clone(), ..Joined::default() };
        for digits in self.different() {
            let mut own = read_if_here(repository, self.own.get(digits))?;
            let before = own.clone();
            own.forget(&self.absent);
            joined.gone += before.runs().count() - own.runs().count();
            let seen = read_if_here(repository, self.seen.get(digits))?;
            let theirs = self.theirs.get(digits).read(repository)?;
            let mut all = own.join(&theirs);
            for inbox in &self.inbox {
                all = all.join(&inbox.get(digits).read(repository)?);
            }
            joined.dropped += own.runs_beyond(&all).count();
            joined.new += all.runs_beyond(&theirs).count();
            let is_lost = |name: &&str| has(&own, name) && has(&seen, name);
            joined.lost += all.runs_beyond(&theirs).filter(is_lost).count();
            joined.less |= all.lacks_of(&before);
            joined.removes |= all.lacks_of(&theirs);
            if all != theirs {
                joined.leaves.set(digits, Leaf::write(repository, &all)?);
            }
        }
        Ok(joined)
    }
}

fn has(bucket: &Bucket, name: &str) -> bool {
    bucket.0.get(name).is_some_and(|kept| kept.run.is_some())
}

fn read_if_here(repository: &Repository, leaf: Leaf) -> Result<Bucket, StoreError> {
    if leaf.missing(repository)?.is_empty() { leaf.read(repository) } else { Ok(Bucket::default()) }
}
