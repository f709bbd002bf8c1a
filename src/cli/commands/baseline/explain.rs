//! `perfgate baseline explain`: every commit that is looked at for a baseline, and why it is taken or not.

use crate::cli::args::ExplainArgs;
use crate::cli::comparison::PreparedLookup;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::histograms::Histograms;
use crate::cli::policy::{LoadedPolicy, Policies};
use crate::cli::results::no_results;
use crate::cli::session::Session;
use crate::model::{Outcome, Visited};
use crate::report::{ago, escape_terminal, plural, write_grid};
use std::io::Write as _;

/// The columns of the walk; true is aligned to the right.
const COLUMNS: [(&str, bool); 5] =
    [("distance", true), ("commit", false), ("age", true), ("subject", false), ("outcome", false)];

pub(super) fn explain(
    args: &ExplainArgs,
    loaded: LoadedPolicy,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let recorded = args.gate.recorded(args.baseline.clone());
    let policies = Policies::from_checkout(loaded, recorded.network, session)?;
    let prepared = PreparedLookup::new(&recorded, &args.gate.overrides(), policies, session)?;
    let (results, labels) = (args.results.selection(), args.run.labels());
    let current = prepared.current(&results, &labels, Histograms::Omit, session)?;
    let lookup = &prepared.lookup;
    let run = current.runs.first().ok_or_else(no_results)?;
    let found = lookup.find(run, &prepared.rules, Histograms::Omit)?;
    let now = lookup.date()?;
    let (revision, commit) = (escape_terminal(&lookup.branch), lookup.commit.short());
    let store = lookup.store.records().describe();
    let rows: Vec<Vec<String>> = found.visited.iter().map(|v| row(v, now)).collect();
    session.print(|out| {
        writeln!(out, "the baseline of {commit} against {revision}, in {store}\n")?;
        write_grid(&COLUMNS, &rows, out)?;
        writeln!(out)?;
        match found.runs.first() {
            Some(run) => {
                let runs = plural(found.runs.len(), "run");
                writeln!(out, "baseline: {runs} of {}", run.entry.commit.short())
            }
            None => {
                writeln!(out, "no baseline: looked at {}", plural(found.visited.len(), "commit"))
            }
        }
    })?;
    Ok(Exit::Pass)
}

fn row(visited: &Visited, now: Option<jiff::Timestamp>) -> Vec<String> {
    vec![
        visited.distance.to_string(),
        visited.commit.short(),
        now.map(|now| ago(now, visited.date)).unwrap_or_default(),
        escape_terminal(&visited.subject.map(|text| text.chars().take(50).collect())),
        outcome(&visited.outcome),
    ]
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Taken { runs } => format!("taken: {}", plural(*runs, "run")),
        Outcome::NoRecord => "no record".to_owned(),
        Outcome::OtherVersion => "passed over: recorded by a newer perfgate".to_owned(),
        Outcome::UnderTest => "passed over: the commit under test".to_owned(),
        Outcome::NotComparable { differences } => {
            let each = |d: &crate::model::Difference| {
                format!(
                    "{} {}, this run {}",
                    d.field,
                    escape_terminal(&d.baseline),
                    escape_terminal(&d.current)
                )
            };
            let list: Vec<String> = differences.iter().map(each).collect();
            format!("not comparable: {}", list.join("; "))
        }
    }
}
