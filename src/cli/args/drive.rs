//! How a load tool is driven.

use super::duration;
use super::results::RunArgs;
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct DriveArgs {
    /// The load tool and its arguments. `{users}`, `{spawn_rate}`, `{duration}` and `{out}` (a folder for results) are filled in;
    /// `locust` and `k6 run` without any of them get their options by themselves
    #[arg(last = true, required_unless_present = "ab")]
    pub(in crate::cli) command: Vec<String>,
    /// How often to run [default: 1]. A run that was disturbed is made again, at most N times in all
    #[arg(long, value_name = "N", conflicts_with_all = ["until_decided", "ab"])]
    pub(in crate::cli) repeat: Option<NonZeroUsize>,
    /// Run, compare, and run again only while the comparison asks for it, at most M times [default: `gate.max_runs`].
    /// A run that was disturbed is made again, at most M times in all
    #[arg(long, value_name = "M", conflicts_with = "ab")]
    pub(in crate::cli) until_decided: Option<Option<usize>>,
    /// Revision to compare with, for --until-decided
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) baseline: Option<String>,
    /// Two commands, each as one argument: base and head are run in turn (A B B A …) and compared; nothing is recorded
    #[arg(long, num_args = 2, value_names = ["BASE", "HEAD"])]
    pub(in crate::cli) ab: Option<Vec<String>>,
    /// How often each of the two is run
    #[arg(long, value_name = "N", default_value = "3", requires = "ab")]
    pub(in crate::cli) rounds: NonZeroUsize,
    /// Variable of the environment that the tool gets although it holds a secret of CI, a forge or perfgate (`GITHUB_TOKEN`);
    /// without it, the tool gets none of them
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) pass_env: Vec<String>,
    /// The service whose CPU and memory are watched as well: a process id, a name, or cgroup:PATH
    #[arg(long, value_name = "SERVICE")]
    pub(in crate::cli) watch: Option<String>,
    /// Time after which the tool is ended (`15m`) [default: one and a half times the duration, and a minute]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(in crate::cli) timeout: Option<std::time::Duration>,
    /// Wait for so long until the machine is quiet (`5m`), instead of not starting while it is busy
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(in crate::cli) wait_for_quiet: Option<std::time::Duration>,
    /// Measure on a busy machine: start at once, and let disturbed runs count
    #[arg(long, conflicts_with = "wait_for_quiet")]
    pub(in crate::cli) busy_ok: bool,
    /// Where the kernel's `proc` and `sys` are: for tests
    #[arg(long, value_name = "FOLDER", default_value = "/", hide = true)]
    pub(in crate::cli) kernel: PathBuf,
    /// Folder for logs and results, a new one [default: perfgate-results/PROFILE-TIME]
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Result files or globs, where the tool does not write into the folder
    #[arg(long, value_name = "GLOB")]
    pub(in crate::cli) results: Vec<String>,
    /// More side data of the run: a CSV of resources over time, or prometheus:URL
    #[arg(long, value_name = "FILE|prometheus:URL")]
    pub(in crate::cli) attach: Vec<PathBuf>,
    /// Do not record the runs
    #[arg(long)]
    pub(in crate::cli) no_record: bool,
    /// Commit that is measured; default: the one that is checked out
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) commit: Option<String>,
    /// Push the records to the remote afterwards
    #[arg(long)]
    pub(in crate::cli) push: bool,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
}
