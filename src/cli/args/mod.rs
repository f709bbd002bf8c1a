//! The arguments as typed.

mod drive;
mod gate;
mod history;
mod publish;
mod results;

pub(super) use drive::DriveArgs;
pub(super) use gate::{
    CheckArgs, CompareArgs, ComparedArgs, GateArgs, LeniencyChoice, OutputArgs, OutputKind,
    ReportFormat, SelftestArgs,
};
pub(super) use history::{
    BaselineArgs, BaselineCommand, ExplainArgs, ExportArgs, ExportFormat, ImportArgs, ListArgs,
    PruneArgs, RestoreArgs, ShowArgs, TrendArgs, TrendFormat,
};
pub(super) use publish::{ForgeChoice, PublishArgs, ReportArgs};
pub(super) use results::{
    ByChoice, MergeArgs, NormalizeArgs, RecordArgs, ResultArgs, RunArgs, TestArgs,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// Regression gate for load tests: compares what Locust, k6 and other tools measured with the baseline stored for a
/// git commit.
#[derive(Debug, Parser)]
#[command(name = "perfgate", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 pass (also with warnings), 1 regression, 2 could not run, 3 no verdict."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Policy file [default: perfgate.yaml here or above, within the repository]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Normalise the results of a load test and store them for a commit
    Record(RecordArgs),
    /// The gate: hold the results of a load test against a baseline
    Compare(CompareArgs),
    /// Drive a load tool with a profile's numbers, watch the machine, record the result
    Run(DriveArgs),
    /// Budgets alone, no baseline: hold the results of a load test against absolute limits
    Check(CheckArgs),
    /// Turn results of any supported format into perfgate's own JSON
    Normalize(NormalizeArgs),
    /// Add the shards of one distributed load test up to one run
    Merge(MergeArgs),
    /// Look at the stored runs, exchange them, tidy them up
    Baseline(BaselineArgs),
    /// Show the recorded history: a row for each commit, and the steps where a level moved, and stayed
    Trend(TrendArgs),
    /// One page with everything: verdict, tables, plots, history
    Report(ReportArgs),
    /// Put a report where people see it: the pull request's comment, a check, the job's summary
    Publish(PublishArgs),
    /// Does the gate work here? Put known changes into recorded runs, and replay those in which nothing changed
    Selftest(SelftestArgs),
    /// Write a policy to begin with, or alert rules that match its budgets
    Init(InitArgs),
    /// Is everything here that a gate needs? Looks at policy, results, repository, remote, records and CI
    Doctor(DoctorArgs),
    /// Print the JSON Schema of a file
    Schema(SchemaArgs),
    /// Print the completions of a shell: commands and options at the touch of the tab key
    Completions(CompletionsArgs),
    /// Show a gate at work in a scratch repository
    Demo(DemoArgs),
    /// The process between perfgate and a load tool
    #[command(hide = true)]
    Supervise {
        #[arg(last = true)]
        command: Vec<String>,
    },
}

fn duration(text: &str) -> Result<std::time::Duration, String> {
    let known = text.parse::<jiff::SignedDuration>().ok().and_then(|own| own.try_into().ok());
    known
        .filter(|own: &std::time::Duration| !own.is_zero())
        .ok_or_else(|| "write it like 90s, 15m or 2h".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Write Prometheus alert rules for the budgets of perfgate.yaml to this file
    #[arg(long, value_name = "FILE")]
    pub(super) alerts: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Do not ask the remote
    #[arg(long)]
    pub(super) offline: bool,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Which shell
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// The file whose schema is wanted
    pub(super) file: SchemaFile,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SchemaFile {
    /// A run, perfgate.run/1
    Run,
    /// A report, perfgate.report/1
    Report,
    /// The steps in a history, perfgate.history/1
    History,
    /// The policy, perfgate.yaml
    Config,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Folder for the scratch repository, which must not exist yet; default: a temporary one
    #[arg(long, value_name = "FOLDER")]
    pub(super) folder: Option<PathBuf>,
}
