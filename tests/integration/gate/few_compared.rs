//! Comparisons of a quantile of few calls: the calls themselves decide, or the report says how many more it takes.

use crate::support::calls::{Compared, Shape, compared, run};
use crate::support::perfgate;
use perfgate::config::{Decide, Rules};
use perfgate::gate::{Baseline, Finding, Input, Reason, Verdict, judge};
use perfgate::model::{Endpoint, EndpointKey, Kind, Run};
use serde_json::json;
use tempfile::TempDir;

fn p95() -> Rules {
    of_level("p95").rules()
}

fn of_level(level: &'static str) -> Compared {
    Compared { level, shape: Shape::LogNormal, calls: 10, baseline_runs: 1, machine: 0.0 }
}

/// A run of so many calls around a second, in steps of a millisecond.
fn calls(all: u32, times: f64) -> Run {
    run((0..all).map(|i| times * (1_000.0 + f64::from(i))))
}

/// The same with some that take this many times as long.
fn with_slow(all: u32, slow: u32, times: f64) -> Run {
    run((0..all).map(|i| (1_000.0 + f64::from(i)) * if i < slow { times } else { 1.0 }))
}

fn three_of_ten() -> Vec<Run> {
    vec![calls(10, 1.0), calls(10, 1.0), calls(10, 1.0)]
}

fn found(baseline: Vec<Run>, current: &[Run]) -> Finding {
    compared(baseline, current, &p95(), "p95")
}

#[test]
fn ten_calls_that_take_twice_as_long_fail() {
    let found = found(three_of_ten(), &[calls(10, 2.0)]);
    assert_eq!(found.reason, Reason::OverThreshold, "{found:?}");
    let few = found.few.unwrap();
    assert_eq!((few.calls.baseline, few.calls.current, few.beyond), (30, 10, 10));
}

#[test]
fn ten_calls_like_those_before_show_nothing_of_a_p95_and_say_how_many_would() {
    let found = found(three_of_ten(), &[calls(10, 1.0)]);
    assert_eq!(found.verdict(), Verdict::NotCompared, "{found:?}");
    // 0.95⁶³ is the first that is below four per cent.
    assert_eq!(found.few.and_then(|few| few.more), Some(53));
    let sixty_three = [calls(63, 0.9)];
    let found = compared(three_of_ten(), &sixty_three, &p95(), "p95");
    assert_eq!(found.reason, Reason::WithinLimit, "{found:?}");
}

/// P(at least `k` of `m` new calls are among the `slow` slowest of all), by counting.
fn tail(k: u64, m: u64, slow: u64, all: u64) -> f64 {
    let choose = |n: u64, k: u64| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
    let at = |k: u64| {
        if k > m || k > slow || slow - k > all - m {
            0.0
        } else {
            choose(m, k) * choose(all - m, slow - k) / choose(all, slow)
        }
    };
    (k..=m).map(at).sum()
}

#[test]
fn as_many_slow_calls_fail_as_chance_hardly_ever_gives() {
    // The p95 of thirty calls is about the second slowest: one baseline call may be slower.
    for m in [10_u32, 20, 40] {
        let fails = |slow: u32| {
            found(three_of_ten(), &[with_slow(m, slow, 3.0)]).verdict() == Verdict::Fail
        };
        let p = |slow: u32| tail(slow.into(), m.into(), u64::from(slow) + 1, u64::from(m) + 30);
        let fewest = (1..=m).find(|slow| p(*slow) <= 0.01).unwrap();
        // The run keeps quantiles and not each call, so that a few more may be needed, and never fewer.
        let first = (1..=m).find(|slow| fails(*slow)).unwrap();
        assert!((fewest..=fewest + 4).contains(&first), "{m}: {first}, not {fewest}");
        assert!((first..=m).all(fails), "{m}");
    }
}

#[test]
fn slower_calls_never_improve_the_verdict() {
    let order = |verdict| match verdict {
        Verdict::Pass => 0,
        Verdict::NotCompared => 1,
        Verdict::Inconclusive => 2,
        _ => 3,
    };
    for (level, shape) in [("p50", Shape::LogNormal), ("p95", Shape::HeavyTail)] {
        let service = Compared { shape, ..of_level(level) };
        for all in [10, 40, 90] {
            let verdicts = (5..40).map(|tenths| {
                let new = calls(all, f64::from(tenths) / 10.0);
                order(compared(three_of_ten(), &[new], &service.rules(), level).verdict())
            });
            assert!(verdicts.is_sorted(), "{level} {all}");
        }
    }
}

#[test]
fn samples_at_hand_change_no_verdict() {
    let bare = |mut run: Run| {
        run.total.latency.as_mut().unwrap().distribution = None;
        run
    };
    for (all, times) in [(10, 1.0), (10, 2.0), (70, 0.9), (40, 1.3)] {
        let with = found(three_of_ten(), &[calls(all, times)]);
        let baseline = three_of_ten().into_iter().map(bare).collect();
        let without = found(baseline, &[bare(calls(all, times))]);
        assert_eq!((with.reason, with.few), (without.reason, without.few), "{all} {times}");
    }
}

#[test]
fn slow_calls_that_come_together_in_the_baseline_make_new_ones_less_surprising() {
    let p = |slow: [u32; 3]| {
        let baseline = slow.map(|slow| with_slow(30, slow, 3.0)).to_vec();
        found(baseline, &[with_slow(30, 12, 5.0)]).few.unwrap().p
    };
    // As many slow calls in both, evenly or in one run.
    let [even, together] = [[4, 4, 4], [0, 0, 12]].map(p);
    assert!(together > 10.0 * even, "{together}, {even}");
}

#[test]
fn a_run_that_is_slower_as_a_whole_is_no_failure_of_few_calls() {
    let of_all = |load: f64| {
        let named = |i: u32| EndpointKey::named(Kind::Http, Some("GET"), &format!("/{i}"));
        let mut all = calls(10, load);
        for i in 0..12 {
            let ms = |call: u32| load * (1.0 + f64::from(i)) * (50.0 + f64::from(call % 40));
            let busy = run((0..2_000).map(ms)).total;
            all.endpoints.push(Endpoint { key: named(i), ..busy });
        }
        all.endpoints.push(Endpoint { key: named(99), ..all.total.clone() });
        all.total.latency = None;
        all
    };
    let rare = |load: f64| {
        let baseline = Some(Baseline { runs: vec![of_all(1.0); 5], ..Baseline::default() });
        let current = [of_all(load)];
        let report = judge(Input { baseline, current: &current, ..Input::default() }, &p95());
        let found = report.findings.into_iter().find(|own| own.endpoint.text() == "GET /99");
        found.map(|own| own.reason)
    };
    assert_eq!(rare(2.0), Some(Reason::WholeRun));
}

#[test]
fn the_confirmed_rule_asks_for_a_second_run_and_spends_its_risk_over_the_runs() {
    let mut rules = p95();
    rules.decide = Decide::Confirmed;
    let one = compared(three_of_ten(), &[calls(10, 2.0)], &rules, "p95");
    assert_eq!(one.reason, Reason::MeasureAgain);
    let two = [calls(10, 2.0), calls(10, 2.0)];
    let both = compared(three_of_ten(), &two, &rules, "p95");
    assert_eq!(both.reason, Reason::OverThreshold);
    let once = compared(three_of_ten(), &two, &p95(), "p95");
    let [p, once] = [both, once].map(|own| own.few.unwrap().p);
    assert!((p / once - 5.0).abs() < 1e-9, "{p}, {once}");
}

#[test]
fn a_plain_threshold_does_not_judge_few_calls() {
    let mut rules = p95();
    rules.decide = Decide::Threshold;
    let found = compared(three_of_ten(), &[calls(10, 2.0)], &rules, "p95");
    assert_eq!((found.verdict(), found.few), (Verdict::NotCompared, None));
}

#[test]
fn shapes_and_machines_do_not_make_it_wrong() {
    for level in ["p50", "p95"] {
        for shape in Shape::ALL {
            for calls in [10, 99] {
                for (times, seed) in [(1.0 / 1.2, 2), (0.9, 3), (1.1, 4)] {
                    let service = Compared { level, shape, calls, baseline_runs: 5, machine: 0.03 };
                    let tally = service.tally(times, 100, seed);
                    let (wrong, allowed) =
                        if times < 1.0 { (tally.failed, 1.0) } else { (tally.passed, 5.0) };
                    assert!(tally.percent(wrong) <= allowed, "{level} {calls} {times}: {wrong}");
                }
            }
        }
    }
}

/// What `compare` says about ten calls of one endpoint, beside 30 of the baseline.
fn said(times: f64, arguments: &[&str]) -> (String, i32) {
    let scratch = TempDir::new().unwrap();
    let file = |times: f64| {
        let samples: Vec<f64> = (0..10).map(|i| times * (1_000.0 + f64::from(i))).collect();
        json!({ "schema": "perfgate.run/1", "tool": { "name": "tool" }, "endpoints": [
            { "method": "POST", "name": "/chat", "failures": 0, "latency": { "samples": samples } }] })
        .to_string()
    };
    let mut all = vec!["compare"];
    for name in ["base-1.json", "base-2.json", "base-3.json"] {
        std::fs::write(scratch.path().join(name), file(1.0)).unwrap();
        all.extend(["--baseline-file", name]);
    }
    std::fs::write(scratch.path().join("new.json"), file(times)).unwrap();
    all.push("new.json");
    all.extend(arguments);
    let ended = perfgate(scratch.path(), &all);
    (ended.stdout, ended.code)
}

#[test]
fn a_report_says_what_it_would_take() {
    let (text, code) = said(1.0, &[]);
    assert_eq!(code, 3);
    insta::assert_snapshot!("ten_calls_as_before", text);
}

#[test]
fn a_report_explains_why_ten_calls_fail() {
    let (text, code) = said(2.0, &["--explain", "POST /chat p95"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!("ten_calls_twice_as_slow", text);
}

#[test]
fn a_report_in_a_file_keeps_what_the_calls_say() {
    let (text, _) = said(2.0, &["--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let p95 = findings.iter().find(|own| own["statistic"] == "p95").unwrap();
    let few = &p95["few"];
    assert_eq!((&few["baseline_calls"], &few["beyond"]), (&30.into(), &10.into()), "{p95}");
}
