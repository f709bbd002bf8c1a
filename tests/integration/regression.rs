//! One test for each bug that was found and mended; the line above says what went wrong.

use crate::support::{self, Repo, compare, compare_with, finding, fixture, perfgate};
use serde_json::Value;
use std::io::Read as _;
use std::process::Stdio;
use tempfile::TempDir;

/// A pipe that its reader closed put an error in the place of the verdict.
#[test]
fn a_reader_that_closes_the_pipe_does_not_change_the_verdict() {
    let scratch = TempDir::new().unwrap();
    let mut command = support::command(scratch.path());
    command.args(["compare", "--format", "json"]);
    for n in 1..=3 {
        command.arg("--baseline-file").arg(fixture(&format!("k6/2.2.0/base-{n}/summary.json")));
    }
    command.arg(fixture("k6/2.2.0/regressed-1/summary.json"));
    let mut running = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 1];
    let mut pipe = running.stdout.take().unwrap();
    pipe.read_exact(&mut first).unwrap();
    drop(pipe);
    assert_eq!(running.wait().unwrap().code(), Some(1));
}

/// `origin/HEAD` exists in every clone: `HEAD` was taken for the remote's default branch.
#[test]
fn head_is_what_is_checked_out_in_a_clone_as_well() {
    let maker = Repo::new();
    maker.commit("main");
    let clone = Repo::clone_of(maker.folder.to_str().unwrap(), &maker.around().join("clone"), &[]);
    clone.git(&["checkout", "--quiet", "-b", "feature"]);
    let head = clone.commit("feature");
    clone.record("HEAD", 1);
    let shown = clone.perfgate(&["baseline", "show", "--format", "json", "HEAD"]).expect(0).stdout;
    assert!(shown.contains(&head), "{shown}");
}

/// A count as large as a 64-bit number can be was believed.
#[test]
fn counts_beyond_reason_are_errors() {
    let scratch = TempDir::new().unwrap();
    let huge = r#"{"schema": "perfgate.run/1", "tool": {"name": "t"}, "endpoints": [{"name": "/a",
        "requests": 18446744073709551615, "failures": 0, "latency": {"quantiles": {"p95": 1}}}]}"#;
    std::fs::write(scratch.path().join("huge.json"), huge).unwrap();
    let ended = perfgate(scratch.path(), &["compare", "--baseline-file", "huge.json", "huge.json"])
        .expect(2);
    assert!(ended.stderr.contains("endpoints[0].requests"), "{}", ended.stderr);
}

/// 40 bytes could make the decoder allocate gigabytes.
#[test]
fn a_histogram_that_claims_too_much_is_refused() {
    let scratch = TempDir::new().unwrap();
    let file = |data: &str| {
        format!(
            r#"{{"schema": "perfgate.run/1", "tool": {{"name": "t"}}, "endpoints": [{{"name": "/a",
               "latency": {{"histogram": {{"unit": "ns", "data": "{data}"}}}}}}]}}"#
        )
    };
    // A compressed cookie and a length, and no stream behind them.
    std::fs::write(scratch.path().join("claim.json"), file("HISTFP////8=")).unwrap();
    let ended = perfgate(scratch.path(), &["normalize", "claim.json"]).expect(2);
    assert!(ended.stderr.contains("endpoints[0].latency.histogram.data"), "{}", ended.stderr);
}

/// A minimum above the maximum was believed.
#[test]
fn extremes_that_contradict_each_other_are_errors() {
    let scratch = TempDir::new().unwrap();
    let run = r#"{"schema": "perfgate.run/1", "tool": {"name": "t"}, "endpoints": [{"name": "/a",
        "latency": {"samples": [1, 2, 3], "min": 5000}}]}"#;
    std::fs::write(scratch.path().join("run.json"), run).unwrap();
    let ended = perfgate(scratch.path(), &["normalize", "run.json"]).expect(2);
    assert!(ended.stderr.contains("is larger than max"), "{}", ended.stderr);
}

/// Histograms that were read have a fixed range; adding a larger one failed.
#[test]
fn shards_with_different_ranges_merge() {
    let scratch = TempDir::new().unwrap();
    for (name, slowest) in [("a.json", 120.0), ("b.json", 20_000.0)] {
        let run = format!(
            r#"{{"schema": "perfgate.run/1", "tool": {{"name": "t"}}, "endpoints": [{{"name": "/a",
               "latency": {{"samples": [1, 2, 3, {slowest}]}}}}]}}"#
        );
        std::fs::write(scratch.path().join("raw.json"), run).unwrap();
        perfgate(scratch.path(), &["normalize", "raw.json", "-o", name]).expect(0);
    }
    let merged = perfgate(scratch.path(), &["merge", "a.json", "b.json"]).expect(0);
    let run: serde_json::Value = serde_json::from_str(&merged.stdout).unwrap();
    assert_eq!(run["endpoints"][0]["latency"]["count"], 8);
    assert_eq!(run["endpoints"][0]["latency"]["max"], 20_000.0);
}

/// A limit on `max` failed runs of the same code: the largest sample scatters more than any percentile.
#[test]
fn the_largest_sample_of_unchanged_runs_does_not_fail() {
    let scratch = TempDir::new().unwrap();
    let policy = scratch.path().join("max.yaml");
    std::fs::write(&policy, "regression_thresholds: { api_latency: { max: 20% } }\n").unwrap();
    let more = ["--format", "json", "--policy", policy.to_str().unwrap()];
    for (base, new) in [(1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2)] {
        let file = |n| format!("k6/2.2.0/base-{n}/summary.json");
        let report = compare(&file(base), &file(new), &more).json();
        let largest = report["findings"].as_array().unwrap();
        let failed = |f: &&Value| f["statistic"] == "max" && f["verdict"] == "fail";
        assert_eq!(largest.iter().filter(failed).count(), 0, "{report:#}");
    }
}

/// A script that sorts its keys has its samples before the schema: its file was not recognised.
#[test]
fn a_run_file_may_have_its_keys_in_any_order() {
    let scratch = TempDir::new().unwrap();
    let samples: Vec<String> = (0..20_000).map(|i| format!("{}.25", i % 90)).collect();
    let run = format!(
        r#"{{"endpoints": [{{"latency": {{"samples": [{}]}}, "name": "/a"}}], "schema": "perfgate.run/1", "tool": {{"name": "t"}}}}"#,
        samples.join(", ")
    );
    std::fs::write(scratch.path().join("run.json"), run).unwrap();
    perfgate(scratch.path(), &["normalize", "run.json"]).expect(0);
}

/// A run of nothing but failures could become a baseline.
#[test]
fn a_run_in_which_everything_failed_is_not_recorded() {
    let repo = Repo::new();
    repo.commit("main");
    let failed = fixture("k6/2.2.0/allfail/summary.json");
    let ended = repo.perfgate(&["record", failed.to_str().unwrap()]).expect(2);
    assert!(ended.stderr.contains("only failures"), "{}", ended.stderr);
}

/// `--inconclusive warn` let a run of another load pass.
#[test]
fn no_leniency_lets_another_load_pass() {
    let lenient = ["--inconclusive", "warn", "--missing-baseline", "warn", "--format", "json"];
    compare("k6/2.2.0/base-1/summary.json", "k6/2.2.0/allfail/summary.json", &lenient).expect(3);
    // The same from the store: a run that was killed early is not a missing baseline.
    let repo = Repo::new();
    repo.commit("main");
    repo.record("HEAD", 1);
    repo.commit("later");
    let short = repo.around().join("short.json");
    std::fs::write(&short, support::run(2).replace("\"duration_s\": 60", "\"duration_s\": 30"))
        .unwrap();
    let mut arguments = vec!["compare", "--baseline", "main", short.to_str().unwrap()];
    arguments.extend(lenient);
    repo.perfgate(&arguments).expect(3);
    // What would help is said, and nothing that would not.
    let table = repo.perfgate(&arguments[..arguments.len() - 2]).expect(3).stdout;
    let help = "(--allow-different duration compares with runs of a different load)";
    assert!(table.contains(help) && !table.contains("--missing-baseline"), "{table}");
    arguments.extend(["--allow-different", "duration"]);
    repo.perfgate(&arguments).expect(0);
}

/// A limit with a slip in its name held for nothing, and the gate was green.
#[test]
fn a_limit_that_holds_for_nothing_is_no_pass() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("idle.yaml");
    let judged = |policy: &str, more: &[&str]| {
        std::fs::write(&path, policy).unwrap();
        let all = [&["--policy", path.to_str().unwrap()], more].concat();
        compare("k6/2.2.0/base-1/summary.json", "k6/2.2.0/base-2/summary.json", &all)
    };
    for (policy, code, headline) in [
        (
            "regression_thresholds: { time_to_first_tokem: { p95: 20% } }",
            "unknown_metric",
            "no run has the metric time_to_first_tokem, which has a limit",
        ),
        (
            "endpoints: { \"POST /api/chatt\": { p95: 5% } }",
            "unmatched_rule",
            "no endpoint matches the rule POST /api/chatt",
        ),
    ] {
        let table = judged(policy, &[]).expect(0).stdout;
        let first = table.lines().next().unwrap();
        assert!(first.starts_with("! no regression in the 1"), "{table}");
        assert!(first.ends_with(&format!(" that could be compared, but {headline}")), "{table}");
        let report = judged(policy, &["--format", "json"]).expect(0).json();
        assert_eq!(report["verdict"], "warn");
        assert!(report["warnings"].to_string().contains(code), "{report}");
        // Whoever requires coverage wants to hear of what is not covered, however much is.
        let strict = ["--require-coverage", "50%"];
        let table = judged(policy, &strict).expect(3).stdout;
        assert_eq!(table.lines().next().unwrap(), format!("? no verdict: {headline}"));
        let report = judged(policy, &[&strict[..], &["--format", "json"]].concat()).json();
        assert_eq!(
            (&report["verdict"], &report["reason"]),
            (&"not_compared".into(), &"idle_limit".into())
        );
    }
    // What only leaves something out covers nothing: not every run need have it.
    let policy = "endpoints: { /favicon.ico: { ignore: true } }";
    judged(policy, &["--require-coverage", "50%"]).expect(0);
    // A failure is one whatever else is missing.
    std::fs::write(&path, "endpoints: { /nope: { p95: 5% } }").unwrap();
    let policy = path.to_str().unwrap();
    let all = ["--policy", policy, "--require-coverage", "50%"];
    let bases = [1, 2, 3].map(|n| format!("k6/2.2.0/base-{n}/summary.json"));
    compare_with(&bases, "k6/2.2.0/regressed-1/summary.json", &all).expect(1);
}

/// An endpoint without a method was taken for one of two that have one.
#[test]
fn one_endpoint_without_a_method_is_not_two_with_one() {
    let scratch = TempDir::new().unwrap();
    let run = |endpoints: &[(&str, f64)]| {
        let list: Vec<String> = endpoints
            .iter()
            .map(|(method, p95)| {
                format!(r#"{{{method} "name": "/a", "requests": 5000, "failures": 0, "latency": {{"count": 5000, "quantiles": {{"p95": {p95}}}}}}}"#)
            })
            .collect();
        format!(
            r#"{{"schema": "perfgate.run/1", "tool": {{"name": "t"}}, "endpoints": [{}]}}"#,
            list.join(",")
        )
    };
    let both = [(r#""method": "GET","#, 10.0), (r#""method": "POST","#, 100.0)];
    std::fs::write(scratch.path().join("base.json"), run(&both)).unwrap();
    std::fs::write(scratch.path().join("new.json"), run(&[("", 55.0)])).unwrap();
    let ended = perfgate(
        scratch.path(),
        &["compare", "--format", "json", "--baseline-file", "base.json", "new.json"],
    );
    assert_eq!(finding(&ended.json(), "/a", "p95")["reason"], "new_endpoint");
}

/// Users that stood beside the load instead of in it were ignored, and nobody was told where they belong.
#[test]
fn a_field_beside_the_load_that_belongs_into_it_is_led_there() {
    let scratch = TempDir::new().unwrap();
    let mut run: Value = serde_json::from_str(&support::run(1)).unwrap();
    run["users"] = 10.into();
    run["colour"] = "red".into();
    std::fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
    let said = perfgate(scratch.path(), &["normalize", "run.json"]).expect(0).stderr;
    assert!(said.contains("unknown field `users`: write `\"load\": { \"users\": … }`"), "{said}");
    assert!(said.contains("unknown field `colour`\n"), "{said}");
}

/// Everything got slower, and after every repeat the next step was one more repeat.
#[test]
fn repeats_of_a_run_that_moved_as_a_whole_lead_to_both_versions_in_one_job() {
    let scratch = TempDir::new().unwrap();
    let write = |name: &str, r: usize, level: f64| {
        let run = support::level_run(r, &[level, level]);
        std::fs::write(scratch.path().join(name), run.to_string()).unwrap();
    };
    (0..3).for_each(|r| write(&format!("base-{r}.json"), r, 1.0));
    (0..3).for_each(|r| write(&format!("new-{r}.json"), r + 3, 1.4));
    let compare = |new: &[&str]| {
        let mut arguments = vec!["compare"];
        for base in ["base-0.json", "base-1.json", "base-2.json"] {
            arguments.extend(["--baseline-file", base]);
        }
        arguments.extend(new);
        perfgate(scratch.path(), &arguments).expect(3).stdout
    };
    let once = compare(&["new-0.json"]);
    assert!(once.contains("run the load test again"), "{once}");
    let often = compare(&["new-0.json", "new-1.json", "new-2.json"]);
    assert!(often.contains("perfgate ab"), "{often}");
    assert!(!often.contains("run the load test again"), "{often}");
}
