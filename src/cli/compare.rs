//! `perfgate compare`: the gate.

use super::args::{CompareArgs, OutputArgs, OutputKind};
use super::bundle::write_bundle;
use super::comparison::{Compared, request};
use super::error::CliError;
use super::exit::Exit;
use super::output::{write_files, write_report};
use super::policy::{deciding, load};
use super::session::Session;
use crate::gate::{Finding, Report};
use crate::report::render_explanation;

pub(super) fn run(args: &CompareArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let compared = &args.compared;
    let deciding = deciding(load(session)?, compared.gate.offline, session)?;
    let Compared { report, current, .. } = request(compared, false, deciding, session)?.run()?;
    for (_, folder) in args.output.output.iter().filter(|(kind, _)| *kind == OutputKind::Bundle) {
        write_bundle(&session.path(folder), &current)?;
    }
    match &args.explain {
        Some(measurement) => explain(&report, measurement, &args.output, session)?,
        None => write_report(&report, &args.output, session)?,
    }
    Ok(Exit::from_report(report.exit_code()))
}

/// How the verdict on one measurement was reached; the files that were asked for are written all the same.
fn explain(
    report: &Report,
    measurement: &str,
    output: &OutputArgs,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let named: Vec<&Finding> =
        report.findings.iter().filter(|f| f.key().is_named(measurement)).collect();
    if named.is_empty() {
        let known: Vec<String> =
            report.findings.iter().map(|f| f.key().text().into_raw()).collect();
        let near = |name: &&String| strsim::jaro_winkler(name, measurement);
        let nearest = known.iter().max_by(|a, b| near(a).total_cmp(&near(b)));
        let help = nearest.map_or("the report has no findings".to_owned(), |name| {
            format!("did you mean `{name}`? `--all` lists every measurement")
        });
        return Err(CliError::usage(format!("no measurement is called `{measurement}`"), help));
    }
    write_files(report, output, session)?;
    session.print(|out| render_explanation(report, &named, out))
}
