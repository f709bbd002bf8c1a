//! `perfgate fleet gates`: whose gate can be trusted.

use super::shared::{say_unread, time_of};
use crate::cli::args::{FleetFormat, FleetGatesArgs};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::fleet::{Clone, GateRuns, Unread, bar, gate_rows, in_clone, open};
use crate::cli::policy::{LoadedPolicy, load_policy};
use crate::cli::session::Session;
use crate::gate::derive;
use crate::model::Run;
use crate::report::{GateRow, Gates};
use crate::schema::read_recorded;
use crate::store::{Fleet, Service, Told};
use crate::trend::in_parallel;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// Newest runs of a service that are read.
const NEWEST: usize = 40;
/// Services whose runs are in memory at once.
const AT_ONCE: usize = 16;
/// Days before the one from which on runs are new in which a baseline is looked for.
const BASELINE_DAYS: i64 = 60;

pub(super) fn run(args: &FleetGatesArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let since = time_of(args.since)?;
    let loaded = load_policy(session)?;
    let (mut gates, mut unread) =
        (Gates { services: 0, rows: Vec::new(), unread: Vec::new() }, Vec::new());
    let sources = args.sources.sources();
    for url in sources.urls {
        let fleet = open(url)?;
        let (services, newer) = fleet.services()?;
        gates.services += services.len() + newer.len();
        unread.extend(
            newer.into_iter().map(|service| Unread {
                service,
                why: "a newer perfgate made its store".to_owned(),
            }),
        );
        let bar = bar("replaying", services.len(), session);
        for part in services.chunks(AT_ONCE) {
            gates.rows.extend(of_stores(&fleet, part, &loaded, since)?);
            bar.inc(part.len() as u64);
        }
        bar.finish_and_clear();
    }
    for path in sources.repos {
        gates.services += 1;
        let service = path.display().to_string();
        let clone = Clone { path, offline: sources.offline };
        let rows = in_clone(&clone, session, |history| {
            let runs = history.newest_runs(NEWEST)?;
            let policy = &history.loaded().policy;
            let (rules, window) = (&policy.rules, policy.baseline.window);
            Ok(gate_rows(&GateRuns { service: &service, runs, rules, window }, since))
        });
        match rows {
            Ok(rows) => gates.rows.extend(rows),
            Err(error) => unread.push(Unread { service, why: error.to_string() }),
        }
    }
    gates.rows.sort_by(|a, b| (a.state, &a.service).cmp(&(b.state, &b.service)));
    gates.unread = unread.iter().map(|own| own.service.as_str().into()).collect();
    let paper = session.paper;
    session.print(|out| match args.format {
        FleetFormat::Table => gates.render(args.all, paper, out),
        FleetFormat::Markdown => gates.render_markdown(args.all, out),
        FleetFormat::Json => gates.render_json(out),
    })?;
    say_unread(&unread, session)
}

/// The gates of services by their newest records. A service without any has a gate without a baseline.
fn of_stores(
    fleet: &Fleet,
    services: &[Service],
    loaded: &LoadedPolicy,
    since: Timestamp,
) -> Result<Vec<GateRow>, CliError> {
    let day = (since - (24 * BASELINE_DAYS).hours()).to_zoned(TimeZone::UTC).date();
    let listed: Vec<_> = services.iter().map(|own| (own, Some(day))).collect();
    let mut lists = fleet.told(&listed)?;
    // Whose newest run is older is looked for in everything that there is.
    let silent: Vec<usize> = (0..lists.len()).filter(|i| lists[*i].is_empty()).collect();
    let listed: Vec<_> = silent.iter().map(|i| (&services[*i], None)).collect();
    for (i, told) in silent.into_iter().zip(fleet.told(&listed)?) {
        lists[i] = told;
    }
    let mut wanted: Vec<(&Service, Told)> = Vec::new();
    for (service, mut told) in services.iter().zip(lists) {
        told.retain(|own| own.is_there() && own.at.is_some());
        told.sort_by_key(|own| std::cmp::Reverse((own.at, own.entry.clone())));
        wanted.extend(told.into_iter().take(NEWEST).map(|own| (service, own)));
    }
    let named: Vec<(&Service, &Told)> =
        wanted.iter().map(|(service, told)| (*service, told)).collect();
    let read = fleet.runs(&named)?;
    let policy = &loaded.policy;
    let pairs: Vec<_> = wanted.iter().zip(&read).collect();
    let of = |service: &Service| -> Vec<(Timestamp, Run)> {
        let own = pairs.iter().filter(|((own, _), _)| *own == service);
        own.filter_map(|((_, told), json)| {
            let mut run = read_recorded(json.as_deref()?).ok()?;
            run.commit = Some(told.entry.commit);
            derive(&mut run, &policy.rules);
            Some((told.at?, run))
        })
        .collect()
    };
    let rows = in_parallel(services, |service| {
        let (service, runs) = (service.name.as_str(), of(service));
        let (rules, window) = (&policy.rules, policy.baseline.window);
        let rows = gate_rows(&GateRuns { service, runs, rules, window }, since);
        if rows.is_empty() { vec![GateRow::nothing(service)] } else { rows }
    });
    Ok(rows.concat())
}
