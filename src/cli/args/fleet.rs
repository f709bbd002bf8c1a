//! Many services at once.

use super::values::day;
use crate::cli::fleet::Sources;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct FleetArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: FleetCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum FleetCommand {
    /// Compact the records of all services into Parquet files that any engine reads
    Index(FleetIndexArgs),
    /// Show what got worse lately, the largest change first
    Top(FleetStepsArgs),
    /// Show every step for the worse, the newest first: also those that may be noise, are over, or accepted
    Steps(FleetStepsArgs),
    /// Show which gates see nothing, have no baseline, or fail often
    Gates(FleetGatesArgs),
    /// Write a static site: an index of all services, and the history of each
    Site(FleetSiteArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FleetIndexArgs {
    /// Address below which the services' stores are: s3://BUCKET/PATH, gs://…, az://…, file:///…
    pub(in crate::cli) url: String,
    /// Look only at records of commits from this day on, which is quicker where there are very many [default: at all records]
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(in crate::cli) since: Option<jiff::civil::Date>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FleetSourceArgs {
    /// Addresses below which the services' stores and facts are: s3://BUCKET/PATH, gs://…, az://…, file:///…
    #[arg(value_name = "URL", required_unless_present = "repo")]
    pub(in crate::cli) urls: Vec<String>,
    /// Clone of a git repository with records (repeatable)
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) repo: Vec<PathBuf>,
    /// Use the records that clones have, without fetching
    #[arg(long)]
    pub(in crate::cli) offline: bool,
}

impl FleetSourceArgs {
    pub(in crate::cli) fn sources(&self) -> Sources<'_> {
        Sources { urls: &self.urls, repos: &self.repo, offline: self.offline }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FleetStepsArgs {
    #[command(flatten)]
    pub(in crate::cli) sources: FleetSourceArgs,
    /// How far back steps are shown: days (7d), weeks (2w), or a date
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = back)]
    pub(in crate::cli) since: Back,
    /// How far back levels are looked at
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = back)]
    pub(in crate::cli) history: Back,
    /// Smallest change to report
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = crate::config::parse_limit)]
    pub(in crate::cli) min_effect: f64,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(in crate::cli) format: FleetFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FleetGatesArgs {
    #[command(flatten)]
    pub(in crate::cli) sources: FleetSourceArgs,
    /// Show all gates, also those that can be trusted
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// How old the newest run may be: days (30d), weeks (4w), or a date
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = back)]
    pub(in crate::cli) since: Back,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(in crate::cli) format: FleetFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FleetSiteArgs {
    #[command(flatten)]
    pub(in crate::cli) sources: FleetSourceArgs,
    /// How far back the site goes
    #[arg(long, value_name = "TIME", default_value = "365d", value_parser = back)]
    pub(in crate::cli) history: Back,
    /// Folder to write to
    #[arg(short, long, value_name = "FOLDER")]
    pub(in crate::cli) output: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FleetFormat {
    Table,
    Markdown,
    Json,
}

/// A time in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Back {
    /// So many days before now.
    Days(u32),
    /// The beginning of this day, in UTC.
    Day(jiff::civil::Date),
}

/// Days, weeks, or a date.
fn back(text: &str) -> Result<Back, String> {
    let wrong = || "write days like 7d, weeks like 2w, or a date like 2026-11-30".to_owned();
    let number = |text: &str| text.parse().ok().filter(|n| (1..=36_500).contains(n));
    let days = match (text.strip_suffix('d'), text.strip_suffix('w')) {
        (Some(days), _) => number(days),
        (_, Some(weeks)) => number(weeks).map(|weeks| weeks * 7),
        (None, None) => return day(text).map(Back::Day).map_err(|_| wrong()),
    };
    days.map(Back::Days).ok_or_else(wrong)
}
