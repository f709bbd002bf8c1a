//! A pull request against a gated main, and the event that CI describes it by.

use super::{Ended, Repo, command, level_run};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A policy that limits nothing.
pub(crate) const NOTHING_COUNTS: &str =
    "regression_thresholds: { api_response_time: { p95: off, p99: off }, error_rate: off }\n";

/// A policy with a limit that the slow run crosses.
pub(crate) const STRICT: &str = "regression_thresholds: { api_response_time: { p95: 10% } }\n";

/// A repository whose main has eight recorded runs, and a pull request that is half as slow again.
pub(crate) struct PullRequest {
    pub(crate) repo: Repo,
    /// The commit of main that the pull request goes to.
    pub(crate) base: String,
}

impl PullRequest {
    /// Main with these files, and a branch with a commit on top of it that is checked out.
    pub(crate) fn new(main: &[(&str, &str)]) -> Self {
        let repo = Repo::new();
        write(&repo, main);
        repo.record_steady(8, &[1.0; 3]);
        // Records in a folder are files of main.
        repo.git(&["add", "."]);
        let base = repo.commit("main with its records");
        repo.git(&["checkout", "--quiet", "-b", "feature"]);
        Self { repo, base }
    }

    /// Commits files to the pull request.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) {
        write(&self.repo, files);
        self.repo.git(&["add", "--all", "."]);
        self.repo.commit("a change");
    }

    /// The event of CI, as GitHub writes it, and the gate as the action calls it.
    pub(crate) fn gate(&self, event: &str, more: &[&str]) -> Ended {
        let results = self.results(1.5);
        let arguments = [
            &["compare", "--baseline=main", "--missing-baseline=warn", "--inconclusive=warn"][..],
            &["--format", "json"],
            more,
            &[results.to_str().unwrap()],
        ];
        self.run(event, &arguments.concat())
    }

    pub(crate) fn run(&self, event: &str, arguments: &[&str]) -> Ended {
        self.run_in(&self.repo.folder, event, arguments)
    }

    /// Runs perfgate in a folder of the repository.
    pub(crate) fn run_in(&self, folder: &Path, event: &str, arguments: &[&str]) -> Ended {
        let (head, base) = (self.repo.git(&["rev-parse", "HEAD"]), &self.base);
        let end = |sha: &str, id: u64| json!({ "sha": sha, "repo": { "id": id } });
        let text = match event {
            "merge_group" => json!({ "merge_group": { "base_sha": base, "head_sha": head } }),
            "workflow_run" => json!({
                "workflow_run": {
                    "event": "pull_request", "head_sha": head, "head_repository": { "id": 2 },
                },
                "repository": { "id": 1 },
            }),
            "fork" => json!({ "pull_request": { "base": end(base, 1), "head": end(&head, 2) } }),
            _ => json!({ "pull_request": { "base": end(base, 1), "head": end(&head, 1) } }),
        };
        let file = self.repo.around().join("event.json");
        std::fs::write(&file, text.to_string()).unwrap();
        let mut command = command(folder);
        let name = if event == "fork" { "pull_request" } else { event };
        command.args(arguments).env("GITHUB_EVENT_NAME", name).env("GITHUB_EVENT_PATH", &file);
        Ended::of(command.env("GITHUB_SHA", base).output().unwrap())
    }

    pub(crate) fn results(&self, level: f64) -> PathBuf {
        let file = self.repo.around().join("slow.json");
        std::fs::write(&file, level_run(30, &[level, 1.0, 1.0]).to_string()).unwrap();
        file
    }
}

pub(crate) fn write(repo: &Repo, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = repo.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

pub(crate) fn link(repo: &Repo, target: &str, name: &str) {
    let path = repo.folder.join(name);
    if path.symlink_metadata().is_ok() {
        std::fs::remove_file(&path).unwrap();
    }
    std::os::unix::fs::symlink(target, path).unwrap();
}

/// The text of a report's warning.
pub(crate) fn warning(report: &Value, code: &str) -> String {
    let all = report["warnings"].as_array().unwrap();
    let found = all.iter().find(|warning| warning["code"] == code);
    found.unwrap_or_else(|| panic!("no {code}: {report:#}"))["message"].as_str().unwrap().to_owned()
}

/// The gate is red, with a warning about these keys of the policy.
pub(crate) fn assert_red(ended: Ended, keys: &str) {
    let report = ended.expect(1).json();
    let said = warning(&report, "policy_changed");
    assert!(said.contains(&format!("changes the policy: {keys} take")), "{said}");
}
