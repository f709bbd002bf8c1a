//! The resolved policy: what a gate goes by, with no default left open.

use super::budget::Query;
use super::cadence::Cadence;
use super::defaults;
use super::pattern::Pattern;
use super::rules::Rules;
use std::collections::BTreeMap;
use std::time::Duration;

/// A resolved policy.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    /// Result files or globs that are read when a command names none.
    pub results: Vec<String>,
    /// Documents that say what the policy demands.
    pub documents: Vec<String>,
    /// The runs that a new one is compared with.
    pub baseline: BaselineChoice,
    /// Where runs are kept.
    pub store: StoreChoice,
    /// Patterns whose endpoints are one in raw samples.
    pub collapse: Vec<Pattern>,
    /// Queries that `--attach prometheus:URL` asks.
    pub prometheus: Vec<Query>,
    /// How many megabytes one of a resource file's column is, where it is not one.
    pub resource_units: BTreeMap<String, f64>,
    /// How often profiles are to be run.
    pub cadence: Vec<Cadence>,
    /// The columns of a history, by name.
    pub trend_columns: Vec<String>,
    /// Files with rules of Prometheus that are still to be added, seen from the policy's folder.
    pub rule_files: Vec<String>,
    /// What decides.
    pub rules: Rules,
}

/// The runs that a new one is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineChoice {
    /// The revision to use when a command names none.
    pub branch: Option<String>,
    /// First-parent commits that are searched, from the merge base on.
    pub max_distance: usize,
    /// Comparable runs that are taken, nearest first.
    pub window: usize,
    /// A pinned revision that is compared with as well, so that many small changes add up.
    pub anchor: Option<String>,
}

impl Default for BaselineChoice {
    fn default() -> Self {
        let (max_distance, window) = (defaults::MAX_DISTANCE, defaults::WINDOW);
        Self { branch: None, max_distance, window, anchor: None }
    }
}

/// Where runs are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreChoice {
    /// The sort of store, and where it is.
    pub place: StorePlace,
    /// The remote of the git store; none: `origin`, else the one that the branch tracks.
    pub remote: Option<String>,
    /// Whether histograms are kept beside the runs.
    pub keep_histograms: bool,
    /// How long the remote may be silent.
    pub timeout: Duration,
}

/// The sort of store, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorePlace {
    /// A ref of the repository itself.
    Git,
    /// A folder, seen from the policy's.
    Directory(String),
    /// An address of object storage.
    Object(String),
}

impl Default for StoreChoice {
    fn default() -> Self {
        Self {
            place: StorePlace::Git,
            remote: None,
            keep_histograms: true,
            timeout: defaults::TIMEOUT,
        }
    }
}
