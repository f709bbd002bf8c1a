//! How the commit that made something slower is looked for.

use super::drive::LoadArgs;
use super::values::duration;
use super::versions::VersionArgs;
use crate::cli::policy::Network;
use crate::config::parse_limit;
use clap::Args;
use std::num::NonZeroUsize;
use std::time::Duration;

#[derive(Debug, Args)]
pub(in crate::cli) struct BisectArgs {
    /// A commit that was still good [default: the commits around the newest step for the worse that `trend` shows]
    #[arg(requires = "bad")]
    pub(in crate::cli) good: Option<String>,
    /// A later commit that is bad
    pub(in crate::cli) bad: Option<String>,
    /// Load tool and its arguments; `{url}`, `{host}` and `{port}` are those of the version under load, `{users}`,
    /// `{spawn_rate}`, `{duration}` and `{out}` are as for `perfgate run`. Without --serve it is called in the folder of the
    /// version
    #[arg(last = true, required = true)]
    pub(in crate::cli) command: Vec<String>,
    /// Measurement to look at, as `trend` names it: `POST /api/chat p95` (repeatable) [default: that of the step; with two
    /// commits, p50 and p95 of all endpoints, failures, metrics of the test]
    #[arg(long, value_name = "MEASUREMENT", help_heading = "Search")]
    pub(in crate::cli) measurement: Vec<String>,
    /// Smallest change to look for
    #[arg(long, value_name = "PERCENT", value_parser = change, default_value = "5%", help_heading = "Search")]
    pub(in crate::cli) change: f64,
    /// How sure to be
    #[arg(long, value_name = "PERCENT", value_parser = sure, default_value = "95%", help_heading = "Search")]
    pub(in crate::cli) sure: f64,
    /// Measurements to make at most
    #[arg(long, value_name = "N", default_value = "30", help_heading = "Search")]
    pub(in crate::cli) most: NonZeroUsize,
    /// Time that measuring may take [default: no limit]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Search")]
    pub(in crate::cli) budget: Option<Duration>,
    /// Don't use the recorded runs
    #[arg(long, help_heading = "Search")]
    pub(in crate::cli) ignore_records: bool,
    /// Record each measurement for its commit; a search that is stopped goes on from there
    #[arg(long)]
    pub(in crate::cli) record: bool,
    /// Push the records to the remote afterwards
    #[arg(long, requires = "record")]
    pub(in crate::cli) push: bool,
    /// Don't contact the remote
    #[arg(long, conflicts_with = "push")]
    offline: bool,
    #[command(flatten)]
    pub(in crate::cli) versions: VersionArgs,
    #[command(flatten)]
    pub(in crate::cli) load: LoadArgs,
}

impl BisectArgs {
    pub(in crate::cli) fn network(&self) -> Network {
        super::values::network(self.offline)
    }
}

/// A share above 0.
fn change(text: &str) -> Result<f64, String> {
    let known = parse_limit(text).ok().filter(|own| *own >= 0.001);
    known.ok_or_else(|| "write a percentage from 0.1% to 100%".to_owned())
}

/// A probability from 50 % up.
fn sure(text: &str) -> Result<f64, String> {
    let known = parse_limit(text).ok().filter(|own| (0.5..1.0).contains(own));
    known.ok_or_else(|| "write a percentage from 50% to 99.9%".to_owned())
}
