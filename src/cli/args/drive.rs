//! How a load tool is driven.

use super::gate::OutputArgs;
use super::results::RunArgs;
use super::values::{duration, leniency, money};
use crate::config::Leniency;
use crate::driver::StopRule;
use clap::Args;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct DriveArgs {
    /// Load tool and its arguments; `{users}`, `{spawn_rate}`, `{duration}` and `{out}` (results folder) are filled in.
    /// `locust` and `k6 run` get the matching options if none of these is used
    #[arg(last = true, required = true)]
    pub(in crate::cli) command: Vec<String>,
    /// Run N times, replacing at most N disturbed runs [default: 1]
    #[arg(long, value_name = "N", conflicts_with = "until_decided")]
    pub(in crate::cli) repeat: Option<NonZeroUsize>,
    /// Run and judge until the verdict is clear, at most M times [default: gate.max_runs, or until calls and money are spent].
    /// At most M disturbed runs are replaced
    #[arg(long, value_name = "M")]
    pub(in crate::cli) until_decided: Option<Option<usize>>,
    /// Calls that all runs may make together (with --until-decided) [default: gate.max_calls]
    #[arg(long, value_name = "N", requires = "until_decided")]
    pub(in crate::cli) max_calls: Option<NonZeroU64>,
    /// Money that all runs may cost together, in US dollars (with --until-decided) [default: gate.max_cost]
    #[arg(long, value_name = "USD", value_parser = money, requires = "until_decided")]
    pub(in crate::cli) max_cost: Option<f64>,
    /// Revision to compare with (with --until-decided)
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) baseline: Option<String>,
    /// Wait up to this long for a quiet machine (`5m`) instead of refusing a busy one
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(in crate::cli) wait_for_quiet: Option<std::time::Duration>,
    /// Run even if the machine is busy, and keep disturbed runs
    #[arg(long, conflicts_with = "wait_for_quiet")]
    pub(in crate::cli) busy_ok: bool,
    /// If the profile is skipped, fail (exit 3) or warn (exit 0)
    #[arg(long, value_name = "HOW", value_parser = leniency())]
    pub(in crate::cli) skipped: Option<Leniency>,
    /// Don't record the runs
    #[arg(long)]
    pub(in crate::cli) no_record: bool,
    /// Commit being measured [default: the checked-out commit]
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) commit: Option<String>,
    /// Push the records to the remote afterwards
    #[arg(long)]
    pub(in crate::cli) push: bool,
    #[command(flatten)]
    pub(in crate::cli) load: LoadArgs,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

/// How the tool is run, and where its results are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Load")]
pub(in crate::cli) struct LoadArgs {
    /// Secret environment variable to pass to the tool, such as GITHUB_TOKEN (repeatable; by default, secrets of CI, forges
    /// and perfgate are withheld)
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) pass_env: Vec<String>,
    /// Also record CPU and memory of this service: a process id, a name, or cgroup:PATH
    #[arg(long, value_name = "SERVICE")]
    pub(in crate::cli) watch: Option<String>,
    /// Time limit for the tool, such as `15m` [default: 1.5 × the duration + 1 minute]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(in crate::cli) timeout: Option<std::time::Duration>,
    /// End the load early if this holds, such as `error_rate > 50% for 10s`, or `response_time > 5s for 10s` for a queue that
    /// grows (Locust with --csv, k6 with --out json)
    #[arg(long, value_name = "CONDITION")]
    pub(in crate::cli) stop_when: Option<StopRule>,
    /// Root of the kernel's `proc` and `sys`, for tests
    #[arg(long, value_name = "FOLDER", default_value = "/", hide = true)]
    pub(in crate::cli) kernel: PathBuf,
    /// New folder for logs and results [default: perfgate-results/PROFILE-TIME]
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Result files or globs, if the tool doesn't write to `{out}` (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub(in crate::cli) results: Vec<String>,
    /// Add resource data: a CSV over time, or prometheus:URL (repeatable)
    #[arg(long, value_name = "FILE|prometheus:URL")]
    pub(in crate::cli) attach: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
}
