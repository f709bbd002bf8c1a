//! Scratch repositories of git.

use super::{Ended, clean, level_run, perfgate, run};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A scratch repository whose commits have fixed dates and authors, so that their ids never change.
pub(crate) struct Repo {
    pub(crate) folder: PathBuf,
    commits: std::cell::Cell<u32>,
    _scratch: Option<TempDir>,
}

impl Repo {
    /// An empty repository on branch main.
    pub(crate) fn new() -> Self {
        let scratch = TempDir::new().unwrap();
        let repo = Self {
            folder: scratch.path().join("repo"),
            commits: std::cell::Cell::new(0),
            _scratch: Some(scratch),
        };
        std::fs::create_dir(&repo.folder).unwrap();
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo
    }

    /// A clone of a repository (path or URL) in a folder beside it.
    pub(crate) fn clone_of(url: &str, folder: &Path, options: &[&str]) -> Self {
        let mut command = clean("git", folder.parent().unwrap());
        command.args(["clone", "--quiet"]).args(options).arg(url).arg(folder);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { folder: folder.to_owned(), commits: std::cell::Cell::new(1000), _scratch: None }
    }

    /// The same repository, seen from one of its folders.
    pub(crate) fn within(mut self, folder: &str) -> Self {
        self.folder.push(folder);
        self
    }

    /// The folder that the repository's own folder lies in.
    pub(crate) fn around(&self) -> &Path {
        self.folder.parent().unwrap()
    }

    /// Runs git and gives what it prints.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let date = format!(
            "2026-01-01T00:{:02}:{:02}Z",
            self.commits.get() / 60 % 60,
            self.commits.get() % 60
        );
        let mut command = clean("git", &self.folder);
        command.args(["-c", "commit.gpgsign=false"]).args(arguments);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Test");
            command.env(format!("GIT_{who}_EMAIL"), "test@example.com");
            command.env(format!("GIT_{who}_DATE"), &date);
        }
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// An empty commit, a second after the one before; its id.
    pub(crate) fn commit(&self, subject: &str) -> String {
        self.commits.set(self.commits.get() + 1);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Merges a branch with a merge commit; its id.
    pub(crate) fn merge(&self, branch: &str) -> String {
        self.commits.set(self.commits.get() + 1);
        self.git(&["merge", "--quiet", "--no-ff", "-m", &format!("Merge {branch}"), branch]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A commit with a run of these levels recorded; its id.
    pub(crate) fn record_level(&self, message: &str, r: usize, level: &[f64]) -> String {
        let commit = self.commit(message);
        let file = self.around().join("level.json");
        std::fs::write(&file, level_run(r, level).to_string()).unwrap();
        self.perfgate(&["record", "--commit", &commit, file.to_str().unwrap()]).expect(0);
        commit
    }

    /// So many commits, each with a run of these levels recorded.
    pub(crate) fn record_steady(&self, commits: usize, level: &[f64]) {
        for r in 0..commits {
            self.record_level("main", r, level);
        }
    }

    /// Compares a run of these levels with main.
    pub(crate) fn compare_level(&self, r: usize, level: &[f64], more: &[&str]) -> Ended {
        let file = self.around().join("level.json");
        std::fs::write(&file, level_run(r, level).to_string()).unwrap();
        let arguments = ["compare", "--baseline", "main", "--format", "json"];
        self.perfgate(&[&arguments, more, &[file.to_str().unwrap()]].concat())
    }

    /// Runs perfgate in the repository.
    pub(crate) fn perfgate(&self, arguments: &[&str]) -> Ended {
        perfgate(&self.folder, arguments)
    }

    /// Records a run for a revision. Runs of different numbers are different runs of the same load.
    pub(crate) fn record(&self, revision: &str, number: u32) {
        self.record_with(revision, number, &[]);
    }

    /// As [`Self::record`], with more arguments.
    pub(crate) fn record_with(&self, revision: &str, number: u32, more: &[&str]) {
        let file = self.around().join(format!("run-{number}.json"));
        std::fs::write(&file, run(number)).unwrap();
        let mut arguments = vec!["record", "--commit", revision, file.to_str().unwrap()];
        arguments.extend(more);
        self.perfgate(&arguments).expect(0);
    }

    /// A result file of the same load as the recorded ones.
    pub(crate) fn results(&self) -> String {
        let file = self.around().join("results.json");
        std::fs::write(&file, run(0)).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// Compares with a revision and gives the report.
    pub(crate) fn compare(&self, baseline: &str, more: &[&str]) -> Ended {
        let results = self.results();
        let mut arguments = vec!["compare", "--baseline", baseline, "--format", "json", &results];
        arguments.extend(more);
        self.perfgate(&arguments)
    }
}
