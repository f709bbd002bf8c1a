//! What one folder of the store holds, and how two sides of it become one.
//!
//! A record is there or was removed, and a removal is written down: the number of times that it was added and removed
//! counts up, odd while it is there. Two sides are joined by the larger count. That is the same whatever the order and
//! however often it is done, so no side needs to know the other's history, and nothing is ever taken for removed because
//! it is absent. (A causal-length set: Yu & Rostad 2020, "A low-cost set CRDT based on causal lengths".)

use git2::Oid;
use std::collections::{BTreeMap, BTreeSet};

/// How often something was added and removed: 0 never, odd while it is there.
pub(super) type Life = u32;

/// What is known of one record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// The run; none where it was removed.
    pub(super) run: Option<Oid>,
    /// Its histograms.
    pub(super) histograms: Option<Oid>,
    /// Additions and removals of the run.
    pub(super) life: Life,
    /// Additions and removals of the histograms.
    pub(super) histograms_life: Life,
}

/// Whether it is there.
pub(super) fn is_there(life: Life) -> bool {
    life % 2 == 1
}

/// The count after an addition.
pub(super) fn added(life: Life) -> Life {
    if is_there(life) { life } else { life.saturating_add(1) }
}

/// The count after a removal.
pub(super) fn removed(life: Life) -> Life {
    if is_there(life) { life.saturating_add(1) } else { life }
}

impl Kept {
    /// Adds a run; one that is there stays as it is.
    pub(super) fn add(&mut self, run: Oid, histograms: Option<Oid>) {
        if self.run.is_some() {
            return;
        }
        (self.run, self.life) = (Some(run), added(self.life));
        if histograms.is_some() && self.histograms.is_none() {
            (self.histograms, self.histograms_life) = (histograms, added(self.histograms_life));
        }
    }

    pub(super) fn remove(&mut self) {
        (self.run, self.life) = (None, removed(self.life));
        self.remove_histograms();
    }

    pub(super) fn remove_histograms(&mut self) {
        (self.histograms, self.histograms_life) = (None, removed(self.histograms_life));
    }

    /// Forgets a run that cannot be read, as if it had never been here: a good copy of it takes its place.
    pub(super) fn forget(&mut self) {
        self.life -= u32::from(is_there(self.life));
        self.run = None;
        self.forget_histograms();
    }

    /// The same for the histograms alone.
    pub(super) fn forget_histograms(&mut self) {
        self.histograms_life -= u32::from(is_there(self.histograms_life));
        self.histograms = None;
    }

    fn join(&self, name: &str, other: &Self) -> Self {
        let life = self.life.max(other.life);
        let histograms_life = self.histograms_life.max(other.histograms_life);
        let run = choose(self.run, other.run, |run| is_of(name, run));
        let histograms = choose(self.histograms, other.histograms, |_| true);
        // Each goes by its own count alone, or the order of joins would matter.
        Self {
            run: run.filter(|_| is_there(life)),
            histograms: histograms.filter(|_| is_there(histograms_life)),
            life,
            histograms_life,
        }
    }
}

/// Whether a run's blob is what its record is named after: the id is the beginning of the blob's hash.
pub(super) fn is_of(name: &str, run: Oid) -> bool {
    name.rsplit_once('-').is_some_and(|(_, id)| run.to_string().starts_with(id))
}

/// One of two contents: the right one, and the same one on every side.
fn choose(a: Option<Oid>, b: Option<Oid>, right: impl Fn(Oid) -> bool) -> Option<Oid> {
    match (a, b) {
        (Some(a), Some(b)) if right(a) != right(b) => Some(if right(a) { a } else { b }),
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The records of all commits that begin with the same two digits, by their name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bucket(pub(super) BTreeMap<String, Kept>);

impl Bucket {
    /// Both sides in one.
    pub(super) fn join(&self, other: &Self) -> Self {
        let mut joined = self.0.clone();
        for (name, theirs) in &other.0 {
            let own = joined.entry(name.clone()).or_default();
            *own = own.join(name, theirs);
        }
        Self(joined)
    }

    /// The names of the runs that are there.
    pub(super) fn runs(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, kept)| kept.run.is_some()).map(|(name, _)| name.as_str())
    }

    /// The names of the runs that should be there, whether they are or not.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, kept)| is_there(kept.life)).map(|(name, _)| name.as_str())
    }

    /// The runs that are there and not in another state of the folder.
    pub(super) fn runs_beyond<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        self.runs().filter(|name| other.0.get(*name).is_none_or(|kept| kept.run.is_none()))
    }

    /// What is in this state of the folder and not in another one, with its counts.
    pub(super) fn beyond(&self, other: &Self) -> Self {
        let new = |name: &String, kept: &Kept| {
            let theirs = other.0.get(name).copied().unwrap_or_default();
            let joined = kept.join(name, &theirs);
            joined != theirs
        };
        let own = self.0.iter().filter(|(name, kept)| new(name, kept));
        Self(own.map(|(name, kept)| (name.clone(), *kept)).collect())
    }

    /// The contents of what is there.
    pub(super) fn contents(&self) -> Vec<Oid> {
        self.0.values().flat_map(|kept| [kept.run, kept.histograms]).flatten().collect()
    }

    /// Adds histograms to a run that is there without.
    pub(super) fn add_histograms(&mut self, name: &str, histograms: Oid) {
        if let Some(kept) = self.0.get_mut(name).filter(|kept| kept.histograms.is_none()) {
            (kept.histograms, kept.histograms_life) =
                (Some(histograms), added(kept.histograms_life));
        }
    }

    /// Forgets contents that cannot be had.
    pub(super) fn forget(&mut self, absent: &BTreeSet<Oid>) {
        if absent.is_empty() {
            return;
        }
        for kept in self.0.values_mut() {
            if kept.run.is_some_and(|run| absent.contains(&run)) {
                kept.forget();
            } else if kept.histograms.is_some_and(|own| absent.contains(&own)) {
                kept.forget_histograms();
            }
        }
    }

    /// Whether something that another state of the folder has is not in this one.
    pub(super) fn lacks_of(&self, other: &Self) -> bool {
        let gone = |name: &String, kept: &Kept| {
            let own = self.0.get(name).copied().unwrap_or_default();
            (kept.run.is_some() && own.run.is_none())
                || (kept.histograms.is_some() && own.histograms.is_none())
        };
        other.0.iter().any(|(name, kept)| gone(name, kept))
    }

    /// The counts that the files alone do not tell, as names: `<record>-<run>-<histograms>`.
    pub(super) fn lives(&self) -> impl Iterator<Item = String> {
        let implied = |kept: &Kept| {
            kept.life == Life::from(kept.run.is_some())
                && kept.histograms_life == Life::from(kept.histograms.is_some())
        };
        let told = self.0.iter().filter(move |(_, kept)| !implied(kept));
        told.map(|(name, kept)| format!("{name}-{}-{}", kept.life, kept.histograms_life))
    }

    /// Reads such a name back. What is no such name is none of ours and does not count.
    pub(super) fn read_life(&mut self, told: &str) {
        let mut parts = told.rsplitn(3, '-');
        let (Some(histograms), Some(run), Some(name)) = (parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        // Nobody counts as far as that, and from there on no count could go on.
        let count = |text: &str| text.parse().ok().filter(|life: &Life| *life < Life::MAX / 2);
        if let (Some(run), Some(histograms)) = (count(run), count(histograms)) {
            let kept = self.0.entry(name.to_owned()).or_default();
            kept.life = kept.life.max(run);
            kept.histograms_life = kept.histograms_life.max(histograms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blob(n: u8) -> Oid {
        Oid::from_bytes(&[n; 20]).unwrap()
    }

    /// Folders as a few hands may have made them, each from nothing.
    fn bucket() -> impl Strategy<Value = Bucket> {
        let step = (0..4_u8, 0..3_u8);
        prop::collection::vec(step, 0..8).prop_map(|steps| {
            let mut bucket = Bucket::default();
            for (what, n) in steps {
                let kept =
                    bucket.0.entry(format!("0-{:016x}", u64::from_be_bytes([n; 8]))).or_default();
                match what {
                    0 => kept.add(blob(n), Some(blob(n + 100))),
                    1 => kept.add(blob(n), None),
                    2 => kept.remove(),
                    _ => kept.remove_histograms(),
                }
            }
            bucket
        })
    }

    proptest! {
        #[test]
        fn a_join_does_not_depend_on_order_or_repetition(a in bucket(), b in bucket(), c in bucket()) {
            prop_assert_eq!(a.join(&a), a.clone());
            prop_assert_eq!(a.join(&b), b.join(&a));
            prop_assert_eq!(a.join(&b).join(&c), a.join(&b.join(&c)));
            prop_assert_eq!(a.join(&b).join(&b), a.join(&b));
        }

        #[test]
        fn what_files_and_counts_tell_is_all_there_is(bucket in bucket()) {
            let mut again = Bucket::default();
            for (name, kept) in &bucket.0 {
                let (life, histograms_life) =
                    (Life::from(kept.run.is_some()), Life::from(kept.histograms.is_some()));
                again.0.insert(name.clone(), Kept { life, histograms_life, ..*kept });
            }
            bucket.lives().for_each(|told| again.read_life(&told));
            prop_assert_eq!(again, bucket);
        }
    }

    #[test]
    fn a_removal_holds_until_somebody_adds_the_record_again() {
        let name = "0-0101010101010101";
        let mut here = Bucket::default();
        here.0.entry(name.to_owned()).or_default().add(blob(1), None);
        let there = here.clone();
        here.0.get_mut(name).unwrap().remove();
        assert_eq!(here.join(&there).runs().count(), 0);
        here.0.get_mut(name).unwrap().add(blob(1), None);
        assert_eq!(there.join(&here).runs().count(), 1);
    }

    #[test]
    fn of_two_contents_the_one_that_the_name_tells_is_taken() {
        let name = "0-0202020202020202";
        let with = |run: u8| {
            let kept = Kept { run: Some(blob(run)), life: 1, ..Kept::default() };
            Bucket(BTreeMap::from([(name.to_owned(), kept)]))
        };
        for (a, b) in [(1, 2), (2, 1), (2, 3)] {
            assert_eq!(with(a).join(&with(b)).0[name].run, Some(blob(2)));
        }
    }
}
