//! `perfgate trend`: the history of a branch, and where it moved.

mod line;
mod series;
mod stored;

pub(super) use stored::{histories, history_of};

use super::args::{TrendArgs, TrendFormat};
use super::error::CliError;
use super::exit::Exit;
use super::output::write_file;
use super::session::Session;
use crate::report::{
    render_trend_csv, render_trend_json, render_trend_markdown, render_trend_svg,
    render_trend_table,
};

pub(super) fn run(args: &TrendArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    if let Some(input) = &args.input {
        series::steps_in(input, args, session)?;
        return Ok(Exit::Pass);
    }
    let table = stored::history(args, session)?;
    if let Some(path) = &args.svg {
        write_file(&session.path(path), |mut out| render_trend_svg(&table, args.last, &mut out))?;
    }
    let color = session.color;
    session.print(|out| match args.format {
        TrendFormat::Table => render_trend_table(&table, args.last, color, out),
        TrendFormat::Markdown => render_trend_markdown(&table, args.last, out),
        TrendFormat::Json => render_trend_json(&table, args.last, out),
        TrendFormat::Csv => render_trend_csv(&table, args.last, out),
    })?;
    Ok(Exit::Pass)
}
