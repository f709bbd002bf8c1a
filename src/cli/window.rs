//! From what the store found to what the gate is given: the window, the runs before it, and what commits accept.

use super::args::GateArgs;
use super::error::CliError;
use super::policy::Loaded;
use super::search::Search;
use crate::config::{Accept, Origin};
use crate::gate::{Acceptance, Baseline, BaselineInfo};
use crate::model::{CommitId, Outcome, Run, Visited, Warning, WarningKind};
use crate::store::{CommitText, Found, StoredRun, earlier_runs, find_baseline};

impl Search {
    /// The baseline of the revision for this run, and every commit that was looked at for it.
    pub(super) fn baseline(
        &mut self,
        run: &Run,
        gate: &GateArgs,
        loaded: &Loaded,
    ) -> Result<(Option<Baseline>, Vec<Visited>), CliError> {
        let found = self.find(run, gate, loaded)?;
        let records = found.other_versions.len();
        if records > 0 {
            self.warnings.push(Warning::new(WarningKind::OtherVersion { records }));
        }
        let earlier = {
            let from = (self.revision.as_str(), self.under_test.head);
            let wanted = self.wanted(from, run, gate, &loaded.policy);
            // As many again: a step shows only against the level before it.
            earlier_runs(self.place.store(), &wanted, &found, wanted.window)?
        };
        let visited = found.visited.clone();
        let revision = self.revision.clone();
        Ok((self.complete(&revision, found, earlier, loaded)?, visited))
    }

    /// The baseline that the policy pins, if it pins one.
    pub(super) fn anchor(
        &mut self,
        run: &Run,
        gate: &GateArgs,
        loaded: &Loaded,
    ) -> Result<Option<Baseline>, CliError> {
        let Some(revision) = &loaded.policy.baseline.anchor else { return Ok(None) };
        let history = &self.place.history;
        let wanted = self.wanted((revision, history.resolve(revision)?), run, gate, &loaded.policy);
        let found = find_baseline(self.place.store(), history, &wanted)?;
        let anchor = self.complete(revision, found, Vec::new(), loaded)?;
        if anchor.is_none() {
            let revision = revision.clone();
            self.warnings.push(Warning::new(WarningKind::NoAnchor { revision }));
        }
        Ok(anchor)
    }

    /// The baseline with where it stands and what is accepted on it and since.
    fn complete(
        &mut self,
        revision: &str,
        found: Found,
        earlier: Vec<StoredRun>,
        loaded: &Loaded,
    ) -> Result<Option<Baseline>, CliError> {
        let Some(mut baseline) = taken(revision, found, earlier) else { return Ok(None) };
        self.accept(&mut baseline, loaded)?;
        Ok(Some(baseline))
    }

    /// Puts every accepted change where it counts: between the baseline's own commits it begins a new level, between the
    /// baseline and the commit under test it is a change that somebody stands for.
    fn accept(&mut self, baseline: &mut Baseline, loaded: &Loaded) -> Result<(), CliError> {
        let commits = &baseline.info.commits;
        let Some(oldest) = commits.last() else { return Ok(()) };
        let history = &self.place.history;
        let said = history.commits_that_say(Accept::TRAILER, self.under_test.head, *oldest)?;
        for CommitText { id, author, message } in said {
            let mut nearer = 0;
            for commit in commits {
                nearer += usize::from(history.is_part_of(id, *commit)?);
            }
            let trusted = nearer > 0 || self.trusts(id, loaded)?;
            for value in Accept::trailers(&message) {
                let accept = match Accept::parse(value) {
                    Ok(accept) => accept,
                    // Past the merge nobody can mend it.
                    Err(_) if nearer > 0 => continue,
                    Err(why) => {
                        let kind = WarningKind::BrokenTrailer { commit: id.short(), why };
                        self.warnings.push(Warning::new(kind));
                        continue;
                    }
                };
                if !trusted {
                    let (commit, what) = (id.short(), accept.to_string());
                    let kind = WarningKind::NotHonoured { commit, what };
                    self.warnings.push(Warning::new(kind));
                    continue;
                }
                let acceptance = Acceptance { accept, commit: id, author: author.clone() };
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
        Ok(())
    }

    /// Whether the policy lets this commit accept a change: one of the repository's own branches unless it says otherwise,
    /// a fork's only if it does.
    fn trusts(&self, commit: CommitId, loaded: &Loaded) -> Result<bool, CliError> {
        let from = &loaded.policy.rules.accept_from;
        let origin = match &self.pull_request {
            Some(pr) if pr.from_fork && !self.place.history.is_part_of(commit, pr.base)? => {
                Origin::Forks
            }
            _ => Origin::Repository,
        };
        Ok(from.contains(&origin))
    }
}

/// The baseline that was found, with where it stands; none if no commit had a comparable run.
pub(super) fn taken(revision: &str, found: Found, earlier: Vec<StoredRun>) -> Option<Baseline> {
    let taken: Vec<&Visited> =
        found.visited.iter().filter(|v| matches!(v.outcome, Outcome::Taken { .. })).collect();
    let (nearest, furthest) = (taken.first()?, taken.last()?);
    let info = BaselineInfo {
        requested: revision.to_owned(),
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
