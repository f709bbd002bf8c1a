//! `perfgate baseline list` and `show`: what is recorded.

use crate::cli::args::{ListArgs, ShowArgs, ShowFormat};
use crate::cli::codes;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::histograms::Histograms;
use crate::cli::open_store::open_store;
use crate::cli::output::write_runs;
use crate::cli::policy::{LoadedPolicy, Network};
use crate::cli::session::Session;
use crate::model::{CommitId, EndpointKey, Quantile, Run, Statistic, Untrusted};
use crate::report::{Column, escape_terminal, plural, render_run_table, significant, write_grid};
use crate::store::{CommitInfo, Entry, load, load_known};
use std::collections::BTreeMap;
use std::io::Write as _;

/// The columns of the list.
const COLUMNS: [Column<'_>; 9] = [
    Column::new("commit", false),
    Column::new("date", false).leaves(6),
    Column::new("subject", false).cut(16),
    Column::new("suite", false).leaves(1),
    Column::new("profile", false),
    Column::new("tool", false).leaves(3),
    Column::new("requests", true).leaves(2),
    Column::new("slowest p95", true).leaves(5),
    Column::new("run", false).leaves(4),
];

pub(super) fn list(
    args: &ListArgs,
    loaded: &LoadedPolicy,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    // Contents that are still on the remote may be needed.
    let store = open_store(loaded, Network::Online, session)?;
    let mut by_commit: BTreeMap<CommitId, Vec<Entry>> = BTreeMap::new();
    for entry in store.records().entries()? {
        by_commit.entry(entry.commit).or_default().push(entry);
    }
    let known: Vec<CommitId> = by_commit.keys().copied().collect();
    let infos = store.history.infos(&known)?;
    let mut commits: Vec<(Option<CommitInfo>, CommitId)> = infos.into_iter().zip(known).collect();
    // Newest first; commits that are not in this clone last.
    commits.sort_by_key(|(info, _)| std::cmp::Reverse(info.as_ref().map(|info| info.date)));
    let (records, total) = (by_commit.values().map(Vec::len).sum::<usize>(), commits.len());
    let shown =
        commits.iter().take(args.last.get()).flat_map(|(_, commit)| by_commit[commit].clone());
    store.records().make_present(&shown.collect::<Vec<_>>())?;
    let (mut rows, mut newer) = (Vec::new(), 0);
    for (info, commit) in commits.iter().take(args.last.get()) {
        for entry in &by_commit[commit] {
            match load_known(store.records(), entry, false)? {
                Some(stored) => rows.push(row(info.as_ref(), entry, &stored.run)),
                None => newer += 1,
            }
        }
    }
    if newer > 0 {
        let runs = plural(newer, "run");
        session.say(&format!("passed over {runs} that a newer perfgate recorded"))?;
    }
    let place = store.records().describe();
    if rows.is_empty() {
        let fetch = match store.history.remote() {
            Some(_) => "\n  perfgate baseline fetch brings the remote's records here",
            None => "",
        };
        session.say(&format!(
            "nothing is recorded in {place}{fetch}\n  after a load test: perfgate record RESULTS"
        ))?;
        return Ok(Exit::Pass);
    }
    let shown = total.min(args.last.get());
    let paper = session.paper;
    session.print(|out| {
        let (runs, commits) = (plural(records, "run"), plural(total, "commit"));
        let text = format!("{place}: {runs} of {commits}, the newest {shown}");
        writeln!(out, "{}\n", paper.folded(&text, 2))?;
        write_grid(&COLUMNS, &rows, paper, out)
    })?;
    Ok(Exit::Pass)
}

fn row(info: Option<&CommitInfo>, entry: &Entry, run: &Run) -> Vec<String> {
    let optional = |text: Option<&Untrusted>| text.map_or("–".to_owned(), escape_terminal);
    vec![
        entry.commit.short(),
        info.map_or("–".to_owned(), |info| info.date.strftime("%Y-%m-%d %H:%M").to_string()),
        info.map_or("(not in this clone)".to_owned(), |info| {
            escape_terminal(&info.subject.chars().take(50).collect::<String>())
        }),
        escape_terminal(&run.suite),
        optional(run.profile.as_ref()),
        escape_terminal(&run.tool.name),
        run.total.requests.map_or("–".to_owned(), |n| n.to_string()),
        slowest(run).unwrap_or("–".to_owned()),
        entry.id.clone(),
    ]
}

/// The slowest endpoint by p95, to recognize a run.
fn slowest(run: &Run) -> Option<String> {
    let p95 = Statistic::Quantile(Quantile::P95);
    let of = |key: &EndpointKey| *key != EndpointKey::Total || run.endpoints.is_empty();
    let endpoints = run.all_endpoints().filter(|e| of(&e.key));
    let values = endpoints.filter_map(|e| e.latency.as_ref()?.statistic(p95));
    values.reduce(f64::max).map(|ms| format!("{} ms", significant(ms)))
}

pub(super) fn show(
    args: &ShowArgs,
    loaded: &LoadedPolicy,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    // Contents that are still on the remote may be needed.
    let store = open_store(loaded, Network::Online, session)?;
    let commit = store.history.resolve(&args.revision)?;
    let (mut runs, mut names) = (Vec::new(), Vec::new());
    for entry in store.records().entries_of(commit)? {
        runs.push(load(store.records(), &entry, args.histograms)?.run);
        names.push(format!("{} of {}", entry.id, commit.short()));
    }
    if runs.is_empty() {
        let help = "perfgate baseline list shows what is recorded";
        return Err(CliError::coded(
            &codes::NOTHING_RECORDED,
            format!("no run is recorded for {}", commit.short()),
            help,
        ));
    }
    if args.format == ShowFormat::Json || args.histograms {
        let histograms = if args.histograms { Histograms::Keep } else { Histograms::Omit };
        write_runs(&runs, histograms, None, session)?;
        return Ok(Exit::Pass);
    }
    let paper = session.paper;
    session.print(|out| {
        for (i, (run, name)) in runs.iter().zip(&names).enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            render_run_table(run, name, paper, out)?;
        }
        Ok(())
    })?;
    Ok(Exit::Pass)
}
