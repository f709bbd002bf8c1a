//! `perfgate selftest`: does the gate work on this repository's own runs?

use super::args::SelftestArgs;
use super::error::CliError;
use super::exit::Exit;
use super::place::open_place;
use super::policy::{Loaded, load};
use super::results::{expand, label, read_files};
use super::session::Session;
use crate::gate::selftest;
use crate::ingest::ReadOptions;
use crate::model::{Run, differences, harmless};
use crate::report::{plural, render_selftest};
use crate::store::{Wanted, find_baseline, nearest_run};

pub(super) fn run(args: &SelftestArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let loaded = load(session)?;
    let (runs, of) = if args.results.is_empty() {
        match recorded(args, &loaded, session)? {
            Some(recorded) => recorded,
            None => return Ok(Exit::NoVerdict),
        }
    } else {
        let paths = expand(&args.results, session.folder(), session)?;
        let mut read = read_files(&paths, &ReadOptions::default(), session)?.runs;
        read.iter_mut().for_each(|run| label(run, &args.run));
        same_load(&read)?;
        let of = format!("the first of {}", plural(read.len(), "file"));
        (read, of)
    };
    let test = selftest(&runs, loaded.policy.baseline.window, args.times, &loaded.policy.rules);
    let worked = test.works();
    session.print(|out| render_selftest(&test, &of, out))?;
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
        Err(CliError::usage(problem, "give results of one test, measured again and again"))
    })
}

/// The recorded runs of a branch that are comparable with its newest one, newest first; none where there is none, which is said.
fn recorded(
    args: &SelftestArgs,
    loaded: &Loaded,
    session: &Session<'_>,
) -> Result<Option<(Vec<Run>, String)>, CliError> {
    let place = open_place(loaded, args.offline, session)?;
    if !args.offline {
        place.fetch(session)?;
    }
    let branch = args.baseline.as_ref().or(loaded.policy.baseline.branch.as_ref());
    let revision = branch.map_or("HEAD", String::as_str);
    let head = place.history.resolve(revision)?;
    let meant = |run: &Run| args.run.test.mean(run);
    let most = args.last;
    let newest = nearest_run(place.store(), &place.history, (revision, head), most, &meant)?;
    let Some(newest) = newest else {
        session.say(&format!(
            "no run is recorded for the last {most} commits of {revision}: nothing could be tested\n  \
             record some first (perfgate record RESULTS), or name result files"
        ))?;
        return Ok(None);
    };
    let wanted = Wanted {
        revision,
        head,
        under_test: &[],
        run: &newest.run,
        allow_different: &loaded.policy.rules.allow_different,
        max_distance: most,
        window: most,
        histograms: loaded.policy.rules.needs_histograms(),
    };
    let found = find_baseline(place.store(), &place.history, &wanted)?;
    let runs: Vec<Run> = found.runs.into_iter().map(|stored| stored.run).collect();
    Ok(Some((runs, format!("the newest run of {revision} ({})", newest.entry.commit.short()))))
}
