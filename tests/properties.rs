//! Laws that hold for every run and every policy.
#![expect(clippy::unwrap_used, reason = "test code")]

use perfgate::config::Policy;
use perfgate::gate::{
    Baseline, BaselineInfo, Exit, Input, Missing, Reason, Report, Verdict, judge,
};
use perfgate::ingest::{ReadOptions, Source, read};
use perfgate::model::{Endpoint, EndpointKey, Kind, Latency, Run, Tool};
use perfgate::schema::{RunV1, read_run};
use proptest::prelude::*;
use std::io::Cursor;

/// An endpoint as a load test may have measured it.
#[derive(Debug, Clone)]
struct Sketch {
    requests: u64,
    failures: u64,
    median: f64,
    spread: f64,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    (1_u64..200_000, 0.0..1.0_f64, 0.05..5_000.0_f64, 0.05..1.5_f64).prop_map(
        |(requests, failed, median, spread)| {
            // Mostly few failures, sometimes many.
            let failures = (failed.powi(6) * requests as f64) as u64;
            Sketch { requests, failures, median, spread }
        },
    )
}

fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    prop::collection::vec(sketch(), 1..12)
}

/// The run of these endpoints, each slower by its factor and failing so many times more.
fn run(endpoints: &[Sketch], slower: f64, failures: u64) -> Run {
    let mut run = Run::new(Tool { name: "sketch".into(), version: None });
    for (i, sketch) in endpoints.iter().enumerate() {
        let mut endpoint =
            Endpoint::new(EndpointKey::named(Kind::Http, Some("GET"), &format!("/{i}")));
        endpoint.requests = Some(sketch.requests);
        endpoint.failures = Some((sketch.failures + failures).min(sketch.requests));
        let at = |z: f64| sketch.median * slower * (sketch.spread * z).exp();
        let mut latency = Latency { count: Some(sketch.requests), ..Latency::default() };
        (latency.min, latency.max) = (Some(at(-3.5)), Some(at(4.5)));
        for (level, z) in
            [("p50", 0.0), ("p90", 1.28), ("p95", 1.64), ("p99", 2.33), ("p99.9", 3.09)]
        {
            latency.quantiles.insert(level.parse().unwrap(), at(z));
        }
        endpoint.latency = Some(latency);
        run.endpoints.push(endpoint);
    }
    run.total.requests = Some(endpoints.iter().map(|s| s.requests).sum());
    run.total.failures = Some(run.endpoints.iter().filter_map(|e| e.failures).sum());
    run.total.throughput_rps = Some(1_000.0 / slower);
    run
}

fn report(baseline: &Run, current: &Run, policy: &str) -> Report {
    let info = BaselineInfo { requested: "main".into(), runs: 1, ..BaselineInfo::default() };
    let rules = Policy::parse("perfgate.yaml", policy).unwrap().rules;
    let baseline = Baseline { info, runs: vec![baseline.clone()], ..Baseline::default() };
    let current = std::slice::from_ref(current);
    judge(Input { baseline: Some(baseline), current, ..Input::default() }, &rules)
}

/// Which tests see nothing below three times a limit in per cent: docs/decisions.md, "Blind is not green".
fn blind(report: &Report, limit: u32) -> Vec<bool> {
    let nothing = |visible: f64| visible > 3.0 * f64::from(limit) / 100.0;
    report.findings.iter().map(|finding| finding.visible.is_some_and(nothing)).collect()
}

const MODES: [&str; 2] = ["", "gate: { decide: threshold }\n"];
const ALL_MODES: [&str; 3] = ["", "gate: { decide: threshold }\n", "gate: { decide: confirmed }\n"];

/// What a run of the same code is slower by than the typical one, for three runs and for five.
fn repeats() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![prop::collection::vec(0.98..1.02_f64, 3), prop::collection::vec(0.98..1.02_f64, 5),]
}

/// The verdict on a run against several of the same code.
fn against(baseline: &[Run], current: &Run, policy: &str) -> Report {
    let runs = baseline.len();
    let info = BaselineInfo { requested: "main".into(), runs, ..BaselineInfo::default() };
    let rules = Policy::parse("perfgate.yaml", policy).unwrap().rules;
    let baseline = Baseline { info, runs: baseline.to_vec(), ..Baseline::default() };
    let current = std::slice::from_ref(current);
    judge(Input { baseline: Some(baseline), current, ..Input::default() }, &rules)
}

proptest! {
    #[test]
    fn a_run_that_is_one_of_its_baseline_never_fails(endpoints in sketches(), repeats in repeats()) {
        let runs: Vec<Run> = repeats.iter().map(|slower| run(&endpoints, *slower, 0)).collect();
        for (current, mode) in runs.iter().flat_map(|own| ALL_MODES.map(|mode| (own, mode))) {
            let report = against(&runs, current, mode);
            for finding in &report.findings {
                prop_assert!(finding.verdict().rank() <= Verdict::Pass.rank(), "{finding:?}");
            }
        }
    }

    #[test]
    fn by_the_plain_rule_a_slower_endpoint_is_never_judged_better(
        endpoints in sketches(), repeats in repeats(), slower in 1.0..2.0_f64, more in 1.0..2.0_f64,
    ) {
        let runs: Vec<Run> = repeats.iter().map(|slower| run(&endpoints, *slower, 0)).collect();
        let changed = |slower: f64| {
            let mut endpoints = endpoints.clone();
            endpoints[0].median *= slower;
            against(&runs, &run(&endpoints, 1.0, 0), MODES[1])
        };
        let (bad, worse) = (changed(slower), changed(slower * more));
        for (before, after) in bad.findings.iter().zip(&worse.findings) {
            prop_assert!(after.verdict().rank() >= before.verdict().rank(), "{before:?} {after:?}");
        }
    }

    #[test]
    fn what_fails_or_asks_again_is_never_green_when_it_is_slower_still(
        endpoints in sketches(), repeats in repeats(), slower in 1.0..2.0_f64, more in 1.0..2.0_f64,
    ) {
        let runs: Vec<Run> = repeats.iter().map(|slower| run(&endpoints, *slower, 0)).collect();
        for mode in ALL_MODES {
            let changed = |slower: f64| {
                let mut endpoints = endpoints.clone();
                endpoints[0].median *= slower;
                against(&runs, &run(&endpoints, 1.0, 0), mode)
            };
            let (bad, worse) = (changed(slower), changed(slower * more));
            for (before, after) in bad.findings.iter().zip(&worse.findings) {
                prop_assert_eq!(before.key(), after.key());
                let was_red = matches!(before.verdict(), Verdict::Fail | Verdict::Inconclusive);
                let is_green = matches!(after.verdict(), Verdict::Pass | Verdict::Warn);
                prop_assert!(!(was_red && is_green), "{before:?} {after:?}");
            }
            prop_assert!(bad.exit != Exit::Regression || worse.exit != Exit::Pass);
        }
    }

    #[test]
    fn the_order_of_baseline_runs_does_not_matter(
        endpoints in sketches(), repeats in repeats(), slower in 0.9..2.0_f64, turn in 1_usize..5,
    ) {
        let runs: Vec<Run> = repeats.iter().map(|slower| run(&endpoints, *slower, 0)).collect();
        let mut turned = runs.clone();
        turned.rotate_left(turn % runs.len());
        let current = run(&endpoints, slower, 0);
        for mode in ALL_MODES {
            let reports = [against(&runs, &current, mode), against(&turned, &current, mode)];
            let verdicts = reports.each_ref().map(|report| {
                report.findings.iter().map(|own| (own.key(), own.reason)).collect::<Vec<_>>()
            });
            prop_assert_eq!(&verdicts[0], &verdicts[1]);
            prop_assert_eq!(reports[0].exit, reports[1].exit);
        }
    }
}

proptest! {
    #[test]
    fn a_run_against_itself_never_warns_or_fails(endpoints in sketches()) {
        let run = run(&endpoints, 1.0, 0);
        for mode in MODES {
            let report = report(&run, &run, mode);
            prop_assert!(!report.findings.is_empty());
            for finding in &report.findings {
                prop_assert!(matches!(finding.verdict(), Verdict::Pass | Verdict::NotCompared), "{finding:?}");
            }
            prop_assert!(matches!(report.verdict, Verdict::Pass | Verdict::NotCompared));
        }
    }

    #[test]
    fn worse_never_improves_a_verdict(
        endpoints in sketches(), slower in 1.0..2.0_f64, more in 1.0..2.0_f64, failures in 0_u64..50, extra in 0_u64..50,
    ) {
        let base = run(&endpoints, 1.0, 0);
        let (bad, worse) = (run(&endpoints, slower, failures), run(&endpoints, slower * more, failures + extra));
        for mode in MODES {
            let (bad, worse) = (report(&base, &bad, mode), report(&base, &worse, mode));
            prop_assert_eq!(bad.findings.len(), worse.findings.len());
            for (before, after) in bad.findings.iter().zip(&worse.findings) {
                // When everything fails, nothing is left to be said of the latency; the errors then fail. What is slower as a
                // whole may be the machine: a failure may become a question, and no more than that.
                let silenced = after.reason == Reason::Missing(Missing::AllFailed);
                let noisy = after.reason == Reason::TooNoisy && before.verdict().rank() <= Verdict::Warn.rank();
                let least = before.verdict().rank().min(Verdict::Inconclusive.rank());
                prop_assert!(silenced || noisy || after.verdict().rank() >= least, "{before:?} {after:?}");
            }
            prop_assert!(worse.exit.code() != 0 || bad.exit.code() == 0);
        }
    }

    #[test]
    fn loosening_a_limit_never_worsens_a_verdict(
        endpoints in sketches(), slower in 1.0..2.0_f64, limit in 1_u32..60, looser in 0_u32..60,
    ) {
        let (base, new) = (run(&endpoints, 1.0, 0), run(&endpoints, slower, 0));
        for mode in MODES {
            let policy = |percent: u32| {
                format!("{mode}regression_thresholds:\n  api_latency: {{ p95: {percent}%, p99: {percent}% }}\n")
            };
            let (tight, loose) = (report(&base, &new, &policy(limit)), report(&base, &new, &policy(limit + looser)));
            // With the tests that see something, what counts as rare changes: a question about a test that saw nothing may be
            // answered. Among the same tests, a looser limit is never worse.
            if blind(&tight, limit) != blind(&loose, limit + looser) {
                continue;
            }
            prop_assert_eq!(tight.findings.len(), loose.findings.len());
            for (tight, loose) in tight.findings.iter().zip(&loose.findings) {
                prop_assert!(loose.verdict().rank() <= tight.verdict().rank(), "{tight:?} {loose:?}");
            }
        }
    }

    #[test]
    fn a_run_reads_back_from_its_file_as_it_was(endpoints in sketches()) {
        let file = RunV1::without_histograms(&run(&endpoints, 1.0, 0));
        let json = serde_json::to_string(&file).unwrap();
        let again = RunV1::without_histograms(&read_run(json.as_bytes()).unwrap().run);
        prop_assert_eq!(json, serde_json::to_string(&again).unwrap());
    }

    #[test]
    fn samples_give_quantiles_between_their_extremes_that_never_fall(samples in prop::collection::vec(0.0..1e7_f64, 1..300)) {
        let latency = Latency::from_counts(samples.iter().map(|ms| (*ms, 1)).collect()).unwrap();
        let values: Vec<f64> = latency.quantiles.values().copied().collect();
        prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1]), "{values:?}");
        prop_assert!(values.iter().all(|v| latency.min.unwrap() <= *v && *v <= latency.max.unwrap()));
        let all = latency.distribution.unwrap();
        for (level, exact) in latency.quantiles {
            let read = all.quantile(level).unwrap();
            prop_assert!((read - exact).abs() <= 1e-3 * exact + 1e-6, "{level}: {read} for {exact}");
        }
    }

    #[test]
    fn any_bytes_are_a_run_or_an_error_but_never_a_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0..5) {
        let start: &[u8] = match kind {
            0 => b"Type,Name,Request Count,Failure Count,50%,95%\r\n",
            1 => b"metric_name,timestamp,metric_value,name\n",
            2 => b"{\"metrics\":{\"http_reqs\":",
            3 => b"{\"type\":\"Metric\",\"data\":{},\"metric\":\"x\"}\n",
            _ => b"",
        };
        bytes.splice(0..0, start.iter().copied());
        for lenient in [false, true] {
            let source = Source::from_reader("bytes", Box::new(Cursor::new(bytes.clone())));
            drop(source.and_then(|s| read(s, &ReadOptions { lenient, ..ReadOptions::default() })));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn the_order_of_lines_does_not_matter(seed in any::<u64>()) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/k6/2.2.0/names/raw.ndjson.gz");
        let mut text = String::new();
        let file = std::fs::File::open(path).unwrap();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
        let of = |lines: &[&str]| {
            let bytes = (lines.join("\n") + "\n").into_bytes();
            let run = read(Source::from_reader("lines", Box::new(Cursor::new(bytes))).unwrap(), &ReadOptions::default());
            serde_json::to_string(&RunV1::with_histograms(&run.unwrap().run).unwrap()).unwrap()
        };
        let mut lines: Vec<&str> = text.lines().collect();
        let first = lines[0];
        let in_order = of(&lines);
        let mut random = seed | 1;
        for i in (2..lines.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // The first line says what format it is.
            let other = 1 + usize::try_from(random >> 33).unwrap() % i;
            lines.swap(i, other);
        }
        assert_eq!(lines[0], first);
        prop_assert_eq!(in_order, of(&lines));
    }
}

/// The lines of a raw file of k6.
fn raw_lines(path: &str) -> Vec<Vec<u8>> {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/k6").join(path);
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(file), &mut bytes).unwrap();
    bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
}

/// Pieces that mean something in a line.
const PIECES: [&[u8]; 18] = [
    b"\"",
    b"{",
    b"}",
    b",",
    b"\\u0026",
    b"\\\"",
    b" ",
    b"e5",
    b"-",
    b"0",
    b".",
    b"\"value\":7,",
    b"Z",
    b"+05:30",
    b"null",
    b",\"metadata\":{\"vu\":\"3\"}",
    b"\xff",
    b"\r",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn lines_of_a_known_shape_are_read_as_the_json_parser_reads_them(
        start in 0_usize..2000,
        changes in prop::collection::vec((0_usize..120, any::<prop::sample::Index>(), 0..4, 0..PIECES.len()), 0..12),
        lenient in any::<bool>(),
    ) {
        let all = raw_lines("2.2.0/full-short/raw.ndjson.gz");
        let declared = all.iter().filter(|line| line.windows(15).any(|part| part == b"\"type\":\"Metric\"")).take(8);
        let start = start.min(all.len() - 130);
        let mut lines: Vec<Vec<u8>> = declared.chain(&all[start..start + 120]).cloned().collect();
        for (line, at, how, piece) in changes {
            let line = &mut lines[8 + line];
            if line.is_empty() {
                continue;
            }
            let at = at.index(line.len());
            match how {
                0 => drop(line.splice(at..at, PIECES[piece].iter().copied())),
                1 => drop(line.remove(at)),
                2 => line[at] = PIECES[piece][0],
                _ => line.truncate(at),
            }
        }
        let bytes = lines.join(&b'\n');
        let of = |parser_only: bool| {
            let source = Source::from_reader("lines", Box::new(Cursor::new(bytes.clone()))).unwrap();
            match read(source, &ReadOptions { lenient, parser_only, ..ReadOptions::default() }) {
                Ok(done) => {
                    let run = serde_json::to_string(&RunV1::with_histograms(&done.run).unwrap()).unwrap();
                    format!("{run} {:?}", done.warnings)
                }
                Err(error) => error.to_string(),
            }
        };
        prop_assert_eq!(of(false), of(true));
    }
}
