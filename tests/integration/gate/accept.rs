//! Trailers that accept a change up to a ceiling: whose count, for how long, and what is no trailer.

use crate::support::levels::{branch_off, codes, decided, first, p95};
use crate::support::{Ended, Repo, command, finding, level_run};
use serde_json::{Value, json};

const ACCEPT: &str =
    "Rebuild the index\n\nPerfgate-Accept: GET /0 p95 <= +60% | new index, see #123";

#[test]
fn a_commit_of_the_branch_accepts_one_change_up_to_a_ceiling() {
    let repo = branch_off("", &[first(1.0); 8], ACCEPT);
    let report = repo.compare_level(20, &first(1.5), &[]).expect(1).json();
    let accepted = p95(&report);
    assert_eq!(decided(accepted), ("warn", "accepted"));
    assert_eq!(accepted["accepted"]["author"], "Test");
    assert_eq!(accepted["accepted"]["reason"], "new index, see #123");
    assert_eq!(accepted["accepted"]["commit"], repo.git(&["rev-parse", "HEAD"]).as_str());
    assert_eq!(
        decided(finding(&report, "GET /0", "p99")).0,
        "fail",
        "everything else stays judged"
    );
    let beyond = repo.compare_level(20, &first(1.7), &[]).expect(1).json();
    assert_eq!(decided(p95(&beyond)).0, "fail");
    assert!(why(&beyond).ends_with("accepts nothing: `GET /0 p95` is beyond its ceiling"));
}

/// What the warning about a line says.
fn why(report: &Value) -> String {
    let mut warnings = report["warnings"].as_array().unwrap().iter();
    let found = warnings.find(|own| own["code"] == "broken_trailer");
    found.unwrap_or_else(|| panic!("{report:#}"))["message"].as_str().unwrap().to_owned()
}

#[test]
fn past_the_merge_an_accepted_change_is_the_new_level_and_accepts_nothing_more() {
    let both = format!("{ACCEPT}\nPerfgate-Accept: GET /0 p99 <= +60% | the same");
    let repo = branch_off("", &[first(1.0); 8], &both);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.merge("feature");
    repo.record_level("the first commit after it", 8, &first(1.5));
    repo.git(&["checkout", "--quiet", "-b", "next"]);
    repo.commit("another change");
    let report = repo.compare_level(20, &first(1.5), &[]).expect(0).json();
    for (statistic, level) in [("p95", 150.0), ("p99", 225.0)] {
        let now = finding(&report, "GET /0", statistic);
        assert_eq!(decided(now), ("pass", "within_limit"), "{now}");
        assert!((now["baseline"].as_f64().unwrap() / level - 1.0).abs() < 0.03, "{now}");
    }
    let slower = repo.compare_level(20, &first(2.1), &[]).expect(1).json();
    assert_eq!(decided(p95(&slower)).0, "fail");
}

/// Compares on a pull request whose branch is of the repository with this id.
fn compare_pull_request(repo: &Repo, head_repository: Value) -> Ended {
    let sha = |revision: &str| repo.git(&["rev-parse", revision]);
    let end = |sha: String, id: Value| json!({ "sha": sha, "repo": id });
    let event = repo.around().join("event.json");
    let pull_request = json!({
        "base": end(sha("main"), json!({ "id": 1 })), "head": end(sha("HEAD"), head_repository),
    });
    std::fs::write(&event, json!({ "pull_request": pull_request }).to_string()).unwrap();
    let file = repo.around().join("level.json");
    std::fs::write(&file, level_run(20, &first(1.5)).to_string()).unwrap();
    let output = command(&repo.folder)
        .args(["compare", "--baseline", "main", "--format", "json", file.to_str().unwrap()])
        .env("GITHUB_EVENT_NAME", "pull_request")
        .env("GITHUB_EVENT_PATH", event)
        .output()
        .unwrap();
    Ended::of(output)
}

#[test]
fn what_a_fork_accepts_is_listed_and_does_not_count_unless_the_base_says_so() {
    let repo = branch_off("", &[first(1.0); 8], ACCEPT);
    let own = compare_pull_request(&repo, json!({ "id": 1 })).json();
    assert_eq!(decided(p95(&own)), ("warn", "accepted"));
    for fork in [json!({ "id": 2 }), Value::Null] {
        let report = compare_pull_request(&repo, fork).expect(1).json();
        assert_eq!(decided(p95(&report)).0, "fail");
        assert!(codes(&report).contains(&"not_honoured"), "{report:#}");
    }
    let repo = Repo::new();
    std::fs::write(repo.folder.join("perfgate.yaml"), "accept: { from: [repository, forks] }\n")
        .unwrap();
    repo.git(&["add", "."]);
    repo.record_steady(8, &first(1.0));
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit(ACCEPT);
    let report = compare_pull_request(&repo, json!({ "id": 2 })).json();
    assert_eq!(decided(p95(&report)), ("warn", "accepted"), "{report:#}");
}

#[test]
fn a_trailer_that_cannot_be_read_accepts_nothing_and_says_so() {
    let repo = branch_off("", &[first(1.0); 8], "Faster\n\nPerfgate-Accept: GET /0 p95 +60%");
    let report = repo.compare_level(20, &first(1.5), &[]).expect(1).json();
    assert_eq!(decided(p95(&report)).0, "fail");
    assert!(codes(&report).contains(&"broken_trailer"), "{report:#}");
}

#[test]
fn the_line_that_a_failure_prints_accepts_it() {
    let repo = branch_off("", &[first(1.0); 8], "a change");
    repo.compare_level(20, &first(1.5), &[]).expect(1);
    let file = repo.around().join("level.json");
    let compare = ["compare", "--baseline", "main", file.to_str().unwrap()];
    let text = repo.perfgate(&compare).expect(1).stdout;
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| line.starts_with("Perfgate-Accept:")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    repo.commit(&format!("It is worth it\n\n{}", lines.join("\n")));
    let after = repo.perfgate(&compare).expect(0).stdout;
    assert!(after.starts_with("! no regression, 2 accepted: GET /0 is slower: "), "{after}");
    assert!(
        after.contains("accepted up to +60 % in ")
            && after.contains("by Test: why this is worth it"),
        "{after}"
    );
}

#[test]
fn every_form_shows_how_far_a_change_is_accepted() {
    let repo = branch_off("", &[first(1.0); 8], ACCEPT);
    let report = repo.compare_level(20, &first(1.5), &[]).expect(1).json();
    let ceiling = p95(&report)["accepted"]["ceiling"]["relative"].as_f64().unwrap();
    assert!((ceiling - 0.6).abs() < 1e-9, "{report:#}");
    let level = repo.around().join("level.json");
    let (level, page) = (level.to_str().unwrap(), repo.around().join("page.html"));
    let compare = ["compare", "--baseline", "main", level, "--format", "markdown"];
    let comment = repo.perfgate(&compare).expect(1).stdout;
    assert!(comment.contains("`GET /0` p95: accepted up to +60 % in "), "{comment}");
    let html = ["report", "--baseline", "main", level, "--html", page.to_str().unwrap()];
    repo.perfgate(&html).expect(1);
    assert!(std::fs::read_to_string(page).unwrap().contains("accepted up to +60 % in "));
}

#[test]
fn an_accepted_row_takes_nothing_from_the_failure_of_another() {
    for policy in ["", "gate: { decide: threshold }\n", "gate: { decide: confirmed }\n"] {
        let lines = ["GET /0 p95 <= +60% | x", "GET /0 p99 <= +60% | x"];
        let lines = lines.map(|line| format!("Perfgate-Accept: {line}")).join("\n");
        let both = [1.5, 1.5, 1.0, 1.0, 1.0, 1.0];
        let code = |message: &str| {
            let repo = branch_off(policy, &[first(1.0); 8], message);
            let ended = repo.compare_level(20, &both, &[]);
            let report = ended.json();
            (ended.code, decided(finding(&report, "GET /1", "p95")).0.to_owned())
        };
        let plain = code("a change");
        assert_eq!(code(&format!("a change\n\n{lines}")), plain, "{policy}");
        assert_ne!(plain.0, 0, "{policy}");
    }
}

#[test]
fn what_is_suspicious_about_an_endpoint_that_failed_is_accepted_with_it() {
    // p99 wobbles more than p95, so that less is known about it.
    let unsteady = |r: usize, p95: f64, p99: f64| {
        let mut run = level_run(r, &first(1.0));
        let quantiles = &mut run["endpoints"][0]["latency"]["quantiles"];
        quantiles["p95"] = json!(p95);
        quantiles["p99"] = json!(p99);
        run.to_string()
    };
    let repo = Repo::new();
    let file = repo.around().join("level.json");
    for (r, wobble) in [0.86, 1.1, 0.95, 1.14, 0.9, 1.04].into_iter().enumerate() {
        repo.commit("main");
        std::fs::write(&file, unsteady(r, 100.0, 150.0 * wobble)).unwrap();
        repo.perfgate(&["record", file.to_str().unwrap()]).expect(0);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    std::fs::write(&file, unsteady(20, 150.0, 150.0 * SUSPICIOUS)).unwrap();
    let compare = ["compare", "--baseline", "main", file.to_str().unwrap()];
    let report = repo.perfgate(&[&compare[..], &["--format", "json"]].concat()).expect(1).json();
    assert_eq!(decided(finding(&report, "GET /0", "p95")).0, "fail");
    assert_eq!(decided(finding(&report, "GET /0", "p99")), ("inconclusive", "measure_again"));
    let text = repo.perfgate(&compare).expect(1).stdout;
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| line.starts_with("Perfgate-Accept:")).collect();
    assert!(lines.iter().any(|line| line.contains("GET /0 p99")), "{text}");
    repo.commit(&format!("It is worth it\n\n{}", lines.join("\n")));
    repo.perfgate(&compare).expect(0);
}

/// A p99 that a baseline with a deviation of some ten percent gives too rarely to be ignored and too often to be sure.
const SUSPICIOUS: f64 = 1.3;

#[test]
fn a_ceiling_is_a_change_with_its_sign_and_names_what_is_judged() {
    for (line, expected) in [
        ("GET /0 p95 <= 160ms | x", "a ceiling is a change with a sign: <= +160ms"),
        ("GET /0 p95 >= -60% | x", "`GET /0 p95` gets worse the other way: write it like <= +10%"),
        ("GET /0 <= +60% | x", "nothing that is judged is called `GET /0`"),
        ("GET /O p95 <= +60% | x", "called `GET /O p95`; did you mean `GET /0 p95`?"),
    ] {
        let message = format!("faster\n\nPerfgate-Accept: {line}");
        let repo = branch_off("", &[first(1.0); 8], &message);
        let report = repo.compare_level(20, &first(1.5), &[]).expect(1).json();
        assert_eq!(decided(p95(&report)).0, "fail", "{line}");
        let why = why(&report);
        assert!(why.contains(expected), "{line}: {why}");
    }
}

#[test]
fn a_broken_trailer_that_was_merged_bothers_nobody_any_more() {
    let repo = Repo::new();
    for r in 0..4 {
        let message = if r == 2 { "Faster\n\nPerfgate-Accept: GET /0 p95" } else { "main" };
        repo.record_level(message, r, &first(1.0));
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    let report = repo.compare_level(20, &first(1.0), &[]).expect(0).json();
    assert!(!codes(&report).contains(&"broken_trailer"), "{report:#}");
}
