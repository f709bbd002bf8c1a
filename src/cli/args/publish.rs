//! Pages and comments.

use super::gate::ComparedArgs;
use super::results::TestArgs;
use super::values::{forges, leniency};
use crate::cli::ci_forge::ForgeChoice;
use crate::cli::rule_overrides::RuleOverrides;
use crate::config::{Leniency, parse_limit};
use clap::{ArgGroup, Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["html", "full", "site"]).required(true)))]
#[command(override_usage = "perfgate report [OPTIONS] --html <FILE> [RESULTS]...\n       \
                      perfgate report [OPTIONS] --full [RESULTS]...\n       \
                      perfgate report [OPTIONS] --site <FOLDER>")]
pub(in crate::cli) struct ReportArgs {
    /// Write the report as an HTML page to this file. The only argument may be a report written by `compare --output
    /// json=FILE`, in place of results
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) html: Option<PathBuf>,
    /// Print the full report: summary, endpoints, concurrency levels, resources, largest changes and budgets. Without a
    /// baseline, budgets alone decide
    #[arg(long)]
    pub(in crate::cli) full: bool,
    /// Format of the full report
    #[arg(long, value_name = "FORMAT", default_value = "markdown", requires = "full")]
    pub(in crate::cli) format: FullFormat,
    /// Write the recorded history to this folder, as a static site with a page per endpoint; --baseline names the branch
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["results", "baseline_file"])]
    pub(in crate::cli) site: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) compared: ComparedArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum FullFormat {
    Markdown,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["report", "bundle"]).required(true)))]
#[command(override_usage = "perfgate publish [OPTIONS] --report <FILE>\n       \
                      perfgate publish [OPTIONS] --bundle <FOLDER>")]
pub(in crate::cli) struct PublishArgs {
    /// Report to publish, written by `compare --output json=FILE`
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) report: Option<PathBuf>,
    /// Bundle from an untrusted job (`compare --output bundle=FOLDER`); the verdict is recomputed with the policy of the
    /// pull request's base
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) bundle: Option<PathBuf>,
    /// Don't comment on the pull request
    #[arg(long)]
    pub(in crate::cli) no_comment: bool,
    /// Also create a check run (GitHub)
    #[arg(long)]
    pub(in crate::cli) check: bool,
    /// Write GitHub annotations to this file instead of standard output, for a step in which workflow commands are disabled
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) annotations: Option<PathBuf>,
    /// Forge to publish to [default: detected from the CI environment]. `gitea` includes Forgejo
    #[arg(long, value_name = "FORGE", value_parser = forges())]
    pub(in crate::cli) forge: Option<ForgeChoice>,
    /// If a bundle has no baseline, fail (exit 3) or warn (exit 0)
    #[arg(long, value_name = "HOW", value_parser = leniency(), requires = "bundle", help_heading = "Gate")]
    pub(in crate::cli) missing_baseline: Option<Leniency>,
    /// If a bundle's comparison is inconclusive, fail (exit 3) or warn (exit 0)
    #[arg(long, value_name = "HOW", value_parser = leniency(), requires = "bundle", help_heading = "Gate")]
    pub(in crate::cli) inconclusive: Option<Leniency>,
    /// Exit 3 unless this share of the bundle's measurements was compared
    #[arg(long, value_name = "PERCENT", value_parser = parse_limit, requires = "bundle", help_heading = "Gate")]
    pub(in crate::cli) require_coverage: Option<f64>,
    /// The test that a bundle must be a run of: any other is refused
    #[command(flatten)]
    pub(in crate::cli) test: TestArgs,
}

impl PublishArgs {
    pub(in crate::cli) fn overrides(&self) -> RuleOverrides {
        RuleOverrides {
            missing_baseline: self.missing_baseline,
            inconclusive: self.inconclusive,
            require_coverage: self.require_coverage,
            ..RuleOverrides::default()
        }
    }
}
