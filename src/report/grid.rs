//! A grid of text in aligned columns, without lines, that fits its paper.

use super::paper::{Ink, Paper};
use comfy_table::{Attribute, CellAlignment, Color, ContentArrangement, Table, presets};
use std::io::{self, Write};
use textwrap::core::display_width;

/// The fewest columns that a shortened text keeps.
const LEAST: usize = 8;
/// The order of what is left out before anything is shortened.
const AT_ONCE: u8 = 1;

/// A column of a grid.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    name: &'a str,
    /// Whether it is aligned to the right, as numbers are.
    right: bool,
    gives: Gives<'a>,
}

/// What happens to a column where the grid does not fit.
#[derive(Debug, Clone, Copy)]
enum Gives<'a> {
    Nothing,
    /// It is left out; those of the first order before anything is shortened.
    Way(u8),
    /// Its texts are shortened in the middle, if possible to no fewer columns than these.
    Middle(usize),
    /// Its texts lose their ends, likewise.
    End(usize),
    /// The last column: a text that does not fit stands below its row, but for these words.
    Below(&'a [&'a str]),
}

impl<'a> Column<'a> {
    /// A column that is always shown.
    pub const fn new(name: &'a str, right: bool) -> Self {
        Self { name, right, gives: Gives::Nothing }
    }

    /// The same, left out where there is no room: the lowest order first.
    #[must_use]
    pub const fn leaves(self, order: u8) -> Self {
        Self { gives: Gives::Way(order), ..self }
    }

    /// The same, its texts shortened in the middle where there is no room.
    #[must_use]
    pub const fn shortens(self, least: usize) -> Self {
        Self { gives: Gives::Middle(least), ..self }
    }

    /// The same, its texts cut at their ends where there is no room.
    #[must_use]
    pub const fn cut(self, least: usize) -> Self {
        Self { gives: Gives::End(least), ..self }
    }

    /// The same, being the last: what does not fit stands below its row, but for these words, which are left out.
    #[must_use]
    pub const fn below(self, but: &'a [&'a str]) -> Self {
        Self { gives: Gives::Below(but), ..self }
    }

    fn gap(&self) -> u16 {
        if self.name.is_empty() { 1 } else { 2 }
    }
}

/// A text, and how it is colored.
pub(super) type Cell = (String, Option<Ink>);

/// Writes plain rows under their headings, indented by two. The texts must be harmless already.
pub fn write_grid(
    columns: &[Column<'_>],
    rows: &[Vec<String>],
    paper: Paper,
    out: &mut impl Write,
) -> io::Result<()> {
    let cells: Vec<Vec<Cell>> =
        rows.iter().map(|row| row.iter().map(|text| (text.clone(), None)).collect()).collect();
    lines(columns, &cells, 2, paper).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// The lines of a grid, indented by so many columns.
pub(super) fn lines(
    columns: &[Column<'_>],
    rows: &[Vec<Cell>],
    indent: usize,
    paper: Paper,
) -> Vec<String> {
    let grid = Grid::fitted(columns, rows, indent, paper);
    let head: Vec<Cell> = columns.iter().map(|own| (own.name.to_owned(), None)).collect();
    let mut laid_out = grid.laid_out(std::iter::once(&head).chain(rows)).into_iter();
    let mut lines: Vec<String> = laid_out.next().into_iter().collect();
    for (line, row) in laid_out.zip(rows) {
        lines.push(line);
        lines.extend(grid.below(row));
    }
    lines
}

/// Columns that a grid takes which nothing has to give way in.
pub(super) fn natural_width(columns: &[Column<'_>], rows: &[Vec<Cell>]) -> usize {
    let all = Grid { columns, shown: all_of(columns, rows), indent: 0, paper: Paper::log(false) };
    all.total()
}

/// Each column with the width of its widest text.
fn all_of(columns: &[Column<'_>], rows: &[Vec<Cell>]) -> Vec<(usize, usize)> {
    let widest = |at: usize| rows.iter().map(|row| display_width(&row[at].0)).max().unwrap_or(0);
    columns.iter().enumerate().map(|(c, own)| (c, widest(c).max(display_width(own.name)))).collect()
}

struct Grid<'a> {
    columns: &'a [Column<'a>],
    /// The columns that are shown, with their widths.
    shown: Vec<(usize, usize)>,
    indent: usize,
    paper: Paper,
}

impl<'a> Grid<'a> {
    fn fitted(columns: &'a [Column<'a>], rows: &[Vec<Cell>], indent: usize, paper: Paper) -> Self {
        let mut grid = Self { columns, shown: all_of(columns, rows), indent, paper };
        let orders = columns.iter().filter_map(|own| match own.gives {
            Gives::Way(order) => Some(order),
            _ => None,
        });
        let mut orders: Vec<u8> = orders.collect();
        orders.sort_unstable();
        orders.dedup();
        if !grid.fits() {
            grid.narrow_last();
        }
        for order in orders.iter().filter(|order| **order <= AT_ONCE) {
            grid.leave_out(*order);
        }
        if !grid.fits() {
            grid.drop_last();
        }
        grid.shorten(|own| own);
        for order in orders.iter().filter(|order| **order > AT_ONCE) {
            grid.leave_out(*order);
        }
        grid.shorten(|_| LEAST);
        grid
    }

    fn total(&self) -> usize {
        let widths =
            self.shown.iter().map(|(c, width)| usize::from(self.columns[*c].gap()) + width);
        let last = self.shown.last().map_or(0, |(c, _)| usize::from(self.columns[*c].gap()));
        (self.indent + widths.sum::<usize>()).saturating_sub(last)
    }

    fn fits(&self) -> bool {
        self.total() <= self.paper.columns()
    }

    /// The last column, where it may stand below.
    fn last(&self) -> Option<usize> {
        self.columns.iter().position(|own| matches!(own.gives, Gives::Below(_)))
    }

    /// The texts that may stand below count for no more than their head.
    fn narrow_last(&mut self) {
        let Some(last) = self.last() else { return };
        for (c, width) in &mut self.shown {
            if *c == last {
                *width = display_width(self.columns[last].name);
            }
        }
        self.widen_last();
    }

    fn drop_last(&mut self) {
        let last = self.last();
        self.shown.retain(|(c, _)| Some(*c) != last);
    }

    fn leave_out(&mut self, order: u8) {
        if self.fits() {
            return;
        }
        let columns = self.columns;
        self.shown.retain(|(c, _)| !matches!(columns[*c].gives, Gives::Way(own) if own == order));
        self.widen_last();
    }

    /// Gives the last column the room that became free.
    fn widen_last(&mut self) {
        let room = self.paper.columns().saturating_sub(self.total());
        let last = self.last();
        if let Some((_, width)) = self.shown.iter_mut().find(|(c, _)| Some(*c) == last) {
            *width += room;
        }
    }

    /// Takes a column at a time from the widest text that may be shortened, down to what `least` says of it.
    fn shorten(&mut self, least: impl Fn(usize) -> usize) {
        while self.paper.shortens() && !self.fits() {
            let room = |(c, width): &(usize, usize)| match self.columns[*c].gives {
                Gives::Middle(own) | Gives::End(own) => width.saturating_sub(least(own)),
                _ => 0,
            };
            let widest = (0..self.shown.len()).max_by_key(|at| room(&self.shown[*at]));
            match widest.filter(|at| room(&self.shown[*at]) > 0) {
                Some(at) => self.shown[at].1 -= 1,
                None => return,
            }
        }
    }

    /// The lines of these rows, each of its columns as wide as it may be.
    fn laid_out<'r>(&self, rows: impl Iterator<Item = &'r Vec<Cell>>) -> Vec<String> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        if self.paper.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        for row in rows {
            table.add_row(self.shown.iter().map(|(c, width)| self.cell(*c, *width, &row[*c])));
        }
        let shown = self.shown.iter().map(|(c, _)| &self.columns[*c]);
        for (column, own) in table.column_iter_mut().zip(shown) {
            column.set_padding((0, own.gap()));
            if own.right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let indent = " ".repeat(self.indent);
        table
            .lines()
            .map(|line| format!("{indent}{}", line.trim_end()).trim_end().to_owned())
            .collect()
    }

    fn cell(&self, c: usize, width: usize, (text, ink): &Cell) -> comfy_table::Cell {
        let text = match self.columns[c].gives {
            Gives::Middle(_) => self.paper.shortened(text, width),
            Gives::End(_) => self.paper.cut(text, width),
            Gives::Below(_) if display_width(text) > width => String::new(),
            _ => text.clone(),
        };
        let cell = comfy_table::Cell::new(&text);
        match ink.filter(|_| !text.is_empty()).map(Ink::color) {
            Some(Some(color)) => cell.fg(Color::AnsiValue(color)).add_attribute(Attribute::Bold),
            Some(None) => cell.add_attribute(Attribute::Dim),
            None => cell,
        }
    }

    /// What of a row stands below it.
    fn below(&self, row: &[Cell]) -> Option<String> {
        let last = self.last()?;
        let (text, ink) = &row[last];
        let width = self.shown.iter().find(|(c, _)| *c == last).map(|(_, width)| *width);
        let Gives::Below(but) = self.columns[last].gives else { return None };
        if text.is_empty() || width.is_some_and(|width| display_width(text) <= width) {
            return None;
        }
        if but.contains(&text.as_str()) {
            return None;
        }
        let at = self.indent + 4;
        let text = self.paper.folded(&format!("{:at$}{text}", ""), at);
        Some(ink.map_or_else(|| text.clone(), |ink| self.paper.painted(&text, ink)))
    }
}
