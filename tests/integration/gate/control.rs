//! Control endpoints and calibrations: a slow machine is told from slow code.

use crate::support::levels::{branch_off, decided, first, p95};
use crate::support::{Repo, finding, level_run};
use serde_json::json;

#[test]
fn a_control_that_moves_with_the_others_is_the_machine_and_one_that_stays_is_not() {
    let policy = "gate: { control: [\"GET /1\"] }\n";
    let main: Vec<[f64; 2]> = (0..8).map(|i| [1.0 + 0.03 * f64::from(i % 3); 2]).collect();
    let compare = |policy: &str, level: &[f64]| {
        let repo = Repo::new();
        std::fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
        for (r, level) in main.iter().enumerate() {
            repo.record_level("main", r, level);
        }
        repo.git(&["checkout", "--quiet", "-b", "feature"]);
        repo.commit("a change");
        repo.compare_level(20, level, &[]).json()
    };
    let both = [1.35, 1.35];
    let alone = compare("", &both);
    assert_eq!(decided(p95(&alone)), ("inconclusive", "whole_run"), "two endpoints cannot tell");
    let slow_machine = compare(policy, &both);
    assert!(decided(p95(&slow_machine)).0 == "warn", "{}", p95(&slow_machine));
    assert_eq!(decided(finding(&slow_machine, "GET /1", "p95")), ("warn", "control"));
    let slow_code = compare(policy, &[1.35, 1.0]);
    assert_eq!(decided(p95(&slow_code)).0, "fail", "{}", p95(&slow_code));
}

#[test]
fn a_calibration_in_every_run_is_a_control() {
    let repo = Repo::new();
    let file = repo.around().join("run.json");
    let path = file.to_str().unwrap();
    let write = |r: usize, level: f64, speed: f64| {
        let mut run = level_run(r, &[level]);
        run["calibration"] = json!({ "cpu": 10.0 * speed });
        std::fs::write(&file, run.to_string()).unwrap();
    };
    for r in 0..8 {
        let commit = repo.commit("main");
        let speed = 1.0 + 0.03 * (r % 3) as f64;
        write(r, speed, speed);
        repo.perfgate(&["record", "--commit", &commit, path]).expect(0);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    let compare =
        || repo.perfgate(&["compare", "--baseline", "main", "--format", "json", path]).json();
    write(20, 1.35, 1.35);
    let slow_machine = compare();
    assert_eq!(decided(p95(&slow_machine)), ("warn", "within_noise"), "{}", p95(&slow_machine));
    write(20, 1.35, 1.0);
    assert_eq!(decided(p95(&compare())).0, "fail");
    let findings = slow_machine["findings"].as_array().unwrap();
    assert!(findings.iter().all(|f| f["endpoint"] != "cpu"), "a calibration is no finding");
}

#[test]
fn a_calibration_that_varies_for_itself_hides_no_slowdown() {
    let repo = Repo::new();
    let file = repo.around().join("run.json");
    let path = file.to_str().unwrap();
    let write = |r: usize, level: f64, [cpu, memory, loopback]: [u32; 3]| {
        let mut run = level_run(r, &[level]);
        run["calibration"] = json!({ "cpu": cpu, "memory": memory, "loopback": loopback });
        std::fs::write(&file, run.to_string()).unwrap();
    };
    for (r, speed) in [[10, 14, 11], [14, 10, 15], [9, 13, 10]].into_iter().enumerate() {
        let commit = repo.commit("main");
        write(r, 1.0, speed);
        repo.perfgate(&["record", "--commit", &commit, path]).expect(0);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    write(20, 1.6, [11, 12, 11]);
    let slow = repo.perfgate(&["compare", "--baseline", "main", "--format", "json", path]).json();
    assert_eq!(decided(p95(&slow)).0, "fail", "{}", p95(&slow));
}

#[test]
fn a_calibration_that_stands_still_is_not_outvoted_by_what_the_change_slows() {
    for endpoints in [2, 3, 4] {
        let repo = Repo::new();
        let file = repo.around().join("run.json");
        let path = file.to_str().unwrap();
        let write = |r: usize, level: f64| {
            let mut run = level_run(r, &vec![level; endpoints]);
            run["calibration"] = json!({ "cpu": 10.0 + (r % 3) as f64 / 100.0 });
            std::fs::write(&file, run.to_string()).unwrap();
        };
        for r in 0..5 {
            let commit = repo.commit("main");
            write(r, 1.0);
            repo.perfgate(&["record", "--commit", &commit, path]).expect(0);
        }
        repo.git(&["checkout", "--quiet", "-b", "feature"]);
        repo.commit("a change");
        write(20, 1.35);
        let compared =
            repo.perfgate(&["compare", "--baseline", "main", "--format", "json", path]).json();
        assert_eq!(compared["verdict"], "fail", "{endpoints}: {}", p95(&compared));
    }
}

#[test]
fn a_gate_whose_endpoints_are_all_controls_has_checked_nothing() {
    let repo = branch_off("gate: { control: [\"**\"] }\n", &[first(1.0); 4], "a change");
    let report = repo.compare_level(20, &first(1.5), &[]).expect(3).json();
    assert_eq!(report["reason"], "no_latency_compared");
}
