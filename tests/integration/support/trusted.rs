//! Jobs of GitHub Actions against a forge on this machine: one that publishes a report, and the trusted one that judges what a
//! fork's job measured.

use super::forge::Forge;
use super::{Ended, Repo, command, compare_with, level_run};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const TOKEN: &str = "secret-token-1234";

/// A folder with a report in it and the files that a job of GitHub Actions has.
pub(crate) struct Job {
    pub(crate) folder: TempDir,
    pub(crate) forge: Forge,
}

impl Job {
    pub(crate) fn new() -> Self {
        let job =
            Self { folder: TempDir::new().unwrap(), forge: Forge::new("github-actions[bot]") };
        let pull_request =
            json!({ "number": 7, "head": { "sha": "headsha" }, "base": { "sha": "basesha" } });
        job.write("event.json", &json!({ "pull_request": pull_request }));
        std::fs::write(job.path("summary.md"), "what the job wrote before\n").unwrap();
        std::fs::write(job.path("output"), "").unwrap();
        job
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, value: &Value) {
        std::fs::write(self.path(name), value.to_string()).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Compares fixtures into report.json.
    pub(crate) fn compare(&self, baselines: &[&str], current: &str) {
        let to = format!("json={}", self.path("report.json").display());
        let baselines: Vec<String> = baselines.iter().map(ToString::to_string).collect();
        compare_with(&baselines, current, &["--output", &to]);
    }

    pub(crate) fn publish(&self, more: &[&str], variables: &[(&str, &str)]) -> Ended {
        self.run(
            &[&["publish", "--report", "report.json"], more].concat(),
            variables,
            self.folder.path(),
        )
    }

    pub(crate) fn run(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
        folder: &Path,
    ) -> Ended {
        let mut command = command(folder);
        command
            .args(arguments)
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_API_URL", &self.forge.url);
        command.env("GITHUB_REPOSITORY", "o/r").env("GITHUB_TOKEN", TOKEN);
        command
            .env("GITHUB_RUN_ID", "5")
            .env("GITHUB_RUN_ATTEMPT", "1")
            .env("GITHUB_SHA", "mergesha");
        for (name, file) in
            [("EVENT_PATH", "event.json"), ("STEP_SUMMARY", "summary.md"), ("OUTPUT", "output")]
        {
            command.env(format!("GITHUB_{name}"), self.path(file));
        }
        for (name, value) in variables {
            command.env(name, value);
        }
        let ended = Ended::of(command.output().unwrap());
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(TOKEN), "{ended:?}");
        ended
    }
}

/// A trusted job after a fork's: main has eight recorded runs, and the forge knows one pull request of the fork.
pub(crate) struct Trusted {
    pub(crate) job: Job,
    pub(crate) repo: Repo,
}

/// What a job may say that wants no failure where nothing could be told.
pub(crate) const LENIENT: [&str; 2] = ["--missing-baseline=warn", "--inconclusive=warn"];

/// The head of the fork's pull request.
pub(crate) const HEAD: &str = "1111111111111111111111111111111111111111";

impl Trusted {
    pub(crate) fn new(policy: &str) -> Self {
        let (job, repo) = (Job::new(), Repo::new());
        std::fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
        repo.git(&["add", "."]);
        repo.record_steady(8, &[1.0; 6]);
        let trusted = Self { job, repo };
        trusted.measured(HEAD);
        let other = "2222222222222222222222222222222222222222";
        trusted.open(&[(3, other, "main"), (4, HEAD, "main")]);
        trusted
    }

    /// Says in the event which commit of the fork was measured.
    pub(crate) fn measured(&self, head: &str) {
        let run = json!({
            "event": "pull_request", "head_sha": head, "head_repository": { "id": 99 }, "id": 70, "run_attempt": 2,
        });
        let repository = json!({ "id": 1, "default_branch": "main" });
        self.job.write("event.json", &json!({ "workflow_run": run, "repository": repository }));
    }

    /// Opens pull requests of the fork, and no others: number, head, and the branch that each goes to.
    pub(crate) fn open(&self, pulls: &[(u64, &str, &str)]) {
        let pull = |(number, head, branch): &(u64, &str, &str)| {
            json!({
                "number": number, "head": { "sha": head, "repo": { "id": 99 } },
                "base": { "sha": self.repo.git(&["rev-parse", branch]), "ref": branch },
            })
        };
        self.job.forge.state().pulls = pulls.iter().map(pull).collect();
    }

    /// A commit of the fork on top of main, with a pull request to main, measured.
    pub(crate) fn fork(&self, message: &str) {
        self.repo.git(&["checkout", "--quiet", "-b", "fork"]);
        let head = self.repo.commit(message);
        self.repo.git(&["checkout", "--quiet", "main"]);
        self.measured(&head);
        self.open(&[(4, &head, "main")]);
    }

    /// The bundle as the fork's own job writes it.
    pub(crate) fn bundle(&self, level: f64) -> PathBuf {
        let file = self.repo.around().join("fork.json");
        std::fs::write(&file, level_run(30, &[level, 1.0, 1.0, 1.0, 1.0, 1.0]).to_string())
            .unwrap();
        let bundle = self.repo.around().join("bundle");
        let to = format!("bundle={}", bundle.display());
        self.repo.perfgate(&[
            "compare",
            "--baseline",
            "main~1",
            "--output",
            &to,
            file.to_str().unwrap(),
        ]);
        bundle
    }

    /// Changes a run of a bundle.
    pub(crate) fn change(bundle: &Path, number: usize, change: impl Fn(&mut Value)) {
        let file = bundle.join(format!("run-{number}.json"));
        let mut run: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        change(&mut run);
        std::fs::write(&file, run.to_string()).unwrap();
    }

    /// A bundle of a head that has another pull request beside that to main: to a branch without runs, as the pages of a
    /// project are.
    pub(crate) fn bundle_for_two(&self, level: f64) -> PathBuf {
        self.repo.git(&["checkout", "--quiet", "--orphan", "gh-pages"]);
        self.repo.commit("pages");
        self.repo.git(&["checkout", "--quiet", "main"]);
        self.open(&[(6, HEAD, "gh-pages"), (5, HEAD, "main")]);
        self.bundle(level)
    }

    pub(crate) fn publish(&self, bundle: &Path) -> Ended {
        self.publish_with(bundle, &[])
    }

    pub(crate) fn publish_with(&self, bundle: &Path, more: &[&str]) -> Ended {
        let arguments =
            [&["publish", "--bundle", bundle.to_str().unwrap(), "--check"], more].concat();
        self.job.run(&arguments, &[], &self.repo.folder)
    }

    /// Name and conclusion of every check that was made.
    pub(crate) fn checks(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let checks = self.job.forge.state().checks.clone();
        checks.iter().map(|check| (text(&check["name"]), text(&check["conclusion"]))).collect()
    }

    /// What was said on a pull request.
    pub(crate) fn comments(&self, number: u64) -> Vec<String> {
        let path = format!("/repos/o/r/issues/{number}/comments");
        let state = self.job.forge.state();
        let made = state.requests.iter().filter(|r| r.method == "POST" && r.path == path);
        made.map(|request| request.body["body"].as_str().unwrap().to_owned()).collect()
    }
}
