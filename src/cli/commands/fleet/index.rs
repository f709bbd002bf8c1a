//! `perfgate fleet index`: records become facts.

use crate::cli::args::FleetIndexArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::fleet::{Indexed, bar, index, open};
use crate::cli::session::Session;
use crate::report::{escape_terminal, plural};
use std::collections::BTreeMap;

pub(super) fn run(args: &FleetIndexArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let fleet = open(&args.url)?;
    let (services, newer) = fleet.services()?;
    for path in &newer {
        let path = escape_terminal(path);
        session.say(&format!("passed over the store {path}, which a newer perfgate made"))?;
    }
    if services.is_empty() {
        let problem = format!("there is no store of perfgate below {}", fleet.describe());
        let help = "give the address whose folders are stores: with `store.url: s3://perf-results/checkout` it is s3://perf-results";
        return Err(CliError::usage(problem, help));
    }
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for own in &services {
        if let Some(other) = names.insert(&own.name, &own.path) {
            let problem =
                format!("the stores {other} and {} would both be called {}", own.path, own.name);
            return Err(CliError::usage(problem, "move one of them"));
        }
    }
    let bar = bar("compacting", services.len(), session);
    let indexed = index(&fleet, &services, args.since, |done| bar.inc(done as u64))?;
    bar.finish_and_clear();
    session.say(&told(&fleet.describe(), &indexed))?;
    if indexed.passed_over > 0 {
        let records = plural(indexed.passed_over, "record");
        session.say(&format!(
            "  passed over {records}, whose content is gone, damaged, or of a newer perfgate"
        ))?;
    }
    Ok(Exit::Pass)
}

fn told(url: &str, own: &Indexed) -> String {
    let services = plural(own.services, "service");
    if own.files == 0 {
        return format!("{url}: the facts of {services} are up to date");
    }
    let removed = match own.removed {
        0 => String::new(),
        n => format!(", {} removed", plural(n, "run")),
    };
    let (added, files) = (plural(own.added, "run"), plural(own.files, "file"));
    let size = crate::model::limits::size(own.bytes as u64);
    format!("{url}: {services}, {added} added{removed}; {files} written, {size}")
}
