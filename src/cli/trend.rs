//! `perfgate trend`: the steps in series of one value per commit.

use super::args::{TrendArgs, TrendFormat};
use super::error::CliError;
use super::exit::Exit;
use super::session::Session;
use crate::report::{escape_terminal, plural, signed_percent, write_grid};
use crate::schema::{HISTORY_SCHEMA, HistoryV1, SeriesV1, StepV1};
use crate::trend::{Found, Series, read_series, steps_of};
use std::fs::File;
use std::io::{self, Read, Write as _};

/// The columns of the table; true is aligned to the right.
const COLUMNS: [(&str, bool); 6] = [
    ("series", false),
    ("index", true),
    ("commit", false),
    ("change", true),
    ("p", true),
    ("", false),
];

pub(super) fn run(args: &TrendArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let path = session.path(&args.input);
    let wrap = |source| CliError::File { path: args.input.clone(), source };
    let source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(&path).map_err(wrap)?),
    };
    let series = read_series(source).map_err(|error| {
        let help = "a CSV has one row per commit: commit,timestamp,<series>…; JSON lines are \
                    {\"id\": …, \"values\": […]}";
        CliError::usage(format!("{}: {error}", args.input.display()), help)
    })?;
    let min_effect = args.min_effect.unwrap_or(0.0);
    let found: Vec<(Series, Vec<Found>)> = series
        .into_iter()
        .map(|series| (steps_of(&series, min_effect), series))
        .map(|(f, s)| (s, f))
        .collect();
    match args.format {
        TrendFormat::Json => {
            let text = serde_json::to_string_pretty(&to_wire(&found))?;
            session.print(|out| writeln!(out, "{text}"))?;
        }
        TrendFormat::Table => print_table(&found, session)?,
    }
    Ok(Exit::Pass)
}

fn points(series: &Series) -> usize {
    series.values.iter().flatten().count()
}

fn to_wire(all: &[(Series, Vec<Found>)]) -> HistoryV1 {
    let step = |found: &Found| StepV1 {
        index: found.step.index,
        commit: found.commit.clone(),
        size: Some(found.step.size).filter(|size| size.is_finite()),
        p: found.step.p,
        confirmed: found.step.confirmed,
    };
    let series = all.iter().map(|(series, found)| SeriesV1 {
        id: series.id.clone(),
        points: points(series),
        steps: found.iter().map(step).collect(),
    });
    HistoryV1 { schema: HISTORY_SCHEMA.to_owned(), series: series.collect() }
}

fn print_table(all: &[(Series, Vec<Found>)], session: &mut Session<'_>) -> Result<(), CliError> {
    let row = |series: &Series, found: &Found| {
        let commit = found.commit.as_deref().unwrap_or("–");
        let size = Some(found.step.size).filter(|size| size.is_finite());
        vec![
            escape_terminal(&series.id),
            found.step.index.to_string(),
            escape_terminal(&commit.chars().take(12).collect::<String>()),
            size.map_or("from 0".to_owned(), signed_percent),
            format!("{:.0e}", found.step.p),
            if found.step.confirmed { "confirmed" } else { "at the end of the series" }.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> =
        all.iter().flat_map(|(series, found)| found.iter().map(move |f| row(series, f))).collect();
    let total: usize = all.iter().map(|(series, _)| points(series)).sum();
    session.print(|out| {
        let (steps, series) = (plural(rows.len(), "step"), plural_series(all.len()));
        writeln!(out, "{steps} in {series} of {total} points together\n")?;
        if rows.is_empty() { Ok(()) } else { write_grid(&COLUMNS, &rows, out) }
    })
}

fn plural_series(n: usize) -> String {
    format!("{n} series")
}
