//! The history of a branch, from the store: rows, marks, steps, and every form of it.

use crate::support::{Repo, github_html, level_run};
use serde_json::{Value, json};

/// Main with these levels of the first of two endpoints.
fn main_with(levels: &[f64], message: impl Fn(usize) -> String) -> Repo {
    let repo = Repo::new();
    for (r, level) in levels.iter().enumerate() {
        repo.record_level(&message(r), r, &[*level, 1.0]);
    }
    repo
}

fn trend(repo: &Repo, more: &[&str]) -> Value {
    repo.perfgate(&[&["trend", "--format", "json"], more].concat()).expect(0).json()
}

#[test]
fn a_step_is_named_at_its_commit_and_marked_there() {
    let levels = [vec![1.0; 20], vec![1.12; 10]].concat();
    let repo = main_with(&levels, |r| format!("commit {r}"));
    let history = trend(&repo, &["--endpoint", "GET /0", "--last", "12"]);
    assert_eq!(history["rows"].as_array().unwrap().len(), 12);
    let steps = history["series"][0]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert_eq!((&steps[0]["index"], &steps[0]["confirmed"]), (&20.into(), &true.into()));
    let size = steps[0]["size"].as_f64().unwrap();
    assert!((0.09..0.15).contains(&size), "{size}");
    let named = repo.git(&["rev-parse", "HEAD~9"]);
    assert_eq!(steps[0]["commit"], named.as_str());
    let text = repo.perfgate(&["trend", "--endpoint", "GET /0"]).expect(0).stdout;
    assert!(
        text.contains(&format!("▲ step at {} \"commit 20\": GET /0 p95 +1", &named[..7])),
        "{text}"
    );
    let row = text.lines().find(|line| line.contains("commit 20")).unwrap();
    assert!(row.contains('▲') && row.trim_start().starts_with(&named[..7]), "{row}");
}

#[test]
fn a_flat_history_has_no_step_and_no_mark() {
    let repo = main_with(&[1.0; 40], |r| format!("commit {r}"));
    let history = trend(&repo, &[]);
    let series = history["series"].as_array().unwrap();
    assert!(!series.is_empty(), "{history}");
    for series in series {
        assert_eq!(series["steps"], Value::Array(Vec::new()), "{series}");
    }
    assert!(!history["rows"].to_string().contains("\"mark\""), "{history}");
    assert_eq!(
        history["rows"].as_array().unwrap().len(),
        30,
        "thirty rows unless --last says otherwise"
    );
}

#[test]
fn what_crosses_a_limit_is_marked_where_it_came_and_accepted_where_somebody_stands_for_it() {
    let levels = [vec![1.0; 8], vec![1.5; 4]].concat();
    let mark = |repo: &Repo| {
        trend(repo, &["--endpoint", "GET /0"])["rows"][8]["values"][0]["mark"].clone()
    };
    assert_eq!(mark(&main_with(&levels, |r| format!("commit {r}"))), "fail");
    let accept = |r| match r {
        8 => "faster\n\nPerfgate-Accept: GET /0 p95 <= +60% | new index".to_owned(),
        r => format!("commit {r}"),
    };
    assert_eq!(mark(&main_with(&levels, accept)), "accepted");
}

#[test]
fn columns_are_chosen_by_endpoint_metric_and_statistic() {
    let repo = main_with(&[1.0; 3], |r| format!("commit {r}"));
    let ids = |more: &[&str]| -> Vec<String> {
        let series = trend(&repo, more)["series"].clone();
        series.as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&[]), ["GET /0 p95", "GET /1 p95", "total throughput", "total error_rate"]);
    assert_eq!(
        ids(&["--endpoint", "/1", "--statistic", "p50", "--statistic", "p99"]),
        ["GET /1 p50", "GET /1 p99"]
    );
    assert_eq!(
        ids(&["--metric", "error_rate", "--endpoint", "GET /*"]),
        ["GET /0 error_rate", "GET /1 error_rate"]
    );
    let wrong = repo.perfgate(&["trend", "--endpoint", "GET /nothing"]).expect(2);
    assert!(wrong.stderr.contains("the newest run has total, GET /0"), "{}", wrong.stderr);
    assert!(
        repo.perfgate(&["trend", "--suite", "other"])
            .expect(2)
            .stderr
            .contains("no run is recorded")
    );
    assert_eq!(trend(&repo, &["--since", "2026-01-01"])["rows"].as_array().unwrap().len(), 3);
    assert_eq!(trend(&repo, &["--since", "2027-01-01"])["rows"], Value::Null);
}

/// Main with a metric of its own from the fourth commit on.
fn main_with_a_metric() -> Repo {
    let repo = Repo::new();
    for r in 0..6 {
        let commit = repo.commit(&format!("commit {r}"));
        let mut run = level_run(r, &[1.0, 2.0]);
        run["total"] = json!({ "requests": 12_000, "latency": { "quantiles": { "p50": 80 } } });
        if r > 2 {
            run["metrics"] = json!([
                { "name": "cache_hit_rate", "unit": "ratio", "value": 0.6 },
                { "name": "ttft", "unit": "ms", "endpoint": "GET /1", "quantiles": { "p95": 300 } },
                { "name": "tokens", "endpoint": "GET /0", "value": 5 },
                { "name": "tokens", "endpoint": "GET /1", "value": 6 },
            ]);
        }
        let file = repo.around().join("run.json");
        std::fs::write(&file, run.to_string()).unwrap();
        repo.perfgate(&["record", "--commit", &commit, file.to_str().unwrap()]).expect(0);
    }
    repo
}

/// The headings of a table in a terminal, without those of the commit.
fn headings(table: &str) -> String {
    let head = table.lines().find(|line| line.contains("commit ")).unwrap();
    head.split_once("subject").unwrap().1.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn columns_are_named_one_by_one_each_with_a_heading_of_its_own() {
    let repo = main_with_a_metric();
    let columns = ["Chat=GET /0 p95", "/1 p50", "p50", "ttft p95", "Cache hit=cache_hit_rate"]
        .map(|column| ["--column", column]);
    let with = |more: &[&str]| repo.perfgate(&[&["trend"], &columns.concat()[..], more].concat());
    let table = with(&[]).expect(0).stdout;
    assert_eq!(headings(&table), "Chat GET /1 p50 total p50 GET /1 ttft p95 Cache hit");
    let series = with(&["--format", "json"]).expect(0).json()["series"].clone();
    let shown = |field: &str| -> Vec<Value> {
        series.as_array().unwrap().iter().map(|own| own[field].clone()).collect()
    };
    let ids = ["GET /0 p95", "GET /1 p50", "total p50", "GET /1 ttft p95", "total cache_hit_rate"];
    assert_eq!(shown("id"), ids.map(Value::from));
    assert_eq!((&series[0]["heading"], &series[1]["heading"]), (&"Chat".into(), &Value::Null));
    assert_eq!(series[3]["points"], 3, "the first three runs have no such metric");
    let csv = with(&["--format", "csv"]).expect(0).stdout;
    assert!(
        csv.lines().next().unwrap().ends_with(
            ",Chat (ms),GET /1 p50 (ms),total p50 (ms),GET /1 ttft p95 (ms),Cache hit (ratio)"
        ),
        "{csv}"
    );
    let markdown = with(&["--format", "markdown"]).expect(0).stdout;
    assert!(markdown.contains("| subject | `Chat` | `GET /1 p50` |"), "{markdown}");
}

#[test]
fn a_part_of_the_requests_is_a_column_like_any_other() {
    let repo = Repo::new();
    for ttfb in [20, 30] {
        let commit = repo.commit("a commit");
        let mut run = level_run(0, &[1.0]);
        run["endpoints"][0]["parts"] =
            json!({ "ttfb": { "mean": ttfb, "quantiles": { "p95": 2 * ttfb } }, "connect": 3 });
        let file = repo.around().join("run.json");
        std::fs::write(&file, run.to_string()).unwrap();
        repo.perfgate(&["record", "--commit", &commit, file.to_str().unwrap()]).expect(0);
    }
    let columns = ["--column", "First byte=GET /0 ttfb p95", "--column", "GET /0 connect mean"];
    let table = repo.perfgate(&[&["trend"], &columns[..]].concat()).expect(0).stdout;
    assert_eq!(headings(&table), "First byte GET /0 connect mean");
    assert!(table.contains("60.0 ms"), "{table}");
}

#[test]
fn a_column_that_no_run_has_is_an_error_that_says_what_was_meant() {
    let repo = main_with_a_metric();
    let error = |column: &str| repo.perfgate(&["trend", "--column", column]).expect(2).stderr;
    let slip = error("Chat=GET /0 p59");
    assert!(slip.contains("no recorded run has the column `Chat=GET /0 p59`"), "{slip}");
    assert!(slip.contains("did you mean `GET /0 p95`?"), "{slip}");
    assert!(error("cache_hit_rte").contains("did you mean `cache_hit_rate`?"));
    assert!(
        error("nothing of the kind")
            .contains("the runs have total, cache_hit_rate, GET /0, GET /1; ")
    );
    let several = error("tokens");
    assert!(several.contains("name one: `GET /0 tokens`, `GET /1 tokens`"), "{several}");
}

#[test]
fn the_policy_names_the_columns_and_arguments_name_others() {
    let repo = main_with_a_metric();
    let policy = "trend: { columns: [\"Hits=cache_hit_rate\", \"GET /0 p99\", \"GET /0 p59\"] }\n";
    std::fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
    let ended = repo.perfgate(&["trend"]).expect(0);
    assert_eq!(headings(&ended.stdout), "Hits GET /0 p99");
    assert!(
        ended.stderr.contains("has the column `GET /0 p59` of perfgate.yaml; did you mean"),
        "{}",
        ended.stderr
    );
    let others = repo.perfgate(&["trend", "--column", "throughput"]).expect(0).stdout;
    assert_eq!(headings(&others), "req/s");
    let pattern = repo.perfgate(&["trend", "--endpoint", "GET /1"]).expect(0).stdout;
    assert_eq!(headings(&pattern), "GET /1 p95");
}

#[test]
fn a_value_over_a_budget_is_marked_and_so_is_each_step_in_its_own_column() {
    let levels = [vec![1.0; 20], vec![1.12; 10]].concat();
    let repo = main_with(&levels, |r| format!("commit {r}"));
    let budgets = "budgets:\n  - { operation: /0, p95: { target: 105ms, acceptable: 500ms } }\n  - { operation: /1, p50: 10ms }\n";
    std::fs::write(repo.folder.join("perfgate.yaml"), budgets).unwrap();
    let arguments = ["--column", "GET /0 p95", "--column", "GET /1 p50"];
    let rows = trend(&repo, &arguments)["rows"].clone();
    let budget = |row: usize, column: usize| rows[row]["values"][column]["budget"].clone();
    assert_eq!((budget(0, 0), budget(0, 1)), (Value::Null, "fail".into()));
    assert_eq!((budget(25, 0), budget(25, 1)), ("warn".into(), "fail".into()));
    let text = repo.perfgate(&[&["trend"], &arguments[..]].concat()).expect(0).stdout;
    let row = text.lines().find(|line| line.contains("commit 20")).unwrap();
    let cells: Vec<&str> = row.split(" ms").map(str::trim).collect();
    assert!(cells[1].starts_with('▲') && cells[2] == "✗", "{row}");
}

#[test]
fn hostile_subjects_are_text_in_every_form() {
    let subject = "=1+1 | `x` <b> @ann \u{1b}[31m [a](http://evil)";
    let repo = main_with(&[1.0; 9], |_| subject.to_owned());
    let form = |format: &str| repo.perfgate(&["trend", "--format", format]).expect(0).stdout;
    let html = github_html(&form("markdown"));
    assert!(!html.contains("<b>") && !html.contains("<a ") && !html.contains('\u{1b}'), "{html}");
    assert_eq!(html.matches("<tr>").count(), 10);
    assert!(!form("table").contains('\u{1b}'));
    let csv = form("csv");
    assert!(csv.contains(",'=1+1 | "), "no spreadsheet takes it for a formula: {csv}");
    assert_eq!(csv.lines().count(), 10, "a header and nine rows");
}

#[test]
fn a_picture_for_a_readme_is_drawn() {
    let repo = main_with(&[1.0; 12], |r| format!("commit {r}"));
    repo.perfgate(&["trend", "--svg", "trend.svg"]).expect(0);
    let svg = std::fs::read_to_string(repo.folder.join("trend.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    assert!(svg.contains(">GET /0 p95</text>") && svg.contains(" ms</text>"));
}

#[test]
fn the_history_is_exported_as_tables_for_other_tools() {
    let repo = main_with(&[1.0; 3], |r| format!("commit {r}"));
    // Of each run, two endpoints with three percentiles, errors and throughput, and the total with the last two.
    let rows = 3 * (2 * 5 + 2);
    for format in ["parquet", "csv"] {
        let ended = repo.perfgate(&["baseline", "export", "--format", format, "out"]).expect(0);
        assert!(
            ended.stderr.contains(&format!("exported {rows} rows of 3 runs to 1 file")),
            "{}",
            ended.stderr
        );
    }
    let parquet = std::fs::read(repo.folder.join("out/suite=default/runs.parquet")).unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    let csv = std::fs::read_to_string(repo.folder.join("out/suite=default/runs.csv")).unwrap();
    let p95: Vec<&str> =
        csv.lines().filter(|l| l.contains(",http,GET /0,latency,p95,ms,2026-01-01T")).collect();
    assert_eq!(p95.len(), 3, "{csv}");
}

#[test]
fn its_own_csv_is_a_series_that_it_reads() {
    let levels = [vec![1.0; 20], vec![1.3; 10]].concat();
    let repo = main_with(&levels, |r| format!("commit {r}"));
    let csv = repo.perfgate(&["trend", "--format", "csv"]).expect(0).stdout;
    std::fs::write(repo.folder.join("trend.csv"), csv).unwrap();
    let text = repo.perfgate(&["trend", "--input", "trend.csv"]).expect(0).stdout;
    assert!(text.contains("GET /0 p95 (ms)") && text.contains("20"), "{text}");
}
