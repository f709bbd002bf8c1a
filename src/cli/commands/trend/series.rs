//! The steps in series from elsewhere: a file with one value per commit.

use crate::cli::args::{TrendArgs, TrendFormat};
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::ingest::read_document;
use crate::model::limits;
use crate::report::{
    Column, escape_terminal, plural, signed_percent, step_to_wire, write_grid, write_json,
};
use crate::schema::{HISTORY_SCHEMA, HistoryV1, SeriesV1};
use crate::trend::{Found, Series, read_series, steps_of};
use std::io::Write as _;
use std::path::Path;

/// The columns of the table.
const COLUMNS: [Column<'_>; 6] = [
    Column::new("series", false).shortens(16),
    Column::new("index", true).leaves(2),
    Column::new("commit", false),
    Column::new("change", true),
    Column::new("p", true).leaves(3),
    Column::new("", false).below(&[]),
];

/// Reads the file and prints its steps.
pub(super) fn steps_in(
    input: &Path,
    args: &TrendArgs,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let document = read_document(&session.path(input), limits::DOCUMENT_BYTES)?;
    let series = read_series(&document).map_err(|error| {
        let help = "a CSV has one row per commit: commit,timestamp,<series>…; JSON lines are \
                    {\"id\": …, \"values\": […]}";
        CliError::usage(format!("{}: {error}", input.display()), help)
    })?;
    let min_effect = args.min_effect.unwrap_or(0.0);
    let found: Vec<(Series, Vec<Found>)> = series
        .into_iter()
        .map(|series| (steps_of(&series, min_effect), series))
        .map(|(f, s)| (s, f))
        .collect();
    match args.format {
        TrendFormat::Json => {
            session.print(|out| write_json(&to_wire(&found), out))?;
        }
        TrendFormat::Table => print_table(&found, session)?,
        TrendFormat::Markdown | TrendFormat::Csv => {
            let help = "write --format table or json";
            return Err(CliError::usage("series from a file have no other format", help));
        }
    }
    Ok(())
}

fn points(series: &Series) -> usize {
    series.values.iter().flatten().count()
}

fn to_wire(all: &[(Series, Vec<Found>)]) -> HistoryV1 {
    let series = all.iter().map(|(series, found)| SeriesV1 {
        id: series.id.clone(),
        heading: None,
        unit: None,
        direction: None,
        points: points(series),
        steps: found.iter().map(step_to_wire).collect(),
    });
    let schema = HISTORY_SCHEMA.to_owned();
    HistoryV1 { schema, rows: Vec::new(), series: series.collect() }
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
    let paper = session.paper;
    session.print(|out| {
        let (steps, series) = (plural(rows.len(), "step"), plural_series(all.len()));
        writeln!(out, "{steps} in {series} with {} together\n", plural(total, "point"))?;
        if rows.is_empty() { Ok(()) } else { write_grid(&COLUMNS, &rows, paper, out) }
    })
}

fn plural_series(n: usize) -> String {
    format!("{n} series")
}
