//! `perfgate baseline explain`: every commit that is looked at for a baseline, and why it is taken or not.

use super::left_out::{left_out, told};
use crate::cli::args::ExplainArgs;
use crate::cli::comparison::PreparedLookup;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::histograms::Histograms;
use crate::cli::policy::{LoadedPolicy, Policies};
use crate::cli::results::no_results;
use crate::cli::session::Session;
use crate::model::{Outcome, Visited};
use crate::report::{Column, ago, escape_terminal, plural, write_grid};
use std::io::Write as _;

/// The columns of the walk.
const COLUMNS: [Column<'_>; 5] = [
    Column::new("distance", true),
    Column::new("commit", false),
    Column::new("age", true).leaves(2),
    Column::new("subject", false).cut(16),
    Column::new("outcome", false).below(&[]),
];

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
    let paper = session.paper;
    session.print(|out| {
        let text = format!("the baseline of {commit} against {revision}, in {store}");
        writeln!(out, "{}\n", paper.folded(&text, 2))?;
        write_grid(&COLUMNS, &rows, paper, out)?;
        writeln!(out)?;
        match found.runs.first() {
            Some(newest) => {
                let runs = plural(found.runs.len(), "run");
                let [newest, oldest] = [newest, found.runs.last().unwrap_or(newest)]
                    .map(|run| run.entry.commit.short());
                let of = if newest == oldest {
                    format!(" of {newest}")
                } else {
                    format!(", {oldest}…{newest}")
                };
                writeln!(out, "baseline: {runs}{of}")
            }
            None => {
                writeln!(out, "no baseline: looked at {}", plural(found.visited.len(), "commit"))
            }
        }?;
        for (i, [reason, way_in]) in left_out(&found.visited).into_iter().enumerate() {
            if i == 0 {
                writeln!(out, "left out:")?;
            }
            writeln!(out, "{}", paper.folded(&format!("  {reason}"), 4))?;
            writeln!(out, "{}", paper.folded(&format!("    to let them in: {way_in}"), 6))?;
        }
        Ok(())
    })?;
    Ok(Exit::Pass)
}

fn row(visited: &Visited, now: Option<jiff::Timestamp>) -> Vec<String> {
    let left_out = match (&visited.outcome, visited.passed_over.len()) {
        (Outcome::Taken { .. }, n) if n > 0 => format!(", {n} left out"),
        _ => String::new(),
    };
    vec![
        visited.distance.to_string(),
        visited.commit.short(),
        now.map(|now| ago(now, visited.date)).unwrap_or_default(),
        escape_terminal(&visited.subject.map(|text| text.chars().take(50).collect())),
        outcome(&visited.outcome) + &left_out,
    ]
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Taken { runs } => format!("taken: {}", plural(*runs, "run")),
        Outcome::NoRecord => "no record".to_owned(),
        Outcome::OtherVersion => "passed over: recorded by a newer perfgate".to_owned(),
        Outcome::UnderTest => "passed over: the commit under test".to_owned(),
        Outcome::SameMeasurement { of } => {
            format!("passed over: has the results of {}", of.short())
        }
        Outcome::NotComparable { differences } => {
            let list: Vec<String> = differences.iter().map(told).collect();
            format!("not comparable: {}", list.join("; "))
        }
    }
}
