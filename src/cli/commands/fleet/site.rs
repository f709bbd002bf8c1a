//! `perfgate fleet site`: an index of all services, and the site of each.

use super::shared::{say_unread, time_of};
use crate::cli::args::FleetSiteArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::fleet::{FleetHistory, each_service};
use crate::cli::output::write_file;
use crate::cli::session::Session;
use crate::report::{FleetEntry, FleetIndex, Masthead, Site, plural};
use crate::trend::{Table, Wanted};
use std::path::Path;

/// The smallest change that counts as a step of a site: any.
const MIN_EFFECT: f64 = 0.0;

pub(super) fn run(args: &FleetSiteArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let from = time_of(args.history)?;
    let sources = args.sources.sources();
    let target = session.path(&args.output);
    let reading = (Wanted::Everything, MIN_EFFECT, from);
    let work = |history: &FleetHistory| {
        let tables: Vec<Table> = history.loads.iter().map(|(table, _)| table.from(from)).collect();
        let tables: Vec<Table> = tables.into_iter().filter(|own| !own.rows.is_empty()).collect();
        write_service(&history.service, &tables, &target)
    };
    let (done, unread) = each_service(&sources, reading, session, work)?;
    let mut entries = Vec::new();
    for own in done {
        entries.extend(own?);
    }
    let index =
        FleetIndex::new(entries, unread.iter().map(|own| own.service.as_str().into()).collect());
    write_file(&target.join("index.html"), |out| index.render(out))?;
    let services = plural(index.services(), "service");
    session
        .say(&format!("wrote {services} to {}; start with index.html", args.output.display()))?;
    say_unread(&unread, session)
}

/// Writes the site of a service into a folder of its own; none of one without a recorded run in that time.
fn write_service(
    service: &str,
    tables: &[Table],
    target: &Path,
) -> Result<Option<FleetEntry>, CliError> {
    if tables.is_empty() {
        return Ok(None);
    }
    let repository = Some(service.into());
    let masthead = Masthead { repository, fleet: Some("../index.html"), ..Masthead::default() };
    let site = Site::new(tables, &masthead);
    let entry = FleetEntry::of(service, &site);
    for file in site.files() {
        write_file(&target.join(entry.folder()).join(file), |out| site.render(file, out))?;
    }
    Ok(Some(entry))
}
