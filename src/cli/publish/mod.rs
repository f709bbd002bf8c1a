//! `perfgate publish`: puts a report where people see it. What cannot be published is said, and never changes a verdict.

mod context;
mod trusted;
mod words;

pub(super) use context::{detect, token_names};

use super::args::{ForgeChoice, PublishArgs};
use super::error::CliError;
use super::exit::Exit;
use super::session::Session;
use crate::forge::{
    Bitbucket, Check, Comments, ForgeError, GitHub, GitLab, Gitea, Marker, Patience, Published,
    publish,
};
use crate::gate::{Finding, Report, Verdict};
use crate::report::{
    harmless, read_report, render_annotations, render_markdown, render_plain_markdown, summary,
};
use context::Context;
use std::io::Write as _;
use std::path::Path;

/// Bytes that a step's summary may have.
const LARGEST_SUMMARY: u64 = 1 << 20;
/// Annotations of a check.
const MOST_ANNOTATIONS: usize = 200;

pub(super) fn run(args: &PublishArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let mut context = Context::of(args.forge, session)?;
    let Some(path) = &args.report else {
        let Some(report) = trusted::judge_bundle(args, &mut context, session)? else {
            return Ok(Exit::Pass);
        };
        publish_everywhere(&report, args, &context, session)?;
        return Ok(Exit::from_report(report.exit_code()));
    };
    let path = session.path(path);
    let json =
        std::fs::read(&path).map_err(|source| CliError::File { path: path.clone(), source })?;
    let report = read_report(&json).map_err(|error| {
        let help = "give the file that `perfgate compare --output json=FILE` wrote";
        CliError::usage(format!("{}: {error}", path.display()), help)
    })?;
    publish_everywhere(&report, args, &context, session)?;
    Ok(Exit::Pass)
}

/// Comment, check, summary, annotations and outputs, as far as they are there.
fn publish_everywhere(
    report: &Report,
    args: &PublishArgs,
    context: &Context,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let mut told = false;
    let mut url = None;
    let wanted = !args.no_comment && context.number.is_some() && context.forge != ForgeChoice::None;
    if wanted {
        match comment(report, context, session) {
            Ok(Ok(published)) => {
                told = true;
                session.say(&words::published(&published))?;
                url = words::url(&published);
            }
            Ok(Err(error)) => session.say(&words::not_published(&error, context.forge))?,
            Err(missing) => session.say(&missing)?,
        }
    }
    if !args.no_comment && context.number.is_none() && context.forge != ForgeChoice::None {
        session.say("no comment was made: this is no run of a pull request")?;
    }
    if args.check {
        match check(report, context, session) {
            Ok(Ok(_)) => session.say("made the check run")?,
            Ok(Err(error)) => session.say(&words::not_checked(&error))?,
            Err(missing) => session.say(&missing)?,
        }
    }
    let summarised = append_summary(report, session)?;
    if session.environment.get("GITHUB_ACTIONS").is_some() {
        session.print(|out| render_annotations(report, out))?;
    }
    write_outputs(report, url.as_deref(), session)?;
    if !told && !summarised {
        session.print(|out| render_markdown(report, out))?;
    }
    Ok(())
}

/// The outcome of a comment; the outer error says what is missing to make one.
fn comment(
    report: &Report,
    context: &Context,
    session: &Session<'_>,
) -> Result<Result<Published, ForgeError>, String> {
    let number = context.number.unwrap_or_default();
    let marker = Marker {
        key: report.current.suite.clone().unwrap_or_else(|| "default".to_owned()),
        run: context.run,
        sha: context.sha.clone(),
        rank: badness(report),
    };
    let mut text = Vec::new();
    let rendered = match context.forge {
        ForgeChoice::Bitbucket => render_plain_markdown(report, &mut text),
        _ => render_markdown(report, &mut text),
    };
    rendered.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let put = |comments: &dyn Comments| publish(comments, &marker, &text);
    let get = |name: &str| session.environment.get(name);
    let needed = |name: &str| get(name).ok_or_else(|| words::variable_missing(name));
    let token = || token(context.forge, session);
    let patience = Patience::default();
    Ok(match context.forge {
        ForgeChoice::Github => github(session)?.and_then(|github| put(&github.comments(number))),
        ForgeChoice::Gitea => {
            let token = token()?;
            let of = (needed("GITHUB_REPOSITORY")?, number);
            Gitea::new(needed("GITHUB_API_URL")?, of, token, patience).and_then(|gitea| put(&gitea))
        }
        ForgeChoice::Gitlab => {
            let token = token()?;
            let project = needed("CI_MERGE_REQUEST_PROJECT_ID")?;
            let page = get("CI_MERGE_REQUEST_PROJECT_URL");
            let page = page.map(|page| format!("{page}/-/merge_requests/{number}"));
            GitLab::new(needed("CI_API_V4_URL")?, (project, number), token, page, patience)
                .and_then(|gitlab| put(&gitlab))
        }
        ForgeChoice::Bitbucket => {
            let token = token()?;
            let api = get("BITBUCKET_API_URL").unwrap_or("https://api.bitbucket.org/2.0");
            let of = (needed("BITBUCKET_REPO_FULL_NAME")?, number);
            Bitbucket::new(api, of, token, patience).and_then(|bitbucket| put(&bitbucket))
        }
        ForgeChoice::None => return Err("no forge was recognised: no comment was made".to_owned()),
    })
}

/// The token for a forge.
fn token<'a>(forge: ForgeChoice, session: &'a Session<'_>) -> Result<&'a str, String> {
    let names = token_names(forge);
    let found = names.iter().find_map(|name| session.environment.get(name));
    found.ok_or_else(|| words::token_missing(names))
}

fn github(session: &Session<'_>) -> Result<Result<GitHub, ForgeError>, String> {
    let get = |name: &str| session.environment.get(name);
    let token = token(ForgeChoice::Github, session)?;
    let repository =
        get("GITHUB_REPOSITORY").ok_or_else(|| words::variable_missing("GITHUB_REPOSITORY"))?;
    let api = get("GITHUB_API_URL").unwrap_or("https://api.github.com");
    Ok(GitHub::new(api, repository, token, Patience::default()))
}

/// How bad a verdict is, for whoever is told when it gets worse: what was not decided is worse than a warning.
fn badness(report: &Report) -> u8 {
    match report.verdict {
        Verdict::NotCompared => Verdict::Inconclusive.rank(),
        other => other.rank(),
    }
}

fn check(
    report: &Report,
    context: &Context,
    session: &Session<'_>,
) -> Result<Result<Option<String>, ForgeError>, String> {
    if context.forge != ForgeChoice::Github {
        return Err("only GitHub has check runs: none was made".to_owned());
    }
    let name = match &report.current.suite {
        Some(suite) => format!("perfgate ({})", harmless(suite)),
        None => "perfgate".to_owned(),
    };
    let mut text = Vec::new();
    render_markdown(report, &mut text).map_err(|error| error.to_string())?;
    let annotations: Vec<(&'static str, String)> =
        report.findings.iter().filter_map(annotation).take(MOST_ANNOTATIONS).collect();
    let check = Check {
        name: &name,
        sha: &context.sha,
        conclusion: match (report.exit_code(), report.verdict) {
            (0, Verdict::Pass | Verdict::Warn) => "success",
            (0, _) => "neutral",
            _ => "failure",
        },
        title: &summary(report),
        summary: &String::from_utf8_lossy(&text),
        annotations: &annotations,
        file: "perfgate.yaml",
    };
    Ok(github(session)?.and_then(|github| github.check(&check)))
}

fn annotation(finding: &Finding) -> Option<(&'static str, String)> {
    let level = match finding.verdict {
        Verdict::Fail => "failure",
        Verdict::Inconclusive => "warning",
        Verdict::Pass | Verdict::Warn | Verdict::NotCompared => return None,
    };
    Some((level, words::finding(finding)))
}

/// Appends the report to the job's summary, where there is one and room in it. What the job wrote there before stays.
fn append_summary(report: &Report, session: &mut Session<'_>) -> Result<bool, CliError> {
    let Some(path) = session.environment.get("GITHUB_STEP_SUMMARY").map(str::to_owned) else {
        return Ok(false);
    };
    let mut text = Vec::new();
    render_markdown(report, &mut text).map_err(CliError::Output)?;
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
    url: Option<&str>,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let Some(path) = session.environment.get("GITHUB_OUTPUT").map(str::to_owned) else {
        return Ok(());
    };
    let mut text = format!("verdict={}\nexit-code={}\n", report.verdict.name(), report.exit_code());
    if let Some(url) = url {
        // An address comes from the forge: nothing in it begins another line.
        text += &format!("comment-url={}\n", harmless(url));
    }
    append(Path::new(&path), text.trim_end().as_bytes())
        .map_err(|source| CliError::File { path: path.into(), source })
}
