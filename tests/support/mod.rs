//! What the integration tests share: perfgate as a process with a clean environment, and scratch repositories.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(unreachable_pub, clippy::unwrap_used, reason = "this is test code")]

pub mod inspect;
pub mod shared;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A file of tests/fixtures.
pub fn fixture(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path);
    assert!(path.exists(), "{}", path.display());
    path
}

/// A command that sees nothing of the environment that tests may run in: no CI, no settings of the user.
pub fn clean(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let foreign = ["GITHUB_", "GH_", "GITLAB_", "PERFGATE_", "GIT_", "RUNNER_", "ACTIONS_"];
        if matches!(name.as_str(), "CI" | "NO_COLOR" | "CLICOLOR_FORCE" | "TERM")
            || foreign.iter().any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).env("HOME", folder);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

/// How a run of perfgate ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        Self { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The report that was written as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// A command that runs perfgate.
pub fn command(folder: &Path) -> Command {
    clean(env!("CARGO_BIN_EXE_perfgate"), folder)
}

/// Runs perfgate in a folder.
pub fn perfgate(folder: &Path, arguments: &[&str]) -> Ended {
    Ended::of(command(folder).args(arguments).output().unwrap())
}

/// A run of one endpoint for each level, whose latency wobbles by 2 % from run to run around 50, 100 and 150 ms times the
/// level.
pub fn level_run(r: usize, level: &[f64]) -> serde_json::Value {
    let endpoint = |(e, level): (usize, &f64)| {
        let wobble = 1.0 + 0.02 * (((r * 7 + e * 5) % 11) as f64 / 5.0 - 1.0);
        let [p50, p95, p99] = [50.0, 100.0, 150.0].map(|ms| ms * level * wobble);
        let quantiles = serde_json::json!({ "p50": p50, "p95": p95, "p99": p99 });
        serde_json::json!({
            "method": "GET", "name": format!("/{e}"), "requests": 6000, "failures": 0,
            "latency": { "count": 6000, "quantiles": quantiles },
        })
    };
    let endpoints: Vec<serde_json::Value> = level.iter().enumerate().map(endpoint).collect();
    serde_json::json!({
        "schema": "perfgate.run/1", "tool": { "name": "my-script" }, "duration_s": 60,
        "endpoints": endpoints,
    })
}

/// Compares two fixtures and gives the report.
pub fn compare(baseline: &str, current: &str, more: &[&str]) -> Ended {
    let scratch = TempDir::new().unwrap();
    let (baseline, current) = (fixture(baseline), fixture(current));
    let mut arguments = vec!["compare", "--baseline-file", baseline.to_str().unwrap()];
    arguments.push(current.to_str().unwrap());
    arguments.extend(more);
    perfgate(scratch.path(), &arguments)
}

/// As [`compare`], with several baseline runs.
pub fn compare_with(baselines: &[String], current: &str, more: &[&str]) -> Ended {
    let scratch = TempDir::new().unwrap();
    let path = |name: &str| fixture(name).to_str().unwrap().to_owned();
    let mut arguments = vec!["compare".to_owned()];
    for baseline in baselines {
        arguments.extend(["--baseline-file".to_owned(), path(baseline)]);
    }
    arguments.push(path(current));
    arguments.extend(more.iter().map(ToString::to_string));
    perfgate(scratch.path(), &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The finding of a report about this measurement.
pub fn finding<'a>(
    report: &'a serde_json::Value,
    endpoint: &str,
    statistic: &str,
) -> &'a serde_json::Value {
    let all = report["findings"].as_array().unwrap();
    let metric = if statistic == "error_rate" { "error_rate" } else { "latency" };
    let statistic = if metric == "error_rate" { "rate" } else { statistic };
    all.iter()
        .find(|f| f["endpoint"] == endpoint && f["metric"] == metric && f["statistic"] == statistic)
        .unwrap_or_else(|| panic!("no finding for {endpoint} {statistic}: {report:#}"))
}

/// A scratch repository whose commits have fixed dates and authors, so that their ids never change.
pub struct Repo {
    pub folder: PathBuf,
    commits: std::cell::Cell<u32>,
    _scratch: Option<TempDir>,
}

impl Repo {
    /// An empty repository on branch main.
    pub fn new() -> Self {
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
    pub fn clone_of(url: &str, folder: &Path, options: &[&str]) -> Self {
        let mut command = clean("git", folder.parent().unwrap());
        command.args(["clone", "--quiet"]).args(options).arg(url).arg(folder);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { folder: folder.to_owned(), commits: std::cell::Cell::new(1000), _scratch: None }
    }

    /// The same repository, seen from one of its folders.
    pub fn within(mut self, folder: &str) -> Self {
        self.folder.push(folder);
        self
    }

    /// The folder that the repository's own folder lies in.
    pub fn around(&self) -> &Path {
        self.folder.parent().unwrap()
    }

    /// Runs git and gives what it prints.
    pub fn git(&self, arguments: &[&str]) -> String {
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
    pub fn commit(&self, subject: &str) -> String {
        self.commits.set(self.commits.get() + 1);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Merges a branch with a merge commit; its id.
    pub fn merge(&self, branch: &str) -> String {
        self.commits.set(self.commits.get() + 1);
        self.git(&["merge", "--quiet", "--no-ff", "-m", &format!("Merge {branch}"), branch]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A commit with a run of these levels recorded; its id.
    pub fn record_level(&self, message: &str, r: usize, level: &[f64]) -> String {
        let commit = self.commit(message);
        let file = self.around().join("level.json");
        std::fs::write(&file, level_run(r, level).to_string()).unwrap();
        self.perfgate(&["record", "--commit", &commit, file.to_str().unwrap()]).expect(0);
        commit
    }

    /// Compares a run of these levels with main.
    pub fn compare_level(&self, r: usize, level: &[f64], more: &[&str]) -> Ended {
        let file = self.around().join("level.json");
        std::fs::write(&file, level_run(r, level).to_string()).unwrap();
        let arguments = ["compare", "--baseline", "main", "--format", "json"];
        self.perfgate(&[&arguments, more, &[file.to_str().unwrap()]].concat())
    }

    /// Runs perfgate in the repository.
    pub fn perfgate(&self, arguments: &[&str]) -> Ended {
        perfgate(&self.folder, arguments)
    }

    /// Records a run for a revision. Runs of different numbers are different runs of the same load.
    pub fn record(&self, revision: &str, number: u32) {
        self.record_with(revision, number, &[]);
    }

    /// As [`Self::record`], with more arguments.
    pub fn record_with(&self, revision: &str, number: u32, more: &[&str]) {
        let file = self.around().join(format!("run-{number}.json"));
        std::fs::write(&file, run(number)).unwrap();
        let mut arguments = vec!["record", "--commit", revision, file.to_str().unwrap()];
        arguments.extend(more);
        self.perfgate(&arguments).expect(0);
    }

    /// A result file of the same load as the recorded ones.
    pub fn results(&self) -> String {
        let file = self.around().join("results.json");
        std::fs::write(&file, run(0)).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// Compares with a revision and gives the report.
    pub fn compare(&self, baseline: &str, more: &[&str]) -> Ended {
        let results = self.results();
        let mut arguments = vec!["compare", "--baseline", baseline, "--format", "json", &results];
        arguments.extend(more);
        self.perfgate(&arguments)
    }
}

/// A run of one endpoint; each number is a slightly different run.
pub fn run(number: u32) -> String {
    let p95 = 100.0 + f64::from(number) / 100.0;
    format!(
        r#"{{"schema": "perfgate.run/1", "tool": {{"name": "my-script"}}, "duration_s": 60,
            "endpoints": [{{"method": "GET", "name": "/a", "requests": 6000, "failures": 0,
                "latency": {{"count": 6000, "min": 10, "max": 300,
                             "quantiles": {{"p50": 50, "p95": {p95}, "p99": 150}}}}}}]}}"#
    )
}

/// Markdown as GitHub shows it: with its tables, its automatic links, and HTML as it stands in the text, so that what would
/// become markup is seen.
pub fn github_html(markdown: &str) -> String {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.render.r#unsafe = true;
    comrak::markdown_to_html(markdown, &options)
}
