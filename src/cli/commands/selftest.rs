//! `perfgate selftest`: does the gate work on this repository's own runs?

use crate::cli::args::SelftestArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::labels::TestNames;
use crate::cli::open_store::open_fetched_store;
use crate::cli::policy::{LoadedPolicy, load_policy};
use crate::cli::results::{expand, read_files};
use crate::cli::session::Session;
use crate::gate::selftest;
use crate::ingest::ReadOptions;
use crate::model::{Run, differences, harmless};
use crate::report::{plural, render_selftest};
use crate::store::{BaselineQuery, find_baseline, nearest_run};

pub(super) fn run(args: &SelftestArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let loaded = load_policy(session)?;
    let labels = args.run.labels();
    let (runs, of) = if args.results.is_empty() {
        match recorded(args, &labels.test, &loaded, session)? {
            Some(recorded) => recorded,
            None => return Ok(Exit::NoVerdict),
        }
    } else {
        let paths = expand(&args.results, session.folder(), session)?;
        let mut read = read_files(&paths, &ReadOptions::default(), session)?.runs;
        read.iter_mut().for_each(|run| labels.apply(run));
        same_load(&read)?;
        let of = format!("the first of {}", plural(read.len(), "file"));
        (read, of)
    };
    let test = selftest(&runs, loaded.policy.baseline.window, args.times, &loaded.policy.rules);
    let worked = test.works();
    let paper = session.paper;
    session.print(|out| render_selftest(&test, &of, paper, out))?;
    if test.seen().1 == 0 {
        return Ok(Exit::NoVerdict);
    }
    Ok(if worked { Exit::Pass } else { Exit::Regression })
}

/// Runs of different loads say nothing about a gate.
fn same_load(runs: &[Run]) -> Result<(), CliError> {
    let Some((first, others)) = runs.split_first() else { return Ok(()) };
    let other = others.iter().flat_map(|run| differences(run, first)).find(|d| d.field.forbids());
    other.map_or(Ok(()), |d| {
        let problem = format!(
            "the files are not of the same load: {} {} and {}",
            d.field,
            harmless(&d.current),
            harmless(&d.baseline)
        );
        Err(CliError::usage(problem, "give repeated results of one test"))
    })
}

/// The recorded runs of a branch that are comparable with its newest one, newest first; none where there is none, which is said.
fn recorded(
    args: &SelftestArgs,
    test: &TestNames,
    loaded: &LoadedPolicy,
    session: &Session<'_>,
) -> Result<Option<(Vec<Run>, String)>, CliError> {
    let store = open_fetched_store(loaded, args.network(), session)?;
    let branch = args.baseline.as_ref().or(loaded.policy.baseline.branch.as_ref());
    let revision = branch.map_or("HEAD", String::as_str);
    let head = store.history.resolve(revision)?;
    let meant = |run: &Run| test.selects(run);
    let most = args.last;
    let newest = nearest_run(store.records(), &store.history, (revision, head), most, &meant)?;
    let Some(newest) = newest else {
        session.say(&format!(
            "no run is recorded for the last {most} commits of {revision}: nothing could be tested\n  \
             record some first (perfgate record RESULTS), or name result files"
        ))?;
        return Ok(None);
    };
    let wanted = BaselineQuery {
        revision,
        head,
        under_test: &[],
        run: &newest.run,
        allow_different: &loaded.policy.rules.allow_different,
        max_distance: most,
        window: most,
        histograms: loaded.policy.rules.needs_histograms(),
    };
    let found = find_baseline(store.records(), &store.history, &wanted)?;
    let runs: Vec<Run> = found.runs.into_iter().map(|stored| stored.run).collect();
    Ok(Some((runs, format!("the newest run of {revision} ({})", newest.entry.commit.short()))))
}
