//! How long a fleet of services takes: compacting its records, what got worse, whose gate can be trusted, and the site.
//!
//! ```sh
//! cargo bench --bench fleet                                   # 200 services, 500 runs each, 200 numbers a run: 20 million rows
//! cargo bench --bench fleet -- --services 20 --runs 100
//! cargo bench --bench fleet -- --folder /tmp/fleet            # makes it there, or takes the one that is there
//! ```
//!
//! Each line gives the median of five runs in milliseconds and the peak of memory; compacting everything is done once.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it prints a table")]

#[path = "support/took.rs"]
mod took;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use perfgate::model::{CommitId, Endpoint, EndpointKey, Kind, Latency, Quantile, Run, Tool};
use perfgate::store::prepare;
use std::fs;
use std::path::{Path, PathBuf};
use took::{Took, argument, du, median, number, once};

const ENDPOINTS: u64 = 25;
/// Runs of a service on a day.
const A_DAY: u64 = 10;

fn main() {
    let services = number("--services").unwrap_or(200);
    let runs = number("--runs").unwrap_or(500);
    let scratch = tempfile::tempdir().unwrap();
    let given = argument("--folder").map(PathBuf::from);
    let folder = given.as_deref().unwrap_or(scratch.path());
    if !folder.join("service-000").exists() {
        for service in 0..services {
            record_all(folder, service as u64, runs as u64);
        }
    }
    let url = format!("file://{}", folder.canonicalize().unwrap().display());
    let perfgate = env!("CARGO_BIN_EXE_perfgate");
    println!("{services} services of {runs} runs, {ENDPOINTS} endpoints each\n");
    println!("{:<44} {:>9} {:>9}", "", "ms", "peak MB");
    let line =
        |name: &str, Took { ms, peak_mb }: Took| println!("{name:<44} {ms:>9.0} {peak_mb:>9.0}");
    if !folder.join("facts").exists() {
        line("fleet index, everything", once(folder, perfgate, &["fleet", "index", &url]));
    }
    let site = folder.join("site");
    let site = site.to_str().unwrap();
    for (name, arguments) in [
        ("fleet index, nothing new", &["fleet", "index", &url][..]),
        ("fleet top", &["fleet", "top", &url]),
        (
            "fleet top --since 30d --history 365d",
            &["fleet", "top", &url, "--since", "30d", "--history", "365d"],
        ),
        ("fleet steps", &["fleet", "steps", &url]),
        ("fleet gates", &["fleet", "gates", &url]),
    ] {
        line(name, median(folder, perfgate, arguments, None));
    }
    line("fleet site", once(folder, perfgate, &["fleet", "site", &url, "--output", site]));
    println!("\nthe facts have {:.0} MB", du(&folder.join("facts")) as f64 / 1e6);
}

/// A service's store as object storage has it. Written without the storage: a file for each record and each name.
fn record_all(folder: &Path, service: u64, runs: u64) {
    let store = folder.join(format!("service-{service:03}"));
    let write = |path: &str, bytes: &[u8]| {
        let path = store.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    write("perfgate", b"perfgate.store/1\n");
    let newest = Timestamp::now() - 1.hour();
    for i in 0..runs {
        let at = newest - (24 * 60 * (runs - 1 - i) / A_DAY).cast_signed().minutes();
        let commit = commit(service, i);
        let record = prepare(&run(service, i, runs, commit), false).unwrap();
        write(&record.entry.run_path(), &record.run);
        let at = at.to_zoned(TimeZone::UTC);
        let (day, time) = (at.date(), at.strftime("%H%M%S"));
        write(&format!("commits/{day}/{time}-{commit}-{}-1-0", record.entry.id), b"");
    }
}

fn commit(service: u64, i: u64) -> CommitId {
    format!(
        "{:016x}{service:012x}{i:012x}",
        (service * 10_007 + i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    )
    .parse()
    .unwrap()
}

/// A number in [0, 1) that looks random.
fn noise(seed: u64) -> f64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^= x >> 31;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 29;
    (x >> 11) as f64 / (1_u64 << 53) as f64
}

/// A run whose latency wobbles by a few percent; one service of ten has an endpoint that got 20 % slower three days ago.
fn run(service: u64, i: u64, runs: u64, commit: CommitId) -> Run {
    let mut run = Run::new(Tool { name: "k6".into(), version: Some("1.1.0".into()) });
    (run.duration_s, run.load.users, run.commit) = (Some(60.0), Some(20), Some(commit));
    run.labels.insert("runner".into(), "large".into());
    for e in 0..ENDPOINTS {
        let mut endpoint =
            Endpoint::new(EndpointKey::named(Kind::Http, Some("GET"), &format!("/endpoint/{e}")));
        let seed = (service * 1_000_003 + i) * 101 + e;
        let slower = service.is_multiple_of(10) && e == 3 && i + 3 * A_DAY >= runs;
        let wobble = 0.97 + 0.02 * (noise(seed) + noise(seed + 50_000) + noise(seed + 90_000));
        let level = (20 + 7 * e) as f64 * if slower { 1.2 } else { 1.0 } * wobble;
        let mut latency = Latency { count: Some(5_000), mean: Some(level), ..Latency::default() };
        for (q, factor) in Quantile::GRID.iter().zip(1..) {
            let value = level * (1.0 + 0.2 * f64::from(factor));
            latency.quantiles.insert(*q, (value * 1e6).round() / 1e6);
        }
        (endpoint.requests, endpoint.failures) = (Some(5_000), Some(seed % 4));
        endpoint.throughput_rps = Some(80.0 + noise(seed + 7));
        endpoint.latency = Some(latency);
        run.endpoints.push(endpoint);
    }
    run.total.requests = Some(5_000 * ENDPOINTS);
    run.total.failures = Some(i % 40);
    run.total.throughput_rps = Some(2_000.0 + noise(i));
    run
}
