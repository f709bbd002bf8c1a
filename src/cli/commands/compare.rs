//! `perfgate compare`: the gate.

use crate::cli::args::CompareArgs;
use crate::cli::bundle::write_bundles;
use crate::cli::codes;
use crate::cli::comparison::{Compared, Request};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::histograms::Histograms;
use crate::cli::output::ReportOutput;
use crate::cli::policy::Policies;
use crate::cli::session::Session;
use crate::config::suggest;
use crate::gate::{Finding, Report};
use crate::report::render_explanation;

pub(super) fn run(args: &CompareArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let read = [&args.compared.results.results[..], &args.compared.baseline_file[..]].concat();
    args.output.refuse_inputs(&read, session)?;
    let spec = args.compared.spec(Histograms::Omit);
    let policies = Policies::load(args.compared.gate.network(), session)?;
    let Compared { report, current, .. } = Request::new(spec, policies, session)?.run()?;
    let output = args.output.output();
    write_bundles(&output.bundles, &current, session)?;
    match &args.explain {
        Some(measurement) => explain(&report, measurement, &output, session)?,
        None => output.write(&report, session)?,
    }
    Ok(report.exit.into())
}

/// How the verdict on one measurement was reached; files are still written.
fn explain(
    report: &Report,
    measurement: &str,
    output: &ReportOutput,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let named: Vec<&Finding> =
        report.all_findings().filter(|f| f.key().is_named(measurement)).collect();
    if named.is_empty() {
        let known = report.all_findings().map(|f| f.key().text().into_raw());
        let known: Vec<String> = known.collect();
        let help = match suggest(measurement, known.iter().map(String::as_str)) {
            Some(name) => format!("did you mean `{name}`? `--all` lists every measurement"),
            None => "`--all` lists every measurement".to_owned(),
        };
        return Err(CliError::coded(
            &codes::UNKNOWN_MEASUREMENT,
            format!("no measurement is called `{measurement}`"),
            help,
        ));
    }
    output.write_files(report, session)?;
    let paper = session.paper;
    session.print(|out| render_explanation(report, &named, paper, out))
}
