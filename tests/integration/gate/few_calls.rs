//! Budgets on a quantile of few calls: the verdict is exact, or says how many more calls it takes.

use crate::support::calls::{LIMIT, Shape, judged, once, rules, run, until_decided};
use crate::support::perfgate;
use perfgate::config::Rules;
use perfgate::gate::{BudgetFinding, BudgetReason, Verdict};
use perfgate::model::{PartTime, Run};
use perfgate::stats::{at_least, at_most};
use serde_json::json;
use tempfile::TempDir;

/// A run of so many calls, of which some miss the limit.
fn calls(all: u64, misses: u64) -> Run {
    run((0..all).map(|i| if i < misses { LIMIT + 500.0 } else { LIMIT - 500.0 - i as f64 }))
}

fn p95() -> Rules {
    rules("p95: \"< 3s\"")
}

fn of(all: u64, misses: u64) -> BudgetFinding {
    judged(&[calls(all, misses)], &p95())
}

/// What `check` says about the total of one run with these response times, and its exit code.
fn said(policy: &str, latency: &serde_json::Value) -> (String, i32) {
    let scratch = TempDir::new().unwrap();
    let requests = latency["count"].clone();
    let run = json!({ "schema": "perfgate.run/1", "tool": { "name": "tool" }, "endpoints": [],
        "total": { "requests": requests, "failures": 0, "latency": latency } });
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    std::fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
    let ended = perfgate(scratch.path(), &["check", "run.json", "--all"]);
    let line = ended.stdout.lines().find(|line| line.starts_with("            "));
    (line.unwrap_or(&ended.stderr).trim().to_owned(), ended.code)
}

#[test]
fn ten_calls_below_the_limit_show_the_median_and_not_the_p95() {
    let few = of(10, 0).few.unwrap();
    assert_eq!((few.calls, few.within, few.beyond, few.more), (10, 10, 0, Some(49)));
    let [(level, sure)] = few.shows[..] else { panic!("{:?}", few.shows) };
    assert_eq!(level.to_string(), "p50");
    // One half and nineteen twentieths, ten times in a row.
    assert!((sure - (1.0 - 0.5_f64.powi(10))).abs() < 1e-12, "{sure}");
    assert!((few.confidence - (1.0 - 0.95_f64.powi(10))).abs() < 1e-12, "{}", few.confidence);
    assert_eq!(of(58, 0).verdict(), Verdict::NotCompared);
    assert_eq!(of(59, 0).reason, BudgetReason::Kept);
}

#[test]
fn the_calls_that_show_a_percentile_are_those_of_the_documentation() {
    let documented =
        [("p95", 0, 59), ("p95", 1, 93), ("p95", 2, 124), ("p90", 0, 29), ("p99", 0, 299)];
    for (level, misses, needed) in documented {
        let rules = rules(&format!("{level}: \"< 3s\""));
        let kept = |all: u64| judged(&[calls(all, misses)], &rules).verdict() == Verdict::Pass;
        // From a hundred calls on, the p95 as measured decides.
        match needed {
            124 => assert_eq!(of(10, misses).few.unwrap().more, Some(needed - 10)),
            _ => assert!(kept(needed) && !kept(needed - 1), "{level} {misses}"),
        }
    }
    let median = rules("p50: \"< 3s\"");
    let of_ten = |misses| judged(&[calls(10, misses)], &median).verdict();
    assert_eq!((of_ten(1), of_ten(2)), (Verdict::Pass, Verdict::NotCompared));
}

#[test]
fn a_report_says_what_few_calls_show_and_how_many_more_it_takes() {
    let policy = "budgets: [{ p95: \"< 3s\" }]\n";
    let below = |count: u64, max: f64| json!({ "count": count, "mean": 2000, "max": max });
    assert_eq!(
        said(policy, &below(10, 2_900.0)),
        (
            "? total p95: 10 of 10 below 3000 ms: shows p50 < 3000 ms (99.9 %), says little about p95 (40 %); \
             59 without a miss would show it: 49 more calls"
                .to_owned(),
            3
        )
    );
    assert_eq!(
        said(policy, &below(3, 2_900.0)),
        (
            "? total p95: 3 of 3 below 3000 ms: says little about p95 (14 %); 59 without a miss would show it: 56 more calls"
                .to_owned(),
            3
        )
    );
    // The slowest call says it all, though no p95 is stated.
    assert_eq!(
        said(policy, &below(59, 2_900.0)),
        ("✓ total p95 < 3000 ms (59 of 59 below: 95 % sure)".to_owned(), 0)
    );
    // Half of the calls took longer than the limit: at least four of ten, by any definition of a median.
    let slow = json!({ "count": 10, "max": 5000, "quantiles": { "p50": 3100, "p95": 4900 } });
    assert_eq!(
        said(policy, &slow),
        (
            "✗ total p95 4900.00 ms, limit < 3000 ms (at least 4 of 10 above: p = 0.0010)"
                .to_owned(),
            1
        )
    );
}

#[test]
fn the_lines_that_the_documentation_shows_are_those_that_come() {
    let documentation = include_str!("../../../docs/decisions.md");
    for (fast, slow) in [(10, 0), (59, 0), (6, 4)] {
        let scratch = TempDir::new().unwrap();
        let calls = (0..fast).map(|i| 2_000 + 10 * i).chain((0..slow).map(|i| 4_000 + 50 * i));
        let row = |(i, ms): (usize, u64)| {
            format!("{},{ms},chat,200,true\n", 1_700_000_000_000 + 5_000 * i)
        };
        let rows: String = calls.enumerate().map(row).collect();
        let file = format!("timeStamp,elapsed,label,responseCode,success\n{rows}");
        std::fs::write(scratch.path().join("calls.jtl"), file).unwrap();
        let policy = "budgets: [{ api_response_time_p95: \"< 3s\" }]\n";
        std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
        let ended = perfgate(scratch.path(), &["check", "calls.jtl"]);
        let line = ended.stdout.lines().find(|line| line.starts_with("            "));
        let line = line.unwrap_or(&ended.stderr).trim();
        assert!(documentation.contains(line), "{line}");
    }
}

#[test]
fn as_much_is_decided_as_the_binomial_allows_for_any_number_of_calls() {
    // A service at its limit is the worst case on both sides: one call in twenty misses it.
    let p = 0.05;
    for n in 3..100 {
        let verdict = |misses| of(n, misses).verdict();
        let open = (0..=n).find(|misses| at_most(*misses, n, p) > 0.05).unwrap();
        let broken = (0..=n).find(|misses| at_least(*misses, n, p) <= 0.01).unwrap();
        if let Some(kept) = open.checked_sub(1) {
            assert_eq!(verdict(kept), Verdict::Pass, "{kept} of {n}");
        }
        for misses in [open, broken - 1] {
            assert_eq!(verdict(misses), Verdict::NotCompared, "{misses} of {n}");
        }
        assert_eq!(verdict(broken), Verdict::Fail, "{broken} of {n}");
    }
}

#[test]
fn fewer_misses_are_never_worse() {
    let order = [Verdict::Pass, Verdict::NotCompared, Verdict::Fail];
    for n in [3, 20, 75] {
        let place = |misses| order.iter().position(|own| *own == of(n, misses).verdict()).unwrap();
        assert!((0..=n).map(place).is_sorted(), "{n}");
    }
}

#[test]
fn shapes_do_not_matter_in_simulation() {
    for shape in Shape::ALL {
        for n in [3, 10, 30, 60, 99] {
            for (times, seed) in [(0.7, 1), (0.9, 2), (1.1, 3), (1.5, 4)] {
                let tally = once(shape, n, times, 100, seed);
                let (wrong, allowed) =
                    if times < 1.0 { (tally.failed, 1.0) } else { (tally.passed, 5.0) };
                assert!(tally.percent(wrong) <= allowed, "{n} {times}: {wrong} of {}", tally.all);
            }
        }
    }
}

#[test]
fn looking_after_each_run_does_not_make_it_wrong_more_often() {
    let draws = 40;
    for (times, seed) in [(0.7, 1), (0.9, 2), (1.1, 3), (1.5, 4)] {
        let all = Shape::ALL.map(|shape| until_decided(shape, (20, 100), times, draws, seed));
        let wrong: usize =
            all.iter().map(|own| if times < 1.0 { own.failed } else { own.passed }).sum();
        let allowed = if times < 1.0 { 1 } else { 5 };
        assert!(wrong * 100 <= allowed * draws * all.len(), "{times}: {wrong}");
    }
}

#[test]
fn the_calls_of_several_runs_are_one_sample_unless_the_runs_differ() {
    let six: Vec<Run> = (0..6).map(|_| calls(10, 0)).collect();
    assert_eq!(judged(&six, &p95()).reason, BudgetReason::Kept);
    let misses = |runs: &[u64]| -> Vec<Run> { runs.iter().map(|own| calls(10, *own)).collect() };
    let spread = judged(&misses(&[2, 1, 2, 1, 2, 1]), &p95());
    assert_eq!(spread.reason, BudgetReason::Broken);
    // As many misses, but all of them in one run: that run was another machine, or another hour.
    let one = judged(&misses(&[0, 0, 0, 0, 0, 9]), &p95());
    assert!(one.few.as_ref().is_some_and(|few| few.runs_differ), "{one:?}");
    assert_eq!(one.verdict(), Verdict::NotCompared);
}

#[test]
fn budgets_judged_by_few_calls_share_the_risk_of_failing() {
    let five = |rules: &Rules| judged(&[calls(20, 5)], rules).verdict();
    assert_eq!(five(&p95()), Verdict::Fail);
    // A quarter of one per cent: five of twenty are a little more probable than that.
    let four = "p95: \"< 3s\", p99: \"< 9s\", p90: \"< 9s\", p50: \"< 9s\"";
    assert_eq!(five(&rules(four)), Verdict::NotCompared);
}

#[test]
fn a_missed_target_warns_and_an_open_one_leaves_a_kept_limit_alone() {
    let tiers = rules("p95: { target: 2s, acceptable: 3s }");
    let at = |ms: f64, n: u64| judged(&[run((0..n).map(|_| ms))], &tiers).reason;
    assert_eq!(
        (at(1_900.0, 59), at(2_500.0, 59)),
        (BudgetReason::Kept, BudgetReason::TargetMissed)
    );
    let open = judged(&[run((0..70).map(|i| if i < 4 { 2_500.0 } else { 1_000.0 }))], &tiers);
    assert_eq!(
        (open.reason, open.limit.map(|(_, limit)| limit)),
        (BudgetReason::Kept, Some(LIMIT))
    );
}

#[test]
fn from_the_usual_number_of_calls_on_the_value_as_measured_decides() {
    // Six of a hundred: undecided by themselves, and measured beyond the limit.
    let found = of(100, 6);
    assert_eq!((found.few, found.reason), (None, BudgetReason::Broken));
    let fewer = of(99, 6);
    assert!(fewer.few.is_some() && fewer.verdict() == Verdict::NotCompared);
}

#[test]
fn a_metric_with_few_samples_is_judged_like_a_response_time() {
    let scratch = TempDir::new().unwrap();
    let run = json!({ "schema": "perfgate.run/1", "tool": { "name": "tool" }, "endpoints": [],
        "total": { "requests": 10, "failures": 0 },
        "metrics": [{ "name": "ttft", "unit": "ms", "value": 400, "count": 10,
            "quantiles": { "p50": 380, "p95": 700 } }] });
    std::fs::write(scratch.path().join("perfgate.yaml"), "budgets: [{ ttft_p95: \"< 800ms\" }]\n")
        .unwrap();
    std::fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
    let report = perfgate(scratch.path(), &["check", "run.json", "--format", "json"]).expect(3);
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let budget = &report["budgets"][0];
    assert_eq!(
        (&budget["reason"], &budget["needs_requests"]),
        (&"too_few_requests".into(), &93.into())
    );
    // The p95 of ten is the ninth or the tenth: nine are known to be below.
    assert_eq!(
        (&budget["few"]["calls"], &budget["few"]["within"], &budget["few"]["quantile"]),
        (&10.into(), &9.into(), &"p95".into())
    );
}

#[test]
fn a_part_of_few_requests_is_judged_like_a_response_time() {
    let rules = rules("ttfb_p95: \"< 3s\"");
    for (all, misses) in [(59, 0), (10, 0), (10, 4)] {
        let mut run = calls(all, misses);
        let times = run.total.latency.take().and_then(|own| own.distribution).unwrap();
        run.total.parts.insert("ttfb".into(), PartTime::from_distribution(times));
        let (part, whole) = (judged(&[run], &rules), of(all, misses));
        assert!(part.few.is_some(), "{misses} of {all}: {:?}", part.reason);
        assert_eq!((part.reason, part.few), (whole.reason, whole.few), "{misses} of {all}");
    }
}
