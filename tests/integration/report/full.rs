//! `perfgate report --full`: the report that documentation standards ask for.

use crate::support::{level_run, perfgate};
use serde_json::json;
use tempfile::TempDir;

#[test]
fn the_report_by_the_book_tells_levels_of_concurrency_apart() {
    let scratch = TempDir::new().unwrap();
    let mut names = Vec::new();
    for (users, level) in [(10, 1.0), (50, 1.2), (100, 3.0)] {
        let mut run = level_run(0, &[level]);
        run["load"] = json!({ "users": users });
        run["total"] =
            json!({ "requests": 6000, "latency": { "quantiles": { "p95": 2 * users } } });
        run["resources"] = json!({ "cpu_percent": { "mean": users, "max": 100 } });
        names.push(format!("{users}.json"));
        std::fs::write(scratch.path().join(names.last().unwrap()), run.to_string()).unwrap();
    }
    let full = |more: &[&str]| {
        let mut arguments = vec!["report", "--full"];
        arguments.extend(names.iter().map(String::as_str).chain(more.iter().copied()));
        perfgate(scratch.path(), &arguments)
    };
    let plain = full(&[]).expect(0).stdout;
    assert!(
        plain.contains("| 50 | 6000 |")
            && plain.contains("## Concurrency")
            && !plain.contains("## Budgets")
            && !plain.contains("status"),
        "{plain}"
    );
    std::fs::write(
        scratch.path().join("perfgate.yaml"),
        "budgets: [{ api_response_time_p95: 200ms }, { cpu: 80% }]\n",
    )
    .unwrap();
    let judged = full(&[]).expect(1).stdout;
    for line in [
        "✓ 10 users: within budget: 2 limits kept.",
        "✗ 100 users: over budget: `GET /0 p95` 294.00 ms, limit ≤ 200 ms, and 1 more.",
        "- [x] `GET /0 p95` 98.00 ms ≤ 200 ms",
        "- [ ] `cpu mean` 100 %, limit ≤ 80 %",
        "| `cpu_percent` | 10.0 | 100 |  |",
        "With n users, p95 grows like n^1.00 (n^0: not at all; n^1: as fast as the users).",
    ] {
        assert!(judged.contains(line), "{line}\n{judged}");
    }
}

/// What the last column says of each row of a table.
fn statuses(report: &str, heading: &str) -> Vec<(String, String)> {
    let (_, table) = report.split_once(heading).unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let cells = |row: &str| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        (cells[0].to_owned(), cells[cells.len() - 1].to_owned())
    };
    rows.take_while(|line| line.starts_with('|')).map(cells).collect()
}

#[test]
fn each_endpoint_and_each_level_has_the_worst_mark_of_what_was_found_of_it() {
    let scratch = TempDir::new().unwrap();
    let write = |name: &str, text: String| std::fs::write(scratch.path().join(name), text).unwrap();
    let budgets = ["/0: 300ms", "/1: { target: 90ms, acceptable: 300ms }", "/2: 90ms"];
    let rows = budgets.map(|row| {
        let (name, limit) = row.split_once(": ").unwrap();
        format!("  - {{ operation: {name}, p95: {limit}, p99: 900ms }}\n")
    });
    let few = "  - { operation: /3, p95: 300ms }\n".to_owned();
    write("perfgate.yaml", format!("budgets:\n{}{few}", rows.concat()));
    for (users, level) in [(10, 1.0), (50, 0.5)] {
        let mut run = level_run(0, &[level; 5]);
        run["load"] = json!({ "users": users });
        run["endpoints"][3]["requests"] = json!(20);
        run["endpoints"][3]["latency"]["count"] = json!(20);
        write(&format!("{users}.json"), run.to_string());
    }
    let report = perfgate(scratch.path(), &["report", "--full", "10.json", "50.json"]).expect(1);
    let of = |rows: &[(&str, &str)]| -> Vec<(String, String)> {
        rows.iter().map(|(name, mark)| ((*name).to_owned(), (*mark).to_owned())).collect()
    };
    assert_eq!(
        statuses(&report.stdout, "## Endpoints"),
        of(&[
            ("`total`", "–"),
            ("`GET /0`", "✓"),
            ("`GET /1`", "!"),
            ("`GET /2`", "✗"),
            ("`GET /3`", "?"),
            ("`GET /4`", "–"),
        ])
    );
    assert_eq!(statuses(&report.stdout, "## Concurrency"), of(&[("10", "✗"), ("50", "?")]));
    let alone = ["report", "--full", "--baseline-file", "10.json", "50.json", "--allow-different"];
    let compared = perfgate(scratch.path(), &[&alone[..], &["users"]].concat());
    let marks = statuses(&compared.stdout, "## Endpoints");
    assert_eq!(marks[5], ("`GET /4`".to_owned(), "✓".to_owned()), "{}", compared.stdout);
}

#[test]
fn the_deviation_of_the_response_times_is_told_beside_their_mean() {
    let scratch = TempDir::new().unwrap();
    let samples: Vec<f64> = (0..200).map(|i| f64::from(80 + 40 * (i % 2))).collect();
    let run = json!({ "schema": "perfgate.run/1", "tool": { "name": "my-script" },
        "endpoints": [{ "name": "/a", "latency": { "samples": samples } }] });
    std::fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
    let report = perfgate(scratch.path(), &["report", "--full", "run.json"]).expect(0).stdout;
    // Every sample lies 20 ms off the mean.
    let stddev = (200.0 * 400.0 / 199.0_f64).sqrt();
    let row = format!("| `/a` | 200 | 100 | {stddev:.1} | {:.1} |", stddev);
    assert!(report.contains(&row), "{row}\n{report}");
}

#[test]
fn where_the_time_went_is_told_as_shares_in_the_report_and_on_the_page() {
    let scratch = TempDir::new().unwrap();
    let mut run = level_run(0, &[1.0, 1.0]);
    run["endpoints"][0]["parts"] =
        json!({ "waiting": 40.0, "receiving": 7.4, "connecting": 2.4, "sending": 0.2 });
    std::fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
    let full = perfgate(scratch.path(), &["report", "--full", "run.json"]).expect(0).stdout;
    let shares = "`waiting` 80 %, `receiving` 15 %, `connect` 5 %";
    assert!(full.contains(&format!("| `GET /0` | {shares}")), "{full}");
    assert!(!full.contains("| `GET /1` | `"), "its parts are not known: {full}");
    let page = ["report", "--baseline-file", "run.json", "run.json", "--html", "report.html"];
    perfgate(scratch.path(), &page).expect(0);
    let page = std::fs::read_to_string(scratch.path().join("report.html")).unwrap();
    assert!(page.contains("waiting 80 %, receiving 15 %, connect 5 %"), "{page}");
}

#[test]
fn time_that_no_part_accounts_for_is_the_rest() {
    let scratch = TempDir::new().unwrap();
    let run = json!({ "schema": "perfgate.run/1", "tool": { "name": "my-script" },
        "endpoints": [{ "name": "/a", "latency": { "samples": [90, 110] },
            "parts": { "db": 30, "app": 50, "network": 10 } }] });
    std::fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
    let full = perfgate(scratch.path(), &["report", "--full", "run.json"]).expect(0).stdout;
    let shares = "`app` 50 %, `db` 30 %, `network` 10 %, the rest 10 %";
    assert!(full.contains(&format!("| `/a` | {shares} |")), "{full}");
}
