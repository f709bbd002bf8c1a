//! Where a baseline was looked for, commit by commit, and what was found there.

use super::commit::CommitId;
use super::comparability::Difference;
use super::untrusted::Untrusted;

/// One commit that was looked at on the way to a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visited {
    /// The commit.
    pub commit: CommitId,
    /// First-parent steps from the merge base; 0 is the merge base.
    pub distance: usize,
    /// Commit date.
    pub date: jiff::Timestamp,
    /// First line of its message.
    pub subject: Untrusted,
    /// What was found.
    pub outcome: Outcome,
    /// Its runs that are not part of the baseline.
    pub passed_over: Vec<PassedOver>,
}

/// A recorded run that is not part of a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The id of its record.
    pub run: String,
    /// Why.
    pub why: NotTaken,
}

/// Why a run is not part of a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// A newer perfgate recorded it.
    OtherVersion,
    /// It is not comparable with the new run.
    NotComparable {
        /// What differs.
        differences: Vec<Difference>,
    },
    /// The same measurement is recorded for another commit, or for this one again.
    SameMeasurement {
        /// The commit whose record counts.
        of: CommitId,
    },
}

/// What a commit had to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Runs of it are part of the baseline.
    Taken {
        /// How many.
        runs: usize,
    },
    /// Nothing is recorded for it.
    NoRecord,
    /// Its runs were recorded by a newer perfgate, in a format that this one does not read.
    OtherVersion,
    /// It is the commit under test: a run is never compared with its own commit.
    UnderTest,
    /// Its runs are not comparable with this one; the differences of the one that comes nearest.
    NotComparable {
        /// What differs.
        differences: Vec<Difference>,
    },
    /// Its run is the measurement that is recorded for an older commit, which counts.
    SameMeasurement {
        /// That commit.
        of: CommitId,
    },
}
