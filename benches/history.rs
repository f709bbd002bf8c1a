//! How long a long history takes: `compare` beside 10 000 recorded runs, and `trend` over 10 000 commits of 50 endpoints.
//!
//! ```sh
//! cargo bench --bench history                     # makes the repository anew, some minutes
//! cargo bench --bench history -- --commits 1000
//! ```
//!
//! Each line gives the median of five runs in milliseconds, and how many times `git log -1` in the same repository that is.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it prints a table")]

use perfgate::model::{Endpoint, EndpointKey, Kind, Latency, Quantile, Run, Tool};
use perfgate::store::{GitStore, RunStore as _, prepare};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const ENDPOINTS: usize = 50;
const ROUNDS: usize = 5;
/// Records that are written at once.
const BATCH: usize = 500;

fn main() {
    let commits = argument("--commits").unwrap_or(10_000);
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let ids = make_commits(folder, commits);
    record_all(folder, &ids);
    std::fs::write(folder.join("new.json"), {
        let run = run(commits, None);
        serde_json::to_vec(&perfgate::schema::RunV1::without_histograms(&run)).unwrap()
    })
    .unwrap();
    let git = median(folder, "git", &["log", "-1", "--format=%H"]);
    println!(
        "{commits} commits, a run of {ENDPOINTS} endpoints for each; `git log -1` takes {git:.1} ms\n"
    );
    println!("{:<60} {:>9} {:>8}", "", "ms", "× git");
    let all = ["trend", "--offline", "--endpoint", "**", "--endpoint", "total"];
    let one = ["trend", "--offline", "--endpoint", "GET /endpoint/7"];
    let gate = ["compare", "--offline", "--baseline", "main", "new.json"];
    for (name, arguments) in [
        ("compare with main", &gate[..]),
        ("trend of one series", &one),
        ("trend of all series, with their steps", &all),
    ] {
        let took = median(folder, env!("CARGO_BIN_EXE_perfgate"), arguments);
        println!("{name:<60} {took:>9.1} {:>8.1}", took / git);
    }
    let bytes = du(&folder.join(".git/perfgate.git"));
    println!("\nthe store holds {:.1} KB a run", bytes as f64 / 1000.0 / commits as f64);
}

fn argument(name: &str) -> Option<usize> {
    let all: Vec<String> = std::env::args().collect();
    all.get(all.iter().position(|own| own == name)? + 1)?.parse().ok()
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

/// The median wall time in milliseconds, after one run that warms the caches.
fn median(folder: &Path, program: &str, arguments: &[&str]) -> f64 {
    let mut times: Vec<f64> = (0..=ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let done = Command::new(program)
                .args(arguments)
                .current_dir(folder)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            assert!(done.unwrap().code().is_some_and(|code| code != 2), "{arguments:?}");
            start.elapsed().as_secs_f64() * 1e3
        })
        .skip(1)
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
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

fn du(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let about = entry.metadata().unwrap();
        bytes += if about.is_dir() { du(&entry.path()) } else { about.len() };
    }
    bytes
}
