//! A grid of text in aligned columns, without lines.

use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use std::io::{self, Write};

/// How a cell is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Red,
    Yellow,
    Magenta,
}

/// A column's heading and whether it is aligned to the right, as numbers are.
pub type Column<'a> = (&'a str, bool);

/// Writes plain rows under their headings, indented by two. The texts must be harmless already.
pub fn write_grid(
    columns: &[Column<'_>],
    rows: &[Vec<String>],
    out: &mut impl Write,
) -> io::Result<()> {
    let cells =
        rows.iter().map(|row| row.iter().map(|text| (text.clone(), None)).collect()).collect();
    for line in lines(columns, cells, false) {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// The lines of a grid. The width is the natural one, always: a log has no width, and a wrapped name cannot be
/// searched for.
pub(super) fn lines(
    columns: &[Column<'_>],
    rows: Vec<Vec<(String, Option<Ink>)>>,
    color: bool,
) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(columns.iter().map(|(name, _)| *name));
    for row in rows {
        table.add_row(row.into_iter().map(|(text, ink)| match ink.filter(|_| color) {
            Some(ink) => Cell::new(text).fg(match ink {
                Ink::Red => Color::Red,
                Ink::Yellow => Color::Yellow,
                Ink::Magenta => Color::Magenta,
            }),
            None => Cell::new(text),
        }));
    }
    for (column, (name, right)) in table.column_iter_mut().zip(columns) {
        column.set_padding((0, if name.is_empty() { 1 } else { 2 }));
        if *right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}
