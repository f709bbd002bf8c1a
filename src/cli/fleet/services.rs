//! What services measured: from the facts of addresses, and from clones.

use super::{Clone, bar, in_clone};
use crate::cli::error::CliError;
use crate::cli::history::load_title;
use crate::cli::remote_files::{is_address, patience};
use crate::cli::session::Session;
use crate::model::Metric;
use crate::store::{FactsKey, Fleet};
use crate::trend::{Column, ServiceHistory, Table, Wanted, Watch, in_parallel};
use jiff::tz::TimeZone;
use std::path::PathBuf;

/// Services whose facts are in memory at once.
const AT_ONCE: usize = 32;
/// The smallest change of an error rate that counts where no policy says.
const ERROR_RATE: f64 = 0.001;

/// Where services are.
pub(in crate::cli) struct Sources<'a> {
    pub(in crate::cli) urls: &'a [String],
    pub(in crate::cli) repos: &'a [PathBuf],
    pub(in crate::cli) offline: bool,
}

/// What a service measured, a history for each load, and what counts in it.
pub(in crate::cli) struct FleetHistory {
    pub(in crate::cli) service: String,
    pub(in crate::cli) loads: Vec<(Table, Watch)>,
    /// Runs that measured no more than a load generator.
    pub(in crate::cli) overloaded: usize,
}

/// A service that could not be read, and why.
pub(in crate::cli) struct Unread {
    pub(in crate::cli) service: String,
    pub(in crate::cli) why: String,
}

/// Opens the fleet at an address.
pub(in crate::cli) fn open(url: &str) -> Result<Fleet, CliError> {
    if !is_address(url) {
        let problem = format!("`{url}` is no address of object storage");
        let help = "write s3://BUCKET/PATH, gs://BUCKET/PATH, az://CONTAINER/PATH or file:///FOLDER; of a clone: --repo PATH";
        return Err(CliError::usage(problem, help));
    }
    Ok(Fleet::open(url, patience())?)
}

/// Hands on the history of each service, made by `work` on every processor; those that cannot be read are told at the end.
pub(in crate::cli) fn each_service<R: Send>(
    sources: &Sources<'_>,
    (wanted, min_effect, from): (Wanted, f64, jiff::Timestamp),
    session: &Session<'_>,
    work: impl Fn(&FleetHistory) -> R + Sync,
) -> Result<(Vec<R>, Vec<Unread>), CliError> {
    let (mut all, mut unread) = (Vec::new(), Vec::new());
    for url in sources.urls {
        let fleet = open(url)?;
        let month = from.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string();
        let keys = fleet.facts(Some(&month))?;
        if keys.is_empty() {
            let problem = format!("there are no facts in {url} since {month}");
            let help = format!("compact its records: perfgate fleet index {url}");
            return Err(CliError::usage(problem, help));
        }
        let services: Vec<&[FactsKey]> = keys.chunk_by(|a, b| a.service == b.service).collect();
        let bar = bar("reading", services.len(), session);
        for part in services.chunks(AT_ONCE) {
            let mut facts = fleet.read(&part.concat())?.into_iter();
            let own: Vec<(&str, Vec<Vec<u8>>)> = part
                .iter()
                .map(|keys| {
                    (keys[0].service.as_str(), facts.by_ref().take(keys.len()).flatten().collect())
                })
                .collect();
            let done = in_parallel(&own, |(service, facts)| {
                history(service, facts, wanted, min_effect)
                    .map(|history| work(&history))
                    .map_err(|why| format!("{why} (remove its files below {url}/facts, and run perfgate fleet index {url})"))
            });
            for (done, (service, _)) in done.into_iter().zip(&own) {
                match done {
                    Ok(done) => all.push(done),
                    Err(why) => unread.push(Unread { service: (*service).to_owned(), why }),
                }
            }
            bar.inc(part.len() as u64);
        }
        bar.finish_and_clear();
    }
    let bar = bar("reading", sources.repos.len(), session);
    for path in sources.repos {
        let service = path.display().to_string();
        let clone = Clone { path, offline: sources.offline };
        match in_clone(&clone, session, |history| history.watched_loads(min_effect)) {
            Ok(watched) => {
                let loads = watched.into_iter().map(|own| (own.table, own.watch)).collect();
                all.push(work(&FleetHistory { service, loads, overloaded: 0 }));
            }
            Err(error) => unread.push(Unread { service, why: error.to_string() }),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok((all, unread))
}

fn history(
    service: &str,
    facts: &[Vec<u8>],
    wanted: Wanted,
    min_effect: f64,
) -> Result<FleetHistory, String> {
    let mut own = ServiceHistory::default();
    for part in facts {
        own.add(part.clone(), wanted).map_err(|error| error.to_string())?;
    }
    let overloaded = own.overloaded;
    let mut loads: Vec<(Table, Watch)> = Vec::new();
    for load in own.loads() {
        let tables = loads.iter().map(|(table, _)| table);
        let title = load_title(tables, service, &load.newest);
        let least = load.columns.iter().map(least).collect();
        let table = Table::new(title, load.columns, load.rows, 0.0);
        loads.push((table, Watch { min_effect, least, accepts: Vec::new() }));
    }
    Ok(FleetHistory { service: service.to_owned(), loads, overloaded })
}

fn least(column: &Column) -> Option<f64> {
    (column.key.metric == Metric::ErrorRate).then_some(ERROR_RATE)
}
