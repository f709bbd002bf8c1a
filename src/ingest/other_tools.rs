//! Files that tools leave and that hold no results which could be read: what they are, and what to do instead. Readers know such
//! files of their own tools; here are those of tools that have no reader, and reports for people.

use super::error::OtherFile;
use super::head::Head;

/// A file by how it begins.
struct Known {
    is: fn(&Head<'_>) -> bool,
    file: OtherFile,
}

/// What to do with a tool that writes nothing which could be read.
const WRITE_A_RUN: &str = "write its numbers as perfgate.run/1 with a few lines of script: `perfgate schema run`, docs/formats.md";

const fn known(
    is: fn(&Head<'_>) -> bool,
    what: &'static str,
    help: fn(&str) -> String,
    beside_results: bool,
) -> Known {
    Known { is, file: OtherFile { what, help, beside_results } }
}

/// Whether all of these stand somewhere in the beginning.
fn has(head: &Head<'_>, texts: &[&str]) -> bool {
    texts.iter().all(|text| head.text().contains(text))
}

/// Whether it is a page that has this in its title.
fn is_page(head: &Head<'_>, title: &str) -> bool {
    head.begins_with(b'<') && head.text().contains(&format!("<title>{title}"))
}

/// What a file is that no format claims.
pub(super) fn other_file(head: &Head<'_>) -> Option<&'static OtherFile> {
    KNOWN.iter().find(|known| (known.is)(head)).map(|known| &known.file)
}

static KNOWN: &[Known] = &[
    known(
        |head| has(head, &["Attack", "BytesOut", "Latency"]) && !head.begins_with(b'{'),
        "is vegeta's binary result file",
        |file| format!("convert it: vegeta encode -to json {file} > results.json"),
        true,
    ),
    known(
        |head| head.text().starts_with("Requests      [total, rate, throughput]"),
        "is vegeta's report for people",
        |_| "use vegeta report -type json, or vegeta encode -to json for every request".to_owned(),
        true,
    ),
    known(
        |head| head.text().starts_with("Bucket") && has(head, &["Histogram"]),
        "is vegeta's histogram",
        |_| "use vegeta report -type json, or vegeta encode -to json for every request".to_owned(),
        true,
    ),
    known(
        |head| head.text().starts_with("Value(ms)") && has(head, &["1/(1-Percentile)"]),
        "is vegeta's hdrplot",
        |_| "use vegeta report -type json, or vegeta encode -to json for every request".to_owned(),
        true,
    ),
    known(
        |head| has(head, &["Bombarding ", "Statistics ", "HTTP codes:"]),
        "is bombardier's report for people",
        |_| "run bombardier with -l -p r -o json".to_owned(),
        true,
    ),
    known(
        |head| head.has_key("measurements") && has(head, &["\"generator\":\"h2load "]),
        "is h2load's JSON, which has no reader",
        |_| "give what h2load prints of the same run".to_owned(),
        true,
    ),
    known(
        |head| is_page(head, "Apache JMeter Dashboard"),
        "is JMeter's dashboard",
        |_| "give the .jtl of the run, or the statistics.json beside the page".to_owned(),
        true,
    ),
    known(
        |head| has(head, &["Taurus CLI Tool"]),
        "is Taurus' log",
        |_| {
            "give the kpi.jtl in the artifacts folder of Taurus, or what final-stats dumps"
                .to_owned()
        },
        true,
    ),
    known(
        |head| is_page(head, "Gatling Stats"),
        "is Gatling's report for people",
        |_| "give the simulation.log of the same results folder".to_owned(),
        true,
    ),
    known(
        |head| head.begins_with(b'{') && has(head, &["\"numberOfRequests\"", "\"percentiles1\""]),
        "is the data behind Gatling's report for people",
        |_| "give the simulation.log of the same results folder".to_owned(),
        true,
    ),
    known(
        |head| {
            let columns = head.columns();
            columns.have(&["test_suite", "test_name", "scenario", "step_name"])
                || is_page(head, "NBomber")
        },
        "is a report of NBomber, which has no reader",
        |_| WRITE_A_RUN.to_owned(),
        false,
    ),
    known(
        |head| {
            is_page(head, "Goose Attack Report")
                || has(head, &["=== PER REQUEST METRICS ==="])
                || has(head, &["\"coordinated_omission_elapsed\""])
        },
        "is a report or a log of Goose, which has no reader",
        |_| WRITE_A_RUN.to_owned(),
        false,
    ),
    known(
        |head| head.text().starts_with("# stats: dump at"),
        "is tsung's log, which has no reader",
        |_| WRITE_A_RUN.to_owned(),
        false,
    ),
    known(
        |head| {
            has(head, &["Concurrency Level", "Successful requests", "Sample standard deviation"])
        },
        "is drill's report, which has no reader",
        |_| WRITE_A_RUN.to_owned(),
        false,
    ),
    known(
        |head| has(head, &["execution: cloud"]),
        "is what k6 prints of a run in the cloud",
        |_| "run it with k6 cloud run --local-execution --out json=results.ndjson.gz".to_owned(),
        true,
    ),
    known(
        |head| {
            let printed = has(head, &["http_req_duration", "iteration_duration", "data_received"]);
            printed && head.text().contains("....:")
        },
        "is what k6 prints for people",
        |_| "run k6 with --out json=results.ndjson.gz, or --summary-export=summary.json".to_owned(),
        true,
    ),
    known(
        |head| is_page(head, "k6 report") || is_page(head, "K6 Load Test"),
        "is k6's report for people",
        |_| "run k6 with --out json=results.ndjson.gz, or --summary-export=summary.json".to_owned(),
        true,
    ),
    known(
        |head| is_page(head, "Test Report for") || is_page(head, "Locust"),
        "is Locust's report for people",
        |_| "run locust with --json, or with --csv results".to_owned(),
        true,
    ),
    known(
        |head| has(head, &["# reqs", "# fails |"]),
        "is what Locust prints for people",
        |_| "run locust with --json, or with --csv results".to_owned(),
        true,
    ),
    known(
        |head| has(head, &["All VUs finished."]) || has(head, &["Metrics for period to:"]),
        "is what Artillery prints for people",
        |_| "run artillery run --output results.json".to_owned(),
        true,
    ),
    known(
        |head| {
            let columns = head.columns();
            columns.begin_with(&["command", "mean", "stddev", "median"])
                || head.text().starts_with("| Command | Mean [")
                || has(head, &["Time (mean ±"])
        },
        "is a table of hyperfine without its runs",
        |_| "run hyperfine with --export-json results.json".to_owned(),
        true,
    ),
    known(
        |head| head.columns().have(&["group", "function", "sample_measured_value"]),
        "is criterion's table of raw samples, which newer versions no longer write",
        |_| "give what criterion writes in target/criterion".to_owned(),
        true,
    ),
    known(
        |head| has(head, &["\"log\"", "\"creator\"", "\"entries\""]) && head.begins_with(b'{'),
        "is a HAR: what one browser requested, not a load test",
        |_| "measure pages with Lighthouse, or make a load test of it with har-to-k6".to_owned(),
        false,
    ),
    known(
        |head| {
            let listed = has(head, &["Showing nodes accounting for"]);
            let binary = has(head, &["nanoseconds"])
                && (has(head, &["samples"]) || has(head, &["inuse_space"]))
                && head.text().contains('\u{fffd}');
            listed || binary
        },
        "is a profile of pprof: where time goes, not how long it takes",
        |_| "give the results of the benchmark or load test that was profiled".to_owned(),
        false,
    ),
    known(
        |head| head.text().starts_with("SQLite format 3"),
        "is an SQLite database",
        |_| format!("export its rows as a result file, or {WRITE_A_RUN}"),
        false,
    ),
    known(
        |head| head.text().starts_with("PK\u{3}\u{4}") && has(head, &["xl/"]),
        "is a spreadsheet",
        |_| "export the sheet as CSV of a format that perfgate reads".to_owned(),
        false,
    ),
    known(
        |head| head.text().starts_with("PK\u{3}\u{4}"),
        "is a ZIP archive",
        |file| format!("unpack it: unzip {file}"),
        false,
    ),
];

#[cfg(test)]
mod tests;
