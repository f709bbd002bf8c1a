//! The page: one file that loads nothing, names that stay text, and a table that sorts and filters in a browser.

use crate::support::{Repo, command, fixture, level_run, perfgate};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The page of two run files, which are written first.
pub(super) fn page(scratch: &Path, old: &Value, new: &Value) -> (PathBuf, i32) {
    std::fs::write(scratch.join("old.json"), old.to_string()).unwrap();
    std::fs::write(scratch.join("new.json"), new.to_string()).unwrap();
    let ended = perfgate(
        scratch,
        &["report", "--baseline-file", "old.json", "new.json", "--html", "page.html"],
    );
    (scratch.join("page.html"), ended.code)
}

pub(super) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_page_ends_with_the_verdict_and_shows_it() {
    let scratch = TempDir::new().unwrap();
    let slower = level_run(0, &[1.6, 1.0]);
    let (path, code) = page(scratch.path(), &level_run(0, &[1.0, 1.0]), &slower);
    let html = read(&path);
    assert_eq!(code, 1);
    assert!(html.contains("<header class=\"verdict fail\">"), "{html}");
    assert!(html.contains("✗</span> Fail</h1>"), "{html}");
    assert!(html.contains("Regression: GET /0 is slower: p95 "), "{html}");
    assert_eq!(page(scratch.path(), &slower, &slower).1, 0);
}

#[test]
fn a_report_that_was_written_before_becomes_the_same_table() {
    let scratch = TempDir::new().unwrap();
    let base =
        |name: &str| fixture(&format!("k6/2.2.0/{name}/summary.json")).to_str().unwrap().to_owned();
    let [one, two, three] = ["base-1", "base-2", "base-3"].map(base);
    let slower = base("regressed-1");
    let against = ["--baseline-file", &one, "--baseline-file", &two, "--baseline-file", &three];
    let all = |command, output: [&'static str; 2]| {
        let arguments = [&[command][..], &against, &[&slower], &output].concat();
        perfgate(scratch.path(), &arguments).expect(1);
    };
    all("report", ["--html", "direct.html"]);
    all("compare", ["--output", "json=r.json"]);
    perfgate(scratch.path(), &["report", "r.json", "--html", "read.html"]).expect(1);
    let table = |name: &str| {
        let html = read(&scratch.path().join(name));
        let start = html.find(" id=\"findings\">").unwrap();
        html[start..start + html[start..].find("</table>").unwrap()].to_owned()
    };
    assert_eq!(table("direct.html"), table("read.html"));
    assert!(perfgate(scratch.path(), &["report", "nothing.json", "--html", "x.html"]).code == 2);
    assert!(!scratch.path().join("x.html").exists());
}

/// The page of a change that makes one of two endpoints slower, held against twelve recorded commits.
pub(super) fn compared() -> (Repo, PathBuf) {
    let repo = Repo::new();
    repo.record_steady(12, &[1.0, 1.0]);
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    std::fs::write(repo.folder.join("run.json"), level_run(20, &[1.5, 1.0]).to_string()).unwrap();
    repo.perfgate(&["report", "--baseline", "main", "run.json", "--html", "page.html"]).expect(1);
    let page = repo.folder.join("page.html");
    (repo, page)
}

/// Where the links of a page lead.
fn links(html: &str) -> Vec<&str> {
    html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn nothing_in_the_page_is_loaded_from_anywhere() {
    let (_repo, page) = compared();
    let html = read(&page);
    for loading in ["src=", "@import", "url(", "<link", "<iframe", "fetch(", "XMLHttp"] {
        assert!(!html.contains(loading), "{loading}");
    }
    assert!(links(&html).iter().all(|link| link.starts_with('#')), "{:?}", links(&html));
    let hosts = html.matches("://").count();
    assert_eq!(
        hosts,
        html.matches("http://www.w3.org/2000/svg").count(),
        "SVG's own name, and no other address"
    );
    assert!(
        html.contains("<h2>History</h2>") && html.contains("Compared runs</summary>"),
        "{html}"
    );
}

#[test]
fn the_page_says_whose_run_it_is_and_leads_to_its_commit_and_job() {
    let (repo, page) = compared();
    repo.git(&["remote", "add", "origin", "https://someone:secret@git.example.org/o/shop.git"]);
    let report = ["report", "--baseline", "main", "--offline", "run.json", "--html", "page.html"];
    let head = repo.git(&["rev-parse", "HEAD"]);
    repo.perfgate(&report).expect(1);
    let html = read(&page);
    let commit = format!("https://git.example.org/o/shop/commit/{}", head.trim());
    assert!(links(&html).contains(&commit.as_str()), "{:?}", links(&html));
    for told in [">o/shop</a>", "branch feature", "a change", "by ", "<h2>History</h2>"] {
        assert!(html.contains(told), "{told}");
    }
    assert!(!html.contains("secret"));
    // On a job of CI, its variables say more.
    let mut command = command(&repo.folder);
    command.args(report);
    for (name, value) in [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "someone/shop"),
        ("GITHUB_RUN_ID", "7"),
        ("GITHUB_REF_NAME", "12/merge"),
        ("GITHUB_HEAD_REF", "faster<b>"),
    ] {
        command.env(name, value);
    }
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    let html = read(&page);
    for link in [
        "https://github.com/someone/shop/actions/runs/7",
        "https://github.com/someone/shop/pull/12",
    ] {
        assert!(links(&html).contains(&link), "{:?}", links(&html));
    }
    assert!(html.contains("branch faster&lt;b&gt;"), "{html}");
}

#[test]
fn every_measurement_has_a_row_in_the_plot_with_what_failed_first() {
    let (_repo, page) = compared();
    let html = read(&page);
    let forest = html.split("<section class=\"forest\">").nth(1).unwrap();
    let forest = forest.split("</section>").next().unwrap();
    let rows: Vec<&str> = forest.split("<li ").skip(1).collect();
    assert!(
        rows[0].contains("✗") && rows[0].contains("GET /0") && rows[0].contains("href=\"#e1\"")
    );
    assert!(rows.last().unwrap().contains("✓"), "{rows:?}");
    assert_eq!(forest.matches("class=\"range\"").count(), rows.len());
    assert!(html.contains("<article id=\"e1\"><h3>GET /0</h3>"), "{html}");
}

#[test]
fn the_page_of_recorded_runs_draws_their_distributions() {
    // Both sides are recorded: no result file is named.
    let repo = Repo::new();
    let record = |level: f64, r: u32| {
        let samples: Vec<f64> =
            (0..600).map(|i| (50.0 + f64::from(i + r) / 10.0) * level).collect();
        let mut run = level_run(0, &[1.0]);
        run["endpoints"][0]["latency"] = json!({ "samples": samples });
        std::fs::write(repo.around().join("run.json"), run.to_string()).unwrap();
        let file = repo.around().join("run.json");
        repo.perfgate(&["record", file.to_str().unwrap()]).expect(0);
    };
    for r in 0..3 {
        repo.commit("main");
        record(1.0, r);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    record(1.6, 4);
    let page = repo.around().join("page.html");
    repo.perfgate(&["report", "--baseline", "main", "--html", page.to_str().unwrap()]).expect(1);
    let html = read(&page);
    assert!(
        html.contains("GET /0: response time by percentile"),
        "no distribution: {}",
        html.len()
    );
}

const HOSTILE: &str = "/<script>document.title='owned'</script>\"' onload=x <img src=x onerror=alert(1)> </title> \u{202e}";

pub(super) fn hostile(level: f64) -> Value {
    let mut run = level_run(0, &[level, 1.0]);
    run["endpoints"][0]["name"] = json!(HOSTILE);
    run["endpoints"][0]["latency"] = json!({ "samples": (0..600).map(|i| (50.0 + f64::from(i) / 10.0) * level).collect::<Vec<_>>() });
    run["suite"] = json!("</title><script>x</script>");
    run["labels"] = json!({ "<b>": "<img src=x>" });
    run
}

#[test]
fn hostile_names_are_text_in_the_page() {
    let scratch = TempDir::new().unwrap();
    let (path, _) = page(scratch.path(), &hostile(1.0), &hostile(1.6));
    let html = read(&path);
    assert_eq!(html.matches("<script>").count(), 1, "its own");
    for markup in ["<img", "<b><", "\u{202e}", "</title><script"] {
        assert!(!html.contains(markup), "{markup}");
    }
    assert!(html.contains("&lt;script&gt;"));
}

/// A site of twelve commits with a load of its own for the nightly suite.
pub(super) fn site() -> (Repo, PathBuf) {
    let repo = Repo::new();
    repo.record_steady(12, &[1.0, 1.0]);
    let mut run = hostile(1.0);
    run["suite"] = json!("nightly <b>");
    std::fs::write(repo.folder.join("nightly.json"), run.to_string()).unwrap();
    repo.perfgate(&["record", "nightly.json"]).expect(0);
    repo.perfgate(&["report", "--site", "site"]).expect(0);
    let folder = repo.folder.join("site");
    (repo, folder)
}

#[test]
fn a_site_has_an_index_whose_links_lead_to_a_page_for_each_endpoint() {
    let (_repo, folder) = site();
    let index = read(&folder.join("index.html"));
    let links = links(&index);
    assert_eq!(links.len(), 2 * 3, "two endpoints and the total of each suite: {links:?}");
    for link in links {
        let page = read(&folder.join(link));
        assert!(page.contains("href=\"index.html\""), "{link}");
        assert!(!page.contains("<img") && page.matches("<script>").count() == 1, "{link}");
    }
    assert!(!index.contains("<img") && !index.contains("<b>"), "names are text");
    let endpoint = read(&folder.join("main-get-0.html"));
    assert!(
        endpoint.contains("<h1>GET /0</h1>") && endpoint.contains("The last 12 commits"),
        "{endpoint}"
    );
}
