//! The history of a branch as Markdown, as CSV, and as JSON.

use super::escape::{Show, markdown_code, markdown_text, write_json};
use super::number::{Scale, signed_percent};
use super::paper::Ink;
use crate::model::{Direction, EndpointKey, Metric, Raw, Statistic, Untrusted};
use crate::schema::{HISTORY_SCHEMA, HistoryV1, RowV1, SeriesV1, StepV1, ValueV1};
use crate::trend::{Column, Found, Mark, Table, csv_text};
use std::io::{self, Write};

/// The last so many rows, as they are shown.
pub(super) fn shown(table: &Table, last: usize) -> std::ops::Range<usize> {
    table.rows.len().saturating_sub(last)..table.rows.len()
}

/// One scale for each column.
pub(super) fn scales(table: &Table) -> Vec<Scale> {
    let values =
        |c: usize| -> Vec<f64> { table.rows.iter().filter_map(|row| row.cells[c].value).collect() };
    table.columns.iter().enumerate().map(|(c, own)| Scale::of(&own.unit, &values(c))).collect()
}

/// A column's heading: `POST /api/chat p95`, `req/s`.
pub(super) fn heading(column: &Column) -> Untrusted {
    if let Some(own) = &column.heading {
        return own.clone();
    }
    match (&column.key.endpoint, &column.key.metric, column.key.statistic) {
        (EndpointKey::Total, Metric::Throughput, _) => "req/s".into(),
        (EndpointKey::Total, Metric::ErrorRate, _) => "errors".into(),
        (EndpointKey::Total, Metric::Custom(name), Statistic::Value) => name.clone(),
        (EndpointKey::Total, Metric::Custom(name), statistic) => {
            name.map(|name| format!("{name} {statistic}"))
        }
        _ => column.key.text().map(|text| text.replace("error_rate", "errors")),
    }
}

pub(super) fn sign(mark: Mark) -> (&'static str, Ink) {
    match mark {
        Mark::Fail => ("✗", Ink::Red),
        Mark::Again => ("?", Ink::Magenta),
        Mark::Warn => ("!", Ink::Orange),
        Mark::Accepted => ("a", Ink::Orange),
    }
}

/// Up and down, by whether the value grew.
pub(super) fn arrow(size: f64) -> &'static str {
    if size >= 0.0 { "▲" } else { "▼" }
}

/// The steps of all columns, newest first, each with its row: `▲ step at 9d4e1b2 "…": POST /api/chat p95 +27.0 % (p = 3e-7, confirmed)`.
pub(super) fn steps(table: &Table, show: Show<'_>) -> Vec<(usize, String)> {
    step_lines(table, &(0..table.columns.len()).collect::<Vec<_>>(), show)
}

/// The same of these columns.
pub(super) fn step_lines(table: &Table, columns: &[usize], show: Show<'_>) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    for (column, found) in columns.iter().map(|c| (&table.columns[*c], &table.steps[*c])) {
        for Found { step, .. } in found {
            let row = &table.rows[step.index];
            let size =
                if step.size.is_finite() { signed_percent(step.size) } else { "from 0".to_owned() };
            let sure = if step.confirmed { "confirmed" } else { "not yet confirmed" };
            all.push((
                step.index,
                format!(
                    "{} step at {} \"{}\": {} {size} (p = {:.0e}, {sure})",
                    arrow(step.size),
                    row.commit.short(),
                    show(&row.subject),
                    show(&column.key.text()),
                    step.p
                ),
            ));
        }
    }
    all.sort_by_key(|(row, _)| std::cmp::Reverse(*row));
    all
}

/// Writes the last rows as a Markdown table.
pub fn render_markdown(table: &Table, last: usize, out: &mut impl Write) -> io::Result<()> {
    let scales = scales(table);
    write!(out, "| commit | date | author | subject |")?;
    for column in &table.columns {
        write!(out, " {} |", markdown_code(&heading(column)))?;
    }
    write!(out, "\n|---|---|---|---|")?;
    for _ in &table.columns {
        write!(out, "--:|")?;
    }
    writeln!(out)?;
    for r in shown(table, last) {
        let row = &table.rows[r];
        let date = row.date.strftime("%Y-%m-%d");
        let (author, subject) = (markdown_code(&row.author), markdown_code(&row.subject));
        write!(out, "| {} | {date} | {author} | {subject} |", row.commit.short())?;
        for (c, (cell, scale)) in row.cells.iter().zip(&scales).enumerate() {
            let value = cell.value.map(|v| scale.show(v).replace(' ', "\u{a0}"));
            let step = table.step_at(c, r).map(arrow).unwrap_or_default();
            let mark = cell.shown_mark().map(|mark| sign(mark).0).unwrap_or_default();
            let text = [value.unwrap_or_else(|| "–".to_owned()), step.to_owned(), mark.to_owned()];
            let text: Vec<String> = text.into_iter().filter(|part| !part.is_empty()).collect();
            write!(out, " {} |", text.join(" "))?;
        }
        writeln!(out)?;
    }
    let steps = steps(table, &|text: &dyn Raw| markdown_text(text));
    if !steps.is_empty() {
        writeln!(out)?;
    }
    steps.iter().try_for_each(|(_, step)| writeln!(out, "* {step}"))
}

/// Writes the last rows as CSV: `commit,timestamp,author,subject`, and a column for each measurement, in base units.
pub fn render_csv(table: &Table, last: usize, out: &mut impl Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let fixed = ["commit", "timestamp", "author", "subject"].map(str::to_owned);
    let names = table.columns.iter().map(|column| {
        let name = column.heading.clone().unwrap_or_else(|| column.key.text());
        csv_text(&name.map(|name| format!("{name} ({})", column.unit.raw())))
    });
    csv.write_record(fixed.into_iter().chain(names))?;
    for r in shown(table, last) {
        let row = &table.rows[r];
        let fixed = [
            row.commit.to_string(),
            row.date.to_string(),
            csv_text(&row.author),
            csv_text(&row.subject),
        ];
        let values =
            row.cells.iter().map(|cell| cell.value.map(|v| v.to_string()).unwrap_or_default());
        csv.write_record(fixed.into_iter().chain(values))?;
    }
    csv.flush()
}

/// Writes the last rows and all steps as JSON, `perfgate.history/1`.
pub fn render_json(table: &Table, last: usize, out: &mut impl Write) -> io::Result<()> {
    write_json(&to_wire(table, last), out)
}

fn to_wire(table: &Table, last: usize) -> HistoryV1 {
    let range = shown(table, last);
    let row = |r: usize| {
        let row = &table.rows[r];
        let value = |(c, cell): (usize, &crate::trend::Cell)| ValueV1 {
            series: table.columns[c].key.text().into_raw(),
            value: cell.value,
            mark: cell.mark.map(|mark| mark.name().to_owned()),
            budget: cell.budget.map(|mark| mark.name().to_owned()),
        };
        RowV1 {
            commit: row.commit.to_string(),
            date: row.date.to_string(),
            author: row.author.raw().to_owned(),
            subject: row.subject.raw().to_owned(),
            runs: row.runs,
            values: row.cells.iter().enumerate().map(value).collect(),
        }
    };
    let series = (0..table.columns.len()).map(|c| {
        let own = &table.columns[c];
        SeriesV1 {
            id: own.key.text().into_raw(),
            heading: own.heading.as_ref().map(|own| own.raw().to_owned()),
            unit: Some(own.unit.raw().to_owned()),
            direction: Some(
                if own.direction == Direction::Lower { "lower" } else { "higher" }.to_owned(),
            ),
            points: table.rows.iter().filter(|row| row.cells[c].value.is_some()).count(),
            steps: table.steps[c].iter().map(step_to_wire).collect(),
        }
    });
    HistoryV1 {
        schema: HISTORY_SCHEMA.to_owned(),
        rows: range.map(row).collect(),
        series: series.collect(),
    }
}

/// A step as it stands in a file.
pub fn step_to_wire(found: &Found) -> StepV1 {
    StepV1 {
        index: found.step.index,
        commit: found.commit.clone(),
        size: Some(found.step.size).filter(|size| size.is_finite()),
        p: found.step.p,
        confirmed: found.step.confirmed,
    }
}
