//! What the integration tests share: perfgate as a process with a clean environment, and scratch repositories.

pub(crate) mod calls;
pub(crate) mod forge;
pub(crate) mod inspect;
pub(crate) mod issues;
pub(crate) mod levels;
#[cfg(unix)]
pub(crate) mod load_tool;
pub(crate) mod nights;
#[cfg(feature = "object-store")]
pub(crate) mod objects;
pub(crate) mod prometheus;
#[cfg(unix)]
pub(crate) mod pull_request;
pub(crate) mod random;
pub(crate) mod remote;
mod repo;
pub(crate) mod trusted;

pub(crate) use repo::Repo;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A file of tests/fixtures.
pub(crate) fn fixture(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path);
    assert!(path.exists(), "{}", path.display());
    path
}

/// A command that sees nothing of the environment that tests may run in: no CI, no settings of the user.
pub(crate) fn clean(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let foreign = [
            "AWS_",
            "AZURE_",
            "GOOGLE_",
            "GITHUB_",
            "GH_",
            "GITLAB_",
            "PERFGATE_",
            "GIT_",
            "RUNNER_",
            "ACTIONS_",
        ];
        if matches!(name.as_str(), "CI" | "NO_COLOR" | "CLICOLOR_FORCE" | "FORCE_COLOR" | "TERM")
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
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        Self { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The report that was written as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// The files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// A command that runs perfgate, on paper so wide that no sentence is broken.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = clean(env!("CARGO_BIN_EXE_perfgate"), folder);
    command.env("COLUMNS", "1000");
    command
}

/// Runs perfgate in a folder as a job does, whose log has a width of its own.
pub(crate) fn perfgate_in_log(folder: &Path, arguments: &[&str]) -> Ended {
    Ended::of(command(folder).env_remove("COLUMNS").args(arguments).output().unwrap())
}

/// Runs perfgate in a folder.
pub(crate) fn perfgate(folder: &Path, arguments: &[&str]) -> Ended {
    Ended::of(command(folder).args(arguments).output().unwrap())
}

/// A run of one endpoint for each level, whose latency wobbles by 2 % from run to run around 50, 100 and 150 ms times the
/// level.
pub(crate) fn level_run(r: usize, level: &[f64]) -> serde_json::Value {
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
pub(crate) fn compare(baseline: &str, current: &str, more: &[&str]) -> Ended {
    let scratch = TempDir::new().unwrap();
    let (baseline, current) = (fixture(baseline), fixture(current));
    let mut arguments = vec!["compare", "--baseline-file", baseline.to_str().unwrap()];
    arguments.push(current.to_str().unwrap());
    arguments.extend(more);
    perfgate(scratch.path(), &arguments)
}

/// As [`compare`], with several baseline runs.
pub(crate) fn compare_with(baselines: &[String], current: &str, more: &[&str]) -> Ended {
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
pub(crate) fn finding<'a>(
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

/// A run of one endpoint; each number is a slightly different run.
pub(crate) fn run(number: u32) -> String {
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
pub(crate) fn github_html(markdown: &str) -> String {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.render.r#unsafe = true;
    comrak::markdown_to_html(markdown, &options)
}
