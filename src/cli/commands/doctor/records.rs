//! The repository, its remote, and what is recorded.

use super::cadence;
use super::checkup::Checkup;
use crate::cli::error::CliError;
use crate::cli::open_store::OpenStore;
use crate::cli::policy::{LoadedPolicy, Network};
use crate::cli::sensitivity::sensitivity_of;
use crate::cli::session::Session;
use crate::gate::RUNS_FOR_NOISE;
use crate::model::Run;
use crate::report::{escape_terminal, plural};
use crate::store::{Remote, git_version, nearest_run, recorded_line};
use std::collections::BTreeSet;

/// The store that is checked, and what it was opened with.
pub(super) struct StoreCheck<'a, 's> {
    pub(super) store: OpenStore,
    pub(super) loaded: &'a LoadedPolicy,
    pub(super) network: Network,
    pub(super) session: &'a Session<'s>,
}

impl StoreCheck<'_, '_> {
    pub(super) fn run(&self, checkup: &mut Checkup) {
        if let Err(error) = self.repository(checkup) {
            return checkup.wrong("repository", &error);
        }
        if self.store.git().is_some() && !self.remote(checkup) {
            return;
        }
        if let Err(error) = self.baseline(checkup) {
            checkup.wrong("baseline", &error);
        }
    }

    fn repository(&self, checkup: &mut Checkup) -> Result<(), CliError> {
        let history = &self.store.history;
        let head = history.head()?;
        let branch = history.branch().unwrap_or_else(|| "no branch".to_owned());
        checkup.fine("repository", format!("{} at {}", escape_terminal(&branch), head.short()));
        if history.is_shallow() {
            checkup.hint(
                "history",
                "the clone is shallow: missing commits are fetched from the remote",
            );
        }
        match git_version() {
            Some(version) => checkup.fine("git", version),
            None => {
                checkup.hint("git", "install it: without git, remotes cannot be reached");
            }
        }
        Ok(())
    }

    /// Fetches the records of the remote; whether the local ones are worth a look.
    fn remote(&self, checkup: &mut Checkup) -> bool {
        if self.network == Network::Offline {
            checkup.hint("remote", "not asked; without --offline it is");
            return true;
        }
        match self.store.history.remote().map(Remote::name) {
            Some(name) => fetched(&escape_terminal(name), self.store.fetch(self.session), checkup),
            None => {
                let text = "there is none: what is recorded stays in this clone; git remote add origin URL names one";
                checkup.hint("remote", text);
                true
            }
        }
    }

    /// The records, and those of the baseline's branch.
    fn baseline(&self, checkup: &mut Checkup) -> Result<(), CliError> {
        let policy = &self.loaded.policy.baseline;
        if !self.records(checkup)? {
            return Ok(());
        }
        match &policy.branch {
            Some(branch) => self.branch(branch, policy.max_distance, checkup),
            None => {
                let text = "the policy names no branch (baseline: { branch: main }): every compare needs --baseline";
                checkup.hint("baseline", text);
                Ok(())
            }
        }
    }

    /// Verifies the records; whether there are any.
    fn records(&self, checkup: &mut Checkup) -> Result<bool, CliError> {
        let entries = self.store.records().entries()?;
        if entries.is_empty() {
            let push = if self.store.is_pushed() { " --push" } else { "" };
            let text =
                "nothing is recorded yet; after a load test on the branch: perfgate record RESULTS";
            checkup.hint("records", format!("{text}{push}"));
            return Ok(false);
        }
        let verified = self.store.verify()?;
        if let Some(broken) = verified.broken.first() {
            let records = plural(verified.broken.len(), "record");
            let problem = format!("{records} cannot be read: {}: {}", broken.what, broken.why);
            let help = "perfgate baseline verify lists them all, perfgate baseline repair fixes what can be fixed";
            return Err(CliError::usage(problem, help));
        }
        let commits: BTreeSet<_> = entries.iter().map(|entry| entry.commit).collect();
        checkup.fine("records", runs_of(entries.len(), commits.len()));
        if verified.newer > 0 {
            let newer = verified.newer;
            let text = format!("{newer} of a newer perfgate are passed over: update this one");
            checkup.hint("records", text);
        }
        Ok(true)
    }

    fn branch(&self, branch: &str, most: usize, checkup: &mut Checkup) -> Result<(), CliError> {
        let (records, history) = (self.store.records(), &self.store.history);
        let head = history.resolve(branch)?;
        let line = history.line((branch, head), most, Vec::new())?.commits;
        let mut line = recorded_line(records, line)?;
        // A run is never compared with one of its own commit.
        let under_test = history.head()?;
        line.retain(|(commit, _)| commit.id != under_test);
        let runs: usize = line.iter().map(|(_, entries)| entries.len()).sum();
        let (shown, recorded) = (escape_terminal(branch), runs_of(runs, line.len()));
        let text = format!("{shown}: {recorded} recorded before this one, among the last {most}");
        match runs {
            0 => {
                let more = format!("record one on {shown}: until then, a compare has no verdict");
                checkup.hint("baseline", format!("{text}; {more}"));
            }
            _ if runs < RUNS_FOR_NOISE => {
                let more = "record more: from three on, the noise from run to run is measured";
                checkup.hint("baseline", format!("{text}; {more}"));
            }
            _ => checkup.fine("baseline", text),
        }
        let wanted = &self.loaded.policy.cadence;
        cadence::check(wanted, &self.store, (branch, head), most, checkup)?;
        let any = |_: &Run| true;
        let Some(newest) = nearest_run(records, history, (branch, head), most, &any)? else {
            return Ok(());
        };
        for line in sensitivity_of(&self.store, self.loaded, (branch, head), &newest.run)? {
            if line.starts_with("too noisy") {
                checkup.hint("sight", line);
            } else {
                checkup.fine("sight", line);
            }
        }
        Ok(())
    }
}

fn runs_of(runs: usize, commits: usize) -> String {
    format!("{} of {}", plural(runs, "run"), plural(commits, "commit"))
}

/// The outcome of a fetch; whether the local records are worth a look.
fn fetched(name: &str, outcome: Result<(), CliError>, checkup: &mut Checkup) -> bool {
    match outcome {
        Ok(()) => checkup.fine("remote", format!("{name} answers")),
        // The remote was not even asked: what it sends could not be written.
        Err(CliError::Store(error)) if error.is_read_only() => {
            checkup.wrong("repository", &error.into());
        }
        Err(error) => {
            checkup.wrong("remote", &error);
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use std::io;

    fn heads(error: StoreError) -> (bool, Vec<&'static str>) {
        let mut checkup = Checkup::default();
        let goes_on = fetched("origin", Err(error.into()), &mut checkup);
        (goes_on, checkup.lines.iter().map(|(_, head, _)| *head).collect())
    }

    #[test]
    fn a_repository_that_cannot_be_written_is_no_fault_of_the_remote() {
        let read_only = |kind: io::ErrorKind| StoreError::Io {
            path: ".git/perfgate.git".into(),
            source: kind.into(),
        };
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
            assert_eq!(heads(read_only(kind)), (true, vec!["repository"]));
        }
        let silent = StoreError::Silent { remote: "origin".to_owned(), seconds: 60 };
        assert_eq!(heads(silent), (false, vec!["remote"]));
    }
}
