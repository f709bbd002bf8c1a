//! `perfgate notify`: tells people that the recorded history got worse, once for each cause, and how that ended.

mod ledger;
mod news;
mod places;

use crate::cli::args::NotifyArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::history::BranchHistory;
use crate::cli::policy::load_policy;
use crate::cli::read_file::read_file;
use crate::cli::session::Session;
use crate::gate::Report;
use crate::model::{Raw, limits};
use crate::report::{About, Event, Notice, escape_terminal, headline, read_report};
use crate::trend::causes;
use ledger::Ledger;
use news::{News, news};
use places::Places;
use std::io::Write as _;
use std::path::Path;

pub(super) fn run(args: &NotifyArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let loaded = load_policy(session)?;
    let report = args.report.as_deref().map(|path| report(path, session)).transpose()?;
    let places = Places::of(args, session)?;
    let history = BranchHistory::open(args.branch.as_deref(), args.network(), &loaded, session)?;
    let watched = history.watched(&args.test.names(), args.min_effect)?;
    let ledger = Ledger::open(&places, &watched, args)?;
    let found = causes(&watched.table, &watched.watch);
    let all = news(&watched.table, &found, &ledger.told, args.last, report.as_ref());
    let notice = |event: Event, about| Notice {
        event,
        about,
        table: &watched.table,
        arguments: &watched.arguments,
        comparison: places.comparison(),
    };
    for own in &all {
        let notice = notice(own.event, own.about);
        let url = if args.dry_run {
            say(
                &format!("would be {}{}", own.event.name(), number(own, &ledger)),
                &notice,
                session,
            )?;
            continue;
        } else {
            let issue = ledger.tell(own, &notice)?;
            let at = issue.as_ref().map(|issue| format!(" #{}", issue.number)).unwrap_or_default();
            say(&format!("{}{at}", own.event.name()), &notice, session)?;
            issue.and_then(|issue| issue.url)
        };
        places.send(&notice, url.as_deref())?;
    }
    if all.is_empty() {
        let open = ledger.told.iter().filter(|own| own.open).count();
        let notice = notice(Event::Unchanged, About::Open(open));
        say(Event::Unchanged.name(), &notice, session)?;
        if args.always && !args.dry_run {
            places.send(&notice, None)?;
        }
    }
    Ok(Exit::Pass)
}

/// The number of the issue that it is about, where there is one.
fn number(news: &News<'_>, ledger: &Ledger<'_>) -> String {
    let known = news.number.filter(|_| ledger.has_issues());
    known.map(|number| format!(" #{number}")).unwrap_or_default()
}

fn say(what: &str, notice: &Notice<'_>, session: &mut Session<'_>) -> Result<(), CliError> {
    let text = headline(notice, &|name: &dyn Raw| escape_terminal(name));
    session.print(|out| writeln!(out, "{what}: {text}"))
}

/// The report of the nightly gate.
fn report(path: &Path, session: &Session<'_>) -> Result<Report, CliError> {
    let path = session.path(path);
    read_report(&read_file(&path, limits::REPORT_BYTES)?).map_err(|error| {
        let help = "give the file that `perfgate compare --output json=FILE` wrote";
        CliError::usage(format!("{}: {error}", path.display()), help)
    })
}
