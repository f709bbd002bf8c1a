//! Inputs that are too large, too many or too deep, and files that are read as a whole: a clear error, and nothing half read.

use crate::support::{self, Ended, Repo, fixture, perfgate};
use perfgate::ingest::{Format, ReadOptions, Source, read};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::Path;
use tempfile::TempDir;

fn scratch(name: &str, bytes: impl AsRef<[u8]>) -> TempDir {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join(name), bytes).unwrap();
    scratch
}

/// What is said of a file that is refused.
fn refused(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let scratch = scratch(name, bytes);
    let error = perfgate(scratch.path(), &["normalize", name]).expect(2).stderr;
    assert!(error.len() < 4_000, "a message of {} bytes", error.len());
    error
}

fn endpoint(name: &str) -> Value {
    json!({ "name": name, "requests": 1 })
}

fn run_of(endpoints: &[Value]) -> String {
    let endpoints = Value::from(endpoints);
    format!(
        "{{\"schema\":\"perfgate.run/1\",\"tool\":{{\"name\":\"x\"}},\"endpoints\":{endpoints}}}"
    )
}

#[test]
fn more_endpoints_than_a_report_can_hold_are_refused_in_every_format() {
    let many = 10_001;
    let names: Vec<String> = (0..many).map(|i| format!("/{i}")).collect();
    let native = run_of(&names.iter().map(|name| endpoint(name)).collect::<Vec<_>>());
    let mut locust = "Type,Name,Request Count,Failure Count\n".to_owned();
    let mut k6 = "{\"metrics\":{".to_owned();
    let mut table = "{\"api_baselines\":{".to_owned();
    for (i, name) in names.iter().enumerate() {
        writeln!(locust, "GET,{name},1,0").unwrap();
        let comma = if i == 0 { "" } else { "," };
        write!(k6, "{comma}\"http_reqs{{name:{name}}}\":{{\"count\":1,\"rate\":1}}").unwrap();
        write!(table, "{comma}\"{name}\":{{\"p95\":1}}").unwrap();
    }
    let json_entry = |name: &String| {
        json!({ "name": name, "method": "GET", "last_request_timestamp": 2.0, "start_time": 1.0, "num_requests": 1,
            "num_failures": 0, "total_response_time": 1.0, "max_response_time": 1.0, "min_response_time": 1.0,
            "response_times": { "1": 1 } })
    };
    let locust_json = Value::from(names.iter().map(json_entry).collect::<Vec<_>>()).to_string();
    for (name, text) in [
        ("run.json", native),
        ("x_stats.csv", locust + ",Aggregated,10001,0\n"),
        ("summary.json", k6 + "},\"root_group\":{}}"),
        ("table.json", table + "}}"),
        ("stats.json", locust_json),
    ] {
        let error = refused(name, text);
        let known = ["more than 10000 endpoints", "more than 10000 items in one list"];
        assert!(known.iter().any(|why| error.contains(why)), "{name}: {error}");
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn a_name_longer_than_any_url_is_refused_and_only_its_start_is_shown() {
    let long = "a".repeat(5_000_000);
    let row =
        |url: &str| format!("1795215750494000000,200,5000000,0,0,,,a,0,GET,http://h/{url},\n");
    let vegeta = row("") + &row(&long);
    for (name, text) in [
        ("run.json", run_of(&[endpoint(&long)])),
        (
            "x_stats.csv",
            format!("Type,Name,Request Count,Failure Count\nGET,{long},1,0\n,Aggregated,1,0\n"),
        ),
        ("vegeta.csv", vegeta),
    ] {
        let error = refused(name, text);
        assert!(error.contains("a name of more than 4 KiB: ") && error.contains("aaa…"), "{error}");
        assert!(name == "run.json" || error.contains("collapse: [\"/search?q=*\"]"), "{error}");
    }
}

/// 52 characters of a histogram are 340 kB of counts: two samples, a nanosecond and a week.
#[test]
fn many_small_histograms_that_are_large_in_memory_are_refused() {
    let mut all = perfgate::model::Distribution::new();
    for i in 0..2_000 {
        all.record(if i % 2 == 0 { 1e-6 } else { 6e8 }).unwrap();
    }
    let data = perfgate::schema::encode_histogram(&all, 3).unwrap();
    assert!(data.len() < 200, "{}", data.len());
    let endpoint = |i: usize| json!({ "name": format!("/{i}"), "latency": { "histogram": { "unit": "ns", "data": data } } });
    let few: Vec<Value> = (0..20).map(endpoint).collect();
    let small = scratch("run.json", run_of(&few));
    perfgate(small.path(), &["normalize", "run.json", "-o", "out.json"]).expect(0);
    let many: Vec<Value> = (0..2_000).map(endpoint).collect();
    let error = refused("run.json", run_of(&many));
    assert!(error.contains("its response times need more than 384 MiB of memory"), "{error}");
}

#[test]
fn documents_beyond_their_size_are_refused_and_no_more_of_them_is_read() {
    // What packs well, and what never ends.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let block = vec![b' '; 1 << 20];
    (0..34).for_each(|_| packed.write_all(&block).unwrap());
    let scratch = scratch("bomb.gz", packed.finish().unwrap());
    let run = fixture("k6/2.2.0/base-1/summary.json");
    let run = run.to_str().unwrap();
    for (arguments, limit) in [
        (["normalize", "--format-in", "locust-csv", "bomb.gz"], "32 MiB"),
        (["normalize", "--format-in", "k6-summary", "/dev/zero"], "32 MiB"),
        (["normalize", "--format-in", "locust-json", "/dev/zero"], "128 MiB"),
        (["normalize", "--format-in", "perfgate", "/dev/zero"], "128 MiB"),
        (["normalize", "--format-in", "table", "/dev/zero"], "1 MiB"),
        (["normalize", run, "--attach", "/dev/zero"], "128 MiB"),
        (["trend", "--input", "bomb.gz", "--format=json"], "32 MiB"),
        (["trend", "--input", "/dev/zero", "--format=json"], "32 MiB"),
    ] {
        let error = perfgate(scratch.path(), &arguments).expect(2).stderr;
        assert!(error.contains(&format!(" is larger than {limit}")), "{arguments:?}: {error}");
    }
}

#[test]
fn a_policy_and_a_report_have_a_size_and_a_depth() {
    let scratch = TempDir::new().unwrap();
    let run = fixture("k6/2.2.0/base-1/summary.json");
    let check = |policy: &str| {
        std::fs::write(scratch.path().join("p.yaml"), policy).unwrap();
        let arguments = ["check", "--policy", "p.yaml", run.to_str().unwrap()];
        let error = perfgate(scratch.path(), &arguments).expect(2).stderr;
        assert!(error.len() < 3_000, "a message of {} bytes", error.len());
        error
    };
    let error = check(&format!("results: [\"{}\"]\n", "a".repeat(1 << 20)));
    assert!(error.contains("p.yaml: is larger than 1 MiB"), "{error}");
    let error = check(&format!("results: {}{}\n", "[".repeat(500), "]".repeat(500)));
    assert!(!error.contains("budget breached"), "{error}");
    let laughs: String = (1..30)
        .map(|i| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(",")))
        .collect();
    let error = check(&format!("a0: &a0 [x]\n{laughs}results: *a29\n"));
    assert!(error.contains("p.yaml:"), "{error}");
    let error = check(&format!("{}: 1\n", "k".repeat(900_000)));
    assert!(error.contains("p.yaml:1:1: "), "{error}");
    // A file without an end is no report either.
    let error = perfgate(scratch.path(), &["publish", "--report", "/dev/zero"]).expect(2).stderr;
    assert!(error.contains("/dev/zero: is larger than 96 MiB"), "{error}");
}

#[test]
fn an_endless_line_is_told_by_the_line_that_it_is() {
    let point = "{\"metric\":\"http_reqs\",\"type\":\"Point\",\"data\":{\"time\":\"2026-11-20T22:00:00Z\",\"value\":1,\"tags\":{\"url\":\"/a\"}}}\n";
    let text = format!("{}{{\"metric\":\"{}", point.repeat(7), "x".repeat(17 << 20));
    let error = refused("raw.json", text);
    assert!(error.contains("raw.json:8: more than 16 MiB in one line"), "{error}");
}

#[test]
fn what_a_message_repeats_of_a_file_is_cut() {
    let long = "9".repeat(3_000_000);
    let error = refused(
        "x.jtl",
        format!("timeStamp,elapsed,label,success\n1,{long}x,/a,true\n1,2,/b,true\n"),
    );
    assert!(
        error.contains("x.jtl:2: elapsed is `999") && error.contains("(3000001 bytes)"),
        "{error}"
    );
}

#[test]
fn more_result_files_than_one_command_takes_are_refused() {
    let scratch = TempDir::new().unwrap();
    for i in 0..=1_000 {
        std::fs::write(scratch.path().join(format!("{i}.json")), "[]").unwrap();
    }
    let error = perfgate(scratch.path(), &["normalize", "*.json"]).expect(2).stderr;
    assert!(error.contains("1001 result files are more than the 1000 of one command"), "{error}");
}

fn attached(text: &str) -> Ended {
    let scratch = scratch("r.csv", text);
    let run = fixture("k6/2.2.0/base-1/summary.json");
    perfgate(scratch.path(), &["normalize", run.to_str().unwrap(), "--attach", "r.csv"])
}

#[test]
fn a_number_that_is_cut_at_the_end_of_attached_resources_is_not_taken_for_another() {
    let whole = "timestamp,cpu_percent,memory_mb\n1790000000,40,657.5\n1790000001,41,657.5\n";
    attached(whole).expect(0);
    for end in whole.len() - 6..whole.len() {
        let error = attached(&whole[..end]).expect(2).stderr;
        assert!(error.contains("r.csv:3") && error.contains("the last line has no end"), "{error}");
    }
    let error = attached(&whole.replace("40,", "\0\0,")).expect(2).stderr;
    assert!(error.contains("r.csv:2: a NUL byte"), "{error}");
}

#[test]
fn a_number_that_is_cut_or_a_damaged_time_in_an_imported_history_is_refused() {
    let repo = Repo::new();
    repo.commit("one");
    let id = repo.git(&["rev-parse", "HEAD"]);
    let import = |rows: &str| {
        std::fs::write(repo.folder.join("history.csv"), format!("commit,timestamp,p95\n{rows}"))
            .unwrap();
        repo.perfgate(&["baseline", "import", "history.csv"])
    };
    let error = |rows: &str| import(rows).expect(2).stderr;
    for cut in ["190.", "190", "19", "1"] {
        let said = error(&format!("{id},1790000000,{cut}"));
        assert!(said.contains("line 2: the file ends in the middle"), "{said}");
    }
    for time in ["1e999-10-09T00:00:00Z", "soon", &"a".repeat(100_000)] {
        let said = error(&format!("{id},{time},190.1\n"));
        assert!(
            said.contains("line 2: `") && said.contains("is no time") && said.len() < 900,
            "{said}"
        );
    }
    assert!(error(&format!("{id},\0\0,190.1\n")).contains("a NUL byte"));
    assert!(error(&format!("{id},1790000000,-1\n")).contains("is not a response time"));
    std::fs::write(repo.folder.join("h.csv"), format!("commit,total p95 (s)\n{id},1e308\n"))
        .unwrap();
    let said = repo.perfgate(&["baseline", "import", "h.csv"]).expect(2).stderr;
    assert!(said.contains("line 2") && said.contains("is too large"), "{said}");
    import(&format!("{id},2026-10-18 12:00:00,190.1\n")).expect(0);
}

#[test]
fn an_offset_of_centuries_is_no_offset() {
    let whole = std::fs::read_to_string(fixture("hey/flaky.csv")).unwrap();
    let (rest, _) = whole.trim_end().rsplit_once(',').unwrap();
    let error = refused("hey.csv", format!("{rest},1.8e19\n"));
    assert!(error.contains("offset is `18000000000000000000`: is more than a year"), "{error}");
}

/// Deep nesting ends in an error, not in an overflow of the stack.
#[test]
fn documents_that_are_nested_without_end_are_refused() {
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    for (format, text) in [
        ("k6-summary", format!("{{\"metrics\":{{\"x\":{}}}}}", deep("[", "]"))),
        (
            "k6-summary",
            format!("{{\"metrics\":{{}},\"root_group\":{}}}", deep("{\"groups\":[", "]}")),
        ),
        ("perfgate", format!("{{\"schema\":\"perfgate.run/1\",\"tool\":{}}}", deep("[", "]"))),
        ("locust-json", deep("[", "]")),
        ("table", format!("{{\"api_baselines\":{}}}", deep("{\"a\":", "}"))),
        ("jmeter-xml", format!("<testResults>{}</testResults>", deep("<sample>", "</sample>"))),
    ] {
        let source = Source::from_reader("deep", Box::new(Cursor::new(text.into_bytes()))).unwrap();
        let options = ReadOptions { format: Format::named(format), ..ReadOptions::default() };
        assert!(read(source, &options).is_err(), "{format}");
    }
}

/// What a limit on the size of files cuts off is an error with the exit code of one.
#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_ends_in_an_error() {
    let run = fixture("k6/2.2.0/full-short/raw.ndjson.gz");
    let scratch = TempDir::new().unwrap();
    let perfgate = env!("CARGO_BIN_EXE_perfgate");
    let script =
        format!("ulimit -f 1; exec '{perfgate}' normalize '{}' -o out.json", run.display());
    let mut command = support::clean("bash", scratch.path());
    let ended = Ended::of(command.args(["-c", &script]).output().unwrap()).expect(2);
    assert!(ended.stderr.contains("File too large"), "{}", ended.stderr);
    assert!(!scratch.path().join("out.json").exists());
}

#[test]
fn the_documentation_has_the_limits_as_they_are() {
    use perfgate::model::limits::*;
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md"))
            .unwrap();
    let row = |what: &str, limit: String| {
        let row = text.lines().find(|line| line.starts_with(&format!("| {what}")));
        let row = row.unwrap_or_else(|| panic!("no row for {what}"));
        assert!(row.contains(&limit), "{row}: {limit}");
    };
    row("endpoints of a run", ENDPOINTS.to_string());
    row("custom metrics of a run", METRICS.to_string());
    row("the name of an endpoint", size(NAME_BYTES as u64));
    row("suite, profile, environment", format!("{LABEL_CHARACTERS} characters"));
    row("the names of all endpoints", size(ALL_NAME_BYTES as u64));
    row("memory for the response times", size(MEASURED_BYTES as u64));
    row("memory for all runs", size(RUNS_BYTES as u64));
    row("result files of one command", FILES.to_string());
    row("one line, row or element", size(RECORD_BYTES as u64));
    row("a summary of any tool", size(DOCUMENT_BYTES));
    row("Locust's `--json`", size(RUN_BYTES));
    row("Locust's `_stats_history.csv`", size(RESOURCES_BYTES));
    row("different response times", RESPONSE_TIMES.to_string());
    row("a plain table of baselines", size(POLICY_BYTES));
    row("labels, resources or timelines", ENTRIES.to_string());
    row("keys of the whole document", KEYS.to_string());
    row("a recorded run", size(STORED_BYTES));
    row("samples of an endpoint", SAMPLES.to_string());
    row("values of a timeline", POINTS.to_string());
    row("a histogram", size(HISTOGRAM_BYTES as u64));
    row("unknown fields", UNKNOWN_FIELDS.to_string());
    row("`--attach`", format!("{}, {RESOURCE_VALUES} values", size(RESOURCES_BYTES)));
    row("`trend --input`", format!("{}, {SERIES_VALUES} values", size(DOCUMENT_BYTES)));
    row("a policy", size(POLICY_BYTES));
    row("a report", size(REPORT_BYTES));
    row("the file of a CI's event", size(EVENT_BYTES));
}
