//! Budgets for windows of the load: good on the whole is not good all the time.

use crate::support::{Ended, Repo, fixture, perfgate};
use serde_json::json;
use tempfile::TempDir;

/// One request of a second: how long it took, and whether it failed.
type Second = (f64, bool);

/// vegeta's CSV of this many requests in each second from 12:00:05 on.
fn requests(seconds: &[Second], each: usize) -> String {
    let start = 1_790_000_005_000_000_000_u64;
    let rows = seconds.iter().enumerate().flat_map(|(second, (ms, failed))| {
        let status = if *failed { 500 } else { 200 };
        (0..each).map(move |i| {
            let at = start + second as u64 * 1_000_000_000 + (i * 1_000_000_000 / each) as u64;
            format!("{at},{status},{:.0},10,20,,,{i},,GET,http://h/a,\n", ms * 1e6)
        })
    });
    rows.collect()
}

fn check(budget: &str, csv: &str) -> Ended {
    let scratch = TempDir::new().unwrap();
    let policy = format!("budgets:\n  - {budget}\n");
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    std::fs::write(scratch.path().join("v.csv"), csv).unwrap();
    perfgate(scratch.path(), &["check", "v.csv"])
}

fn judged(budget: &str, csv: &str) -> (String, i32) {
    let ended = check(budget, csv);
    let line = ended.stdout.lines().find(|line| line.starts_with("            "));
    (line.unwrap_or(&ended.stderr).trim().to_owned(), ended.code)
}

/// 95 seconds of 20 ms, and of this between two of them.
fn slow(from: usize, to: usize, ms: f64) -> Vec<Second> {
    (0..95).map(|s| (if (from..to).contains(&s) { ms } else { 20.0 }, false)).collect()
}

#[test]
fn a_limit_for_thirty_seconds_is_broken_only_by_thirty_seconds_beyond_it() {
    let budget = "p95: { limit: 500ms, for: 30s }";
    // The first second is 12:00:05: windows begin five seconds after it.
    let of = |from: usize, to: usize, ms: f64| judged(budget, &requests(&slow(from, to, ms), 20));
    assert_eq!(
        of(25, 55, 620.0),
        ("✗ total p95 for 30 s 620.00 ms (from 25 s on), limit ≤ 500 ms".to_owned(), 1)
    );
    assert_eq!(
        of(25, 45, 620.0),
        ("✓ total p95 for 30 s 20.00 ms (from 5 s on) ≤ 500 ms".to_owned(), 0)
    );
    assert_eq!(of(25, 55, 500.0).1, 0, "at the limit is not beyond it");
    assert_eq!(of(25, 55, 501.0).1, 1);
}

#[test]
fn a_limit_for_every_window_is_broken_by_one() {
    let of =
        |budget: &str, seconds: &[Second], each: usize| judged(budget, &requests(seconds, each));
    let p95 = "p95: { limit: 500ms, every: 10s }";
    assert_eq!(
        of(p95, &slow(35, 45, 620.0), 20),
        ("✗ total p95 every 10 s 620.00 ms (from 35 s on), limit ≤ 500 ms".to_owned(), 1)
    );
    assert_eq!(of(p95, &slow(0, 5, 620.0), 20).1, 0, "the first seconds fill no window");
    // One second in ten fails: 10 % of a window, 1 % of the whole.
    let failing: Vec<Second> = (0..95).map(|s| (20.0, s == 40)).collect();
    assert_eq!(
        of("error_rate: { limit: \"< 10%\", every: 10s }", &failing, 20),
        ("✗ total error rate every 10 s 10.0 % (from 35 s on), limit < 10 %".to_owned(), 1)
    );
    assert_eq!(of("error_rate: { limit: \"<= 10%\", every: 10s }", &failing, 20).1, 0);
    assert_eq!(of("error_rate: { limit: \"<= 5%\", every: 20s }", &failing, 20).1, 0);
    assert_eq!(of("error_rate: \"< 2%\"", &failing, 20).1, 0);
}

#[test]
fn throughput_that_is_sustained_is_there_in_every_window() {
    let mut csv = requests(&slow(0, 0, 0.0), 20);
    let of = |limit: &str, csv: &str| {
        judged(&format!("throughput: {{ limit: \"{limit}\", every: 10s }}"), csv)
    };
    assert_eq!(
        of(">= 20 RPS", &csv),
        ("✓ total throughput every 10 s 20.0 /s (from 5 s on) ≥ 20 /s".to_owned(), 0)
    );
    assert_eq!(of("> 20 RPS", &csv).1, 1);
    // Nothing at all in the second window.
    let gap = |row: &str| {
        let second =
            (row[..19].parse::<u64>().unwrap() - 1_790_000_005_000_000_000) / 1_000_000_000;
        !(15..25).contains(&second)
    };
    csv = csv.lines().filter(|row| gap(row)).map(|row| format!("{row}\n")).collect();
    assert_eq!(
        of(">= 1 RPS", &csv),
        ("✗ total throughput every 10 s 0 /s (from 15 s on), limit ≥ 1 /s".to_owned(), 1)
    );
}

#[test]
fn a_ramp_is_no_lack_of_throughput() {
    let row = |second: usize, i: usize, users: usize| {
        let at = 1_790_000_000_000_u64 + second as u64 * 1000 + i as u64;
        format!("{at},20,/a,200,true,t-1,{users}\n")
    };
    // A user more each second up to 50, then 60 s of 50, then 20 s of 5; each makes a request a second.
    let users = |second: usize| match second {
        0..50 => second + 1,
        50..110 => 50,
        _ => 5,
    };
    let rows: String =
        (0..130).flat_map(|s| (0..users(s)).map(move |i| row(s, i, users(s)))).collect();
    let text =
        format!("timeStamp,elapsed,label,responseCode,success,threadName,allThreads\n{rows}");
    let scratch = TempDir::new().unwrap();
    let of = |limit: &str| {
        let policy = format!("budgets: [{{ throughput: {{ limit: \"{limit}\", every: 10s }} }}]\n");
        std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
        std::fs::write(scratch.path().join("a.jtl"), &text).unwrap();
        perfgate(scratch.path(), &["check", "a.jtl"]).code
    };
    assert_eq!((of(">= 50 RPS"), of("> 50 RPS")), (0, 1));
}

#[test]
fn what_the_results_do_not_show_is_not_judged() {
    let is = |budget: &str, csv: &str, why: &str| {
        let (line, code) = judged(budget, csv);
        assert!(line.ends_with(why), "{line}");
        assert_eq!(code, 3, "{line}");
    };
    let p95 = "p95: { limit: 500ms, every: 10s }";
    is(p95, &requests(&slow(0, 0, 0.0)[..8], 20), "not measured: the load was too short for it");
    is(
        "p95: { limit: 500ms, for: 60s }",
        &requests(&slow(0, 0, 0.0)[..50], 20),
        "not measured: the load was too short for it",
    );
    is(p95, &requests(&slow(0, 0, 0.0), 9), "too few requests, needs 100");
    let summary = json!({ "schema": "perfgate.run/1", "tool": { "name": "own" },
        "total": { "requests": 1000, "throughput_rps": 100, "latency": { "count": 1000, "quantiles": { "p95": 1 } } } });
    is(
        p95,
        &summary.to_string(),
        "not measured: the results have no windows of the load; give the tool's raw output",
    );
}

#[test]
fn locusts_history_counts_and_has_no_percentiles() {
    let read = |name: &str| {
        std::fs::read_to_string(fixture(&format!("locust/2.47.0/users-10/{name}"))).unwrap()
    };
    let history = read("x_stats_history.csv");
    let (header, last) = (history.lines().next().unwrap(), history.lines().last().unwrap());
    let at = |name: &str| header.split(',').position(|own| own.trim_matches('"') == name).unwrap();
    let total: u64 = last.split(',').nth(at("Total Request Count")).unwrap().parse().unwrap();
    // The same number of requests, evenly over forty seconds.
    let row = |second: u64| {
        let mut cells: Vec<String> = last.split(',').map(str::to_owned).collect();
        cells[at("Timestamp")] = (1_790_000_000 + second).to_string();
        cells[at("Total Request Count")] = (total * second / 40).to_string();
        cells.join(",")
    };
    let rows: Vec<String> = (0..=40).map(row).collect();
    let of = |budget: &str| {
        let scratch = TempDir::new().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(scratch.path().join(name), text).unwrap();
        write("perfgate.yaml", &format!("budgets:\n  - {budget}\n"));
        write("x_stats.csv", &read("x_stats.csv"));
        write("x_stats_history.csv", &format!("{header}\n{}\n", rows.join("\n")));
        let ended = perfgate(scratch.path(), &["check", "x_stats.csv"]);
        (ended.stdout, ended.code)
    };
    // Whole requests: one less than the mean, or one more.
    let rate = total / 40 - 1;
    let (lines, code) = of(&format!("throughput: {{ limit: \">= {rate} RPS\", every: 10s }}"));
    assert!(code == 0 && lines.contains("✓ total throughput every 10 s "), "{lines}");
    assert_eq!(of(&format!("throughput: {{ limit: \">= {} RPS\", every: 10s }}", rate + 3)).1, 1);
    let (lines, code) = of("p95: { limit: 1s, every: 10s }");
    assert!(code == 3 && lines.contains("the results have no percentiles of windows"), "{lines}");
}

#[test]
fn a_recorded_run_is_judged_like_its_file() {
    let repo = Repo::new();
    let write = |name: &str, text: &str| std::fs::write(repo.folder.join(name), text).unwrap();
    write("perfgate.yaml", "budgets: [{ p95: { limit: 500ms, for: 30s } }]\n");
    write("v.csv", &requests(&slow(25, 55, 620.0), 20));
    repo.commit("first");
    let from_file = repo.perfgate(&["check", "v.csv"]).expect(1).stdout;
    repo.perfgate(&["record", "v.csv"]).expect(0);
    let recorded = repo.perfgate(&["check"]).expect(1).stdout;
    let line = |text: &str| text.lines().find(|line| line.contains("p95 for")).map(str::to_owned);
    assert_eq!(line(&recorded), line(&from_file));
}

#[test]
fn a_window_that_nobody_keeps_is_an_error_with_its_place() {
    for (budget, problem) in [
        ("p95: { limit: 1s, for: 15s }", "windows are of 10 seconds: write 10s, 20s, 30s …"),
        (
            "p95: { limit: 1s, every: 30s }",
            "percentiles are known of every 10s: write every: 10s, or for: 30s",
        ),
        (
            "p90: { limit: 1s, for: 30s }",
            "known of the whole run's p50, p95, p99, error_rate and throughput",
        ),
        ("api_response_time_p95: { limit: 1s, for: 30s }", "known of the whole run's"),
        ("p95: { limit: 1s, for: 30s, every: 10s }", "give one window: either `for` or `every`"),
        ("p95: { limit: 50%, for: 30s }", "a percentage does not fit here: write < 500ms"),
        ("p95: { for: 30s }", "tiers go from good to bad"),
    ] {
        let (error, code) = judged(budget, "");
        assert!(error.contains(problem), "{budget}: {error}");
        assert_eq!(code, 2, "{budget}");
    }
}
