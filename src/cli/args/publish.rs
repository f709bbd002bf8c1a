//! Pages and comments.

use super::gate::{ComparedArgs, LeniencyChoice};
use super::results::TestArgs;
use crate::config::parse_limit;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    /// File to write the page to. In place of results, a report that `compare --output json=FILE` wrote may be named
    #[arg(long, value_name = "FILE", required_unless_present_any = ["site", "full"])]
    pub(in crate::cli) html: Option<PathBuf>,
    /// Print the report by the book, as Markdown: summary, endpoints, levels of concurrency, resources, what moved most, and the
    /// budgets as a checklist. Results of several numbers of users are told apart. Without a baseline, budgets alone decide
    #[arg(long, conflicts_with_all = ["html", "site"])]
    pub(in crate::cli) full: bool,
    /// Form of the full report
    #[arg(long, value_name = "FORMAT", default_value = "markdown", requires = "full")]
    pub(in crate::cli) format: FullFormat,
    /// Folder to write the recorded history to, as a static site: an index, and a page for each endpoint. `--baseline` names
    /// the branch
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["html", "results", "baseline_file"])]
    pub(in crate::cli) site: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) compared: ComparedArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum FullFormat {
    Markdown,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PublishArgs {
    /// Report to publish, as `compare --output json=FILE` writes it
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "bundle",
        required_unless_present = "bundle"
    )]
    pub(in crate::cli) report: Option<PathBuf>,
    /// Numbers from a job that is not trusted (`compare --output bundle=FOLDER`): the verdict is reached anew, by the policy
    /// of the pull request's base
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) bundle: Option<PathBuf>,
    /// Do not comment on the pull request
    #[arg(long)]
    pub(in crate::cli) no_comment: bool,
    /// Make a check run as well (GitHub)
    #[arg(long)]
    pub(in crate::cli) check: bool,
    /// Write the annotations of a GitHub job to this file instead of standard output, for a step that lets the runner take nothing
    /// else for a command
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) annotations: Option<PathBuf>,
    /// The forge, instead of recognising it by the variables of its CI; `gitea` is Forgejo as well
    #[arg(long, value_name = "FORGE")]
    pub(in crate::cli) forge: Option<ForgeChoice>,
    /// What a missing baseline does to a bundle: exit 3, or a loud warning and exit 0
    #[arg(long, value_name = "HOW", requires = "bundle", help_heading = "Gate")]
    pub(in crate::cli) missing_baseline: Option<LeniencyChoice>,
    /// What an inconclusive report does to a bundle: exit 3, or a loud warning and exit 0
    #[arg(long, value_name = "HOW", requires = "bundle", help_heading = "Gate")]
    pub(in crate::cli) inconclusive: Option<LeniencyChoice>,
    /// Share of a bundle's measurements that must be compared; less is exit 3
    #[arg(long, value_name = "PERCENT", value_parser = parse_limit, requires = "bundle", help_heading = "Gate")]
    pub(in crate::cli) require_coverage: Option<f64>,
    /// Which test a bundle must be a run of: one that says otherwise is refused
    #[command(flatten)]
    pub(in crate::cli) test: TestArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ForgeChoice {
    Github,
    Gitlab,
    Gitea,
    Bitbucket,
    None,
}
