//! What people read fits their terminal, whatever its width.

use crate::support::{Ended, Repo, command, fixture, level_run};
use std::path::Path;
use tempfile::TempDir;

const WIDTHS: [&str; 4] = ["60", "80", "120", "200"];

/// Runs perfgate with these variables.
fn with(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let mut command = command(folder);
    command.env_remove("COLUMNS");
    let output = command.envs(variables.iter().copied()).args(arguments).output().unwrap();
    Ended::of(output)
}

/// Whether a line is one to copy: nothing may break it.
fn is_copied(line: &str) -> bool {
    let line = line.trim_start();
    ["Perfgate-Accept:", "perfgate ", "$ "].iter().any(|begin| line.starts_with(begin))
}

/// The output at each width, one below the other. No line of it is too wide.
fn at_all_widths(folder: &Path, arguments: &[&str]) -> String {
    let mut all = String::new();
    for columns in WIDTHS {
        let shown = with(folder, &[("COLUMNS", columns)], arguments).stdout;
        let most: usize = columns.parse().unwrap();
        for line in shown.lines().filter(|line| !is_copied(line)) {
            assert!(line.chars().count() <= most, "{columns} columns: {line}\n{shown}");
        }
        all += &format!("{columns:-<width$}\n{shown}\n", width = most);
    }
    all
}

/// Three baseline files of k6 and a regressed one, under short names.
fn results() -> TempDir {
    let scratch = TempDir::new().unwrap();
    for name in ["base-1", "base-2", "base-3", "regressed-1"] {
        let from = fixture(&format!("k6/2.2.0/{name}/summary.json"));
        std::fs::copy(from, scratch.path().join(format!("{name}.json"))).unwrap();
    }
    scratch
}

const COMPARE: [&str; 8] = [
    "compare",
    "--baseline-file",
    "base-1.json",
    "--baseline-file",
    "base-2.json",
    "--baseline-file",
    "base-3.json",
    "regressed-1.json",
];

/// A history of four commits with a step at its third, and a remote-less repository.
fn history() -> Repo {
    let repo = Repo::new();
    for (r, level) in [1.0, 1.0, 1.4, 1.4].iter().enumerate() {
        let subject = format!("Change number {r}, which says a little more than it has to");
        repo.record_level(&subject, r, &[*level, 1.0, 1.0, 1.0]);
    }
    std::fs::write(repo.folder.join("run.json"), level_run(9, &[1.8, 1.0, 1.0, 1.0]).to_string())
        .unwrap();
    repo
}

#[test]
fn a_comparison_fits() {
    let scratch = results();
    insta::assert_snapshot!(at_all_widths(scratch.path(), &COMPARE));
}

#[test]
fn a_comparison_with_all_rows_fits() {
    let scratch = results();
    insta::assert_snapshot!(at_all_widths(scratch.path(), &[&COMPARE[..], &["--all"]].concat()));
}

#[test]
fn an_explanation_fits() {
    let scratch = results();
    let arguments = [&COMPARE[..], &["--explain", "/api/chat p95"]].concat();
    insta::assert_snapshot!(at_all_widths(scratch.path(), &arguments));
}

#[test]
fn a_comparison_without_a_baseline_fits() {
    let repo = history();
    let arguments = ["compare", "--baseline", "main", "--profile", "stress", "run.json"];
    insta::assert_snapshot!(at_all_widths(&repo.folder, &arguments));
}

#[test]
fn a_history_fits() {
    insta::assert_snapshot!(at_all_widths(&history().folder, &["trend"]));
}

#[test]
fn many_columns_of_a_history_stand_in_grids_below_each_other() {
    let repo = history();
    let arguments = ["trend", "--endpoint", "GET /*", "--statistic", "p95", "--statistic", "p99"];
    insta::assert_snapshot!(at_all_widths(&repo.folder, &arguments));
}

#[test]
fn what_is_recorded_fits() {
    let repo = history();
    let all = [
        at_all_widths(&repo.folder, &["baseline", "list"]),
        at_all_widths(&repo.folder, &["baseline", "show", "HEAD"]),
        at_all_widths(&repo.folder, &["baseline", "explain", "--baseline", "main", "run.json"]),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_checkup_and_a_selftest_fit() {
    let repo = history();
    let all = ["doctor", "selftest"].map(|name| at_all_widths(&repo.folder, &[name]));
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn every_page_of_help_fits() {
    let here = Path::new(".");
    for command in ["compare", "run", "ab", "trend", "report", "notify", "publish", "record"] {
        at_all_widths(here, &[command, "--help"]);
    }
    at_all_widths(here, &["--help"]);
}

#[test]
fn without_a_terminal_the_width_is_that_of_a_log_and_no_name_is_cut() {
    let repo = Repo::new();
    let name = "/v1/organizations/{organization}/projects/{project}/members";
    for (file, p95) in [("a.json", 100), ("b.json", 180)] {
        let run = serde_json::json!({
            "schema": "perfgate.run/1", "tool": { "name": "my-script" }, "duration_s": 60,
            "endpoints": [{ "method": "GET", "name": name, "requests": 60000, "failures": 0,
                "latency": { "count": 60000, "quantiles": { "p50": p95 / 2, "p90": p95 * 9 / 10, "p95": p95, "p99": p95 * 3 / 2 } } }],
        });
        std::fs::write(repo.folder.join(file), run.to_string()).unwrap();
    }
    let compare = ["compare", "--all", "--baseline-file", "a.json", "b.json"];
    let row = |ended: &Ended| {
        let row =
            ended.stdout.lines().find(|line| line.contains("GET /v1") && line.contains("p95 "));
        row.unwrap_or_else(|| panic!("{ended:?}")).to_owned()
    };
    assert!(row(&with(&repo.folder, &[], &compare)).contains(name));
    let narrow = row(&with(&repo.folder, &[("COLUMNS", "80")], &compare));
    assert!(narrow.contains("GET /v1/") && narrow.contains('…'), "{narrow}");
    assert!(narrow.contains("/members"), "{narrow}");
}

#[test]
fn colors_are_used_where_the_usual_variables_ask_for_them() {
    let scratch = results();
    let colored = |variables: &[(&str, &str)], more: &[&str]| {
        let ended = with(scratch.path(), variables, &[&COMPARE[..], more].concat());
        ended.stdout.contains('\u{1b}')
    };
    for (variables, expected) in [
        (&[][..], false),
        (&[("FORCE_COLOR", "1")], true),
        (&[("CLICOLOR_FORCE", "1")], true),
        (&[("FORCE_COLOR", "0")], false),
        (&[("CLICOLOR_FORCE", "0")], false),
        (&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
        (&[("FORCE_COLOR", "1"), ("TERM", "dumb")], true),
        (&[("GITHUB_ACTIONS", "true")], true),
        (&[("GITLAB_CI", "true")], true),
        (&[("GITLAB_CI", "true"), ("NO_COLOR", "1")], false),
    ] {
        assert_eq!(colored(variables, &[]), expected, "{variables:?}");
    }
    assert!(!colored(&[("FORCE_COLOR", "1")], &["--color", "never"]));
    assert!(colored(&[("NO_COLOR", "1")], &["--color", "always"]));
}

/// Standard output of a job's step that goes to a file is no log.
#[test]
fn a_file_gets_no_colors_from_a_log() {
    let scratch = results();
    let path = scratch.path().join("report.txt");
    let mut command = command(scratch.path());
    command.env_remove("COLUMNS").env("GITHUB_ACTIONS", "true").args(COMPARE);
    command.stdout(std::fs::File::create(&path).unwrap());
    assert_eq!(command.status().unwrap().code(), Some(1));
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.starts_with("✗ regression") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn failures_are_strong_and_what_is_fine_is_dim() {
    let scratch = results();
    let arguments = [&COMPARE[..], &["--all", "--color", "always"]].concat();
    let shown = with(scratch.path(), &[("COLUMNS", "100")], &arguments).stdout;
    insta::assert_snapshot!(shown.replace('\u{1b}', "ESC"));
}
