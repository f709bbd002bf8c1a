//! From a branch to what the gate is given: the window, the runs before it, the anchor, and what commits accept.

use crate::cli::error::CliError;
use crate::cli::histograms::Histograms;
use crate::cli::open_store::OpenStore;
use crate::cli::results::no_results;
use crate::cli::under_test::{PullRequest, UnderTest};
use crate::config::{Accept, BaselineChoice, Origin, Rules};
use crate::gate::{Acceptance, Baseline, BaselineInfo, Search};
use crate::model::{CommitId, Field, Outcome, Run, Visited, Warning, WarningKind};
use crate::store::{
    BaselineQuery, BaselineRuns, CommitText, StoredRun, earlier_runs, find_baseline,
    recorded_twice, same_numbers,
};

/// A baseline that is to be looked for among the recorded runs of a branch.
pub(in crate::cli) struct Lookup {
    pub(in crate::cli) store: OpenStore,
    /// The branch, as reports call it.
    pub(in crate::cli) branch: String,
    /// What the branch means: itself, or a commit of it.
    pub(in crate::cli) revision: String,
    /// The commit from which the history is walked.
    pub(in crate::cli) head: CommitId,
    /// The commit that people know the change by.
    pub(in crate::cli) commit: CommitId,
    /// Commits whose runs are never taken.
    pub(in crate::cli) under_test: Vec<CommitId>,
    /// The commits from which on messages are read for what they accept.
    pub(in crate::cli) tips: Vec<CommitId>,
    /// How far, how much, and which anchor.
    pub(in crate::cli) choice: BaselineChoice,
    pub(in crate::cli) pull_request: Option<PullRequest>,
    /// Whether the runs under test come from a job that nobody trusts.
    pub(in crate::cli) untrusted: bool,
}

/// A revision, and the commit that it resolves to.
struct Tip<'a> {
    revision: &'a str,
    head: CommitId,
}

/// What there is to compare with.
#[derive(Default)]
pub(super) struct LookupResult {
    pub(super) baseline: Option<Baseline>,
    pub(super) anchor: Option<Baseline>,
    pub(super) search: Search,
    pub(super) warnings: Vec<Warning>,
    /// Whether a missing baseline is a failure, whatever the rules say.
    pub(super) must_have_baseline: bool,
}

impl LookupResult {
    /// Runs that need not be looked up, under this name.
    pub(super) fn of_runs(name: String, runs: Vec<Run>) -> Self {
        let info =
            BaselineInfo { requested: name.into(), runs: runs.len(), ..BaselineInfo::default() };
        let baseline = Some(Baseline { info, runs, ..Baseline::default() });
        Self { baseline, ..Self::default() }
    }
}

impl LookupResult {
    /// Runs of one commit, or of no commit that is known, under this name.
    pub(super) fn of_commit(name: String, commit: Option<CommitId>, runs: Vec<Run>) -> Self {
        let mut found = Self::of_runs(name, runs);
        if let Some(baseline) = &mut found.baseline {
            baseline.info.commits.extend(commit);
        }
        found
    }
}

impl Lookup {
    /// The lookup for what is checked out.
    pub(in crate::cli) fn of_checkout(
        store: OpenStore,
        revision: String,
        under_test: UnderTest,
        choice: BaselineChoice,
        pull_request: Option<PullRequest>,
    ) -> Self {
        let UnderTest { head, commit, all } = under_test;
        Self {
            store,
            branch: revision.clone(),
            revision,
            head,
            commit,
            under_test: all,
            tips: vec![head],
            choice,
            pull_request,
            untrusted: false,
        }
    }

    /// The date of what is under test, where its commit is here.
    pub(in crate::cli) fn date(&self) -> Result<Option<jiff::Timestamp>, CliError> {
        Ok(self.store.history.info(self.head)?.map(|info| info.date))
    }

    /// Looks for the baseline: every commit that is visited, and the runs of those that are taken.
    pub(in crate::cli) fn find(
        &self,
        run: &Run,
        rules: &Rules,
        histograms: Histograms,
    ) -> Result<BaselineRuns, CliError> {
        let wanted = self.wanted(&self.branch_tip(), run, rules, histograms);
        Ok(find_baseline(self.store.records(), &self.store.history, &wanted)?)
    }

    fn branch_tip(&self) -> Tip<'_> {
        Tip { revision: &self.revision, head: self.head }
    }

    fn wanted<'a>(
        &'a self,
        tip: &Tip<'a>,
        run: &'a Run,
        rules: &'a Rules,
        histograms: Histograms,
    ) -> BaselineQuery<'a> {
        BaselineQuery {
            revision: tip.revision,
            head: tip.head,
            under_test: &self.under_test,
            run,
            allow_different: &rules.allow_different,
            max_distance: self.choice.max_distance,
            window: self.choice.window,
            histograms: histograms.or_needed_by(rules) == Histograms::Keep,
        }
    }

    /// Looks for the baseline and the anchor.
    pub(super) fn look(
        &self,
        current: &[Run],
        histograms: Histograms,
        rules: &Rules,
    ) -> Result<LookupResult, CliError> {
        let run = current.first().ok_or_else(no_results)?;
        let mut warnings = Vec::new();
        let runs = self.find(run, rules, histograms)?;
        let records = runs.other_versions.len();
        if records > 0 {
            warnings.push(Warning::new(WarningKind::OtherVersion { records }));
        }
        let visited = runs.visited.clone();
        warnings.extend(recorded_twice(&visited));
        let wanted = self.wanted(&self.branch_tip(), run, rules, histograms);
        // As many again: a step shows only against the level before it.
        let earlier = earlier_runs(self.store.records(), &wanted, &runs, wanted.window)?;
        let baseline = self.complete(&self.branch, runs, earlier, rules, &mut warnings)?;
        let anchor = self.anchor(run, histograms, rules, &mut warnings)?;
        let must_have_baseline =
            self.untrusted && baseline.is_none() && passed_over_the_same_suite(&visited);
        if self.untrusted {
            refuse_copies(current, [&baseline, &anchor])?;
        }
        let search = Search { revision: Some(self.branch.clone()), visited };
        Ok(LookupResult { baseline, anchor, search, warnings, must_have_baseline })
    }

    /// The baseline that the policy pins, if it pins one.
    fn anchor(
        &self,
        run: &Run,
        histograms: Histograms,
        rules: &Rules,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Baseline>, CliError> {
        let Some(revision) = &self.choice.anchor else { return Ok(None) };
        let history = &self.store.history;
        let tip = Tip { revision, head: history.resolve(revision)? };
        let wanted = self.wanted(&tip, run, rules, histograms);
        let found = find_baseline(self.store.records(), history, &wanted)?;
        let anchor = self.complete(revision, found, Vec::new(), rules, warnings)?;
        if anchor.is_none() {
            let revision = revision.clone();
            warnings.push(Warning::new(WarningKind::NoAnchor { revision }));
        }
        Ok(anchor)
    }

    /// The baseline with its commits and accepted changes; none if no commit had a comparable run.
    fn complete(
        &self,
        revision: &str,
        found: BaselineRuns,
        earlier: Vec<StoredRun>,
        rules: &Rules,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Baseline>, CliError> {
        let Some(mut baseline) = taken(revision, found, earlier) else { return Ok(None) };
        warnings.extend(self.accept(&mut baseline, rules)?);
        Ok(Some(baseline))
    }

    /// Puts every accepted change where it counts: between the baseline's own commits it begins a new level, between the
    /// baseline and the commit under test it is a change that somebody vouches for.
    fn accept(&self, baseline: &mut Baseline, rules: &Rules) -> Result<Vec<Warning>, CliError> {
        let mut warnings = Vec::new();
        let commits = &baseline.info.commits;
        let Some(oldest) = commits.last() else { return Ok(warnings) };
        let history = &self.store.history;
        let said = history.commits_that_say(Accept::TRAILER, &self.tips, *oldest)?;
        for CommitText { id, author, message } in said {
            let mut nearer = 0;
            for commit in commits {
                nearer += usize::from(history.is_part_of(id, *commit)?);
            }
            let origin = self.origin(id)?;
            let trusted = nearer > 0 || rules.accept_from.contains(&origin);
            for value in Accept::trailers(&message) {
                let accept = match Accept::parse(value) {
                    Ok(accept) => accept,
                    // Already merged: too late to fix.
                    Err(_) if nearer > 0 => continue,
                    Err(why) => {
                        let kind = WarningKind::BrokenTrailer { commit: id.short(), why };
                        warnings.push(Warning::new(kind));
                        continue;
                    }
                };
                if !trusted {
                    let (commit, what) = (id.short(), accept.what().to_owned());
                    let queue = origin == Origin::Queue;
                    let kind = WarningKind::NotHonoured { commit, what, queue };
                    warnings.push(Warning::new(kind));
                    continue;
                }
                let acceptance = Acceptance { accept, commit: id, author: author.as_str().into() };
                if nearer == 0 {
                    baseline.acceptances.push(acceptance);
                } else {
                    let of =
                        |run: &&Run| run.commit.is_some_and(|c| commits[..nearer].contains(&c));
                    let runs = baseline.runs.iter().filter(of).count();
                    baseline.accepted.push((runs, acceptance));
                }
            }
        }
        Ok(warnings)
    }

    /// Whose a commit is: what is not merged yet is the pull request's, everything else the repository's own.
    fn origin(&self, commit: CommitId) -> Result<Origin, CliError> {
        Ok(match &self.pull_request {
            Some(pr) if !self.store.history.is_part_of(commit, pr.base)? => pr.origin,
            _ => Origin::Repository,
        })
    }
}

/// The baseline that was found, with its commits; none if no commit had a comparable run.
fn taken(revision: &str, found: BaselineRuns, earlier: Vec<StoredRun>) -> Option<Baseline> {
    let taken: Vec<&Visited> =
        found.visited.iter().filter(|v| matches!(v.outcome, Outcome::Taken { .. })).collect();
    let (nearest, furthest) = (taken.first()?, taken.last()?);
    let info = BaselineInfo {
        requested: revision.into(),
        commits: taken.iter().map(|v| v.commit).collect(),
        distance: Some(nearest.distance),
        runs: found.runs.len(),
        oldest: Some(furthest.date),
        newest: Some(nearest.date),
    };
    let runs = |stored: Vec<StoredRun>| stored.into_iter().map(|stored| stored.run).collect();
    let (runs, earlier) = (runs(found.runs), runs(earlier));
    Some(Baseline { info, runs, earlier, ..Baseline::default() })
}

/// Refuses runs that have the very numbers of a recorded one: no load test measures the same twice, so that they were copied.
fn refuse_copies(current: &[Run], recorded: [&Option<Baseline>; 2]) -> Result<(), CliError> {
    let known: Vec<&Run> = recorded
        .into_iter()
        .flatten()
        .flat_map(|baseline| baseline.runs.iter().chain(&baseline.earlier))
        .collect();
    for (number, run) in (1..).zip(current) {
        if let Some(of) = known.iter().find(|known| same_numbers(known, run)) {
            let of = of.commit.map(|commit| commit.short()).unwrap_or_default();
            let problem =
                format!("run-{number}.json of the bundle is a copy of the run recorded for {of}");
            return Err(CliError::usage(
                problem,
                "a load test never measures the same numbers twice",
            ));
        }
    }
    Ok(())
}

/// Whether runs of the same suite were passed over. What a bundle says of itself must not be a way around the baseline.
fn passed_over_the_same_suite(visited: &[Visited]) -> bool {
    visited.iter().any(|visited| match &visited.outcome {
        Outcome::NotComparable { differences } => {
            differences.iter().all(|difference| difference.field != Field::Suite)
        }
        Outcome::Taken { .. }
        | Outcome::NoRecord
        | Outcome::OtherVersion
        | Outcome::UnderTest
        | Outcome::SameMeasurement { .. } => false,
    })
}
