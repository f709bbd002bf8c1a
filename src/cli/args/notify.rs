//! What people are told of a history.

use super::results::TestArgs;
use super::values::{forges, network};
use crate::cli::ci_forge::ForgeChoice;
use crate::cli::policy::Network;
use crate::config::parse_limit;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct NotifyArgs {
    /// Report of the nightly gate, written by `compare --output json=FILE`: if it failed, an issue is opened without waiting for
    /// the history
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) report: Option<PathBuf>,
    /// Branch to watch [default: `baseline.branch` of perfgate.yaml, else HEAD]
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) branch: Option<String>,
    /// Send a message to this address whenever something changes [default: the variable PERFGATE_WEBHOOK]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) webhook: Option<String>,
    /// Form of the message [default: by the host of the webhook, else json]
    #[arg(long = "as", value_name = "FORM")]
    pub(in crate::cli) form: Option<MessageForm>,
    /// Send a message even if nothing changed
    #[arg(long)]
    pub(in crate::cli) always: bool,
    /// Print what would be done, without doing it
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Forge whose issues to use [default: detected from the CI environment]. `gitea` includes Forgejo
    #[arg(long, value_name = "FORGE", value_parser = forges())]
    pub(in crate::cli) forge: Option<ForgeChoice>,
    /// Label of the issues, by which they are found again
    #[arg(long, value_name = "NAME", default_value = "perfgate")]
    pub(in crate::cli) label: String,
    /// Number of recorded commits in which a step is new
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(in crate::cli) last: usize,
    /// Smallest change to tell
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = parse_limit)]
    pub(in crate::cli) min_effect: f64,
    /// Use the local records without fetching
    #[arg(long)]
    pub(in crate::cli) offline: bool,
    #[command(flatten)]
    pub(in crate::cli) test: TestArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MessageForm {
    /// An incoming webhook of Slack
    Slack,
    /// A workflow of Microsoft Teams
    Teams,
    /// For programs, perfgate.notice/1
    Json,
}

impl NotifyArgs {
    pub(in crate::cli) fn network(&self) -> Network {
        network(self.offline)
    }
}
