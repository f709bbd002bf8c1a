//! `perfgate normalize`: any supported format in, `perfgate.run/1` or a table out.

use crate::cli::args::{NormalizeArgs, RunFormat};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::histograms::Histograms;
use crate::cli::output::{say_warnings, write_run_csv, write_runs};
use crate::cli::policy::load_policy;
use crate::cli::profile_names::refuse_misspelt_profile;
use crate::cli::results::{ReadRuns, no_results};
use crate::cli::session::Session;
use crate::report::{render_formats, render_known_metrics};

pub(super) fn run(args: &NormalizeArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    if let Some(list) = args.list_formats {
        session.print(|out| render_formats(list.into(), out))?;
        return Ok(Exit::Pass);
    }
    if let Some(list) = args.list_metrics {
        session.print(|out| render_known_metrics(list.into(), out))?;
        return Ok(Exit::Pass);
    }
    let loaded = load_policy(session)?;
    let labels = args.run.labels();
    refuse_misspelt_profile(&labels.test, &loaded)?;
    let ReadRuns { runs, warnings } = args.results.selection().read(&labels, &loaded, session)?;
    if runs.is_empty() {
        return Err(no_results());
    }
    let csv = args.format == RunFormat::Csv;
    if (args.output.is_some() || csv) && runs.len() > 1 {
        let what = if csv { "table" } else { "file" };
        let problem = format!("{} runs do not fit into one {what}", runs.len());
        return Err(CliError::usage(
            problem,
            "normalize them one by one, or merge shards with --merge",
        ));
    }
    let histograms = if args.no_histograms { Histograms::Omit } else { Histograms::Keep };
    match (args.format, runs.first()) {
        (RunFormat::Csv, Some(run)) => write_run_csv(run, args.output.as_deref(), session)?,
        _ => write_runs(&runs, histograms, args.output.as_deref(), session)?,
    }
    say_warnings(&warnings, session)?;
    Ok(Exit::Pass)
}
