//! The page in a real browser: it sorts and filters, tells its values to pointer and keyboard, fits a phone, loads nothing, and complains
//! about nothing.

use super::page::{compared, hostile, page, read, site};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What a browser makes of the page after a script ran at its end, and what it wrote to its console.
fn in_browser(path: &Path, script: &str) -> (String, String) {
    opened(&with_script(path, script), &[])
}

/// A copy of a page with a script at its end.
fn with_script(path: &Path, script: &str) -> PathBuf {
    let html = read(path).replace("</body>", &format!("<script>{script}</script></body>"));
    let copy = path.with_file_name("copy.html");
    std::fs::write(&copy, html).unwrap();
    copy
}

/// What a browser makes of a file, and what it wrote to its console.
fn opened(path: &Path, arguments: &[&str]) -> (String, String) {
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
        .args(["--enable-logging=stderr", "--virtual-time-budget=20000", "--dump-dom"])
        .args(arguments)
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", path.display()))
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
        document.getElementById('findings').closest('details').open = true;
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
        const root = document.documentElement; root.setAttribute('data-drawn', document.querySelectorAll('.range').length); root.setAttribute('data-first', shown());
        document.getElementById('more').click(); root.setAttribute('data-more', shown());
        const filter = document.getElementById('filter');
        filter.value = '/4321 '; filter.dispatchEvent(new Event('input'));
        root.setAttribute('data-found', shown());
    ";
    let (dom, console) = in_browser(&path, script);
    assert_eq!(console, "");
    assert_eq!(told(&dom, "data-drawn"), "40", "rows of the plot");
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
    assert_eq!(told(&dom, "data-before"), "6 rows");
    assert!(told(&dom, "data-after").starts_with("2 of 2 shown"), "{}", told(&dom, "data-after"));
    assert_eq!(told(&dom, "data-title"), "Performance");
}

#[test]
#[ignore = "needs Chromium: cargo test --test integration report::browser -- --ignored"]
fn in_a_browser_a_plot_tells_its_values_to_pointer_and_keyboard() {
    let (_repo, path) = compared();
    let script = "
        const root = document.documentElement, plots = [...document.querySelectorAll('.history svg.plot')];
        const tip = document.getElementById('tip'), plot = plots[0];
        const key = (key) => plot.dispatchEvent(new KeyboardEvent('keydown', { key }));
        root.setAttribute('data-plots', plots.length);
        root.setAttribute('data-focusable', plot.tabIndex);
        key('End'); root.setAttribute('data-end', tip.textContent);
        key('Home'); root.setAttribute('data-home', tip.textContent);
        key('Escape'); root.setAttribute('data-hidden', tip.hidden);
        const all = plot.getBoundingClientRect();
        plot.dispatchEvent(new PointerEvent('pointermove', { clientX: all.right - 19, clientY: all.top + 20 }));
        root.setAttribute('data-pointer', tip.textContent);
    ";
    let (dom, console) = in_browser(&path, script);
    assert_eq!(console, "");
    assert!(told(&dom, "data-plots").parse::<usize>().unwrap() > 1);
    assert_eq!(told(&dom, "data-focusable"), "0");
    assert!(told(&dom, "data-end").starts_with("this run "), "{}", told(&dom, "data-end"));
    assert_eq!(told(&dom, "data-pointer"), told(&dom, "data-end"));
    assert!(told(&dom, "data-home").contains(" 2026, "), "{}", told(&dom, "data-home"));
    assert_eq!(told(&dom, "data-hidden"), "true");
}

/// By how many pixels a page is wider than a window of 390 pixels, with everything open that is folded.
fn beyond_a_phone(path: &Path) -> String {
    let name = path.file_name().unwrap().to_str().unwrap();
    let frame = format!(
        "<!doctype html><iframe id=f src=\"{name}\" style=\"width:390px;height:800px;border:0\"></iframe><script>
        const show = () => {{
            const page = f.contentDocument;
            page.querySelectorAll('details').forEach((own) => {{ own.open = true; }});
            const {{ scrollWidth, clientWidth }} = page.documentElement;
            document.documentElement.setAttribute('data-beyond', scrollWidth - clientWidth);
        }};
        f.addEventListener('load', show);
        </script>"
    );
    let file = path.with_file_name("frame.html");
    std::fs::write(&file, frame).unwrap();
    let (dom, _) = opened(&file, &["--allow-file-access-from-files"]);
    told(&dom, "data-beyond").to_owned()
}

#[test]
#[ignore = "needs Chromium: cargo test --test integration report::browser -- --ignored"]
fn in_a_browser_nothing_scrolls_sideways_on_a_phone() {
    let (_repo, path) = compared();
    assert_eq!(beyond_a_phone(&path), "0");
    let scratch = TempDir::new().unwrap();
    let (path, _) = page(scratch.path(), &hostile(1.0), &hostile(1.6));
    assert_eq!(beyond_a_phone(&path), "0");
    let (_repo, folder) = site();
    for name in ["index.html", "main-get-0.html"] {
        assert_eq!(beyond_a_phone(&folder.join(name)), "0", "{name}");
    }
}

/// The source of axe-core, which checks whether everybody can use a page; none, with a word, where npm cannot bring it.
#[expect(clippy::print_stderr, reason = "whoever runs the tests is told what was not tested")]
fn axe() -> Option<String> {
    let folder = TempDir::new().unwrap();
    let brought = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
        .arg(folder.path())
        .arg("axe-core@4.10.3")
        .output();
    if !brought.is_ok_and(|own| own.status.success()) {
        eprintln!("skipped: npm cannot bring axe-core");
        return None;
    }
    Some(read(&folder.path().join("node_modules/axe-core/axe.min.js")))
}

#[test]
#[ignore = "needs Chromium and npm: cargo test --test integration report::browser -- --ignored"]
fn in_a_browser_axe_finds_nothing_serious_in_light_and_in_dark() {
    let Some(axe) = axe() else { return };
    let script = format!(
        "{axe}
        document.querySelectorAll('details').forEach((own) => {{ own.open = true; }});
        const told = (name, value) => document.documentElement.setAttribute(name, value);
        told('data-dark', matchMedia('(prefers-color-scheme: dark)').matches);
        axe.run(document, {{ resultTypes: ['violations'] }}).then(({{ violations, passes }}) => {{
            const grave = violations.filter((own) => ['serious', 'critical'].includes(own.impact));
            told('data-grave', grave.map((own) => `${{own.id}}: ${{own.nodes.map((node) => node.html).join(' ')}}`).join('; '));
            told('data-passed', passes.length);
        }});"
    );
    let (_page, path) = compared();
    let (_site, folder) = site();
    for path in [path, folder.join("index.html"), folder.join("main-get-0.html")] {
        let copy = with_script(&path, &script);
        for (dark, arguments) in [("false", &[][..]), ("true", &["--force-dark-mode"][..])] {
            let (dom, _) = opened(&copy, arguments);
            assert_eq!(told(&dom, "data-dark"), dark);
            assert_eq!(told(&dom, "data-grave"), "", "{} dark: {dark}", path.display());
            assert!(told(&dom, "data-passed").parse::<usize>().unwrap() > 10);
        }
    }
}
