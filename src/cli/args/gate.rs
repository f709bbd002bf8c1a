//! What is compared, by which rules, and where the report goes.

use super::results::{ResultArgs, RunArgs};
use super::values::{fields, leniency, network};
use crate::cli::codes;
use crate::cli::comparison::{BaselineSpec, ComparisonSpec, RecordedSpec};
use crate::cli::error::CliError;
use crate::cli::histograms::Histograms;
use crate::cli::output::{ReportFormat, ReportOutput, Rows};
use crate::cli::policy::Network;
use crate::cli::rule_overrides::RuleOverrides;
use crate::cli::session::Session;
use crate::config::{Leniency, parse_limit};
use crate::model::Field;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// What is compared.
#[derive(Debug, Args)]
pub(in crate::cli) struct ComparedArgs {
    /// Revision to compare with: its nearest comparable runs are the baseline
    #[arg(long, value_name = "REV", conflicts_with = "baseline_file")]
    pub(in crate::cli) baseline: Option<String>,
    /// Baseline result file, instead of stored runs (repeatable, one per run)
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) baseline_file: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) results: ResultArgs,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
    #[command(flatten)]
    pub(in crate::cli) gate: GateArgs,
}

impl ComparedArgs {
    pub(in crate::cli) fn spec(&self, histograms: Histograms) -> ComparisonSpec {
        let baseline = if self.baseline_file.is_empty() {
            BaselineSpec::Recorded(self.gate.recorded(self.baseline.clone()))
        } else {
            BaselineSpec::Files(self.baseline_file.clone())
        };
        ComparisonSpec {
            results: self.results.selection(),
            labels: self.run.labels(),
            baseline,
            overrides: self.gate.overrides(),
            histograms,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompareArgs {
    #[command(flatten)]
    pub(in crate::cli) compared: ComparedArgs,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
    /// Explain one verdict instead of printing the report: `POST /api/chat p95`, `total error rate`
    #[arg(long, value_name = "MEASUREMENT", help_heading = "Output", conflicts_with = "format")]
    pub(in crate::cli) explain: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    #[command(flatten)]
    pub(in crate::cli) results: ResultArgs,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
    /// If the profile is skipped, fail (exit 3) or warn (exit 0)
    #[arg(long, value_name = "HOW", value_parser = leniency(), help_heading = "Gate")]
    pub(in crate::cli) skipped: Option<Leniency>,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

/// What overrules the policy.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gate")]
pub(in crate::cli) struct GateArgs {
    /// Number of commits to search for a baseline, from the merge base back [default: 50]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_distance: Option<usize>,
    /// Use the local records without fetching
    #[arg(long)]
    pub(in crate::cli) offline: bool,
    /// Without a baseline, fail (exit 3) or warn (exit 0)
    #[arg(long, value_name = "HOW", value_parser = leniency())]
    pub(in crate::cli) missing_baseline: Option<Leniency>,
    /// If the comparison is inconclusive, fail (exit 3) or warn (exit 0)
    #[arg(long, value_name = "HOW", value_parser = leniency())]
    pub(in crate::cli) inconclusive: Option<Leniency>,
    /// If the profile is skipped, fail (exit 3) or warn (exit 0)
    #[arg(long, value_name = "HOW", value_parser = leniency())]
    pub(in crate::cli) skipped: Option<Leniency>,
    /// Exit 3 unless this share of the measurements was compared
    #[arg(long, value_name = "PERCENT", value_parser = parse_limit)]
    pub(in crate::cli) require_coverage: Option<f64>,
    /// Compare even if this field differs (repeatable)
    #[arg(long, value_name = "FIELD", value_parser = fields())]
    pub(in crate::cli) allow_different: Vec<Field>,
}

impl GateArgs {
    pub(in crate::cli) fn network(&self) -> Network {
        network(self.offline)
    }

    /// A baseline among the recorded runs.
    pub(in crate::cli) fn recorded(&self, revision: Option<String>) -> RecordedSpec {
        RecordedSpec { revision, max_distance: self.max_distance, network: self.network() }
    }

    pub(in crate::cli) fn overrides(&self) -> RuleOverrides {
        RuleOverrides {
            missing_baseline: self.missing_baseline,
            inconclusive: self.inconclusive,
            skipped: self.skipped,
            require_coverage: self.require_coverage,
            allow_different: self.allow_different.clone(),
        }
    }
}

/// Where reports go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct OutputArgs {
    /// Report format on standard output
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(in crate::cli) format: ReportFormat,
    /// Also write the report to a file (repeatable). `bundle=FOLDER` writes the measurements only, for `perfgate publish
    /// --bundle` in a trusted job
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output)]
    pub(in crate::cli) output: Vec<(OutputKind, PathBuf)>,
    /// Show every measurement in the table, not only notable ones
    #[arg(long)]
    pub(in crate::cli) all: bool,
}

impl OutputArgs {
    /// Whether a form of the report is asked for.
    pub(in crate::cli) fn is_set(&self) -> bool {
        self.all || !self.output.is_empty() || self.format != ReportFormat::default()
    }

    /// A report never takes the place of what it is about.
    pub(in crate::cli) fn refuse_inputs(
        &self,
        inputs: &[String],
        session: &Session<'_>,
    ) -> Result<(), CliError> {
        let whole = |path: &Path| session.path(path).canonicalize().ok();
        let inputs: Vec<PathBuf> = inputs.iter().filter_map(|own| whole(own.as_ref())).collect();
        let is_input = |path: &PathBuf| whole(path).is_some_and(|own| inputs.contains(&own));
        match self.output.iter().find(|(_, path)| is_input(path)) {
            None => Ok(()),
            Some((_, path)) => {
                let problem = format!("{} is a result that is read", path.display());
                Err(CliError::coded(
                    &codes::IN_THE_WAY,
                    problem,
                    "write the report to another file",
                ))
            }
        }
    }

    /// A bundle holds what a trusted job needs to judge again, which only a comparison with recorded runs is.
    pub(in crate::cli) fn refuse_bundle(&self) -> Result<(), CliError> {
        if self.output.iter().any(|(kind, _)| matches!(kind, OutputKind::Bundle)) {
            let help = "use another format, or perfgate compare --output bundle=FOLDER";
            return Err(CliError::usage(
                "bundles are of runs that are compared with recorded ones",
                help,
            ));
        }
        Ok(())
    }

    pub(in crate::cli) fn output(&self) -> ReportOutput {
        let mut output = ReportOutput {
            format: self.format,
            rows: if self.all { Rows::All } else { Rows::Notable },
            ..ReportOutput::default()
        };
        for (written, path) in &self.output {
            match written {
                OutputKind::Report(format) => output.files.push((*format, path.clone())),
                OutputKind::Bundle => output.bundles.push(path.clone()),
            }
        }
        output
    }
}

/// What `--output` writes.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) enum OutputKind {
    Report(ReportFormat),
    Bundle,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SelftestArgs {
    /// Result files of unchanged code, newest first [default: the recorded runs]
    #[arg(help_heading = "Arguments")]
    pub(in crate::cli) results: Vec<String>,
    /// Branch whose recorded runs are used [default: `baseline.branch` of perfgate.yaml, else HEAD]
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) baseline: Option<String>,
    /// Size of the injected changes, as a multiple of each limit
    #[arg(long, value_name = "FACTOR", default_value_t = 1.5, value_parser = factor)]
    pub(in crate::cli) times: f64,
    /// Number of commits and runs to test
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(in crate::cli) last: usize,
    /// Use the local records without fetching
    #[arg(long)]
    pub(in crate::cli) offline: bool,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
}

impl SelftestArgs {
    pub(in crate::cli) fn network(&self) -> Network {
        network(self.offline)
    }
}

fn output(text: &str) -> Result<(OutputKind, PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("write it as FORMAT=FILE")?;
    let kind = match format {
        "bundle" => OutputKind::Bundle,
        other => OutputKind::Report(ReportFormat::from_str(other, false).map_err(|_| {
            let known =
                ReportFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let known: Vec<String> = known.map(|own| own.get_name().to_owned()).collect();
            match other {
                "html" => "write the page with `perfgate report --html FILE`".to_owned(),
                _ => format!("the formats are {}, and bundle", known.join(", ")),
            }
        })?),
    };
    Ok((kind, PathBuf::from(file)))
}

fn factor(text: &str) -> Result<f64, String> {
    let factor = text.parse::<f64>().ok().filter(|f| f.is_finite() && *f > 1.0);
    factor.ok_or_else(|| {
        "write a number above 1: a change within its limit need not be detected".to_owned()
    })
}
