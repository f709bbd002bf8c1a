//! The page: one file that loads nothing, names that stay text, and a table that sorts and filters in a browser.
#![expect(clippy::unwrap_used, reason = "test code")]

mod support;

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Repo, fixture, level_run, perfgate};
use tempfile::TempDir;

/// The page of two run files, which are written first.
fn page(scratch: &Path, old: &Value, new: &Value) -> (PathBuf, i32) {
    std::fs::write(scratch.join("old.json"), old.to_string()).unwrap();
    std::fs::write(scratch.join("new.json"), new.to_string()).unwrap();
    let ended = perfgate(
        scratch,
        &["report", "--baseline-file", "old.json", "new.json", "--html", "page.html"],
    );
    (scratch.join("page.html"), ended.code)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_page_ends_with_the_verdict_and_shows_it() {
    let scratch = TempDir::new().unwrap();
    let slower = level_run(0, &[1.6, 1.0]);
    let (path, code) = page(scratch.path(), &level_run(0, &[1.0, 1.0]), &slower);
    let html = read(&path);
    assert_eq!(code, 1);
    assert!(html.contains("<h1 class=\"fail\">✗ Performance: fail</h1>"), "{html}");
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
        let start = html.find("<table id=\"findings\">").unwrap();
        html[start..start + html[start..].find("</table>").unwrap()].to_owned()
    };
    assert_eq!(table("direct.html"), table("read.html"));
    assert!(perfgate(scratch.path(), &["report", "nothing.json", "--html", "x.html"]).code == 2);
    assert!(!scratch.path().join("x.html").exists());
}

#[test]
fn nothing_in_the_page_is_loaded_from_anywhere() {
    let repo = Repo::new();
    for r in 0..12 {
        repo.record_level("main", r, &[1.0, 1.0]);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    std::fs::write(repo.folder.join("run.json"), level_run(20, &[1.5, 1.0]).to_string()).unwrap();
    repo.perfgate(&["report", "--baseline", "main", "run.json", "--html", "page.html"]).expect(1);
    let html = read(&repo.folder.join("page.html"));
    for loading in ["src=", "href=", "@import", "url(", "<link", "<iframe", "fetch(", "XMLHttp"] {
        assert!(!html.contains(loading), "{loading}");
    }
    let hosts = html.matches("://").count();
    assert_eq!(
        hosts,
        html.matches("http://www.w3.org/2000/svg").count(),
        "SVG's own name, and no other address"
    );
    assert!(
        html.contains("<h2>History</h2>") && html.contains("<h2>The runs that were compared</h2>"),
        "{html}"
    );
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
    assert!(html.contains("GET /0: percentiles"), "no distribution: {}", html.len());
}

const HOSTILE: &str = "/<script>document.title='owned'</script>\"' onload=x <img src=x onerror=alert(1)> </title> \u{202e}";

fn hostile(level: f64) -> Value {
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
    for markup in ["<img", "<b>", "\u{202e}", "</title><"] {
        let own = usize::from(markup == "</title><");
        assert_eq!(html.matches(markup).count(), own, "{markup}");
    }
    assert!(html.contains("&lt;script&gt;"));
}

/// A site of twelve commits with a load of its own for the nightly suite.
fn site() -> (Repo, PathBuf) {
    let repo = Repo::new();
    for r in 0..12 {
        repo.record_level("main", r, &[1.0, 1.0]);
    }
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
    let links: Vec<&str> =
        index.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(links.len(), 2 * 3, "two endpoints and the total of each suite: {links:?}");
    for link in links {
        let page = read(&folder.join(link));
        assert!(page.contains("href=\"index.html\""), "{link}");
        assert!(!page.contains("<img") && !page.contains("<script>"), "{link}");
    }
    assert!(!index.contains("<img") && !index.contains("<b>"), "names are text");
    let endpoint = read(&folder.join("main-get-0.html"));
    assert!(
        endpoint.contains("<h1>GET /0</h1>") && endpoint.contains("The last 12 commits"),
        "{endpoint}"
    );
}

/// What a browser makes of the page after a script ran at its end, and what it wrote to its console.
fn in_browser(path: &Path, script: &str) -> (String, String) {
    let html = read(path).replace("</body>", &format!("<script>{script}</script></body>"));
    let copy = path.with_file_name("copy.html");
    std::fs::write(&copy, html).unwrap();
    let profile = TempDir::new().unwrap();
    let program = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok())
        .unwrap_or_else(|| panic!("a browser is needed: apt-get install chromium"));
    let output = Command::new(program)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .args(["--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", copy.display()))
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    let console =
        log.lines().filter(|line| line.contains("CONSOLE")).collect::<Vec<_>>().join("\n");
    (String::from_utf8_lossy(&output.stdout).into_owned(), console)
}

/// The value of an attribute that a script has set on the page's root.
fn told<'a>(dom: &'a str, name: &str) -> &'a str {
    let start =
        dom.find(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name}")) + name.len() + 2;
    &dom[start..start + dom[start..].find('"').unwrap()]
}

#[test]
#[ignore = "needs Chromium: cargo test --test page -- --ignored"]
fn in_a_browser_the_table_sorts_and_filters_and_nothing_complains() {
    let scratch = TempDir::new().unwrap();
    let (path, _) = page(scratch.path(), &hostile(1.0), &hostile(1.6));
    let script = "
        const root = document.documentElement, rows = () => [...document.querySelectorAll('#findings tbody tr')];
        const heads = [...document.querySelectorAll('#findings thead button')];
        const column = (i) => rows().filter((row) => !row.hidden).map((row) => row.cells[i].dataset.value).join(' ');
        root.setAttribute('data-title', document.title);
        heads[4].click(); root.setAttribute('data-up', column(4));
        heads[4].click(); root.setAttribute('data-down', column(4));
        const filter = document.getElementById('filter');
        filter.value = 'get /1 p9'; filter.dispatchEvent(new Event('input'));
        root.setAttribute('data-filtered', rows().filter((row) => !row.hidden).map((row) => row.cells[2].textContent).sort().join(' '));
        root.setAttribute('data-count', document.getElementById('count').textContent);
        filter.value = ''; const verdict = document.getElementById('verdict');
        verdict.value = 'fail'; verdict.dispatchEvent(new Event('change'));
        root.setAttribute('data-fails', rows().filter((row) => !row.hidden).length);
        root.setAttribute('data-loaded', performance.getEntriesByType('resource').length);
    ";
    let (dom, console) = in_browser(&path, script);
    assert_eq!(console, "", "nothing in the console");
    assert!(!told(&dom, "data-title").contains("owned"), "{}", told(&dom, "data-title"));
    let numbers = |name: &str| -> Vec<f64> {
        told(&dom, name)
            .split(' ')
            .filter_map(|v| v.parse().ok())
            .filter(|v: &f64| !v.is_nan())
            .collect()
    };
    let (up, down) = (numbers("data-up"), numbers("data-down"));
    assert!(up.len() > 3 && up.is_sorted() && down.is_sorted_by(|a, b| a >= b), "{up:?} {down:?}");
    assert_eq!(told(&dom, "data-filtered"), "p95 p99");
    assert!(told(&dom, "data-count").starts_with("2 of 2 shown, "), "{}", told(&dom, "data-count"));
    assert_eq!(told(&dom, "data-fails"), "2");
    assert_eq!(told(&dom, "data-loaded"), "0", "no request leaves the file");
}

#[test]
#[ignore = "needs Chromium: cargo test --test page -- --ignored"]
fn in_a_browser_five_thousand_endpoints_are_shown_a_part_at_a_time() {
    let scratch = TempDir::new().unwrap();
    let run = |level: f64| {
        let endpoint = |e: usize| {
            json!({ "name": format!("/{e}"), "requests": 5000, "failures": 0,
            "latency": { "count": 5000, "quantiles": { "p50": 50, "p90": 90.0 * level, "p95": 100.0 * level, "p99": 120.0 * level } } })
        };
        json!({ "schema": "perfgate.run/1", "tool": { "name": "x" }, "endpoints": (0..5_000).map(endpoint).collect::<Vec<_>>() })
    };
    let (path, _) = page(scratch.path(), &run(1.0), &run(1.1));
    let script = "
        const shown = () => [...document.querySelectorAll('#findings tbody tr')].filter((row) => !row.hidden).length;
        const root = document.documentElement; root.setAttribute('data-first', shown());
        document.getElementById('more').click(); root.setAttribute('data-more', shown());
        const filter = document.getElementById('filter');
        filter.value = '/4321 '; filter.dispatchEvent(new Event('input'));
        root.setAttribute('data-found', shown());
    ";
    let (dom, console) = in_browser(&path, script);
    assert_eq!(console, "");
    assert_eq!(
        (told(&dom, "data-first"), told(&dom, "data-more"), told(&dom, "data-found")),
        ("300", "3300", "3")
    );
}

#[test]
#[ignore = "needs Chromium: cargo test --test page -- --ignored"]
fn in_a_browser_the_index_of_a_site_filters_and_nothing_complains() {
    let (_repo, folder) = site();
    let script = "
        const root = document.documentElement, filter = document.getElementById('filter');
        root.setAttribute('data-before', document.getElementById('count').textContent);
        filter.value = 'get /1'; filter.dispatchEvent(new Event('input'));
        root.setAttribute('data-after', document.getElementById('count').textContent);
        root.setAttribute('data-title', document.title);
    ";
    let (dom, console) = in_browser(&folder.join("index.html"), script);
    assert_eq!(console, "");
    assert!(told(&dom, "data-before").starts_with("6 of 6 shown"), "{}", told(&dom, "data-before"));
    assert!(told(&dom, "data-after").starts_with("2 of 2 shown"), "{}", told(&dom, "data-after"));
    assert_eq!(told(&dom, "data-title"), "Performance");
}
