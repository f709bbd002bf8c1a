//! One comparison has one verdict, by whatever way its runs came.

use crate::support::Repo;
use crate::support::random::Random;
use serde_json::{Value, json};

/// Pairs of runs, and endpoints of each: 200 random comparisons.
const PAIRS: usize = 10;

const ENDPOINTS: usize = 20;

/// A run with the samples of each endpoint, as a script of one's own writes it. The levels are those of the seed, so that two
/// runs of one seed are of the same service; every second endpoint is slower by the factor.
fn run(levels: u64, seed: u64, factor: f64) -> Value {
    let (mut level, mut random) = (Random::new(levels), Random::new(seed));
    let endpoint = |i: usize| {
        let (median, spread) = (1.0 + 200.0 * level.uniform(), 0.1 + 0.6 * level.uniform());
        let count = 120 + (1_500.0 * level.uniform()) as usize;
        let slower = if i.is_multiple_of(2) { factor } else { 1.0 };
        let one = |_| (median * slower * (spread * random.normal()).exp() * 1e3).round() / 1e3;
        let samples: Vec<f64> = (0..count).map(one).collect();
        json!({ "name": format!("/{i}"), "requests": count, "failures": 0, "latency": { "samples": samples } })
    };
    let endpoints: Vec<Value> = (0..ENDPOINTS).map(endpoint).collect();
    json!({ "schema": "perfgate.run/1", "tool": { "name": "t" }, "profile": "p", "duration_s": 60, "endpoints": endpoints })
}

/// What a report says of each measurement.
fn judged(report: &Value) -> Vec<[Value; 6]> {
    let says = |f: &Value| {
        ["endpoint", "statistic", "verdict", "reason", "interval", "p"].map(|key| f[key].clone())
    };
    report["findings"].as_array().unwrap().iter().map(says).collect()
}

#[test]
fn recorded_runs_files_a_bundle_and_the_page_agree() {
    let mut seen = std::collections::BTreeMap::new();
    for pair in 0..PAIRS as u64 {
        let repo = Repo::new();
        let path = |name: &str| repo.around().join(name).to_str().unwrap().to_owned();
        let write = |name: &str, run: Value| {
            std::fs::write(repo.around().join(name), run.to_string()).unwrap();
            path(name)
        };
        let factor = 1.15 + 0.05 * (pair % 8) as f64;
        let old = write("old.json", run(pair, 1_000 + pair, 1.0));
        let new = write("new.json", run(pair, 2_000 + pair, factor));
        let main = repo.commit("main");
        repo.perfgate(&["record", "--commit", &main, "--profile", "p", &old]).expect(0);
        repo.git(&["checkout", "--quiet", "-b", "feature"]);
        repo.commit("a change");

        let json = ["compare", "--profile", "p", "--format", "json"];
        let bundle = path("bundle");
        let compare = |more: &[&str]| repo.perfgate(&[&json[..], more].concat());
        let output = format!("bundle={bundle}");
        let files = compare(&["--baseline-file", &old, &new]);
        let expected = (files.code, judged(&files.json()));
        for [_, _, verdict, ..] in &expected.1 {
            *seen.entry(verdict.to_string()).or_insert(0) += 1;
        }
        let stored = compare(&["--baseline", "main", &new, "--output", &output]);
        let of_bundle = format!("{bundle}/run-1.json");
        let normalized = path("normalized.json");
        repo.perfgate(&["normalize", &old, "-o", &normalized]).expect(0);
        let mut ways = vec![
            ("a recorded baseline", stored),
            ("the run of a bundle", compare(&["--baseline", "main", &of_bundle])),
            ("a normalized baseline", compare(&["--baseline-file", &normalized, &new])),
        ];
        repo.perfgate(&["record", "--profile", "p", &new]).expect(0);
        ways.push(("both recorded", compare(&["--baseline", "main"])));
        for (way, ended) in &ways {
            assert_eq!((ended.code, judged(&ended.json())), expected, "pair {pair}: {way}");
        }
        let page = path("page.html");
        let report = ["report", "--profile", "p", "--html", &page];
        for source in [&["--baseline", "main", new.as_str()][..], &["--baseline-file", &old, &new]]
        {
            let ended = repo.perfgate(&[&report[..], source].concat());
            assert_eq!(ended.code, expected.0, "pair {pair}: the page, {source:?}");
        }
    }
    assert!(seen.len() >= 3, "the pairs end in different verdicts: {seen:?}");
}
