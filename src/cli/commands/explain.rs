//! `perfgate explain`: what a code of an error means.

use crate::cli::args::{CodeList, ExplainCodeArgs};
use crate::cli::codes::{ALL, Code, of_number};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::report::Paper;
use std::io::{self, Write};

pub(super) fn run(args: &ExplainCodeArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let paper = session.paper;
    match &args.code {
        None => session.print(|out| list(args.format, paper, out))?,
        Some(number) => {
            let code = of_number(number).ok_or_else(|| {
                let problem = format!("there is no code {number}");
                // A measurement has blanks: `POST /api/chat p95`.
                let help = match number.contains(' ') {
                    true => "a verdict is explained by perfgate compare --explain MEASUREMENT",
                    false => "perfgate explain lists all codes",
                };
                CliError::usage(problem, help)
            })?;
            session.print(|out| {
                writeln!(out, "{}: {}\n", code.number, code.title)?;
                writeln!(out, "{}", paper.note("cause", code.cause))?;
                writeln!(out, "{}", paper.note("fix", code.fix))
            })?;
        }
    }
    Ok(Exit::Pass)
}

fn list(format: CodeList, paper: Paper, out: &mut impl Write) -> io::Result<()> {
    if format == CodeList::Markdown {
        writeln!(out, "| Code | Error | Cause | What to do |")?;
        writeln!(out, "| --- | --- | --- | --- |")?;
    }
    ALL.iter().try_for_each(|Code { number, title, cause, fix }| match format {
        CodeList::Text => writeln!(out, "{}", paper.folded(&format!("{number}  {title}"), 6)),
        CodeList::Markdown => writeln!(out, "| {number} | {title} | {cause} | {fix} |"),
    })
}
