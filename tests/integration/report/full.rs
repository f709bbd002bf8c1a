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
            && !plain.contains("## Budgets"),
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
    ] {
        assert!(judged.contains(line), "{line}\n{judged}");
    }
}
