//! The report where people see it: names stay text, what matters comes first, and it never grows too long.

use crate::support::{Repo, fixture, github_html, perfgate};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tempfile::TempDir;

/// The characters that a comment of GitHub takes.
const LONGEST: usize = 65_536;

fn compare(scratch: &TempDir, baseline: &str, current: &str, format: &str) -> String {
    let arguments = ["compare", "--baseline-file", baseline, current, "--format", format];
    perfgate(scratch.path(), &arguments).stdout
}

/// Text outside of code, as GitHub would look for mentions and references in it.
fn outside_code(html: &str) -> String {
    let mut text = String::new();
    for (i, part) in html.split("<code").enumerate() {
        text += if i == 0 { part } else { part.split_once("</code>").map_or("", |(_, rest)| rest) };
    }
    text
}

fn assert_is_plain(markdown: &str, rows: usize) {
    let html = github_html(markdown);
    let text = outside_code(&html);
    for markup in [
        "<a ",
        "<img",
        "<script",
        "<b>",
        "<h1",
        "href",
        "javascript:",
        "<!--",
        "<input",
        "<sup",
        "<del>",
    ] {
        assert!(!html.contains(markup), "{markup}:\n{html}");
    }
    let mention = text
        .match_indices(['@', '#'])
        .any(|(at, _)| text[at + 1..].chars().next().is_some_and(char::is_alphanumeric));
    assert!(!mention, "a mention or a reference:\n{text}");
    assert!(
        !html
            .chars()
            .any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200f}'))
    );
    // Every row of every table has its seven cells: no name has broken one.
    for row in html.split("<tr>").skip(1) {
        let row = row.split("</tr>").next().unwrap();
        let cells = row.matches("<td").count() + row.matches("<th").count();
        assert_eq!(cells, 7, "{row}");
    }
    assert!(html.matches("<tr>").count() > rows, "{html}");
}

#[test]
fn hostile_names_are_text_in_a_comment() {
    let scratch = TempDir::new().unwrap();
    for name in [
        "k6/2.2.0/names/summary.json",
        "k6/2.2.0/names-submetrics/summary.json",
        "locust/2.47.0/edge-names/x_stats.csv",
        "locust/2.8.6/edge-names/x_stats.csv",
    ] {
        let path = fixture(name).to_str().unwrap().to_owned();
        // A policy that lets every endpoint be judged, and makes each of them a finding to look at.
        std::fs::write(
            scratch.path().join("perfgate.yaml"),
            "gate: { min_requests: 1 }\nregression_thresholds: { api_latency: { mean: 10% } }\n",
        )
        .unwrap();
        let markdown = compare(&scratch, &path, &path, "markdown");
        assert_is_plain(&markdown, 1);
    }
    // And names made for this: whatever Markdown, GitHub and HTML know.
    let names = [
        "a|b",
        "`code`",
        "``",
        "<script>alert(1)</script>",
        "<!-- perfgate key=x -->",
        "-->",
        "[x](http://evil.example)",
        "![x](http://evil.example/x.png)",
        "@admin",
        "#12",
        "GH-1",
        "http://evil.example",
        "www.evil.example",
        "a\nb",
        "a\r\n| x |",
        "\u{202e}txt.exe",
        "**bold**",
        "~~gone~~",
        "\\|",
        "\\`",
        "&lt;b&gt;",
        "</details>",
        "```",
        "$x$",
        "- [ ] x",
        "[^1]",
        "x\u{0}y",
        "",
    ];
    let endpoint = |level: f64| {
        move |name: &str| {
            let p95 = 100.0 * level;
            json!({ "method": "GET", "name": format!("/{name}"), "requests": 5000, "failures": 0,
                    "latency": { "count": 5000, "quantiles": { "p50": 50, "p95": p95, "p99": p95 * 1.2 } } })
        }
    };
    let write = |file: &str, level: f64| {
        let run = json!({ "schema": "perfgate.run/1", "tool": { "name": "<b>@x" }, "suite": "a|<b>`@x",
                          "endpoints": names.iter().copied().map(endpoint(level)).collect::<Vec<Value>>() });
        std::fs::write(scratch.path().join(file), run.to_string()).unwrap();
    };
    write("old.json", 1.0);
    std::fs::remove_file(scratch.path().join("perfgate.yaml")).unwrap();
    for level in [1.0, 1.5] {
        write("new.json", level);
        let markdown = compare(&scratch, "old.json", "new.json", "markdown");
        assert_is_plain(&markdown, names.len());
    }
}

#[test]
fn hostile_names_are_text_where_a_failure_is_accepted_and_reproduced() {
    let repo = Repo::new();
    let run = |level: f64| {
        let endpoints: Vec<Value> = [
            "/a' $(id) `id`",
            "/``` </details> @x",
            "/\"x\" | #1",
            "/4",
            "/5",
        ]
        .iter()
        .map(|name| {
            json!({ "name": name, "requests": 6000, "failures": 0, "latency": { "count": 6000,
                    "quantiles": { "p95": 100.0 * level, "p99": 130.0 * level } } })
        })
        .collect();
        json!({ "schema": "perfgate.run/1", "tool": { "name": "x" }, "endpoints": endpoints })
    };
    let file = repo.around().join("run.json");
    let path = file.to_str().unwrap();
    for r in 0..4 {
        let commit = repo.commit("<b> @x #1");
        std::fs::write(&file, run(1.0 + 0.01 * f64::from(r)).to_string()).unwrap();
        repo.perfgate(&["record", "--commit", &commit, path]).expect(0);
    }
    std::fs::write(repo.folder.join("perfgate.yaml"), "gate: { decide: threshold }\n").unwrap();
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    std::fs::write(&file, run(1.5).to_string()).unwrap();
    let markdown = repo
        .perfgate(&["compare", "--baseline", "main", "--format", "markdown", path])
        .expect(1)
        .stdout;
    let html = github_html(&markdown);
    for markup in ["<a ", "<img", "<b>", "href"] {
        assert!(!html.contains(markup), "{html}");
    }
    assert_eq!(html.matches("<details>").count(), html.matches("</details>").count(), "{html}");
    // What is to be copied into a shell runs nothing else.
    let explain = markdown.lines().find(|line| line.contains("--explain")).unwrap();
    assert!(explain.ends_with(r#"--explain '/a'\'' $(id) `id` p95'"#), "{explain}");
    assert!(markdown.contains("Perfgate-Accept: /a' $(id) `id` p95 <= +"), "{markdown}");
}

/// A run of so many endpoints, the last ones of which are slower.
fn large(endpoints: usize, slower: usize) -> Value {
    let endpoint = |e: usize| {
        let p95 = 100.0 * if e + slower >= endpoints { 1.6 } else { 1.0 };
        json!({ "method": "GET", "name": format!("/api/v1/resources/{e}/with/a/rather/long/name"), "requests": 5000, "failures": 0,
                "latency": { "count": 5000, "quantiles": { "p50": 50, "p90": p95 * 0.9, "p95": p95, "p99": p95 * 1.2 } } })
    };
    json!({ "schema": "perfgate.run/1", "tool": { "name": "x" }, "endpoints": (0..endpoints).map(endpoint).collect::<Vec<_>>() })
}

#[test]
fn five_thousand_endpoints_fit_with_the_failing_ones_first() {
    let scratch = TempDir::new().unwrap();
    let write = |name: &str, run: Value| {
        std::fs::write(scratch.path().join(name), run.to_string()).unwrap()
    };
    write("old.json", large(5_000, 0));
    for (slower, shown) in [(3, 3), (1_500, 100)] {
        write("new.json", large(5_000, slower));
        let markdown = compare(&scratch, "old.json", "new.json", "markdown");
        assert!(
            markdown.len() <= 60_000 && markdown.chars().count() <= LONGEST,
            "{}",
            markdown.len()
        );
        let failing = markdown.lines().filter(|line| line.starts_with("| ❌ ")).count();
        assert!(failing >= shown, "{failing} of {slower}");
        let counted = markdown.lines().find(|line| line.starts_with("… ")).unwrap();
        assert!(
            counted.ends_with(if slower == 3 { "more within their limits" } else { "more" }),
            "{counted}"
        );
        assert!(markdown.contains("Baseline `old.json`"), "where it comes from is never left out");
        let html = github_html(&markdown);
        assert_eq!(html.matches("<details>").count(), html.matches("</details>").count());
        assert!(
            html.matches("<table>").count() >= 1
                && html.matches("<table>").count() == html.matches("</table>").count()
        );
    }
}

#[test]
fn the_forms_for_other_programs_are_what_those_read() {
    let scratch = TempDir::new().unwrap();
    let base = fixture("k6/2.2.0/base-1/summary.json").to_str().unwrap().to_owned();
    let slower = fixture("k6/2.2.0/regressed-1/summary.json").to_str().unwrap().to_owned();
    let mut all = String::new();
    for format in ["junit", "sarif", "codequality", "github"] {
        writeln!(all, "== {format}\n{}", compare(&scratch, &base, &slower, format)).unwrap();
    }
    insta::assert_snapshot!(
        all.replace(&base, "base.json").replace(env!("CARGO_PKG_VERSION"), "VERSION")
    );
}

#[test]
fn a_gate_that_checked_nothing_is_red_in_every_form() {
    let scratch = TempDir::new().unwrap();
    let base = fixture("k6/2.2.0/base-1/summary.json").to_str().unwrap().to_owned();
    let other = fixture("locust/2.47.0/base-1/x_stats.csv").to_str().unwrap().to_owned();
    let junit = compare(&scratch, &base, &other, "junit");
    assert!(
        junit.contains("<testcase classname=\"perfgate\" name=\"verdict\">\n    <failure "),
        "{junit}"
    );
    assert!(
        compare(&scratch, &base, &other, "github")
            .starts_with("::error title=performance::no verdict")
    );
}

#[test]
fn names_cannot_end_the_places_they_stand_in() {
    let scratch = TempDir::new().unwrap();
    let name = "/x\n::error::owned %0A ]]> </testcase> & \" ' \u{1b}[31m";
    let run = |p95: f64| {
        json!({ "schema": "perfgate.run/1", "tool": { "name": "x" }, "endpoints": [{ "name": name, "requests": 9000,
                "failures": 0, "latency": { "count": 9000, "quantiles": { "p95": p95, "p99": p95 } } }] })
    };
    std::fs::write(scratch.path().join("old.json"), run(100.0).to_string()).unwrap();
    std::fs::write(scratch.path().join("new.json"), run(200.0).to_string()).unwrap();
    let junit = compare(&scratch, "old.json", "new.json", "junit");
    assert!(!junit.contains("</testcase> &") && !junit.contains('\u{1b}'), "{junit}");
    assert_eq!(
        junit.matches("<testcase ").count(),
        6,
        "the verdict and five measurements: {junit}"
    );
    let commands = compare(&scratch, "old.json", "new.json", "github");
    assert!(commands.lines().all(|line| !line.starts_with("::error::")), "{commands}");
    let errors = commands.lines().filter(|line| line.starts_with("::error title=")).count();
    assert_eq!(errors, 2, "p95 and p99: {commands}");
    for format in ["sarif", "codequality"] {
        serde_json::from_str::<Value>(&compare(&scratch, "old.json", "new.json", format)).unwrap();
    }
}
