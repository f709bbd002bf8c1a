//! The pieces of a Markdown document that can state something, with their lines.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// A part of a document.
pub(super) enum Piece {
    Block(Block),
    Table(Table),
    Line(Line),
}

/// A fenced block of code or data.
pub(super) struct Block {
    /// The line of its first line of text.
    pub(super) line: u64,
    /// The first word behind the fence, in lower case.
    pub(super) language: String,
    pub(super) text: String,
}

/// A table, with the heading that it stands under.
#[derive(Default)]
pub(super) struct Table {
    pub(super) heading: String,
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<(u64, Vec<String>)>,
}

/// An item of a list, a line of a paragraph, or a heading.
#[derive(Default)]
pub(super) struct Line {
    pub(super) line: u64,
    /// The heading that it stands under.
    pub(super) heading: String,
    pub(super) text: String,
    /// What of the text is code.
    code: Vec<Range<usize>>,
    /// Whether it is an item of a list.
    pub(super) is_item: bool,
    pub(super) is_heading: bool,
}

impl Line {
    /// The text up to its first colon, and the rest; none where there is no colon outside of code.
    pub(super) fn labeled(&self) -> Option<(&str, &str)> {
        let colons = self.text.match_indices(':').map(|(at, _)| at);
        let at =
            colons.filter(|at| !self.code.iter().any(|code| code.contains(at))).find(|at| {
                let rest = &self.text[at + 1..];
                rest.is_empty() || rest.starts_with(char::is_whitespace)
            })?;
        Some((self.text[..at].trim(), self.text[at + 1..].trim()))
    }

    /// The rest behind the colon, where it is nothing but one span of code.
    pub(super) fn labeled_code(&self) -> Option<(&str, &str)> {
        let (label, rest) = self.labeled()?;
        let code = self.code.first().filter(|_| self.code.len() == 1)?;
        (self.text[code.clone()].trim() == rest).then_some((label, rest))
    }
}

/// The pieces of a document, in its order.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    let mut reader = Reader { lines: line_starts(text), ..Reader::default() };
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        reader.take(event, range.start);
    }
    reader.end_line();
    reader.pieces
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

#[derive(Default)]
struct Reader {
    /// Where each line begins.
    lines: Vec<usize>,
    pieces: Vec<Piece>,
    heading: String,
    /// The line that is being read.
    line: Option<Line>,
    /// How many lists are open around it.
    items: usize,
    block: Option<Block>,
    table: Option<Table>,
    cell: Option<String>,
}

impl Reader {
    fn line_of(&self, offset: usize) -> u64 {
        self.lines.partition_point(|start| *start <= offset) as u64
    }

    fn take(&mut self, event: Event<'_>, offset: usize) {
        match event {
            Event::Start(tag) => self.start(&tag, offset),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text, offset),
            Event::Code(text) => self.code(&text, offset),
            Event::SoftBreak | Event::HardBreak => {
                let is_heading = self.line.as_ref().is_some_and(|line| line.is_heading);
                if is_heading {
                    self.text(" ", offset);
                } else {
                    self.end_line();
                }
            }
            Event::InlineHtml(text) => self.text(&text, offset),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>, offset: usize) {
        match tag {
            Tag::CodeBlock(kind) => {
                self.end_line();
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or(""),
                    CodeBlockKind::Indented => "",
                };
                let fenced = matches!(kind, CodeBlockKind::Fenced(_));
                let line = self.line_of(offset) + u64::from(fenced);
                let language = language.to_lowercase();
                self.block = Some(Block { line, language, text: String::new() });
            }
            Tag::Heading { .. } => {
                self.end_line();
                self.begin_line(offset, true);
            }
            Tag::Item => {
                self.end_line();
                self.items += 1;
            }
            Tag::List(_) | Tag::Paragraph => self.end_line(),
            Tag::Table(_) => {
                self.end_line();
                let heading = self.heading.clone();
                self.table = Some(Table { heading, ..Table::default() });
            }
            Tag::TableRow => {
                let line = self.line_of(offset);
                if let Some(table) = &mut self.table {
                    table.rows.push((line, Vec::new()));
                }
            }
            Tag::TableCell => self.cell = Some(String::new()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::CodeBlock => self.pieces.extend(self.block.take().map(Piece::Block)),
            TagEnd::Heading(_) => {
                if let Some(line) = &self.line {
                    self.heading.clone_from(&line.text);
                }
                self.end_line();
            }
            TagEnd::Item => {
                self.end_line();
                self.items = self.items.saturating_sub(1);
            }
            TagEnd::Paragraph => self.end_line(),
            TagEnd::Table => self.pieces.extend(self.table.take().map(Piece::Table)),
            TagEnd::TableCell => {
                let (Some(cell), Some(table)) = (self.cell.take(), &mut self.table) else { return };
                let row = table.rows.last_mut().map_or(&mut table.header, |(_, cells)| cells);
                row.push(cell.trim().to_owned());
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, offset: usize) {
        if let Some(block) = &mut self.block {
            block.text.push_str(text);
        } else if let Some(cell) = &mut self.cell {
            cell.push_str(text);
        } else {
            self.open_line(offset).text.push_str(text);
        }
    }

    fn code(&mut self, text: &str, offset: usize) {
        if let Some(cell) = &mut self.cell {
            cell.push_str(text);
            return;
        }
        let line = self.open_line(offset);
        let start = line.text.len();
        line.text.push_str(text);
        line.code.push(start..line.text.len());
    }

    fn open_line(&mut self, offset: usize) -> &mut Line {
        if self.line.is_none() {
            self.begin_line(offset, false);
        }
        self.line.get_or_insert_default()
    }

    fn begin_line(&mut self, offset: usize, is_heading: bool) {
        let (line, heading) = (self.line_of(offset), self.heading.clone());
        let is_item = self.items > 0;
        self.line = Some(Line { line, heading, is_item, is_heading, ..Line::default() });
    }

    fn end_line(&mut self) {
        let line = self.line.take().filter(|line| !line.text.trim().is_empty());
        self.pieces.extend(line.map(Piece::Line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_has_its_line_and_its_heading() {
        let text = "# One\n\n- **A b**: < 5s\n  - [ ] `c: d`: `x{y=\"z\"}`\n\ntext\nmore\n\n## Two\n\n\
                    | M | T |\n|---|---|\n| `a` | <1s |\n\n```YAML x\nk: 1\n```\n";
        let mut seen = Vec::new();
        for piece in pieces(text) {
            seen.push(match piece {
                Piece::Line(own) => {
                    format!("{} {} | {:?} {:?}", own.line, own.text, own.labeled(), own.heading)
                }
                Piece::Table(own) => format!("{:?} {:?} {}", own.header, own.rows, own.heading),
                Piece::Block(own) => format!("{} {} {}", own.line, own.language, own.text.trim()),
            });
        }
        assert_eq!(
            seen,
            [
                "1 One | None \"\"",
                "3 A b: < 5s | Some((\"A b\", \"< 5s\")) \"One\"",
                "4 c: d: x{y=\"z\"} | Some((\"c: d\", \"x{y=\\\"z\\\"}\")) \"One\"",
                "6 text | None \"One\"",
                "7 more | None \"One\"",
                "9 Two | None \"One\"",
                "[\"M\", \"T\"] [(13, [\"a\", \"<1s\"])] Two",
                "16 yaml k: 1",
            ]
        );
    }
}
