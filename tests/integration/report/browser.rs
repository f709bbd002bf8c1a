//! The page in a real browser: it sorts and filters, loads nothing, and complains about nothing.

use super::page::{hostile, page, read, site};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

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
#[ignore = "needs Chromium: cargo test --test integration report::browser -- --ignored"]
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
#[ignore = "needs Chromium: cargo test --test integration report::browser -- --ignored"]
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
#[ignore = "needs Chromium: cargo test --test integration report::browser -- --ignored"]
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
