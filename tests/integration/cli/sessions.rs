//! What people type and what they see: the README, and the sessions in `tests/cmd/`.

use crate::support;

/// To renew what is expected: `TRYCMD=overwrite cargo test --test integration sessions`.
#[test]
fn sessions_look_as_written() {
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "").env("GITHUB_EVENT_NAME", "").env("GITHUB_EVENT_PATH", "");
    cases.case("tests/cmd/*.trycmd");
}

/// The README's first example is the demo's last step.
#[test]
fn the_readme_shows_what_compare_prints() {
    let scratch = tempfile::TempDir::new().unwrap();
    support::perfgate(scratch.path(), &["demo", "--folder", "shop"]).expect(0);
    let folder = scratch.path().join("shop");
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let block = readme.split("```text\n$ perfgate ").nth(1).unwrap().split("\n```").next().unwrap();
    let (command, shown) = block.split_once('\n').unwrap();
    let arguments: Vec<&str> = command.split(' ').collect();
    let ended = support::perfgate_in_log(&folder, &arguments).expect(1);
    assert_eq!(shown.trim_end(), ended.stdout.trim_end());
}

/// The demo is the README's first command.
#[test]
fn the_demo_shows_one_pull_request_that_passes_and_one_that_fails() {
    let scratch = tempfile::TempDir::new().unwrap();
    let ended = support::perfgate_in_log(scratch.path(), &["demo", "--folder", "shop"]).expect(0);
    let place = scratch.path().join("shop");
    insta::assert_snapshot!(ended.stdout.replace(&place.display().to_string(), "FOLDER"));
    assert_eq!(ended.stderr, "");
    // The commands that it prints can be repeated by hand.
    let again =
        ["compare", "--baseline", "main", "--profile", "20-users", "results/slower-1_stats.csv"];
    let repeated = support::perfgate_in_log(&place, &again).expect(1);
    assert!(ended.stdout.contains(&repeated.stdout), "{}", repeated.stdout);
}
