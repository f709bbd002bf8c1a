//! `perfgate init`: a policy to begin with, and alert rules that match its budgets.

use crate::support::{level_run, perfgate};
use std::path::Path;
use tempfile::TempDir;

#[test]
fn a_policy_to_begin_with_is_the_default_one_and_never_overwrites() {
    let scratch = TempDir::new().unwrap();
    perfgate(scratch.path(), &["init"]).expect(0);
    let again = perfgate(scratch.path(), &["init"]).expect(2);
    assert!(again.stderr.contains("perfgate.yaml already exists"), "{}", again.stderr);
    let write = |name: &str, level: f64| {
        std::fs::write(scratch.path().join(name), level_run(0, &[level]).to_string()).unwrap();
    };
    write("old.json", 1.0);
    write("new.json", 1.6);
    let compare = || {
        perfgate(scratch.path(), &["compare", "--baseline-file", "old.json", "new.json"])
            .expect(1)
            .stdout
    };
    let with = compare();
    std::fs::remove_file(scratch.path().join("perfgate.yaml")).unwrap();
    assert_eq!(with, compare());
}

#[test]
fn alert_rules_match_the_budgets() {
    let scratch = TempDir::new().unwrap();
    let policy = "budgets:\n  - { operation: /login, limit: 2s, expected_p95: 800ms }\n\
        prometheus: { db_connections: sum(pg_connections) }\n\
        profiles: { baseline: { targets: [{ error_rate: \"< 0.1%\" }, { throughput: \"> 9 RPS\" }, { db_connections: \"< 50\" }, { memory_leak: none }] } }\n";
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    perfgate(scratch.path(), &["init", "--alerts", "alerts.yml"]).expect(0);
    let written = std::fs::read_to_string(scratch.path().join("alerts.yml")).unwrap();
    assert_eq!(written, include_str!("../../cmd/alerts.yml"));
    std::fs::write(scratch.path().join("perfgate.yaml"), "results: []\n").unwrap();
    perfgate(scratch.path(), &["init", "--alerts", "other.yml"]).expect(2);
    assert!(!scratch.path().join("other.yml").exists());
}

#[test]
fn init_writes_the_policy_that_is_named() {
    let scratch = TempDir::new().unwrap();
    let said = perfgate(scratch.path(), &["init", "--policy", "ci/gate.yaml"]);
    // The folder is not made for it.
    assert!(said.code == 2 || scratch.path().join("ci/gate.yaml").is_file());
    let said = perfgate(scratch.path(), &["init", "--policy", "gate.yaml"]).expect(0).stderr;
    assert!(said.starts_with("wrote gate.yaml"), "{said}");
    assert!(scratch.path().join("gate.yaml").is_file());
    assert!(!Path::new(&scratch.path().join("perfgate.yaml")).exists());
    let again = perfgate(scratch.path(), &["init", "--policy", "gate.yaml"]).expect(2).stderr;
    assert!(again.contains("gate.yaml already exists"), "{again}");
}
