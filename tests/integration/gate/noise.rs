//! Three or more baseline runs: the noise that they show decides, and unchanged code passes.

use crate::support::{self, Ended, Repo, finding, fixture, perfgate};
use perfgate::gate::{Analysis, Confirmation, Family};
use perfgate::stats::Matrix;
use serde_json::Value;
use tempfile::TempDir;

const BASES: [&str; 3] = [
    "k6/2.2.0/base-1/summary.json",
    "k6/2.2.0/base-2/summary.json",
    "k6/2.2.0/base-3/summary.json",
];

const SLOWER: &str = "k6/2.2.0/regressed-1/summary.json";

/// Compares fixtures under a policy; the default one where the text is empty.
fn compare(policy: &str, baselines: &[&str], new: &[&str]) -> Ended {
    let scratch = TempDir::new().unwrap();
    let mut arguments: Vec<String> = ["compare", "--format", "json"].map(String::from).into();
    if !policy.is_empty() {
        std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    }
    let path = |file: &&str| fixture(file).to_str().unwrap().to_owned();
    for baseline in baselines {
        arguments.extend(["--baseline-file".to_owned(), path(baseline)]);
    }
    arguments.extend(new.iter().map(path));
    perfgate(scratch.path(), &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().unwrap()
}

#[test]
fn the_noise_of_the_window_is_in_the_report_and_nothing_warns_that_it_is_unknown() {
    let report = compare("", &BASES, &[SLOWER]).json();
    let cv = report["noise"]["cv"].as_f64().unwrap();
    assert!((0.01..0.10).contains(&cv), "three runs on one machine differ by a few percent: {cv}");
    let codes = |report: &Value| -> Vec<String> {
        let warnings = report["warnings"].as_array().unwrap();
        warnings.iter().map(|w| w["code"].as_str().unwrap().to_owned()).collect()
    };
    assert!(!codes(&report).contains(&"noise_unknown".to_owned()), "{report:#}");
    let one = compare("", &BASES[..1], &[SLOWER]).json();
    assert!(codes(&one).contains(&"noise_unknown".to_owned()), "{one:#}");
}

#[test]
fn a_slower_endpoint_is_suspicious_after_one_run_and_fails_once_confirmed() {
    let report = compare("", &BASES, &[SLOWER]).expect(1).json();
    for statistic in ["p95", "p99"] {
        let slow = finding(&report, "/api/chat", statistic);
        assert!(["fail", "inconclusive"].contains(&slow["verdict"].as_str().unwrap()), "{slow}");
    }
    assert_eq!(finding(&report, "total", "error_rate")["verdict"], "fail");

    let confirmed = "gate: { decide: confirmed }\nregression_thresholds: { error_rate: off }\n";
    let once = compare(confirmed, &BASES, &[SLOWER]).expect(3).json();
    let again = finding(&once, "/api/chat", "p95");
    assert_eq!(
        (&again["verdict"], &again["reason"]),
        (&"inconclusive".into(), &"measure_again".into())
    );

    let thrice = compare(confirmed, &BASES, &[SLOWER; 3]).expect(1).json();
    for statistic in ["p95", "p99"] {
        assert_eq!(finding(&thrice, "/api/chat", statistic)["verdict"], "fail", "{thrice:#}");
    }
}

#[test]
fn with_fewer_than_three_baseline_runs_no_latency_is_confirmed() {
    let confirmed = "gate: { decide: confirmed }\nregression_thresholds: { error_rate: off }\n";
    for baselines in [&BASES[..1], &BASES[..2]] {
        let report = compare(confirmed, baselines, &[SLOWER; 3]).expect(3).json();
        assert_eq!(finding(&report, "/api/chat", "p95")["verdict"], "inconclusive");
    }
}

#[test]
fn unchanged_code_passes_against_the_runs_of_the_same_code() {
    let locust = ["base-1", "base-2", "base-3"].map(|b| format!("locust/2.47.0/{b}/x_stats.csv"));
    let locust: [&str; 3] = [&locust[0], &locust[1], &locust[2]];
    for runs in [BASES, locust] {
        for new in runs {
            for policy in ["", "gate: { decide: confirmed }\n"] {
                let report = compare(policy, &runs, &[new]).expect(0).json();
                assert!(findings(&report).iter().all(|f| f["verdict"] != "fail"), "{report:#}");
            }
            let others: Vec<&str> = runs.into_iter().filter(|run| *run != new).collect();
            compare("", &others, &[new]).expect(0);
        }
    }
}

#[test]
fn the_order_of_the_baseline_files_does_not_matter() {
    let verdicts = |baselines: &[&str]| -> Vec<(Value, Value, Value)> {
        let report = compare("", baselines, &[SLOWER]).json();
        let named = |f: &Value| (f["endpoint"].clone(), f["verdict"].clone(), f["reason"].clone());
        findings(&report).iter().map(named).collect()
    };
    let expected = verdicts(&BASES);
    assert!(expected.iter().any(|(_, verdict, _)| verdict == "fail"), "{expected:?}");
    assert_eq!(verdicts(&[BASES[2], BASES[0], BASES[1]]), expected);
}

/// A history of six endpoints: one commit for each level, recorded. At the end a run of the last level, not recorded,
/// compared with the window.
fn history(policy: &str, levels: &[[f64; 6]]) -> Value {
    let repo = Repo::new();
    std::fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
    let (last, recorded) = levels.split_last().unwrap();
    for (r, level) in recorded.iter().enumerate() {
        repo.record_level(&format!("main {r}"), r, level);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    repo.compare_level(recorded.len(), last, &[]).json()
}

/// `n` runs of one level, then these.
fn after(n: usize, more: &[[f64; 6]]) -> Vec<[f64; 6]> {
    [vec![[1.0; 6]; n], more.to_vec()].concat()
}

/// The findings about p95 and p99 of the six endpoints.
fn latencies(report: &Value) -> Vec<&Value> {
    let found: Vec<_> = findings(report).iter().filter(|f| f["metric"] == "latency").collect();
    assert_eq!(found.len(), 12, "{report:#}");
    found
}

#[test]
fn one_slower_endpoint_fails_and_the_others_pass() {
    let report = history("", &after(8, &[[1.5, 1.0, 1.0, 1.0, 1.0, 1.0]]));
    for f in latencies(&report) {
        let wanted = if f["endpoint"] == "GET /0" { "fail" } else { "pass" };
        assert_eq!(f["verdict"], wanted, "{f}");
    }
    assert_eq!(report["exit_code"], 1);
}

#[test]
fn a_run_that_is_slower_as_a_whole_asks_for_another_instead_of_failing() {
    for policy in ["", "gate: { decide: confirmed }"] {
        let report = history(policy, &after(8, &[[1.5; 6]]));
        for f in latencies(&report) {
            let decided = (&f["verdict"], &f["reason"]);
            assert_eq!(decided, (&"inconclusive".into(), &"whole_run".into()), "{f}");
        }
        assert_eq!(report["exit_code"], 3);
    }
}

#[test]
fn a_slowdown_that_is_on_main_already_does_not_fail_the_changes_after_it() {
    let slower = [1.5, 1.0, 1.0, 1.0, 1.0, 1.0];
    let report = history("", &after(8, &[slower, slower]));
    let known = finding(&report, "GET /0", "p95");
    assert_eq!((&known["verdict"], &known["reason"]), (&"warn".into(), &"already_on_main".into()));
    assert_eq!(report["exit_code"], 0);
}

#[test]
fn noise_of_the_nearest_commit_does_not_excuse_a_crossing() {
    let repo = Repo::new();
    for base in BASES {
        let commit = repo.commit(base);
        repo.perfgate(&["record", "--commit", &commit, fixture(base).to_str().unwrap()]).expect(0);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    let slower = fixture(SLOWER);
    let arguments = ["compare", "--baseline", "main", "--format", "json", slower.to_str().unwrap()];
    let report = repo.perfgate(&arguments).expect(1).json();
    for statistic in ["p95", "p99"] {
        let slow = finding(&report, "/api/chat", statistic);
        assert_eq!(slow["reason"], "over_threshold", "{slow}");
    }
}

#[test]
fn a_value_just_below_its_limit_is_not_confirmed_as_good_by_one_run() {
    let close = [1.21, 1.0, 1.0, 1.0, 1.0, 1.0];
    let report = history("gate: { decide: confirmed }", &after(8, &[close]));
    let p95 = finding(&report, "GET /0", "p95");
    assert!(p95["change"]["relative"].as_f64().unwrap() < 0.2, "{p95}");
    assert_eq!(
        (&p95["verdict"], &p95["reason"]),
        (&"inconclusive".into(), &"measure_again".into()),
        "{p95}"
    );
    assert_eq!(report["exit_code"], 3);
}

#[test]
fn the_window_takes_no_more_than_ten_runs() {
    let report = history("", &after(14, &[[1.0; 6]]));
    assert_eq!(report["baseline"]["runs"], 10);
    assert_eq!(report["exit_code"], 0);
}

/// One case: logarithms of p95, the limit +20 %.
fn family(case: &Value) -> Family {
    let rows = |name: &str| -> Matrix {
        let runs = case[name].as_array().unwrap();
        let row = |run: &Value| {
            run.as_array().unwrap().iter().map(|ms| ms.as_f64().unwrap().ln()).collect()
        };
        Matrix::new(runs.iter().map(row).collect())
    };
    let baseline = rows("baseline_ms");
    let tests = baseline.tests();
    Family::new(baseline, rows("new_ms"), (0..tests).collect(), vec![1.2_f64.ln(); tests])
}

/// What the confirmed rule says, and after how many runs; the runs are shown one by one.
fn decide(family: &Family) -> (&'static str, usize) {
    let analysis = Analysis::of(family);
    let most = family.new.runs();
    for runs in 1..=most {
        match analysis.confirm(&analysis.look(runs, false), most) {
            Confirmation::Fail(_) => return ("regression", runs),
            Confirmation::Pass => return ("pass", runs),
            Confirmation::Again(_) => {}
        }
    }
    ("inconclusive", most)
}

#[test]
fn the_confirmed_rule_decides_as_an_independent_implementation_of_the_same_formulas_does() {
    let cases = std::fs::read_to_string(fixture("noise/decisions.jsonl")).unwrap();
    let mut seen = std::collections::BTreeMap::new();
    for (number, line) in (1..).zip(cases.lines()) {
        let case: Value = serde_json::from_str(line).unwrap();
        let decided = decide(&family(&case));
        let (verdict, runs) =
            (case["verdict"].as_str().unwrap(), case["after_runs"].as_u64().unwrap());
        assert_eq!(decided, (verdict, usize::try_from(runs).unwrap()), "line {number}");
        *seen.entry(decided.0).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 3, "every decision is among the cases: {seen:?}");
}

#[test]
fn slower_new_runs_never_turn_a_failure_of_one_endpoint_into_a_pass() {
    let base: Vec<Vec<f64>> = [0.00, 0.02, -0.01, 0.01].map(|v| vec![4.0 + v]).into();
    let decided = |rise: f64| {
        let new = Matrix::new([0.0, 0.01, -0.01].map(|v| vec![4.0 + rise + v]).into());
        let family = Family::new(Matrix::new(base.clone()), new, vec![0], vec![1.2_f64.ln()]);
        decide(&family).0
    };
    let verdicts: Vec<&str> = (0..60).map(|step| decided(f64::from(step) / 100.0)).collect();
    let rank =
        |verdict: &&str| ["pass", "inconclusive", "regression"].iter().position(|v| v == verdict);
    assert!(verdicts.is_sorted_by_key(rank), "{verdicts:?}");
    assert_eq!((verdicts[0], verdicts[59]), ("pass", "regression"));
}

#[test]
fn with_few_baseline_values_two_slow_runs_ask_for_a_third_however_slow_they_are() {
    let scratch = TempDir::new().unwrap();
    let policy = "gate: { decide: confirmed }\n\
        regression_thresholds: { api_latency: { p95: 20%, p99: off }, throughput: off, error_rate: off }\n";
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    let write = |name: &str, r: usize, level: &[f64]| {
        let text = support::level_run(r, level).to_string();
        std::fs::write(scratch.path().join(name), text).unwrap();
    };
    // docs/decisions.md: tests · runs² of about 2000.
    for (tests, baselines, verdicts) in [
        (6, 10, ["inconclusive", "fail"]),
        (16, 3, ["inconclusive", "fail"]),
        (40, 8, ["fail", "fail"]),
    ] {
        let mut arguments = vec!["compare".to_owned(), "--format".to_owned(), "json".to_owned()];
        for r in 0..baselines {
            write(&format!("base-{r}.json"), r, &vec![1.0; tests]);
            arguments.extend(["--baseline-file".to_owned(), format!("base-{r}.json")]);
        }
        let mut level = vec![1.0; tests];
        level[0] = 5.0;
        for (runs, verdict) in [(2, verdicts[0]), (3, verdicts[1])] {
            let mut all = arguments.clone();
            for r in 0..runs {
                write(&format!("new-{r}.json"), 20 + r, &level);
                all.push(format!("new-{r}.json"));
            }
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            let report = support::perfgate(scratch.path(), &all).json();
            let finding = support::finding(&report, "GET /0", "p95");
            assert_eq!(finding["verdict"], verdict, "{tests} tests, {baselines} + {runs} runs");
        }
    }
}
