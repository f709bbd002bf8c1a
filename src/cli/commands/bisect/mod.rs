//! `perfgate bisect`: the commit that made something slower, measured where a measurement tells most.

mod ends;
mod line;
mod measure;
mod outcome;
mod records;
mod series;

use crate::cli::args::BisectArgs;
use crate::cli::commands::driving::{Rig, profile};
use crate::cli::commands::versions::{Repository, refuse_no_place};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::open_store::{open_fetched_store, push_records};
use crate::cli::policy::{Network, Policies};
use crate::cli::session::Session;
use crate::report::plural;
use crate::stats::{Bisection, Posterior};
use crate::store::record;
use ends::Ends;
use line::Line;
use measure::{Bench, Measured};
use outcome::End;
use records::recorded_runs;
use series::Observations;
use std::time::Instant;

pub(super) fn run(args: &BisectArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    if args.versions.serve.is_some() {
        refuse_no_place(&args.command)?;
    }
    let policies = Policies::load(args.network(), session)?;
    let name = args.load.run.labels().test.profile;
    let profile = profile(name.as_deref(), &policies)?;
    if !profile.phases.is_empty() || !profile.steps.is_empty() {
        let help = "name a profile with one load";
        return Err(CliError::usage("phases and steps are not measured again and again", help));
    }
    let checkout = policies.checkout.clone();
    let network = if args.ignore_records && !args.push { Network::Offline } else { args.network() };
    let store = open_fetched_store(&checkout, network, session)?;
    let ends = Ends::of(args, &checkout, session)?;
    let line = Line::between(&ends.good, &ends.bad, &store.history)?;
    session.say(&line.about())?;
    let rig = Rig::new(&args.load, &profile, policies, session)?;
    std::fs::create_dir_all(&rig.out)
        .map_err(|source| CliError::File { path: rig.out.clone(), source })?;
    let repository = Repository { history: &store.history, folder: session.folder().to_owned() };
    let mut bench = Bench::new(args, &rig, repository, &line);
    let mut search = Search::begin(args, &ends, &mut bench, session)?;
    if !args.ignore_records {
        let runs = recorded_runs(&store, &line, &search.like, &checkout)?;
        let count = runs.len();
        runs.iter().for_each(|(commit, run)| search.seen.add(*commit, run, true));
        if count > 0 {
            session.say(&format!("{} of these commits are used", plural(count, "recorded run")))?;
        }
    }
    let end = search.go_on(args, &mut bench, session);
    if args.record {
        // What was measured is kept whatever came of it.
        record(store.records(), &bench.runs, checkout.policy.store.keep_histograms)?;
        session.say(&format!("recorded: {}", plural(bench.runs.len(), "run")))?;
        if args.push {
            push_records(&store, session)?;
        }
    }
    outcome::write(args, &line, &search.seen, &end?, session)
}

/// What was seen so far.
struct Search {
    seen: Observations,
    /// The first run, which others must be comparable with.
    like: crate::model::Run,
    begin: Instant,
}

impl Search {
    /// Measures the bad commit once: what it has is what is looked at.
    fn begin(
        args: &BisectArgs,
        ends: &Ends,
        bench: &mut Bench<'_>,
        session: &mut Session<'_>,
    ) -> Result<Self, CliError> {
        let begin = Instant::now();
        let bad = bench.line.last();
        let run = match bench.measure(bad, session)? {
            Measured::Run(run) => *run,
            Measured::Broken(error) => return Err(error),
        };
        let mut seen = Observations::of(&run, &ends.measurements, args.change, bench.line)?;
        seen.add(bad, &run, false);
        Ok(Self { seen, like: run, begin })
    }

    /// Measures until a commit is likely enough, or there is nothing left to do.
    fn go_on(
        &mut self,
        args: &BisectArgs,
        bench: &mut Bench<'_>,
        session: &mut Session<'_>,
    ) -> Result<End, CliError> {
        loop {
            let search = self.seen.bisection();
            let posterior = search.posterior();
            if bench.count() > 1 {
                session.say(&self.progress(bench, &search, &posterior))?;
            }
            if let Some(end) = self.ended(args, bench, &search, &posterior) {
                return Ok(end);
            }
            let Some(next) = search.next(&posterior) else {
                return Ok(End::Open(posterior));
            };
            match bench.measure(next, session)? {
                Measured::Run(run) => self.seen.add(next, &run, false),
                Measured::Broken(error) if next == 0 || next == bench.line.last() => {
                    return Err(error);
                }
                Measured::Broken(error) => {
                    let commit = bench.line.commits[next].id.short();
                    session.say(&format!("{commit} cannot be measured: {error}"))?;
                    self.seen.set_broken(next);
                }
            }
        }
    }

    fn ended(
        &self,
        args: &BisectArgs,
        bench: &Bench<'_>,
        search: &Bisection,
        posterior: &Posterior,
    ) -> Option<End> {
        if let Some(named) = search.named(posterior, args.sure) {
            return Some(End::Named(named, posterior.clone()));
        }
        if search.has_both_ends() && posterior.none >= args.sure {
            return Some(End::NoChange(posterior.clone()));
        }
        let elapsed = self.begin.elapsed();
        // Another one takes as long as those before it did.
        let each = elapsed / u32::try_from(bench.count()).unwrap_or(u32::MAX).max(1);
        let no_time = args.budget.is_some_and(|budget| elapsed + each > budget);
        let spent = bench.count() >= args.most.get() || no_time;
        spent.then(|| End::Open(posterior.clone()))
    }

    /// How far the search is, in a line.
    fn progress(&self, bench: &Bench<'_>, search: &Bisection, posterior: &Posterior) -> String {
        let mut groups: Vec<f64> =
            search.groups().iter().map(|group| posterior.probability(*group)).collect();
        groups.sort_by(|a, b| b.total_cmp(a));
        let mut left = 0;
        let mut sum = posterior.none;
        while sum < 0.95 && left < groups.len() {
            sum += groups[left];
            left += 1;
        }
        format!("measured {}: {} left", bench.count(), plural(left.max(1), "likely commit"))
    }
}
