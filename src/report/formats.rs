//! The formats that are read: a list for people, and the tables of the documentation.

use crate::ingest::{FORMATS, Fact, Format};
use crate::model::Named as _;
use std::io::{self, Write};

/// A form of the list of formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatList {
    /// Everything about each format, as text.
    Text,
    /// A row of Markdown for each format, for a page that has a section of each.
    Markdown,
    /// A row of Markdown for each tool, with how to get its files.
    Tools,
}

/// Writes the list.
pub fn render(list: FormatList, out: &mut impl Write) -> io::Result<()> {
    match list {
        FormatList::Text => text(out),
        FormatList::Markdown => markdown(out),
        FormatList::Tools => tools(out),
    }
}

fn text(out: &mut impl Write) -> io::Result<()> {
    for (at, format) in FORMATS.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        // Code is only marked where it is rendered.
        let plain = |text: &str| text.replace('`', "");
        writeln!(out, "{}: {}", format.name, plain(format.title))?;
        let lines = [
            ("get it", plain(format.get)),
            ("versions seen", format.versions.to_owned()),
            ("tells", listed(format.tells)),
            ("cannot tell", listed(&format.lacks())),
            ("note", plain(format.remark)),
        ];
        for (what, text) in lines.iter().filter(|(_, text)| !text.is_empty()) {
            writeln!(out, "  {what}: {text}")?;
        }
    }
    Ok(())
}

fn listed(facts: &[Fact]) -> String {
    facts.iter().map(|fact| fact.name()).collect::<Vec<_>>().join(", ")
}

fn markdown(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "| File | `--format-in` | Versions seen | Cannot tell | Note |")?;
    writeln!(out, "| --- | --- | --- | --- | --- |")?;
    for format in FORMATS {
        let Format { name, title, section, versions, remark, .. } = format;
        let lacks = listed(&format.lacks());
        let link = format!("[{title}](#{})", anchor(section));
        writeln!(out, "| {link} | `{name}` | {versions} | {lacks} | {remark} |")?;
    }
    Ok(())
}

fn tools(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "| Tool | How to get a file of it |")?;
    writeln!(out, "| --- | --- |")?;
    for of_tool in FORMATS.chunk_by(|a, b| a.tool == b.tool) {
        let files: Vec<&str> = of_tool.iter().map(|format| format.get).collect();
        writeln!(out, "| {} | {} |", of_tool[0].tool, files.join("; "))?;
    }
    Ok(())
}

/// Where GitHub and GitLab put a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
