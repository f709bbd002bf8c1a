//! `perfgate trend`: the history of a branch, and where it moved.

mod culprit;
mod series;

use crate::cli::args::{TrendArgs, TrendFormat};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history::{BranchHistory, UnknownColumn};
use crate::cli::output::write_file;
use crate::cli::policy::load_policy;
use crate::cli::session::Session;
use crate::report::{
    render_trend_csv, render_trend_json, render_trend_markdown, render_trend_svg,
    render_trend_table,
};

pub(super) fn run(args: &TrendArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    if let Some(input) = &args.input {
        series::steps_in(input, args, session)?;
        return Ok(Exit::Pass);
    }
    let loaded = load_policy(session)?;
    let history = BranchHistory::open(args.branch.as_deref(), args.network(), &loaded, session)?;
    let (test, span) = (args.run.labels().test, args.span());
    let min_effect = args.min_effect.unwrap_or(0.0);
    let selection = args.columns(&loaded.policy.trend_columns);
    let (table, unknown) = history.table(&test, &selection, span, min_effect)?;
    for UnknownColumn { name, meant } in unknown {
        session.say(&format!(
            "note: no recorded run has the column `{name}` of perfgate.yaml; {meant}"
        ))?;
    }
    if let Some(path) = &args.svg {
        write_file(&session.path(path), |mut out| render_trend_svg(&table, args.last, &mut out))?;
    }
    let paper = session.paper;
    session.print(|out| match args.format {
        TrendFormat::Table => render_trend_table(&table, args.last, paper, out),
        TrendFormat::Markdown => render_trend_markdown(&table, args.last, out),
        TrendFormat::Json => render_trend_json(&table, args.last, out),
        TrendFormat::Csv => render_trend_csv(&table, args.last, out),
    })?;
    if args.format == TrendFormat::Table {
        culprit::say_command(&table, &test, &loaded, session)?;
    }
    Ok(Exit::Pass)
}
