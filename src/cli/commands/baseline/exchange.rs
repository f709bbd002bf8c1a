//! `perfgate baseline export`, `push` and `fetch`.

use crate::cli::args::{ExportArgs, ExportFormat};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::open_store::{OpenStore, open_store, push_records};
use crate::cli::output::write_file;
use crate::cli::policy::{LoadedPolicy, Network};
use crate::cli::recorded_numbers::RecordedNumbers;
use crate::cli::session::Session;
use crate::model::{CommitId, Raw as _};
use crate::report::plural;
use crate::store::{DirectoryStore, Entry, NewRecord, RunStore};
use crate::trend::{Exported, FrameWriter};
use std::collections::BTreeMap;
use std::io;

pub(super) fn export(
    args: &ExportArgs,
    loaded: &LoadedPolicy,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let store = open_store(loaded, Network::Online, session)?;
    let entries = store.records().entries()?;
    if args.format != ExportFormat::Records {
        return export_table(args, (&store, loaded), &entries, session);
    }
    store.records().make_present(&entries)?;
    let target = DirectoryStore::new(session.path(&args.folder));
    let mut records = Vec::with_capacity(entries.len());
    for entry in entries {
        let run = store.records().read(&entry)?;
        let histograms = store.records().read_histograms(&entry)?;
        records.push(NewRecord { entry, run, histograms });
    }
    target.write(&records)?;
    session.say(&format!(
        "exported {} to {}",
        plural(records.len(), "run"),
        args.folder.display()
    ))?;
    Ok(Exit::Pass)
}

/// One table for each suite: `suite=<name>/runs.parquet`, as tools that read folders of tables expect it.
fn export_table(
    args: &ExportArgs,
    (store, loaded): (&OpenStore, &LoadedPolicy),
    entries: &[Entry],
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let commits: Vec<CommitId> = entries.iter().map(|entry| entry.commit).collect();
    let infos = store.history.infos(&commits)?;
    let mut numbers = RecordedNumbers::open(store, loaded, session.folder());
    numbers.until_sound(store, entries, |numbers| numbers.columns.load())?;
    let mut suites: BTreeMap<String, Vec<Exported<'_>>> = BTreeMap::new();
    let mut newer = 0;
    for (entry, info) in entries.iter().zip(infos) {
        let Some(place) = numbers.place(entry) else {
            newer += 1;
            continue;
        };
        let date = info.map(|info| info.date);
        let run = Exported { id: &entry.id, commit: entry.commit, date, place };
        let suite = numbers.columns.head(place).0.suite.raw().to_owned();
        suites.entry(suite).or_default().push(run);
    }
    if newer > 0 {
        let runs = plural(newer, "run");
        session.say(&format!("passed over {runs} that a newer perfgate recorded"))?;
    }
    let mut rows = 0;
    let files = suites.len();
    for (suite, runs) in suites {
        let parquet = args.format == ExportFormat::Parquet;
        let name = if parquet { "runs.parquet" } else { "runs.csv" };
        let folder = format!("suite={}", encoded(&suite));
        let path = session.path(&args.folder).join(folder).join(name);
        write_file(&path, |out| {
            let made = if parquet { FrameWriter::parquet(out) } else { FrameWriter::csv(out) };
            let mut frame = made.map_err(io::Error::other)?;
            numbers.columns.export(&runs, &mut frame).map_err(io::Error::other)?;
            rows += frame.finish().map_err(io::Error::other)?;
            Ok(())
        })?;
    }
    let folder = args.folder.display();
    session.say(&format!(
        "exported {rows} rows of {} to {} in {folder}",
        plural(entries.len(), "run"),
        plural(files, "file")
    ))?;
    Ok(Exit::Pass)
}

/// A name that is one folder, whatever it holds: every other character by its number, as such folders are read.
fn encoded(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    name.bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

pub(super) fn push(loaded: &LoadedPolicy, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let store = open_store(loaded, Network::Online, session)?;
    push_records(&store, session)?;
    Ok(Exit::Pass)
}

pub(super) fn fetch(loaded: &LoadedPolicy, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let store = open_store(loaded, Network::Online, session)?;
    let place = match store.shared() {
        Some(shared) => format!("in {shared}, which every command reads: nothing is to be fetched"),
        None => {
            store.exchangeable()?;
            store.fetch(session)?;
            "here now".to_owned()
        }
    };
    let records = store.records().entries()?.len();
    let are = if records == 1 { "is" } else { "are" };
    session.say(&format!("{} {are} {place}", plural(records, "run")))?;
    Ok(Exit::Pass)
}
