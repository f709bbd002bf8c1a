//! `perfgate publish`: puts a report where people see it. What cannot be published is said, and never changes a verdict.

mod bundle;
mod checks;
mod context;
mod messages;

use context::{footer, token};

use crate::cli::args::PublishArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::write_file;
use crate::cli::read_file::read_file;
use crate::cli::session::Session;
use crate::forge::{
    Access, Forge, ForgeError, Marker, Patience, Published, Style, Unreached, publish,
};
use crate::gate::{Report, Verdict};
use crate::model::{Untrusted, limits};
use crate::report::{
    harmless, read_report, render_annotations, render_markdown, render_plain_markdown,
};
use bundle::Judged;
use checks::{CheckRun, Publication};
use context::Context;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

/// Bytes that a step's summary may have.
const LARGEST_SUMMARY: u64 = 1 << 20;

pub(super) fn run(args: &PublishArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let mut context = Context::of(args.forge, session)?;
    let Some(path) = &args.report else {
        let judged = bundle::judge_bundle(args, &mut context, session)?;
        let default = context.event.pointer("/repository/default_branch").and_then(Value::as_str);
        let publication = |own: Judged| Publication {
            report: own.report,
            number: Some(own.number),
            base: Some(own.base).filter(|base| Some(base.as_str()) != default),
        };
        let all: Vec<Publication> = judged.into_iter().map(publication).collect();
        publish_everywhere(&all, args, &context, session)?;
        return Ok(all
            .iter()
            .map(|own| exit(&own.report, all.len()))
            .fold(Exit::Pass, Exit::worse));
    };
    let path = session.path(path);
    let json = read_file(&path, limits::REPORT_BYTES)?;
    let report = read_report(&json).map_err(|error| {
        let help = "give the file that `perfgate compare --output json=FILE` wrote";
        CliError::usage(format!("{}: {error}", path.display()), help)
    })?;
    let publication = Publication { report, number: context.number, base: None };
    publish_everywhere(&[publication], args, &context, session)?;
    Ok(Exit::Pass)
}

/// The exit for a report on one of `of` pull requests. Of several with one head, those without a baseline
/// must not stand for the others.
fn exit(report: &Report, of: usize) -> Exit {
    match Exit::from(report.exit) {
        Exit::Pass if of > 1 && report.verdict == Verdict::NotCompared => Exit::NoVerdict,
        exit => exit,
    }
}

/// Comments, check, summary, annotations and outputs, as far as they are there.
fn publish_everywhere(
    all: &[Publication],
    args: &PublishArgs,
    context: &Context,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let mut urls = Vec::new();
    for own in all {
        urls.push(show(own, args, context, session)?);
    }
    annotate(all, args, session)?;
    let how_bad = |own: &Publication| {
        let exit = exit(&own.report, all.len());
        (u8::from(exit != Exit::Pass), badness(&own.report))
    };
    let Some((worst, url)) = all.iter().zip(urls).max_by_key(|(own, _)| how_bad(own)) else {
        return Ok(());
    };
    if args.check {
        let conclusion = checks::conclusion(&worst.report, exit(&worst.report, all.len()));
        for name in all.iter().map(checks::name).collect::<BTreeSet<_>>() {
            let check = CheckRun { name: &name, conclusion, report: &worst.report };
            match check.create(context, session) {
                Ok(Ok(_)) => session.say("created the check run")?,
                Ok(Err(error)) => session.say(&messages::not_checked(&error))?,
                Err(missing) => session.say(&missing)?,
            }
        }
    }
    write_outputs(&worst.report, exit(&worst.report, all.len()), url.as_deref(), session)
}

/// The annotations of all reports, on GitHub: in the file that is asked for, else on standard output.
fn annotate(
    all: &[Publication],
    args: &PublishArgs,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    if session.environment.get("GITHUB_ACTIONS").is_none() {
        return Ok(());
    }
    match &args.annotations {
        Some(file) => write_file(&session.path(file), |mut out| {
            all.iter().try_for_each(|own| render_annotations(&own.report, &mut out))
        }),
        None => session
            .print(|out| all.iter().try_for_each(|own| render_annotations(&own.report, &mut *out))),
    }
}

/// Comment and summary; the comment's address.
fn show(
    own: &Publication,
    args: &PublishArgs,
    context: &Context,
    session: &mut Session<'_>,
) -> Result<Option<String>, CliError> {
    let report = &own.report;
    let mut told = false;
    let mut url = None;
    match (context.forge, own.number) {
        _ if args.no_comment => {}
        (None, _) => {}
        (Some(_), None) => {
            session.say("no comment was posted: this is not a pull request run")?;
        }
        (Some(forge), Some(number)) => match comment(report, number, (forge, context), session) {
            Ok(Ok(published)) => {
                told = true;
                session.say(&messages::published(&published))?;
                url = messages::url(&published);
            }
            Ok(Err(error)) => session.say(&messages::not_published(&error, forge))?,
            Err(missing) => session.say(&missing)?,
        },
    }
    let summarised = append_summary(report, session)?;
    if context.forge.is_none() && !summarised {
        session.say(
            "nothing was posted, as this is no CI job that perfgate knows; this is the comment:",
        )?;
    }
    if !told && !summarised {
        session.print(|out| render_markdown(report, out))?;
    }
    Ok(url)
}

/// The outcome of a comment; the outer error says what is missing to make one.
fn comment(
    report: &Report,
    number: u64,
    (forge, context): (&Forge, &Context),
    session: &Session<'_>,
) -> Result<Result<Published, ForgeError>, String> {
    let marker = Marker {
        key: report.current.suite.clone().map_or_else(|| "default".to_owned(), Untrusted::into_raw),
        run: context.run,
        sha: context.sha.clone(),
        rank: badness(report),
    };
    let mut text = Vec::new();
    let rendered = match forge.style {
        Style::Definition => render_plain_markdown(report, &mut text),
        Style::Html => render_markdown(report, &mut text),
    };
    rendered.map_err(|error| error.to_string())?;
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if matches!(forge.style, Style::Html) {
        text += &footer(report, &session.environment);
    }
    let token = token(forge, session)?;
    let access = Access { token, number, patience: Patience::default() };
    match (forge.comments)(&session.environment, access) {
        Ok(comments) => Ok(publish(&*comments, &marker, &text)),
        Err(Unreached::Forge(error)) => Ok(Err(error)),
        Err(Unreached::Unset(name)) => Err(messages::variable_missing(name)),
    }
}

/// The severity of a verdict, to tell when it gets worse. Undecided is worse than a warning.
fn badness(report: &Report) -> u8 {
    match report.verdict {
        Verdict::NotCompared => Verdict::Inconclusive.rank(),
        other => other.rank(),
    }
}

/// Appends the report to the job's summary, where there is one and room in it. What the job wrote there before stays.
fn append_summary(report: &Report, session: &mut Session<'_>) -> Result<bool, CliError> {
    let Some(path) = session.environment.get("GITHUB_STEP_SUMMARY").map(str::to_owned) else {
        return Ok(false);
    };
    let mut text = Vec::new();
    render_markdown(report, &mut text).map_err(CliError::Output)?;
    text.extend(footer(report, &session.environment).into_bytes());
    let there = std::fs::metadata(&path).map_or(0, |file| file.len());
    if there + text.len() as u64 + 1 > LARGEST_SUMMARY {
        session.say("the job's summary has no room left for the report")?;
        return Ok(false);
    }
    match append(Path::new(&path), &text) {
        Ok(()) => Ok(true),
        Err(error) => {
            session.say(&format!("the job's summary could not be written: {error}"))?;
            Ok(false)
        }
    }
}

fn append(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text)?;
    file.write_all(b"\n")
}

/// What later steps of the job read.
fn write_outputs(
    report: &Report,
    exit: Exit,
    url: Option<&str>,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let Some(path) = session.environment.get("GITHUB_OUTPUT").map(str::to_owned) else {
        return Ok(());
    };
    let mut text = format!("verdict={}\nexit-code={}\n", report.verdict.name(), exit.code());
    if let Some(url) = url {
        // An address comes from the forge: nothing in it begins another line.
        text += &format!("comment-url={}\n", harmless(url));
    }
    append(Path::new(&path), text.trim_end().as_bytes())
        .map_err(|source| CliError::File { path: path.into(), source })
}
