//! The history of a branch as a table in a terminal.

use super::escape::terminal;
use super::grid::{self, Cell, Column as Head};
use super::number::{Scale, plural};
use super::paper::{Ink, Paper, beginning};
use super::trend::{arrow, heading, scales, shown, sign, steps};
use crate::model::{Raw, Untrusted};
use crate::trend::{Mark, Table};
use std::io::{self, Write};
use std::ops::Range;

/// The longest subject, in characters.
const SUBJECT: usize = 40;
const AUTHOR: usize = 16;
/// Blanks before each row.
const INDENT: usize = 2;
/// The longest line of blocks.
pub(super) const LONGEST_SPARK: usize = 24;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Writes the last rows, newest last, a sparkline below each column, and the steps by name.
pub fn render(table: &Table, last: usize, paper: Paper, out: &mut impl Write) -> io::Result<()> {
    let range = shown(table, last);
    let commits = plural(table.rows.len(), "recorded commit");
    let title = format!("{}: last {} of {commits}", terminal(&table.title), range.len());
    writeln!(out, "{}\n", paper.folded(&title, 2))?;
    if table.rows.is_empty() {
        return Ok(());
    }
    let drawn = Drawn { table, range, scales: scales(table), paper };
    drawn.write(out)?;
    let steps = steps(table, &|text: &dyn Raw| terminal(text));
    let signs = drawn.legend(!steps.is_empty());
    if !steps.is_empty() || !signs.is_empty() {
        writeln!(out)?;
    }
    for (_, step) in steps {
        writeln!(out, "{}", paper.folded(&format!("  {step}"), 4))?;
    }
    if !signs.is_empty() {
        let text = paper.folded(&format!("  {}", signs.join(", ")), 2);
        writeln!(out, "{}", paper.painted(&text, Ink::Dim))?;
    }
    Ok(())
}

/// What a row begins with.
const BEGINNING: [&str; 4] = ["commit", "date", "author", "subject"];
/// Columns that a subject keeps.
const SUBJECT_LEAST: usize = 16;

struct Drawn<'a> {
    table: &'a Table,
    range: Range<usize>,
    scales: Vec<Scale>,
    paper: Paper,
}

impl Drawn<'_> {
    /// One grid with the names of the columns as heads; where that is too wide, numbers as heads and a list of the names;
    /// where even that is too wide, several grids.
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let all: Vec<usize> = (0..self.table.columns.len()).collect();
        let names: Vec<String> =
            self.table.columns.iter().map(|column| terminal(&heading(column))).collect();
        let whole = self.grid(&all, &names, Some(LONGEST_SPARK));
        if whole.width() <= self.paper.columns() {
            return whole.write(self.paper, out);
        }
        let numbers: Vec<String> = all.iter().map(|c| (c + 1).to_string()).collect();
        let digits = numbers.last().map_or(1, String::len);
        for (number, name) in numbers.iter().zip(&names) {
            let name = self.paper.shortened(name, self.paper.columns() - digits - 4);
            writeln!(out, "  {number:>digits$}  {name}")?;
        }
        let fits = |n: &usize| {
            let mut grids = all.chunks(*n).map(|part| self.grid(part, &numbers, None));
            grids.all(|grid| grid.narrowest() <= self.paper.columns())
        };
        let most = (1..=all.len()).rev().find(fits).unwrap_or(1);
        // As many grids as it takes, each with about as many columns.
        let grids = all.len().div_ceil(most).max(1);
        let each = all.len().div_ceil(grids).max(1);
        for part in all.chunks(each) {
            writeln!(out)?;
            self.grid(part, &numbers, None).write(self.paper, out)?;
        }
        Ok(())
    }

    /// The grid of these columns under these heads. A sparkline without a length of its own is as long as the values.
    fn grid(&self, columns: &[usize], names: &[String], spark: Option<usize>) -> Sheet {
        let mut heads: Vec<String> = BEGINNING.map(str::to_owned).into();
        let mut rows: Vec<Vec<Cell>> = self.range.clone().map(|r| self.begin(r)).collect();
        let mut sparks: Vec<Cell> = vec![(String::new(), None); BEGINNING.len()];
        for c in columns {
            let parts: Vec<_> = self.range.clone().map(|r| self.cell(*c, r)).collect();
            let widest = |texts: &mut dyn Iterator<Item = &String>| {
                texts.map(|text| text.chars().count()).max().unwrap_or_default()
            };
            let values = widest(&mut parts.iter().map(|(value, ..)| value));
            let signs = widest(&mut parts.iter().map(|(_, signs, _)| signs));
            // Values stand under each other, their signs behind them.
            for (row, (value, own, ink)) in rows.iter_mut().zip(&parts) {
                let gap = usize::from(signs > 0);
                row.push((format!("{value}{:gap$}{own:signs$}", ""), *ink));
            }
            let all: Vec<Option<f64>> =
                self.range.clone().map(|r| self.table.rows[r].cells[*c].value).collect();
            sparks.push((sparkline(&all, spark.unwrap_or(values)), None));
            heads.push(names[*c].clone());
        }
        rows.push(sparks);
        Sheet { heads, rows }
    }

    fn begin(&self, r: usize) -> Vec<Cell> {
        let row = &self.table.rows[r];
        let cut = |text: &Untrusted, most: usize| beginning(&terminal(text), most);
        vec![
            (row.commit.short(), None),
            (row.date.strftime("%Y-%m-%d %H:%M").to_string(), Some(Ink::Dim)),
            (cut(&row.author, AUTHOR), Some(Ink::Dim)),
            (cut(&row.subject, SUBJECT), None),
        ]
    }

    /// A value, and its signs.
    fn cell(&self, c: usize, r: usize) -> (String, String, Option<Ink>) {
        let cell = &self.table.rows[r].cells[c];
        let mark = cell.shown_mark().map(sign);
        let step = self.table.step_at(c, r).map(arrow).unwrap_or_default();
        let value = cell.value.map_or_else(|| "–".to_owned(), |v| self.scales[c].show(v));
        let signs = format!("{step}{}", mark.map(|(sign, _)| sign).unwrap_or_default());
        (value, signs, mark.map(|(_, ink)| ink))
    }

    /// What the signs mean, of those that are shown.
    fn legend(&self, steps: bool) -> Vec<&'static str> {
        let shown = |mark: Mark| {
            let mut cells = self.table.rows[self.range.clone()].iter().flat_map(|row| &row.cells);
            cells.any(|cell| cell.shown_mark() == Some(mark))
        };
        let marks = [
            (Mark::Fail, "✗ over its limit"),
            (Mark::Again, "? not decided"),
            (Mark::Warn, "! over its limit, without failing"),
            (Mark::Accepted, "a accepted"),
        ];
        let marks = marks.into_iter().filter(|(mark, _)| shown(*mark)).map(|(_, text)| text);
        steps.then_some("▲ ▼ a step up or down").into_iter().chain(marks).collect()
    }
}

/// A grid: its heads and rows.
struct Sheet {
    heads: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Sheet {
    fn columns(&self) -> Vec<Head<'_>> {
        let names = self.heads.iter().enumerate();
        let columns = names.map(|(at, name)| match at {
            0 => Head::new(name, false),
            1 => Head::new(name, false).leaves(2),
            2 => Head::new(name, false).leaves(1),
            3 => Head::new(name, false).cut(SUBJECT_LEAST),
            _ => Head::new(name, true),
        });
        columns.collect()
    }

    /// Columns that it takes as it is.
    fn width(&self) -> usize {
        INDENT + grid::natural_width(&self.columns(), &self.rows)
    }

    /// Columns that it takes at least.
    fn narrowest(&self) -> usize {
        let width = |at: usize| {
            let texts = self.rows.iter().map(|row| row[at].0.chars().count());
            texts.chain([self.heads[at].chars().count()]).max().unwrap_or_default()
        };
        let series = (BEGINNING.len()..self.heads.len()).map(|at| width(at) + 2);
        INDENT + width(0) + 2 + SUBJECT_LEAST.min(width(3)) + series.sum::<usize>()
    }

    fn write(&self, paper: Paper, out: &mut impl Write) -> io::Result<()> {
        let lines = grid::lines(&self.columns(), &self.rows, INDENT, paper);
        lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

/// At most so many values as a line of blocks; more are thinned out.
pub(super) fn sparkline(values: &[Option<f64>], longest: usize) -> String {
    let stride = values.len().div_ceil(longest.max(1)).max(1);
    let thinned: Vec<Option<f64>> = values.iter().rev().step_by(stride).rev().copied().collect();
    let known = || thinned.iter().flatten().copied();
    let (low, high) =
        (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let level = |value: f64| {
        // What moves by less than a tenth of itself must not look like a cliff.
        let span = (high - low).max(high.abs() / 10.0);
        let share = if span > 0.0 { (value - low) / span } else { 0.0 };
        LEVELS[((share * 7.0).round() as usize).min(7)]
    };
    thinned.iter().map(|value| value.map_or(' ', level)).collect()
}
