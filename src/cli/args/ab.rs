//! How two versions are measured in turn.

use super::drive::LoadArgs;
use super::gate::OutputArgs;
use super::values::{duration, leniency};
use super::versions::VersionArgs;
use crate::cli::rule_overrides::RuleOverrides;
use crate::config::{Leniency, parse_limit};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(in crate::cli) struct AbArgs {
    /// Load tool and its arguments; `{url}`, `{host}` and `{port}` are those of the version under load, `{users}`,
    /// `{spawn_rate}`, `{duration}` and `{out}` are as for `perfgate run`
    #[arg(last = true, required_unless_present = "command_a")]
    pub(in crate::cli) command: Vec<String>,
    /// Revision to compare with: the commit where this branch left it
    #[arg(long, value_name = "REV", help_heading = "Versions")]
    pub(in crate::cli) baseline: Option<String>,
    /// Commit to compare [default: the working tree as it is]
    #[arg(long, value_name = "REV", requires = "baseline", help_heading = "Versions")]
    pub(in crate::cli) head: Option<String>,
    /// Keep the work tree of the baseline with its build, and use it again for the same commit
    #[arg(long, help_heading = "Versions")]
    pub(in crate::cli) keep_trees: bool,
    /// URL of the baseline, if both versions are running already
    #[arg(
        long,
        value_name = "URL",
        requires = "target_b",
        conflicts_with = "baseline",
        help_heading = "Versions"
    )]
    pub(in crate::cli) target_a: Option<String>,
    /// URL of the version to compare
    #[arg(long, value_name = "URL", requires = "target_a", help_heading = "Versions")]
    pub(in crate::cli) target_b: Option<String>,
    /// Load command of the baseline, if the two versions need different ones; quote it as one argument
    #[arg(long, value_name = "COMMAND", requires = "command_b", conflicts_with_all = ["baseline", "target_a", "command"], help_heading = "Versions")]
    pub(in crate::cli) command_a: Option<String>,
    /// Load command of the version to compare
    #[arg(long, value_name = "COMMAND", requires = "command_a", help_heading = "Versions")]
    pub(in crate::cli) command_b: Option<String>,
    /// Time that measuring may take
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "6m", help_heading = "Pairs")]
    pub(in crate::cli) budget: Duration,
    /// Length of a slice, the load on one version at a time
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s", help_heading = "Pairs")]
    pub(in crate::cli) slice: Duration,
    /// Seed of the order, to repeat it [default: by chance]
    #[arg(long, value_name = "N", help_heading = "Pairs")]
    pub(in crate::cli) seed: Option<u64>,
    /// Record the result for the commits of both versions
    #[arg(long)]
    pub(in crate::cli) record: bool,
    /// Push the records to the remote afterwards
    #[arg(long, requires = "record")]
    pub(in crate::cli) push: bool,
    /// If the comparison is inconclusive, fail (exit 3) or warn (exit 0)
    #[arg(long, value_name = "HOW", value_parser = leniency(), help_heading = "Gate")]
    pub(in crate::cli) inconclusive: Option<Leniency>,
    /// Exit 3 unless this share of the measurements was compared
    #[arg(long, value_name = "PERCENT", value_parser = parse_limit, help_heading = "Gate")]
    pub(in crate::cli) require_coverage: Option<f64>,
    #[command(flatten)]
    pub(in crate::cli) versions: VersionArgs,
    #[command(flatten)]
    pub(in crate::cli) load: LoadArgs,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
    /// Also write a page with tables and plots
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) html: Option<PathBuf>,
}

impl AbArgs {
    pub(in crate::cli) fn overrides(&self) -> RuleOverrides {
        RuleOverrides {
            inconclusive: self.inconclusive,
            require_coverage: self.require_coverage,
            ..RuleOverrides::default()
        }
    }
}
