//! The arguments as typed.

mod ab;
mod bisect;
mod drive;
mod fleet;
mod gate;
mod history;
mod notify;
mod publish;
mod results;
mod values;
mod versions;

pub(super) use ab::AbArgs;
pub(super) use bisect::BisectArgs;
pub(super) use drive::{DriveArgs, LoadArgs};
pub(super) use fleet::{
    Back, FleetArgs, FleetCommand, FleetFormat, FleetGatesArgs, FleetIndexArgs, FleetSiteArgs,
    FleetStepsArgs,
};
pub(super) use gate::{CheckArgs, CompareArgs, SelftestArgs};
pub(super) use history::{
    BaselineArgs, BaselineCommand, ExplainArgs, ExportArgs, ExportFormat, ImportArgs, ListArgs,
    PruneArgs, RestoreArgs, ShowArgs, ShowFormat, TrendArgs, TrendFormat,
};
pub(super) use notify::{MessageForm, NotifyArgs};
pub(super) use publish::{PublishArgs, ReportArgs};
pub(super) use results::{MergeArgs, NormalizeArgs, RecordArgs, RunFormat};
pub(super) use versions::VersionArgs;

use super::policy::Network;
use super::session::ColorChoice;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;
use values::network;

/// Regression gate for load tests: compares results of Locust, k6 and other tools with the baseline stored for a git commit
#[derive(Debug, Parser)]
#[command(name = "perfgate", max_term_width = 100, arg_required_else_help = true)]
#[command(override_usage = "perfgate [OPTIONS] <COMMAND>")]
#[command(
    after_help = "Exit codes: 0 pass (also with warnings), 1 regression, 2 could not run, 3 no verdict."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// Print the version; with --verbose, say which build this is
    #[arg(short = 'V', long)]
    pub(super) version: bool,
    /// With --version: commit, build, target, and the formats
    #[arg(long, requires = "version")]
    pub(super) verbose: bool,
    /// Policy file to use [default: nearest perfgate.yaml, up to the repository root]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// When to use color
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Normalize results and store them for a commit
    Record(RecordArgs),
    /// Compare results with a baseline and fail on regressions
    Compare(CompareArgs),
    /// Run a load tool with a profile, watch the machine, and record the result
    Run(DriveArgs),
    /// Compare two versions in one job: build, start and load both in turn, and judge the pairs
    Ab(Box<AbArgs>),
    /// Find the commit that made something slower: measure where it tells most, until one is likely enough
    Bisect(Box<BisectArgs>),
    /// Check results against absolute budgets (no baseline needed)
    Check(CheckArgs),
    /// Convert results of any supported format to perfgate's JSON
    Normalize(NormalizeArgs),
    /// Merge the shards of a distributed load test into one run
    Merge(MergeArgs),
    /// List, inspect, sync and prune stored runs
    Baseline(BaselineArgs),
    /// Show the recorded history: a row per commit, and the steps where a level shifted
    Trend(TrendArgs),
    /// Write one page with everything: verdict, tables, plots, history
    Report(ReportArgs),
    /// Publish a report as a pull request comment, a check and a job summary
    Publish(PublishArgs),
    /// Look at many services at once: what got worse lately, and whose gate can be trusted
    Fleet(FleetArgs),
    /// Tell people when the recorded history gets worse, and when it is over: one issue per cause, and messages
    Notify(NotifyArgs),
    /// Test the gate on your own history: inject known regressions and replay unchanged runs
    Selftest(SelftestArgs),
    /// Write a policy and a CI workflow, or alert rules for the policy's budgets
    Init(InitArgs),
    /// Check that everything the gate needs is set up: policy, results, repository, remote, records, CI
    Doctor(DoctorArgs),
    /// Answer coding agents in the Model Context Protocol, over standard input and output
    Mcp,
    /// Explain an error by its code
    Explain(ExplainCodeArgs),
    /// Print the JSON Schema of a file format
    Schema(SchemaArgs),
    /// Generate a shell completion script
    Completions(CompletionsArgs),
    /// Show the gate at work in a scratch repository
    Demo(DemoArgs),
    /// Write a man page for each command
    #[command(hide = true)]
    Man {
        /// Folder to write to
        folder: PathBuf,
    },
    /// Supervise a load tool for perfgate
    #[command(hide = true)]
    Supervise {
        #[arg(last = true)]
        command: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Read budgets, profiles, thresholds and queries from this Markdown document (repeatable)
    #[arg(long, value_name = "DOCUMENT", conflicts_with = "alerts")]
    pub(super) from: Vec<PathBuf>,
    /// Print the policy and write no file
    #[arg(long, conflicts_with = "alerts")]
    pub(super) stdout: bool,
    /// CI to write a workflow for [default: the one that the repository uses]
    #[arg(long, value_name = "CI", conflicts_with_all = ["alerts", "stdout"])]
    pub(super) ci: Option<CiChoice>,
    /// Write Prometheus alert rules for the budgets of perfgate.yaml to this file
    #[arg(long, value_name = "FILE")]
    pub(super) alerts: Option<PathBuf>,
}

/// The CIs that a workflow can be written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CiChoice {
    Github,
    Gitlab,
    Gitea,
    Jenkins,
    Azure,
    None,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Don't contact the remote
    #[arg(long)]
    pub(super) offline: bool,
}

impl DoctorArgs {
    pub(super) fn network(&self) -> Network {
        network(self.offline)
    }
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Shell to generate a script for
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ExplainCodeArgs {
    /// Code, as in `error[P203]` [default: list all codes]
    pub(super) code: Option<String>,
    /// Form of the list
    #[arg(long, value_name = "FORM", default_value = "text", conflicts_with = "code")]
    pub(super) format: CodeList,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CodeList {
    Text,
    Markdown,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// File format to describe
    pub(super) file: SchemaFile,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub(super) format: SchemaFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SchemaFormat {
    /// The schema itself
    Json,
    /// A table of all keys
    Markdown,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SchemaFile {
    /// A run, perfgate.run/1
    Run,
    /// A report, perfgate.report/1
    Report,
    /// The steps in a history, perfgate.history/1
    History,
    /// What a webhook is told, perfgate.notice/1
    Notice,
    /// What many services tell, perfgate.fleet/1
    Fleet,
    /// The policy, perfgate.yaml
    #[value(alias = "policy")]
    Config,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// New folder for the scratch repository [default: a temporary folder]
    #[arg(long, value_name = "FOLDER")]
    pub(super) folder: Option<PathBuf>,
}
