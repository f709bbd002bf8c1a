//! Pull requests that change the policy to turn their gate green: the rules of main decide all the same.
#![cfg(unix)]

use crate::support::prometheus::{answering, series};
use crate::support::pull_request::{
    NOTHING_COUNTS, PullRequest, STRICT, assert_red, link, warning, write,
};
use crate::support::{self, Repo, level_run};

#[test]
fn rules_of_a_pull_request_do_not_count_on_any_event_about_one() {
    let pull_request = PullRequest::new(&[("perfgate.yaml", STRICT)]);
    pull_request.commit(&[("perfgate.yaml", NOTHING_COUNTS)]);
    for event in ["pull_request", "pull_request_review", "fork", "merge_group", "workflow_run"] {
        assert_red(pull_request.gate(event, &[]), "regression_thresholds");
    }
    // A push is nobody's pull request.
    pull_request.gate("push", &[]).expect(0);
}

#[test]
fn rules_of_a_second_document_do_not_count_either() {
    let pull_request = PullRequest::new(&[("perfgate.yaml", STRICT)]);
    let second = format!("{STRICT}\n---\nendpoints: {{ \"**\": {{ ignore: true }} }}\n");
    pull_request.commit(&[("perfgate.yaml", &second)]);
    assert_red(pull_request.gate("pull_request", &[]), "endpoints");
}

#[test]
fn a_first_policy_counts_once_it_is_merged_and_until_then_the_defaults_do() {
    let pull_request = PullRequest::new(&[]);
    let lax = NOTHING_COUNTS.trim_end();
    let gate = "gate: { missing_baseline: warn }\nendpoints: { \"**\": { severity: warn } }\n";
    pull_request.commit(&[("perfgate.yaml", &format!("{lax}\n{gate}"))]);
    let report = pull_request.gate("pull_request", &[]).expect(1).json();
    let said = warning(&report, "policy_changed");
    assert!(said.contains("endpoints, gate, regression_thresholds take effect once"), "{said}");
    assert!(said.contains("has no perfgate.yaml, so the defaults apply"), "{said}");
    // The policy that `--policy` names is named by the workflow.
    pull_request.gate("pull_request", &["--policy", "perfgate.yaml"]).expect(0);
}

#[test]
fn a_policy_that_is_a_link_is_the_file_that_main_has_behind_it() {
    let pull_request = PullRequest::new(&[("ci/perf/limits.yaml", STRICT)]);
    let repo = &pull_request.repo;
    repo.git(&["checkout", "--quiet", "main"]);
    link(repo, "perf", "ci/gate");
    link(repo, "ci/gate/limits.yaml", "perfgate.yaml");
    repo.git(&["add", "."]);
    let base = repo.commit("a link");
    repo.git(&["checkout", "--quiet", "-B", "feature"]);
    let pull_request = PullRequest { base, ..pull_request };
    pull_request.commit(&[("ci/perf/limits.yaml", NOTHING_COUNTS)]);
    let report = pull_request.gate("pull_request", &[]).expect(1).json();
    assert!(warning(&report, "policy_changed").contains("regression_thresholds"), "{report}");
    let limit = support::finding(&report, "GET /0", "p95")["threshold"]["relative"].clone();
    assert_eq!(limit, 0.1, "main's own");
    // A link elsewhere instead of the file.
    std::fs::remove_file(pull_request.repo.folder.join("perfgate.yaml")).unwrap();
    pull_request.commit(&[("perfgate.yaml", NOTHING_COUNTS)]);
    assert_red(pull_request.gate("pull_request", &[]), "regression_thresholds");
}

#[test]
fn a_policy_of_main_that_cannot_be_read_stops_all_but_who_mends_it() {
    for why in ["unclosed bracket", "leads out of the repository"] {
        let pull_request = PullRequest::new(&[]);
        let repo = &pull_request.repo;
        repo.git(&["checkout", "--quiet", "main"]);
        if why == "unclosed bracket" {
            write(repo, &[("perfgate.yaml", "gate: {\n")]);
        } else {
            std::fs::write(repo.around().join("outside.yaml"), NOTHING_COUNTS).unwrap();
            link(repo, "../outside.yaml", "perfgate.yaml");
        }
        repo.git(&["add", "."]);
        let base = repo.commit("broken");
        repo.git(&["checkout", "--quiet", "-B", "feature"]);
        let pull_request = PullRequest { base, ..pull_request };
        pull_request.commit(&[("a-change", "")]);
        let said = pull_request.gate("pull_request", &[]).expect(2).stderr;
        assert!(said.contains(why), "{said}");
        // One beside it mends nothing.
        pull_request.commit(&[("deep/perfgate.yaml", NOTHING_COUNTS)]);
        let results = pull_request.results(1.5);
        let arguments = ["compare", "--baseline=main", results.to_str().unwrap()];
        let deep = pull_request.repo.folder.join("deep");
        let said = pull_request.run_in(&deep, "pull_request", &arguments).expect(2).stderr;
        assert!(said.contains(why), "{said}");
        std::fs::remove_file(pull_request.repo.folder.join("perfgate.yaml")).unwrap();
        pull_request.commit(&[("perfgate.yaml", STRICT)]);
        let report = pull_request.gate("pull_request", &[]).expect(1).json();
        let said = warning(&report, "base_policy_broken");
        assert!(said.contains("using the one in the checkout"), "{said}");
    }
}

#[test]
fn window_distance_anchor_and_collapse_are_those_of_main() {
    let policy = format!("{STRICT}baseline: {{ anchor: v1 }}\n");
    let pull_request = PullRequest::new(&[("perfgate.yaml", &policy)]);
    pull_request.repo.git(&["tag", "v1", "main~1"]);
    for (key, text) in [
        ("baseline", "baseline: { max_distance: 1, window: 1 }\n"),
        ("baseline, collapse", "collapse: [\"**\"]\n"),
        ("baseline, rename", "rename: { \"GET /0\": \"GET /9\" }\n"),
    ] {
        pull_request.commit(&[("perfgate.yaml", &format!("{STRICT}{text}"))]);
        let report = pull_request.gate("pull_request", &[]).expect(1).json();
        assert_eq!(report["baseline"]["runs"], 8, "{text}");
        assert_eq!(report["anchor"]["requested"], "v1", "{text}");
        let said = warning(&report, "policy_changed");
        assert!(said.contains(&format!("policy: {key} take")), "{said}");
    }
}

#[test]
fn raw_samples_are_put_together_as_main_says() {
    let pull_request = PullRequest::new(&[("perfgate.yaml", "collapse: [\"/users/*\"]\n")]);
    pull_request.commit(&[("perfgate.yaml", "collapse: [\"**\"]\nresults: [raw.csv]\n")]);
    let line = |i: u64| {
        let (second, latency, user) = (i / 5, 50_000_000 + i * 1_000, i % 3);
        format!(
            "{{\"attack\":\"a\",\"seq\":{i},\"code\":200,\"timestamp\":\"2026-01-01T00:00:{second:02}.000000000Z\",\
             \"latency\":{latency},\"bytes_out\":0,\"bytes_in\":1,\"error\":\"\",\"body\":null,\"method\":\"GET\",\
             \"url\":\"http://h/users/{user}\",\"headers\":null}}\n"
        )
    };
    let text: String = (0..300).map(line).collect();
    std::fs::write(pull_request.repo.around().join("raw.json"), text).unwrap();
    let file = pull_request.repo.around().join("raw.json");
    let arguments = [
        "compare",
        "--baseline-file",
        file.to_str().unwrap(),
        file.to_str().unwrap(),
        "--format",
        "json",
    ];
    let report = pull_request.run("pull_request", &arguments).json();
    support::finding(&report, "GET /users/*", "p95");
    assert!(warning(&report, "policy_changed").contains("policy: collapse takes"), "{report}");
}

#[test]
fn comments_and_results_of_a_policy_are_nothing_to_speak_of() {
    let pull_request = PullRequest::new(&[("perfgate.yaml", STRICT)]);
    let prometheus = "prometheus: { up: up }\nresults: [slow.json]\n# a comment\n";
    pull_request.commit(&[("perfgate.yaml", &format!("{prometheus}{STRICT}"))]);
    let report = pull_request.gate("pull_request", &[]).expect(1).json();
    assert!(!report["warnings"].to_string().contains("policy_changed"), "{report}");
}

#[test]
fn budgets_of_a_pull_request_do_not_count_when_it_checks_itself() {
    let strict = "profiles: { load: { targets: [{ api_response_time_p95: \"< 120ms\" }] } }\n";
    let pull_request = PullRequest::new(&[("perfgate.yaml", strict)]);
    let lax = strict.replace("120ms", "9s");
    pull_request.commit(&[("perfgate.yaml", &lax)]);
    let results = pull_request.results(1.5);
    let arguments = ["check", "--profile", "load", "--format", "json", results.to_str().unwrap()];
    for event in ["pull_request", "merge_group"] {
        let report = pull_request.run(event, &arguments).expect(1).json();
        assert!(warning(&report, "policy_changed").contains("policy: profiles take"), "{report}");
    }
}

#[test]
fn alerts_of_a_pull_request_and_its_files_of_rules_do_not_count() {
    let rules = |limit: u32| {
        format!("groups: [{{ rules: [{{ alert: Depth, expr: queue > {limit} }}] }}]\n")
    };
    let policy = "alerts: { file: ci/rules.yml }\n";
    let pull_request = PullRequest::new(&[("perfgate.yaml", policy), ("ci/rules.yml", &rules(9))]);
    let file = pull_request.repo.around().join("asked.json");
    let mut run = level_run(30, &[1.0; 3]);
    run["started_at"] = "2026-01-01T00:00:00Z".into();
    std::fs::write(&file, run.to_string()).unwrap();
    let address = answering(|query| match query {
        "queue > 9" => series(&[(serde_json::json!({}), &[(20, "10")])]),
        _ => series(&[(serde_json::json!({}), &[])]),
    });
    let arguments = ["check", "--attach", &address, "--format", "json", file.to_str().unwrap()];
    // A looser rule, no file of rules, no alerts at all.
    for changed in [("ci/rules.yml", rules(900)), ("perfgate.yaml", "alerts: []\n".to_owned())] {
        pull_request.commit(&[(changed.0, &changed.1)]);
        let report = pull_request.run("pull_request", &arguments).expect(1).json();
        assert_eq!(report["budgets"][0]["subject"], "alert Depth", "{report}");
    }
}

#[test]
fn a_policy_above_the_root_of_the_repository_is_nobodys() {
    let repo = Repo::new();
    repo.record_steady(8, &[1.0; 3]);
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    std::fs::write(repo.around().join("perfgate.yaml"), NOTHING_COUNTS).unwrap();
    repo.compare_level(30, &[1.5, 1.0, 1.0], &[]).expect(1);
    // Inside the repository it is looked for as far as the root, and named where it is not in this folder.
    write(&repo, &[("perfgate.yaml", NOTHING_COUNTS), ("a/b/c", "")]);
    let deep = repo.within("a/b");
    let file = deep.folder.join("slow.json");
    std::fs::write(&file, level_run(30, &[1.5, 1.0, 1.0]).to_string()).unwrap();
    let ended = deep.perfgate(&["compare", "--baseline", "main", "slow.json"]).expect(0);
    assert!(
        ended.stderr.contains("policy: ") && ended.stderr.contains("repo/perfgate.yaml"),
        "{ended:?}"
    );
}
