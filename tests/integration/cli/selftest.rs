//! `perfgate selftest`: a gate that sees known changes, and one that is blind.

use crate::support::{self, Repo};

/// Main with twelve recorded runs that differ by a few percent.
fn quiet(policy: &str) -> Repo {
    let repo = Repo::new();
    std::fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
    for r in 0..12 {
        repo.record_level(&format!("main {r}"), r, &[1.0; 6]);
    }
    repo
}

/// The row of a rule: the numbers behind its name.
fn row<'a>(text: &'a str, rule: &str, nth: usize) -> Vec<&'a str> {
    let rows = text.lines().filter_map(|line| line.trim().strip_prefix(rule));
    rows.map(|rest| rest.split_whitespace().collect()).nth(nth).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn on_quiet_runs_every_injected_change_is_seen_and_nothing_fails_by_itself() {
    for policy in ["", "gate: { decide: threshold }\n", "gate: { decide: confirmed }\n"] {
        let text = quiet(policy).perfgate(&["selftest"]).expect(0).stdout;
        assert!(text.starts_with("✓ the gate detects "), "{text}");
        let p95 = row(&text, "p95 +20 %", 0);
        assert_eq!((p95[0], p95[4]), ("6", "0"), "six endpoints, none passes: {text}");
        assert_eq!(row(&text, "p95 +20 %", 1), ["66", "0", "0", "0"], "{policy}: {text}");
    }
}

#[test]
fn a_gate_that_cannot_see_its_own_limits_does_not_pass_the_test() {
    // One failure in 6 000 requests is chance, and no other limit is left.
    let policy = "regression_thresholds: { api_latency: off, throughput: off, error_rate: { absolute: 0.001% } }\n";
    let text = quiet(policy).perfgate(&["selftest"]).expect(1).stdout;
    assert!(text.starts_with("✗ the gate detects "), "{text}");
    assert!(text.contains("missed    total error_rate"), "{text}");
}

#[test]
fn a_step_on_main_is_no_false_alarm() {
    let repo = Repo::new();
    for r in 0..24 {
        let level = if r < 12 { 1.0 } else { 1.6 };
        repo.record_level(&format!("main {r}"), r, &[level, 1.0, 1.0, 1.0, 1.0, 1.0]);
    }
    let text = repo.perfgate(&["selftest"]).stdout;
    let p95 = row(&text, "p95 +20 %", 1);
    assert_eq!((p95[0], p95[2]), ("137", "0"), "one of 138 is a change: {text}");
}

#[test]
fn without_a_recorded_run_there_is_nothing_to_test() {
    let repo = Repo::new();
    repo.commit("nothing is recorded");
    let ended = repo.perfgate(&["selftest"]).expect(3);
    assert!(ended.stderr.contains("nothing could be tested"), "{}", ended.stderr);
    assert!(repo.perfgate(&["selftest", "--times", "1"]).expect(2).stderr.contains("above 1"));
}

#[test]
fn files_of_different_loads_are_refused_and_a_single_one_is_said_to_be_alone() {
    let scratch = tempfile::TempDir::new().unwrap();
    let write = |name: &str, users: u64| {
        let mut run = support::level_run(0, &[1.0; 6]);
        run["load"] = serde_json::json!({ "users": users });
        std::fs::write(scratch.path().join(name), run.to_string()).unwrap();
    };
    write("a.json", 10);
    write("b.json", 100);
    let ended = support::perfgate(scratch.path(), &["selftest", "a.json", "b.json"]).expect(2);
    assert!(ended.stderr.contains("not of the same load: users 10 and 100"), "{}", ended.stderr);
    let alone = support::perfgate(scratch.path(), &["selftest", "a.json"]);
    assert!(alone.stdout.contains("compared with itself"), "{}", alone.stdout);
}

#[test]
fn what_varies_too_much_is_named_with_what_to_do() {
    let repo = Repo::new();
    for r in 0..12 {
        let level = if r % 2 == 0 { 1.0 } else { 2.5 };
        repo.record_level(&format!("main {r}"), r, &[level, 1.0, 1.0, 1.0, 1.0, 1.0]);
    }
    let text = repo.perfgate(&["selftest"]).stdout;
    assert!(text.contains("  too noisy GET /0 p"), "{text}");
    let next = text.lines().find(|line| line.starts_with("  next      GET /0 p")).unwrap();
    assert!(next.contains(" varies too much for its limit of +"), "{text}");
    assert!(next.contains("run the load for longer, set a limit above "), "{text}");
}

#[test]
fn one_run_alone_is_told_to_be_too_few() {
    let repo = Repo::new();
    repo.record_level("main", 0, &[1.0; 6]);
    let text = repo.perfgate(&["selftest"]).stdout;
    let next = "  next      record more runs of unchanged code: 1 baseline run here, and from 3 on the gate knows how much they vary";
    assert!(text.contains(next), "{text}");
}

#[test]
fn a_gate_that_sees_its_limits_needs_no_advice() {
    assert!(!quiet("").perfgate(&["selftest"]).expect(0).stdout.contains("next  "));
}
