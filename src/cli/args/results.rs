//! Which results, how to read them, and what run they are.

use super::values::{duration, formats, instant};
use crate::cli::labels::{RunLabels, TestNames};
use crate::cli::results::{FilesAre, ResultSelection};
use crate::ingest::{By, Format, ReadOptions};
use crate::model::limits::{check_label, check_name};
use crate::report::{FormatList, MetricList};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Which results, and how to read them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Results")]
pub(in crate::cli) struct ResultArgs {
    /// Result files or globs, `-` for standard input; several are repeats of one test [default: `results` of perfgate.yaml]
    #[arg(help_heading = "Arguments")]
    pub(in crate::cli) results: Vec<String>,
    /// Treat multiple files as shards of one run, not as repeats
    #[arg(long)]
    pub(in crate::cli) merge: bool,
    /// Input format; `perfgate normalize --list-formats` describes them [default: detected from the content]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    pub(in crate::cli) format_in: Option<&'static Format>,
    /// Accept truncated files and skip malformed lines, with a warning
    #[arg(long)]
    pub(in crate::cli) lenient: bool,
    /// Raw samples: also break results down by group or scenario
    #[arg(long, value_name = "WHAT")]
    by: Option<ByChoice>,
    /// Raw samples: skip the start, counted from the first sample (`30s`)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(in crate::cli) trim_start: Option<std::time::Duration>,
    /// Raw samples: skip those before this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(in crate::cli) from: Option<jiff::Timestamp>,
    /// Raw samples: skip those from this time on
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(in crate::cli) to: Option<jiff::Timestamp>,
    /// Add resource data: a CSV over time (timestamp,cpu_percent,memory_mb,…), or prometheus:URL, queried as in
    /// perfgate.yaml (repeatable)
    #[arg(long, value_name = "FILE|prometheus:URL")]
    pub(in crate::cli) attach: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ByChoice {
    Group,
    Scenario,
}

/// What the run is, where the files do not say.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(in crate::cli) struct RunArgs {
    #[command(flatten)]
    pub(in crate::cli) test: TestArgs,
    /// Additional label; `runner` is the class of machine (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    pub(in crate::cli) label: Vec<(String, String)>,
}

/// Which test a run is one of: only runs that agree in it are compared. In CI, an argument is often a variable that is not
/// set, so that an empty one is none.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(in crate::cli) struct TestArgs {
    /// Suite that the run belongs to [default: default]
    #[arg(long, value_name = "NAME", value_parser = name)]
    suite: Option<String>,
    /// Load profile, such as `baseline` or `stress`
    #[arg(long, value_name = "NAME", value_parser = name)]
    profile: Option<String>,
    /// Environment the test ran in, such as `ci` or `staging`
    #[arg(long, value_name = "NAME", value_parser = name)]
    environment: Option<String>,
    /// Load tool, if the file doesn't name it; only runs of the same tool are compared
    #[arg(long, value_name = "NAME", value_parser = name)]
    tool: Option<String>,
}

impl TestArgs {
    pub(in crate::cli) fn names(&self) -> TestNames {
        let given = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
        TestNames {
            suite: given(&self.suite),
            profile: given(&self.profile),
            environment: given(&self.environment),
            tool: given(&self.tool),
        }
    }
}

impl RunArgs {
    pub(in crate::cli) fn labels(&self) -> RunLabels {
        RunLabels { test: self.test.names(), further: self.label.clone() }
    }
}

impl ResultArgs {
    pub(in crate::cli) fn selection(&self) -> ResultSelection {
        let options = ReadOptions {
            format: self.format_in,
            lenient: self.lenient,
            by: self.by.map(|by| match by {
                ByChoice::Group => By::Group,
                ByChoice::Scenario => By::Scenario,
            }),
            trim_start: self.trim_start,
            from: self.from,
            to: self.to,
            ..ReadOptions::default()
        };
        ResultSelection {
            names: self.results.clone(),
            files_are: if self.merge { FilesAre::Shards } else { FilesAre::Repeats },
            options,
            attach: self.attach.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RecordArgs {
    /// Commit that was measured [default: the one named by the results, else the checked-out one]
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
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub(in crate::cli) format: RunFormat,
    /// Omit histograms
    #[arg(long)]
    pub(in crate::cli) no_histograms: bool,
    /// List the formats that can be read, and what each can and cannot tell
    #[arg(
        long,
        value_name = "FORM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        conflicts_with = "results"
    )]
    pub(in crate::cli) list_formats: Option<FormatListChoice>,
    /// List the metrics whose names everybody knows, with their units and directions
    #[arg(
        long,
        value_name = "FORM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        conflicts_with = "results"
    )]
    pub(in crate::cli) list_metrics: Option<MetricListChoice>,
    #[command(flatten)]
    pub(in crate::cli) results: ResultArgs,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RunFormat {
    /// perfgate.run/1, which every command reads
    Json,
    /// A row for each endpoint and each custom metric, for a spreadsheet
    Csv,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum FormatListChoice {
    Text,
    Markdown,
    Tools,
}

impl From<FormatListChoice> for FormatList {
    fn from(choice: FormatListChoice) -> Self {
        match choice {
            FormatListChoice::Text => Self::Text,
            FormatListChoice::Markdown => Self::Markdown,
            FormatListChoice::Tools => Self::Tools,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum MetricListChoice {
    Text,
    Markdown,
}

impl From<MetricListChoice> for MetricList {
    fn from(choice: MetricListChoice) -> Self {
        match choice {
            MetricListChoice::Text => Self::Text,
            MetricListChoice::Markdown => Self::Markdown,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MergeArgs {
    /// Shards: result files of any format that has samples or histograms; or addresses of object storage (s3://BUCKET/PATH,
    /// gs://…, az://…, file:///…), whose files they are
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
