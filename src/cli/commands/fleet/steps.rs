//! `perfgate fleet top` and `perfgate fleet steps`: what got worse.

use super::shared::{say_unread, time_of};
use crate::cli::args::{FleetFormat, FleetStepsArgs};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::fleet::{FleetHistory, each_service};
use crate::cli::session::Session;
use crate::report::{FleetStep, Standing, Steps, Unjudged};
use crate::trend::{Cause, State, Table, Wanted, Watch, causes};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Fewest commits of a load of which a step can be told.
const FEWEST: usize = 8;

/// What a service tells.
struct Told {
    series: usize,
    steps: Vec<FleetStep>,
    unjudged: Vec<(String, Unjudged)>,
}

pub(super) fn top(args: &FleetStepsArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    show(args, session, |own| {
        let all = own.steps.len();
        own.steps.retain(|step| step.standing == Standing::Worse);
        own.left_out = all - own.steps.len();
        own.steps.sort_by(|a, b| b.change().abs().total_cmp(&a.change().abs()));
    })
}

pub(super) fn all(args: &FleetStepsArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    show(args, session, |own| own.steps.sort_by_key(|step| std::cmp::Reverse(step.date)))
}

fn show(
    args: &FleetStepsArgs,
    session: &mut Session<'_>,
    choose: impl FnOnce(&mut Steps),
) -> Result<Exit, CliError> {
    let (since, from) = (time_of(args.since)?, time_of(args.history)?);
    let sources = args.sources.sources();
    let reading = (Wanted::Health, args.min_effect, from.min(since));
    let (told, unread) = each_service(&sources, reading, session, |history| tell(history, since))?;
    let mut steps = Steps {
        since: since.to_zoned(TimeZone::UTC).date(),
        services: told.len() + unread.len(),
        series: 0,
        steps: Vec::new(),
        left_out: 0,
        unjudged: unread
            .iter()
            .map(|own| (own.service.as_str().into(), Unjudged::Unread))
            .collect(),
    };
    for own in told {
        steps.series += own.series;
        steps.steps.extend(own.steps);
        steps.unjudged.extend(own.unjudged.into_iter().map(|(name, why)| (name.into(), why)));
    }
    choose(&mut steps);
    let paper = session.paper;
    session.print(|out| match args.format {
        FleetFormat::Table => steps.render(paper, out),
        FleetFormat::Markdown => steps.render_markdown(out),
        FleetFormat::Json => steps.render_json(out),
    })?;
    say_unread(&unread, session)
}

/// What a service tells of the time from one on.
fn tell(history: &FleetHistory, since: Timestamp) -> Told {
    let mut told = Told { series: 0, steps: Vec::new(), unjudged: Vec::new() };
    let mut whole = Vec::new();
    for (table, watch) in &history.loads {
        let stale = table.rows.last().is_none_or(|row| row.date < since);
        if stale || table.rows.len() < FEWEST {
            whole.push(if stale { Unjudged::Stale } else { Unjudged::Few });
            continue;
        }
        told.series += table.columns.len();
        told.steps.extend(steps(&history.service, table, watch, since));
    }
    // A load that a service gave up says nothing about it, as long as another one is measured.
    if told.series == 0 {
        let without = if history.overloaded > 0 { Unjudged::Overloaded } else { Unjudged::Stale };
        let why = whole.into_iter().max().unwrap_or(without);
        told.unjudged.push((history.service.clone(), why));
    }
    told
}

fn steps(service: &str, table: &Table, watch: &Watch, since: Timestamp) -> Vec<FleetStep> {
    let own = |cause: Cause| {
        let row = table.rows.get(cause.row)?;
        let first = cause.members.first()?;
        let column = &table.columns[first.column];
        let key = |column: usize| table.columns[column].key.clone();
        (row.date >= since).then(|| FleetStep {
            service: service.into(),
            load: table.title.clone(),
            key: column.key.clone(),
            unit: column.unit.clone(),
            others: cause.members[1..].iter().map(|own| key(own.column)).collect(),
            before: first.before,
            after: first.after,
            date: row.date,
            commit: row.commit,
            subject: row.subject.clone(),
            p: first.p,
            standing: standing(&cause),
        })
    };
    causes(table, watch).into_iter().filter_map(own).collect()
}

fn standing(cause: &Cause) -> Standing {
    match cause.state {
        State::Back(_) => Standing::Back,
        State::Accepted(_) => Standing::Accepted,
        State::Raised if cause.sure => Standing::Worse,
        State::Raised | State::Unclear => Standing::Unsure,
    }
}
