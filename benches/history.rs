//! How long a long history takes: `compare` beside 10 000 recorded runs, and what shows or exports 10 000 commits of 50 endpoints.
//!
//! ```sh
//! cargo bench --bench history                     # makes the repository anew, some minutes
//! cargo bench --bench history -- --commits 1000
//! cargo bench --bench history -- --folder /tmp/h  # makes it there, or takes the one that is there
//! ```
//!
//! Each line gives the median of five runs in milliseconds, how many times `git log -1` in the same repository that is, and the peak
//! of memory. "without columns" is the first run after a clone: the columns beside the store are removed before each.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it prints a table")]

#[path = "support/took.rs"]
mod took;

use perfgate::model::{Endpoint, EndpointKey, Kind, Latency, Quantile, Run, Tool};
use perfgate::store::{GitStore, RunStore as _, prepare};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use took::{Took, argument, du, median, number};

const ENDPOINTS: usize = 50;
/// Records that are written at once.
const BATCH: usize = 500;

fn main() {
    let commits = number("--commits").unwrap_or(10_000);
    let scratch = tempfile::tempdir().unwrap();
    let given = argument("--folder").map(PathBuf::from);
    let folder = given.as_deref().unwrap_or(scratch.path());
    if !folder.join(".git").exists() {
        std::fs::create_dir_all(folder).unwrap();
        let ids = make_commits(folder, commits);
        record_all(folder, &ids);
    }
    std::fs::write(folder.join("new.json"), {
        let run = run(commits, None);
        serde_json::to_vec(&perfgate::schema::RunV1::without_histograms(&run)).unwrap()
    })
    .unwrap();
    let columns = folder.join(".git/perfgate.git/columns");
    let git = median(folder, "git", &["log", "-1", "--format=%H"], None).ms;
    println!(
        "{commits} commits, a run of {ENDPOINTS} endpoints for each; `git log -1` takes {git:.1} ms\n"
    );
    println!("{:<52} {:>9} {:>8} {:>9}", "", "ms", "× git", "peak MB");
    let one = ["trend", "--offline", "--endpoint", "GET /endpoint/7"];
    let all = ["trend", "--offline", "--endpoint", "**", "--endpoint", "total"];
    let gate = ["compare", "--offline", "--baseline", "main", "new.json"];
    let page = ["report", "--offline", "--baseline", "main", "new.json", "--html", "page.html"];
    let site = ["report", "--offline", "--baseline", "main", "--site", "site"];
    let export = |format| ["baseline", "export", "--format", format, "exported"];
    let selftest = ["selftest", "--offline"];
    for (name, arguments, first) in [
        ("compare with main", &gate[..], false),
        ("trend of one series, without columns", &one, true),
        ("trend of one series", &one, false),
        ("trend of all series, with their steps", &all, false),
        ("report --html, with the history of what is judged", &page, false),
        ("report --site, without columns", &site, true),
        ("report --site", &site, false),
        ("baseline export --format parquet, without columns", &export("parquet"), true),
        ("baseline export --format parquet", &export("parquet"), false),
        ("baseline export --format csv", &export("csv"), false),
        ("selftest", &selftest, false),
    ] {
        let removed = first.then_some(columns.as_path());
        let Took { ms, peak_mb } =
            median(folder, env!("CARGO_BIN_EXE_perfgate"), arguments, removed);
        println!("{name:<52} {ms:>9.1} {:>8.1} {peak_mb:>9.0}", ms / git);
    }
    let (bytes, beside) = (du(&folder.join(".git/perfgate.git")), du(&columns));
    let kb = |bytes: u64| bytes as f64 / 1000.0 / commits as f64;
    println!(
        "\nthe store holds {:.1} KB a run, and {:.1} KB of columns",
        kb(bytes - beside),
        kb(beside)
    );
}

/// A repository whose first-parent line has so many commits.
fn make_commits(folder: &Path, commits: usize) -> Vec<String> {
    git(folder, &["init", "--quiet", "--initial-branch=main"], None);
    let mut stream = String::new();
    for i in 0..commits {
        let at = 1_700_000_000 + i * 3600;
        let message = format!("change {i}");
        write!(
            stream,
            "commit refs/heads/main\ncommitter A <a@example.com> {at} +0000\ndata {}\n{message}\n",
            message.len()
        )
        .unwrap();
    }
    git(folder, &["fast-import", "--quiet"], Some(stream.as_bytes()));
    git(folder, &["reset", "--quiet", "--hard", "main"], None);
    let list = git(folder, &["rev-list", "--reverse", "main"], None);
    list.lines().map(str::to_owned).collect()
}

fn record_all(folder: &Path, ids: &[String]) {
    let store = GitStore::open(&folder.join(".git"), None).unwrap();
    for (batch, part) in ids.chunks(BATCH).enumerate() {
        let records: Vec<_> = part
            .iter()
            .enumerate()
            .map(|(i, id)| prepare(&run(batch * BATCH + i, Some(id)), false).unwrap())
            .collect();
        store.write(&records).unwrap();
    }
    git(&folder.join(".git/perfgate.git"), &["gc", "--quiet"], None);
}

/// A run whose latency wobbles by 2 %, and is 12 % higher in the last third for one endpoint of ten.
fn run(i: usize, commit: Option<&str>) -> Run {
    let mut run = Run::new(Tool { name: "k6".into(), version: None });
    run.duration_s = Some(60.0);
    run.commit = commit.map(|id| id.parse().unwrap());
    for e in 0..ENDPOINTS {
        let mut endpoint =
            Endpoint::new(EndpointKey::named(Kind::Http, Some("GET"), &format!("/endpoint/{e}")));
        let later = if e % 10 == 0 && i > 6_600 { 1.12 } else { 1.0 };
        let wobble = 1.0 + 0.02 * (((i * 7919 + e * 104_729) % 1009) as f64 / 504.5 - 1.0);
        let level = (20 + e) as f64 * later * wobble;
        let mut latency = Latency { count: Some(5_000), mean: Some(level), ..Latency::default() };
        for (q, factor) in Quantile::GRID.iter().zip(1..) {
            let value = level * (1.0 + 0.2 * f64::from(factor));
            // Tools write milliseconds with about six decimals.
            latency.quantiles.insert(*q, (value * 1e6).round() / 1e6);
        }
        (endpoint.requests, endpoint.failures) = (Some(5_000), Some((i % 3) as u64));
        endpoint.latency = Some(latency);
        run.endpoints.push(endpoint);
    }
    run.total.requests = Some(5_000 * ENDPOINTS as u64);
    run.total.failures = Some((i % 3) as u64 * ENDPOINTS as u64);
    run.total.throughput_rps = Some(4_000.0 + (i % 11) as f64);
    run
}

fn git(folder: &Path, arguments: &[&str], input: Option<&[u8]>) -> String {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.unwrap_or_default()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}
