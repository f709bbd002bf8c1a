//! What real machines do must neither fail unchanged code nor hide a slowdown: the cases that real runs taught, and laws with
//! three and more baseline runs.

use crate::support::random::Random;
use crate::support::{self, compare_with};
use perfgate::config::Policy;
use perfgate::gate::{Finding, Reason, Report, Verdict, judge_against};
use perfgate::model::{Run, Statistic};
use perfgate::schema::read_run;
use proptest::prelude::*;
use serde_json::{Value, json};

const JSON: &[&str] = &["--format", "json"];

/// A run of endpoints with these p95 values in milliseconds, 5 000 requests each.
fn run(p95: &[f64]) -> Value {
    let endpoint = |(i, p95): (usize, &f64)| {
        let at = |share: f64| share * p95;
        json!({ "name": format!("/{i}"), "requests": 5_000, "failures": 0, "latency": {
            "count": 5_000, "min": at(0.2), "max": at(1.6),
            "quantiles": { "p50": at(0.5), "p90": at(0.85), "p95": p95, "p98": at(1.1), "p99": at(1.2), "p99.9": at(1.4) },
        } })
    };
    let endpoints: Vec<Value> = p95.iter().enumerate().map(endpoint).collect();
    json!({ "schema": "perfgate.run/1", "tool": { "name": "t" }, "profile": "p", "duration_s": 60, "endpoints": endpoints })
}

fn read(run: &Value) -> Run {
    read_run(run.to_string().as_bytes()).unwrap().run
}

/// The verdict on a new run against baseline runs, nearest first.
fn judged(baseline: &[Value], new: &Value, policy: &str) -> Report {
    let rules = Policy::parse("perfgate.yaml", policy).unwrap().rules;
    let baseline: Vec<Run> = baseline.iter().map(read).collect();
    judge_against(&[read(new)], &baseline, baseline.len(), &rules)
}

fn of<'a>(report: &'a Report, endpoint: &str, statistic: &str) -> &'a Finding {
    let statistic = Statistic::Quantile(statistic.parse().unwrap());
    let found =
        report.findings.iter().find(|f| f.endpoint.is_called(endpoint) && f.statistic == statistic);
    found.unwrap()
}

/// Levels with a little noise from run to run.
fn noisy(levels: &[f64], cv: f64, random: &mut Random) -> Vec<f64> {
    levels.iter().map(|level| level * (cv * random.normal()).exp()).collect()
}

fn locust(name: &str) -> String {
    format!("locust/2.47.0/{name}/x_stats.csv")
}

#[test]
fn more_baseline_runs_do_not_blind_the_gate() {
    let mut found = 0;
    for (k, slower) in (3..=5).flat_map(|k| (1..=3).map(move |slower| (k, slower))) {
        let bases: Vec<String> = (1..=k).map(|n| locust(&format!("base-{n}"))).collect();
        let ended = compare_with(&bases, &locust(&format!("regressed-{slower}")), JSON).expect(1);
        let report = ended.json();
        let chat = |statistic| support::finding(&report, "POST /api/chat", statistic);
        // 35 ms → 43 ms in whole milliseconds may be +19.7 %.
        let told = ["over_threshold", "measure_again", "below_resolution"];
        let p95 = chat("p95")["reason"].as_str().unwrap();
        assert!(told.contains(&p95), "{k} {slower}: {p95}");
        found += usize::from(["p95", "p99"].iter().any(|s| chat(s)["verdict"] == "fail"));
    }
    assert!(found >= 6, "the latency alone fails in {found} of 9");
    for new in 1..=5 {
        let others: Vec<String> =
            (1..=5).filter(|n| *n != new).map(|n| locust(&format!("base-{n}"))).collect();
        for k in 1..=4 {
            let ended = compare_with(&others[..k], &locust(&format!("base-{new}")), JSON);
            assert_ne!(ended.code, 1, "base-{new} against {k}: {}", ended.stdout);
        }
    }
}

#[test]
fn a_hiccup_of_one_endpoint_hides_no_slowdown_of_another() {
    let mut random = Random::new(5);
    for (endpoints, k) in [(8, 3), (20, 3), (4, 10), (8, 6), (8, 10), (20, 10)] {
        for hiccup in [1.0, 1.5, 2.0, 3.0] {
            let levels: Vec<f64> = (0..endpoints).map(|i| 12.0 + 5.0 * f64::from(i)).collect();
            let mut baseline: Vec<Vec<f64>> =
                (0..k).map(|_| noisy(&levels, 0.02, &mut random)).collect();
            baseline[k / 2][1] *= hiccup;
            let mut new = noisy(&levels, 0.02, &mut random);
            new[0] *= 1.5;
            let baseline: Vec<Value> = baseline.iter().map(|levels| run(levels)).collect();
            let report = judged(&baseline, &run(&new), "");
            assert_ne!(report.exit.code(), 0, "{endpoints} endpoints, {k} runs, hiccup {hiccup}");
            if hiccup == 1.0 {
                assert_eq!(of(&report, "/0", "p95").verdict(), Verdict::Fail);
            }
        }
    }
}

const LEVELS: [f64; 5] = [4.0, 9.0, 12.0, 35.0, 60.0];

/// Four calm runs.
fn calm() -> Vec<Value> {
    let mut random = Random::new(9);
    (0..4).map(|_| run(&noisy(&LEVELS, 0.02, &mut random))).collect()
}

#[test]
fn a_starved_machine_is_asked_about_and_not_failed() {
    // The same milliseconds for every endpoint: 20 ms are nothing to a second, and six times four milliseconds.
    let starved = LEVELS.map(|level| level + 20.0);
    let mut new = run(&starved);
    let (mut old, rate) = (calm(), |run: &mut Value, rps: f64| {
        run["total"] = json!({ "requests": 25_000, "failures": 0, "throughput_rps": rps });
    });
    old.iter_mut().for_each(|run| rate(run, 180.0));
    rate(&mut new, 140.0);
    let report = judged(&old, &new, "");
    assert_eq!(report.exit.code(), 3);
    let failed = report.findings.iter().filter(|f| f.verdict() == Verdict::Fail).count();
    assert_eq!(failed, 0, "neither latency nor the throughput that goes with it");
    assert_eq!(of(&report, "/3", "p95").reason, Reason::WholeRun);
    // And a slowdown is not lost in it.
    let mut slower = starved;
    slower[3] += 35.0;
    assert_ne!(judged(&old, &run(&slower), "").exit.code(), 0);
}

#[test]
fn one_slower_endpoint_is_not_the_machine() {
    let mut new = LEVELS;
    new[3] *= 1.4;
    let report = judged(&calm(), &run(&new), "");
    assert_eq!(of(&report, "/3", "p95").verdict(), Verdict::Fail);
    let others = report.findings.iter().filter(|f| !f.endpoint.is_called("/3"));
    assert!(others.clone().count() >= 8);
    for other in others {
        assert!(matches!(other.verdict(), Verdict::Pass | Verdict::NotCompared), "{other:?}");
    }
}

#[test]
fn slow_endpoints_that_scatter_do_not_blind_the_gate_for_a_fast_one() {
    let mut random = Random::new(7);
    let levels = [5.0, 38.0, 100.0, 250.0, 400.0, 600.0, 800.0];
    for _ in 0..20 {
        let baseline: Vec<Value> =
            (0..3).map(|_| run(&noisy(&levels, 0.05, &mut random))).collect();
        let mut new = noisy(&levels, 0.05, &mut random);
        new[0] *= 20.0;
        let report = judged(&baseline, &run(&new), "");
        assert_ne!(report.exit.code(), 0, "{:?}", of(&report, "/0", "p95"));
    }
}

#[test]
fn what_is_too_noisy_to_see_is_not_compared_and_says_so() {
    let mut old = calm();
    assert_eq!(old.len(), 4);
    for (run, level) in old.iter_mut().zip([0.4, 1.9, 0.6, 3.1]) {
        let tiny = &self::run(&[level])["endpoints"][0];
        let all = run["endpoints"].as_array_mut().unwrap();
        all[0] = tiny.clone();
    }
    let mut new = LEVELS;
    new[0] = 2.4;
    let report = judged(&old, &run(&new), "");
    let tiny = of(&report, "/0", "p95");
    assert_eq!((tiny.verdict(), tiny.reason), (Verdict::NotCompared, Reason::TooNoisy));
    assert!(tiny.visible.unwrap() > 0.6, "three times its limit of 20 %: {:?}", tiny.visible);
    assert!(report.coverage.compared < report.coverage.total);
    assert_eq!(report.exit.code(), 0, "the others are compared");
    // And where nothing is left, nothing was checked.
    let only = |level: f64| run(&[level]);
    let old: Vec<Value> = [0.4, 1.9, 0.6, 3.1].map(only).into();
    assert_eq!(judged(&old, &only(2.4), "").exit.code(), 3);
    // What no noise explains is seen all the same.
    assert_eq!(of(&judged(&old, &only(90.0), ""), "/0", "p95").verdict(), Verdict::Fail);
}

#[test]
fn a_disturbed_run_weighs_less_as_a_baseline() {
    let mut old = calm();
    let mut slow = LEVELS;
    slow[3] *= 1.3;
    old[2] = run(&slow);
    let mut new = LEVELS;
    new[3] *= 1.35;
    let change = |old: &[Value]| {
        let report = judged(old, &run(&new), "");
        of(&report, "/3", "p95").working.noise.unwrap().own.change
    };
    let before = change(&old);
    old[2]["resources"] = json!({
        "cpu_pressure_percent": { "mean": 70.0 }, "other_cpu_percent": { "mean": 60.0 },
    });
    assert!(change(&old) > before, "its slow run pulls the centre less");
}

#[test]
fn an_accident_of_chance_is_no_headline() {
    let old: Vec<Value> = calm();
    // One endpoint a little beyond its limit, in a run of few requests.
    let mut few = run(&LEVELS);
    let endpoint = &mut few["endpoints"][4];
    (endpoint["requests"], endpoint["latency"]["count"]) = (json!(100), json!(100));
    endpoint["latency"]["quantiles"]["p90"] = json!(50.0);
    endpoint["latency"]["quantiles"]["p95"] = json!(73.0);
    endpoint["latency"]["quantiles"]["p98"] = json!(80.0);
    endpoint["latency"]["quantiles"]["p99"] = json!(83.0);
    let report = judged(
        &old,
        &few,
        "regression_thresholds: { throughput: off, api_latency: { p99: off } }\n",
    );
    let crossed = of(&report, "/4", "p95");
    assert_eq!(
        (crossed.verdict(), crossed.reason),
        (Verdict::Warn, Reason::WithinNoise),
        "{crossed:?}"
    );
    let failed = report.findings.iter().find(|f| f.verdict() == Verdict::Fail);
    assert_eq!(report.verdict, Verdict::Pass, "{failed:?}");
}

/// Baseline runs and a new one, in which the first endpoints are slower.
fn case(seed: u64, endpoints: usize, k: usize, cv: f64, slower: f64) -> (Vec<Value>, Vec<f64>) {
    let mut random = Random::new(seed);
    let levels: Vec<f64> = (0..endpoints).map(|_| 2.0 + 150.0 * random.uniform()).collect();
    let baseline = (0..k).map(|_| run(&noisy(&levels, cv, &mut random))).collect();
    let mut new = noisy(&levels, cv, &mut random);
    new[0] *= slower;
    (baseline, new)
}

#[test]
fn what_others_may_share_with_a_fast_endpoint_does_not_make_it_pass() {
    // 2.2 → 4.5 ms and 5.3 → 8.7 ms: beside one endpoint more, of 40 ms, nobody can tell whether the machine added some
    // milliseconds to all of them.
    for (seed, k, cv, slower) in [
        (3_754_838_754_661_948_510, 7, 0.038_338_613_105_961_525, 1.977_274_112_746_383),
        (9_759_147_179_125_116_612, 4, 0.030_049_526_660_724_447, 1.6),
    ] {
        let (mut baseline, new) = case(seed, 4, k, cv, slower);
        let mut new = run(&new);
        assert_eq!(judged(&baseline, &new, "").exit.code(), 1);
        joined(&mut baseline, &mut new, seed, cv);
        let report = judged(&baseline, &new, "");
        let slow = of(&report, "/0", "p95");
        assert_eq!((report.exit.code(), slow.reason), (3, Reason::MeasureAgain), "{slow:?}");
    }
}

/// Another endpoint in all of these runs, unchanged.
fn joined(baseline: &mut [Value], new: &mut Value, seed: u64, cv: f64) {
    let mut random = Random::new(!seed);
    for run in baseline.iter_mut().chain([new]) {
        let joins = self::run(&noisy(&[40.0], cv, &mut random))["endpoints"][0].clone();
        let all = run["endpoints"].as_array_mut().unwrap();
        all.push(joins);
        all.last_mut().unwrap()["name"] = json!("/joins");
    }
}

fn limit(percent: u32) -> String {
    format!("regression_thresholds: {{ api_latency: {{ p95: {percent}%, p99: {percent}% }} }}\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_of_its_own_baseline_runs_never_fails(seed in any::<u64>(), endpoints in 1_usize..12, k in 3_usize..8, cv in 0.005..0.12_f64) {
        let (baseline, _) = case(seed, endpoints, k, cv, 1.0);
        for new in &baseline {
            prop_assert_ne!(judged(&baseline, new, "").exit.code(), 1);
        }
    }

    #[test]
    fn what_fails_is_beyond_its_limit_as_measured(seed in any::<u64>(), endpoints in 1_usize..12, k in 1_usize..8, cv in 0.005..0.12_f64, slower in 1.0..2.0_f64) {
        let (baseline, new) = case(seed, endpoints, k, cv, slower);
        let new = run(&new);
        let plain = judged(&baseline, &new, "gate: { decide: threshold }\n");
        for finding in judged(&baseline, &new, "").findings.iter().filter(|f| f.verdict() == Verdict::Fail) {
            let same = plain.findings.iter().find(|f| f.key() == finding.key()).unwrap();
            prop_assert_eq!(same.verdict(), Verdict::Fail, "{:?}", finding);
        }
    }

    #[test]
    fn a_slower_endpoint_never_passes_where_a_less_slow_one_failed(seed in any::<u64>(), endpoints in 1_usize..12, k in 3_usize..8, cv in 0.005..0.12_f64, slower in 1.2..2.0_f64, more in 1.0..5.0_f64) {
        let (baseline, mut new) = case(seed, endpoints, k, cv, slower);
        let before = judged(&baseline, &run(&new), "").exit.code();
        new[0] *= more;
        let after = judged(&baseline, &run(&new), "").exit.code();
        prop_assert!(before != 1 || after != 0);
    }

    #[test]
    fn a_tighter_limit_never_turns_a_failure_into_a_pass(seed in any::<u64>(), endpoints in 1_usize..12, k in 3_usize..8, cv in 0.005..0.12_f64, slower in 1.0..2.0_f64, loose in 10_u32..40, tighter in 0_u32..9) {
        let (baseline, new) = case(seed, endpoints, k, cv, slower);
        let code = |percent: u32| judged(&baseline, &run(&new), &limit(percent)).exit.code();
        prop_assert!(code(loose) != 1 || code(loose - tighter) != 0);
    }

    #[test]
    fn an_unchanged_endpoint_that_joins_never_turns_a_failure_into_a_pass(seed in any::<u64>(), endpoints in 1_usize..12, k in 3_usize..8, cv in 0.005..0.04_f64, slower in 1.6..2.0_f64) {
        let (mut baseline, new) = case(seed, endpoints, k, cv, slower);
        let mut new = run(&new);
        let before = judged(&baseline, &new, "").exit.code();
        joined(&mut baseline, &mut new, seed, cv);
        prop_assert!(before != 1 || judged(&baseline, &new, "").exit.code() != 0);
    }

    #[test]
    fn a_baseline_that_fails_more_never_makes_a_failure_of_the_error_rate(fails in prop::collection::vec(0_u64..6, 5), more in 0_usize..5, new in 0_u64..30) {
        let of = |failures: u64| {
            let mut run = run(&[20.0]);
            run["endpoints"][0]["failures"] = json!(failures);
            run
        };
        let baseline: Vec<Value> = fails.iter().map(|n| of(*n)).collect();
        let mut worse = baseline.clone();
        worse[more] = of(fails[more] + 1);
        let code = |baseline: &[Value]| judged(baseline, &of(new), "").exit.code();
        prop_assert!(code(&worse) != 1 || code(&baseline) != 0);
    }
}
