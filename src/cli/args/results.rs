//! Which results, how to read them, and what run they are.

use super::duration;
use crate::ingest::Format;
use crate::model::limits::{check_label, check_name};
use crate::model::{Raw, Run, Untrusted};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Which results, and how to read them.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Results")]
pub(in crate::cli) struct ResultArgs {
    /// Result files or globs, `-` for standard input. Several are repeats of the same test. None: `results` of
    /// perfgate.yaml
    #[arg(help_heading = "Arguments")]
    pub(in crate::cli) results: Vec<String>,
    /// Take several files for shards of one run instead of repeats
    #[arg(long)]
    pub(in crate::cli) merge: bool,
    /// The files' format, instead of recognising it: perfgate, locust-csv, locust-json, locust-requests,
    /// k6-summary, k6-json, k6-csv, table, jmeter-csv, jmeter-xml, vegeta-json, vegeta-csv, hey-csv, oha-csv
    #[arg(long, value_name = "FORMAT")]
    pub(in crate::cli) format_in: Option<Format>,
    /// Read a cut file and broken lines as far as they go, and say so
    #[arg(long)]
    pub(in crate::cli) lenient: bool,
    /// Raw samples: groups or scenarios of the script as endpoints as well
    #[arg(long, value_name = "WHAT")]
    pub(in crate::cli) by: Option<ByChoice>,
    /// Raw samples: leave out the start, counted from the first sample (`30s`)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(in crate::cli) trim_start: Option<std::time::Duration>,
    /// Raw samples: leave out those before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) from: Option<jiff::Timestamp>,
    /// Raw samples: leave out those from this time on
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) to: Option<jiff::Timestamp>,
    /// Side data of the run: a CSV of resources over time (timestamp,cpu_percent,memory_mb,…), or prometheus:URL, which is asked
    /// the queries of perfgate.yaml
    #[arg(long, value_name = "FILE|prometheus:URL")]
    pub(in crate::cli) attach: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum ByChoice {
    Group,
    Scenario,
}

/// What the run is, where the files do not say.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What the run is")]
pub(in crate::cli) struct RunArgs {
    #[command(flatten)]
    pub(in crate::cli) test: TestArgs,
    /// Further label; `runner` is the class of machine
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    pub(in crate::cli) label: Vec<(String, String)>,
}

/// Which test a run is one of: only runs that agree in it are compared. In CI, an argument is often a variable that is not
/// set, so that an empty one is none.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What the run is")]
pub(in crate::cli) struct TestArgs {
    /// Suite of this repository that the run belongs to
    #[arg(long, value_name = "NAME", value_parser = name)]
    suite: Option<String>,
    /// Named load, such as `baseline` or `stress`
    #[arg(long, value_name = "NAME", value_parser = name)]
    profile: Option<String>,
    /// Where the test ran, such as `ci` or `staging`
    #[arg(long, value_name = "NAME", value_parser = name)]
    environment: Option<String>,
    /// Tool that made the load, where a file does not know: runs of one tool alone are compared with each other
    #[arg(long, value_name = "NAME", value_parser = name)]
    tool: Option<String>,
}

impl TestArgs {
    pub(in crate::cli) fn suite(&self) -> Option<&str> {
        given(&self.suite)
    }

    pub(in crate::cli) fn profile(&self) -> Option<&str> {
        given(&self.profile)
    }

    pub(in crate::cli) fn environment(&self) -> Option<&str> {
        given(&self.environment)
    }

    pub(in crate::cli) fn tool(&self) -> Option<&str> {
        given(&self.tool)
    }

    /// Whether a recorded run is meant: one of this suite, and of this profile and environment where they are given.
    pub(in crate::cli) fn mean(&self, run: &Run) -> bool {
        let agrees = |wanted: Option<&str>, own: &Option<Untrusted>| {
            wanted.is_none() || wanted == own.as_ref().map(Raw::raw)
        };
        run.suite == self.suite().unwrap_or(Run::DEFAULT_SUITE)
            && agrees(self.profile(), &run.profile)
            && agrees(self.environment(), &run.environment)
    }
}

fn given(argument: &Option<String>) -> Option<&str> {
    argument.as_deref().filter(|text| !text.is_empty())
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RecordArgs {
    /// Commit that was measured; default: the one that is checked out
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) commit: Option<String>,
    /// Push the records to the remote afterwards
    #[arg(long)]
    pub(in crate::cli) push: bool,
    #[command(flatten)]
    pub(in crate::cli) results: ResultArgs,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct NormalizeArgs {
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Leave the histograms out
    #[arg(long)]
    pub(in crate::cli) no_histograms: bool,
    #[command(flatten)]
    pub(in crate::cli) results: ResultArgs,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MergeArgs {
    /// Shards: result files of any format that has samples or histograms
    #[arg(required = true)]
    pub(in crate::cli) runs: Vec<String>,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}

/// A name that a report can show: a variable of CI that is handed on may hold anything.
fn name(text: &str) -> Result<String, String> {
    check_label("a name", text).map_err(|long| long.to_string())?;
    Ok(text.to_owned())
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    if key.is_empty() {
        return Err("the key is empty".to_owned());
    }
    check_name("a value", value).map_err(|long| long.to_string())?;
    Ok((name(key)?, value.to_owned()))
}
