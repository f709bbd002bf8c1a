//! Pull requests that bring records of their own: they are judged by those of main.
#![cfg(unix)]

use crate::support::files;
use crate::support::pull_request::{PullRequest, STRICT, assert_red, link, write};
use crate::support::{Ended, level_run};
use serde_json::Value;
use std::path::Path;

#[test]
fn a_pull_request_that_says_where_the_records_are_is_judged_by_those_of_main() {
    let pull_request = PullRequest::new(&[("perfgate.yaml", STRICT)]);
    let store = "store: { kind: directory, path: mine }\n";
    pull_request.commit(&[("perfgate.yaml", &format!("{STRICT}{store}"))]);
    // An empty folder: "no baseline".
    assert_red(pull_request.gate("pull_request", &[]), "store");
    // A folder with slow runs that main is said to have had.
    forge_records(&pull_request);
    pull_request.commit(&[]);
    assert_red(pull_request.gate("pull_request", &[]), "store");
}

/// Records slow runs for the base where the policy at hand says.
pub(super) fn forge_records(pull_request: &PullRequest) {
    let file = pull_request.repo.around().join("forged.json");
    for r in 40..44 {
        std::fs::write(&file, level_run(r, &[1.5, 1.0, 1.0]).to_string()).unwrap();
        let arguments = ["record", "--commit", &pull_request.base, file.to_str().unwrap()];
        pull_request.repo.perfgate(&arguments).expect(0);
    }
}

#[test]
fn records_in_a_folder_are_read_as_main_has_them() {
    let policy = format!("{STRICT}store: {{ kind: directory, path: baselines }}\n");
    let main: &[(&str, &str)] = &[("perfgate.yaml", &policy)];
    let pull_request = PullRequest::new(main);
    let red =
        || pull_request.gate("pull_request", &[]).expect(1).json()["baseline"]["runs"].clone();
    assert_eq!(red(), 8);
    forge_records(&pull_request);
    pull_request.commit(&[]);
    assert_eq!(red(), 8, "records that the pull request adds are none");
    let named = pull_request.gate("pull_request", &["--policy", "perfgate.yaml"]).expect(1).json();
    assert_eq!(named["baseline"]["runs"], 8, "whoever names the policy");
    for file in files(&pull_request.repo.folder.join("baselines/runs")) {
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("\"p95\":", "\"p95\":9")).unwrap();
    }
    pull_request.commit(&[]);
    assert_eq!(red(), 8, "nor do those count that it changes");
    std::fs::remove_dir_all(pull_request.repo.folder.join("baselines")).unwrap();
    pull_request.commit(&[]);
    assert_eq!(red(), 8, "and it cannot remove any");
    write(&pull_request.repo, &[("elsewhere/runs/x", "")]);
    link(&pull_request.repo, "elsewhere", "baselines");
    pull_request.commit(&[]);
    assert_eq!(red(), 8, "nor put a link in their place");
}

#[test]
fn a_folder_of_records_that_only_the_pull_request_has_is_empty() {
    let policy = format!("{STRICT}store: {{ kind: directory, path: baselines }}\n");
    let pull_request = PullRequest::new(&[("perfgate.yaml", &policy)]);
    // Main keeps no records: they are those of a cache, under no version control.
    pull_request.repo.git(&["checkout", "--quiet", "main"]);
    pull_request.repo.git(&["mv", "baselines", "cache"]);
    pull_request.repo.commit("no records");
    let base = pull_request.repo.git(&["rev-parse", "HEAD"]);
    pull_request.repo.git(&["checkout", "--quiet", "-B", "feature"]);
    let pull_request = PullRequest { base, ..pull_request };
    let runs = |ended: Ended| ended.json()["baseline"]["runs"].clone();
    std::fs::create_dir_all(pull_request.repo.folder.join("baselines")).unwrap();
    copy(&pull_request.repo.folder.join("cache"), &pull_request.repo.folder.join("baselines"));
    assert_eq!(runs(pull_request.gate("pull_request", &[]).expect(1)), 8, "a cache is used");
    pull_request.commit(&[]);
    let results = pull_request.results(1.5);
    let arguments = ["compare", "--baseline=main", "--format", "json", results.to_str().unwrap()];
    let report = pull_request.run("pull_request", &arguments).expect(3).json();
    assert_eq!(report["baseline"], Value::Null, "the pull request's own files are not");
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let path = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(file, path).unwrap();
    }
}
