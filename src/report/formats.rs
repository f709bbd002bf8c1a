//! The formats that are read: a list for people, and the tables of the documentation.

use crate::ingest::{FORMATS, Fact, Format, FormatGroup};
use crate::model::Named as _;
use std::io::{self, Write};

/// A form of the list of formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatList {
    /// Everything about each format, as text.
    Text,
    /// Rows of Markdown for each format, for a page that has a section of each.
    Markdown,
    /// A row of Markdown for each group, with its tools.
    Tools,
}

/// Columns of the list for people.
const WIDTH: usize = 80;
/// Where what is said of a format begins.
const INDENT: usize = 16;

/// Writes the list.
pub fn render(list: FormatList, out: &mut impl Write) -> io::Result<()> {
    match list {
        FormatList::Text => text(out),
        FormatList::Markdown => markdown(out),
        FormatList::Tools => tools(out),
    }
}

/// The groups, each with its formats.
fn groups() -> impl Iterator<Item = (FormatGroup, Vec<&'static Format>)> {
    FormatGroup::ALL.iter().map(|group| {
        let own = FORMATS.iter().filter(|format| format.group() == *group);
        (*group, own.copied().collect())
    })
}

fn text(out: &mut impl Write) -> io::Result<()> {
    for (at, (group, formats)) in groups().enumerate() {
        let gap = if at > 0 { "\n" } else { "" };
        writeln!(out, "{gap}{}", group.title())?;
        for format in formats {
            writeln!(out)?;
            described(format, out)?;
        }
    }
    Ok(())
}

fn described(format: &Format, out: &mut impl Write) -> io::Result<()> {
    // Code is only marked where it is rendered.
    let plain = |text: &str| text.replace('`', "");
    writeln!(out, "  {}", format.name)?;
    let lines = [
        ("what", plain(format.title)),
        ("get it", plain(format.get)),
        ("versions seen", format.versions.to_owned()),
        ("tells", listed(format.tells)),
        ("cannot tell", listed(&format.lacks())),
        ("note", plain(format.remark)),
    ];
    for (what, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
        for (at, line) in wrapped(text, WIDTH - INDENT - 4).iter().enumerate() {
            let label = if at == 0 { *what } else { "" };
            writeln!(out, "    {label:INDENT$}{line}")?;
        }
    }
    Ok(())
}

/// The text in lines that are no longer than so many characters, but for words that are.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn listed(facts: &[Fact]) -> String {
    facts.iter().map(|fact| fact.name()).collect::<Vec<_>>().join(", ")
}

fn markdown(out: &mut impl Write) -> io::Result<()> {
    for (at, (group, formats)) in groups().enumerate() {
        let gap = if at > 0 { "\n" } else { "" };
        writeln!(out, "{gap}**{}**\n", group.title())?;
        writeln!(
            out,
            "| File | `--format-in` | How to get it | Versions seen | Cannot tell | Note |"
        )?;
        writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
        for format in formats {
            let Format { name, title, get, section, versions, remark, .. } = format;
            let lacks = listed(&format.lacks());
            let link = format!("[{title}](#{})", anchor(section));
            writeln!(out, "| {link} | `{name}` | {get} | {versions} | {lacks} | {remark} |")?;
        }
    }
    Ok(())
}

fn tools(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "| What | Of |")?;
    writeln!(out, "| --- | --- |")?;
    for (group, formats) in groups() {
        let tools = formats.chunk_by(|a, b| a.tool == b.tool).map(|of_tool| {
            let Format { tool, section, .. } = of_tool[0];
            format!("[{tool}](docs/formats.md#{})", anchor(section))
        });
        writeln!(out, "| {} | {} |", group.title(), tools.collect::<Vec<_>>().join(", "))?;
    }
    Ok(())
}

/// Where GitHub and GitLab put a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_for_people_fits_80_columns_and_names_every_format_once() {
        let mut out = Vec::new();
        render(FormatList::Text, &mut out).unwrap();
        let list = String::from_utf8(out).unwrap();
        let long = list
            .lines()
            .find(|line| line.chars().count() > WIDTH && line.split_whitespace().count() > 2);
        assert_eq!(long, None);
        for format in FORMATS {
            let heading = format!("  {}", format.name);
            assert_eq!(list.lines().filter(|line| **line == heading).count(), 1, "{heading}");
        }
    }
}
