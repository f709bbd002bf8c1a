//! The Action's own scripts: with a stand-in for perfgate on every event, and with the real one from push to pull request.
#![cfg(unix)]

use crate::support::{Ended, Repo, clean, fixture};
use serde_json::{Value, json};
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_scripts_do_what_each_event_asks_for() {
    let output = clean("bash", Path::new(ROOT)).arg("action/test.sh").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.trim_end().ends_with(", 0 failed"), "{text}");
}

/// The gate step in a repository, as a runner starts it.
fn gate(repo: &Repo, event: &str, variables: &[(&str, &str)]) -> Ended {
    let program = Path::new(env!("CARGO_BIN_EXE_perfgate"));
    let path =
        format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut command = clean("bash", &repo.folder);
    command.arg(format!("{ROOT}/action/gate.sh")).env("PATH", path);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", event);
    command.env("GITHUB_REPOSITORY", "o/r").env("EVENT_DEFAULT_BRANCH", "main");
    command.env("RUNNER_TEMP", repo.around());
    for (name, file) in [("STEP_SUMMARY", "summary.md"), ("OUTPUT", "output")] {
        std::fs::write(repo.around().join(file), "").unwrap();
        command.env(format!("GITHUB_{name}"), repo.around().join(file));
    }
    for (name, value) in variables {
        command.env(name, value);
    }
    Ended::of(command.output().unwrap())
}

fn outputs(repo: &Repo) -> String {
    std::fs::read_to_string(repo.around().join("output")).unwrap()
}

#[test]
fn from_push_to_pull_request_with_the_real_program() {
    // A remote, a clone of it that CI works in, and main's run recorded by a push.
    let origin = Repo::new();
    let first = origin.commit("first");
    origin.git(&["config", "receive.denyCurrentBranch", "ignore"]);
    let clone = origin.around().join("clone");
    let repo = Repo::clone_of(origin.folder.to_str().unwrap(), &clone, &[]);
    let results =
        |name: &str| fixture(&format!("k6/2.2.0/{name}/summary.json")).to_str().unwrap().to_owned();
    let (base, slower) = (results("base-1"), results("regressed-1"));
    for name in ["base-3", "base-2", "base-1"] {
        let pushed = results(name);
        let push = [("GITHUB_REF", "refs/heads/main"), ("INPUT_RESULTS", pushed.as_str())];
        gate(&repo, "push", &push).expect(0);
    }
    assert!(!origin.git(&["for-each-ref", "refs/perfgate/runs"]).is_empty(), "the run is pushed");

    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    let head = repo.commit("a change");
    let event = repo.around().join("event.json");
    let write = |value: Value| std::fs::write(&event, value.to_string()).unwrap();
    let end = |sha: &str, id: u64| json!({ "sha": sha, "repo": { "id": id } });
    write(
        json!({ "pull_request": { "number": 7, "base": end(&first, 1), "head": end(&head, 1) } }),
    );
    let own = [
        ("GITHUB_BASE_REF", "main"),
        ("EVENT_HEAD_REPOSITORY", "o/r"),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
        ("INPUT_COMMENT", "false"),
    ];
    let with =
        |results: &'static str, more: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
            let results = if results == "base" { base.as_str() } else { slower.as_str() };
            [&own[..], &[("INPUT_RESULTS", results)], more].concat()
        };
    let same = gate(&repo, "pull_request", &with("base", &[])).expect(0);
    assert!(
        outputs(&repo).contains("verdict=") && same.stdout.contains("no regression"),
        "{same:?}"
    );
    let failed = gate(&repo, "pull_request", &with("slower", &[])).expect(1);
    assert!(failed.stdout.contains("::error title=performance"), "{failed:?}");
    assert!(outputs(&repo).contains("verdict=fail\n") && outputs(&repo).contains("exit-code=1\n"));
    let summary = std::fs::read_to_string(repo.around().join("summary.md")).unwrap();
    assert!(summary.starts_with("### ❌ Performance"), "{summary}");

    // A fork's pull request writes a bundle, and asks nobody for a comment.
    write(
        json!({ "pull_request": { "number": 7, "base": end(&first, 1), "head": end(&head, 2) } }),
    );
    gate(&repo, "pull_request", &with("slower", &[("EVENT_HEAD_REPOSITORY", "fork/r")])).expect(1);
    assert!(repo.folder.join("perfgate-bundle/run-1.json").is_file());
    gate(&repo, "pull_request_target", &with("base", &[])).expect(2);
    write(json!({ "merge_group": { "base_sha": first, "head_sha": head } }));
    let group = [
        ("INPUT_RESULTS", slower.as_str()),
        ("EVENT_MERGE_GROUP_BASE", first.as_str()),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
    ];
    gate(&repo, "merge_group", &group).expect(1);
}

#[test]
fn the_actions_files_name_nothing_that_is_not_there() {
    let action = std::fs::read_to_string(Path::new(ROOT).join("action.yml")).unwrap();
    let gate = std::fs::read_to_string(Path::new(ROOT).join("action/gate.sh")).unwrap();
    let install = std::fs::read_to_string(Path::new(ROOT).join("action/install.sh")).unwrap();
    let handed: Vec<&str> = action
        .lines()
        .filter_map(|line| line.trim().split_once(": ${{"))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("INPUT_") || name.starts_with("EVENT_"))
        .collect();
    assert!(handed.len() > 20, "{handed:?}");
    for name in handed {
        assert!(
            gate.contains(name) || install.contains(name),
            "{name} is handed on and never read"
        );
    }
    // An expression inside a script would be evaluated before the shell sees it.
    let scripts = action.lines().filter(|line| line.trim_start().starts_with("run:"));
    assert!(scripts.clone().count() == 3 && scripts.clone().all(|line| !line.contains("${{")));
}
