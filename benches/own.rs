//! perfgate's own benchmark. It prints how long the main steps of a gate take, as multiples of a fixed piece of work on
//! the same machine, and writes the samples as `perfgate.run/1` for `perfgate compare`:
//!
//! ```text
//! cargo bench --bench own -- --output own.json
//! perfgate compare --baseline main own.json
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first error, and prints"
)]

use perfgate::config::Rules;
use perfgate::gate::{Baseline, BaselineInfo, Input, judge};
use perfgate::ingest::{ReadOptions, Source, read};
use perfgate::model::Run;
use perfgate::report::{TableStyle, render_table};
use serde_json::json;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

/// Samples of each step; enough for a p50 that a gate may judge.
const SAMPLES: usize = 60;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let output = arguments.iter().position(|a| a == "--output").and_then(|i| arguments.get(i + 1));

    let summary = fixture("k6/2.2.0/base-1/summary.json");
    let regressed = fixture("k6/2.2.0/regressed-1/summary.json");
    let raw = fixture("k6/2.2.0/full-short/raw.ndjson.gz");
    let csv = fixture("locust/2.47.0/base-1/x_stats.csv");
    let report = gate(&run(&summary), &run(&regressed));

    let steps: [(&str, &dyn Fn()); 6] = [
        ("fixed work", &|| fixed_work()),
        ("read a k6 summary", &|| drop(black_box(run(&summary)))),
        ("read raw k6 JSON, gzip, 534 requests", &|| drop(black_box(run(&raw)))),
        ("read a Locust CSV", &|| drop(black_box(run(&csv)))),
        ("judge two summaries", &|| drop(black_box(gate(&run(&summary), &run(&regressed))))),
        ("draw the table", &|| {
            let mut out = Vec::new();
            render_table(&report, TableStyle::default(), &mut out).unwrap();
            black_box(out);
        }),
    ];
    let measured: Vec<(&str, Vec<f64>)> =
        steps.iter().map(|(name, step)| (*name, samples(step))).collect();
    let unit = median(&measured[0].1);
    println!("{:40} {:>10} {:>12}", "step", "median ms", "x fixed work");
    for (name, times) in &measured {
        println!("{name:40} {:>10.3} {:>12.3}", median(times), median(times) / unit);
    }
    if let Some(path) = output {
        let endpoints: Vec<_> = measured
            .iter()
            .map(|(name, times)| json!({"kind": "bench", "method": "bench", "name": name, "latency": {"samples": times}}))
            .collect();
        let run = json!({"schema": "perfgate.run/1", "tool": {"name": "perfgate-bench"}, "suite": "own",
            "labels": {"runner": std::env::consts::ARCH}, "endpoints": endpoints});
        std::fs::write(path, serde_json::to_string_pretty(&run).unwrap()).unwrap();
    }
}

fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)).unwrap()
}

fn run(bytes: &[u8]) -> Run {
    let source =
        Source::from_reader("bench", Box::new(std::io::Cursor::new(bytes.to_vec()))).unwrap();
    read(source, &ReadOptions::default()).unwrap().run
}

fn gate(baseline: &Run, current: &Run) -> perfgate::gate::Report {
    let info = BaselineInfo { requested: "main".into(), runs: 1, ..BaselineInfo::default() };
    let baseline = Baseline { info, runs: vec![baseline.clone()], ..Baseline::default() };
    let current = std::slice::from_ref(current);
    judge(Input { baseline: Some(baseline), current, ..Input::default() }, &Rules::default())
}

/// Work that never changes, so that machines can be told from changes.
fn fixed_work() {
    let mut random = 1_u64;
    for _ in 0..1_000_000 {
        random = black_box(random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

/// Milliseconds that each of the counted runs took; some before them warm the caches.
fn samples(step: &dyn Fn()) -> Vec<f64> {
    let once = || {
        let start = Instant::now();
        step();
        start.elapsed().as_secs_f64() * 1e3
    };
    for _ in 0..5 {
        once();
    }
    (0..SAMPLES).map(|_| once()).collect()
}

fn median(samples: &[f64]) -> f64 {
    perfgate::stats::median(samples).unwrap()
}
