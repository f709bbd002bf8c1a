//! `perfgate baseline explain`: every commit that is looked at for a baseline, and why it is taken or not.

use crate::cli::args::ExplainArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::policy::Loaded;
use crate::cli::search::Search;
use crate::cli::session::Session;
use crate::model::{Outcome, Visited};
use crate::report::{ago, escape_terminal, plural, write_grid};
use std::io::Write as _;

/// The columns of the walk; true is aligned to the right.
const COLUMNS: [(&str, bool); 5] =
    [("distance", true), ("commit", false), ("age", true), ("subject", false), ("outcome", false)];

pub(super) fn explain(
    args: &ExplainArgs,
    mut loaded: Loaded,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let search = Search::prepare(args.baseline.as_deref(), &args.gate, &mut loaded, session)?;
    let current = search.current(&args.results, &args.run, &loaded, session)?;
    let found = search.find(&current.runs[0], &args.gate, &loaded)?;
    let own = search.place.history.info(search.under_test.head)?;
    let now = own.as_ref().map(|info| info.date);
    let (revision, commit) = (escape_terminal(&search.revision), search.under_test.commit.short());
    let store = search.place.store().describe();
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
        escape_terminal(&visited.subject.chars().take(50).collect::<String>()),
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
