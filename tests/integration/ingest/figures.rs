//! Every number that perfgate reads from raw results, computed again from the rows of the file in the plainest way, without a line of
//! perfgate's own code.

mod k6;
mod plain;
mod requests;

use crate::support;
use plain::{Figures, Own, text_of};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Response times up to which perfgate keeps each one, so that percentiles are exact.
const KEPT: usize = 1_024;
/// How far a percentile of more of them may be off, relatively.
const HISTOGRAM: f64 = 5e-4;
/// The same of a part of the requests.
const HISTOGRAM_OF_PARTS: f64 = 4e-3;
/// Rounding to microseconds, in milliseconds.
const MICROSECOND: f64 = 0.000_500_1;
/// Rounding to nanoseconds.
const EXACT: f64 = 1e-9;

/// What was compared.
#[derive(Debug, Default, PartialEq)]
struct Compared {
    files: usize,
    endpoints: usize,
    numbers: usize,
}

impl Compared {
    fn close(&mut self, what: &str, ours: &Value, theirs: f64, allowed: f64) {
        let ours = ours.as_f64().unwrap_or_else(|| panic!("{what} is missing"));
        let off = (ours - theirs).abs();
        assert!(off <= allowed * theirs.abs(), "{what}: {ours}, and by its rows {theirs}");
        self.numbers += 1;
    }

    fn same(&mut self, what: &str, ours: &Value, theirs: u64) {
        assert_eq!(ours.as_u64(), Some(theirs), "{what}");
        self.numbers += 1;
    }

    fn endpoint(&mut self, what: &str, ours: &Value, own: &Own, seconds: Option<f64>) {
        self.same(&format!("requests of {what}"), &ours["requests"], own.requests);
        if own.outcomes > 0 {
            self.same(&format!("failures of {what}"), &ours["failures"], own.failures);
        }
        if let Some(seconds) = seconds {
            let rate = own.requests as f64 / seconds;
            self.close(&format!("throughput of {what}"), &ours["throughput_rps"], rate, EXACT);
        }
        if own.times.is_empty() {
            return;
        }
        let latency = &ours["latency"];
        let mut sorted = own.times.clone();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        self.same(&format!("times of {what}"), &latency["count"], n as u64);
        self.close(&format!("min of {what}"), &latency["min"], sorted[0], EXACT);
        self.close(&format!("max of {what}"), &latency["max"], sorted[n - 1], EXACT);
        let mean = sorted.iter().sum::<f64>() / n as f64;
        self.close(&format!("mean of {what}"), &latency["mean"], mean, EXACT);
        if n > 1 {
            let squares: f64 = sorted.iter().map(|ms| (ms - mean).powi(2)).sum();
            let stddev = (squares / (n as f64 - 1.0)).sqrt();
            let allowed = if n <= KEPT { 1e-6 } else { HISTOGRAM };
            self.close(&format!("deviation of {what}"), &latency["stddev"], stddev, allowed);
        }
        self.quantiles(what, &latency["quantiles"], &sorted);
        self.parts(what, ours, own);
    }

    /// Those that took any time, to the microsecond.
    fn parts(&mut self, what: &str, ours: &Value, own: &Own) {
        let took_any = |times: &Vec<f64>| times.iter().any(|ms| *ms >= 0.000_5);
        for (part, times) in own.parts.iter().filter(|(_, times)| took_any(times)) {
            let ours = &ours["parts"][part];
            let mut sorted = times.clone();
            sorted.sort_by(f64::total_cmp);
            let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
            let figures = [
                ("mean", &ours["mean"], mean),
                ("p50", &ours["quantiles"]["p50"], plain::quantile(&sorted, 0.5)),
                ("p90", &ours["quantiles"]["p90"], plain::quantile(&sorted, 0.9)),
                ("p95", &ours["quantiles"]["p95"], plain::quantile(&sorted, 0.95)),
                ("p99", &ours["quantiles"]["p99"], plain::quantile(&sorted, 0.99)),
            ];
            let many = if sorted.len() <= KEPT { 0.0 } else { HISTOGRAM_OF_PARTS };
            for (name, ours, theirs) in figures {
                let ours = ours.as_f64().unwrap_or_else(|| panic!("{name} of {part} of {what}"));
                let allowed = MICROSECOND + many * theirs;
                let off = (ours - theirs).abs();
                assert!(off <= allowed, "{name} of {part} of {what}: {ours}, not {theirs}");
                self.numbers += 1;
            }
        }
    }

    fn quantiles(&mut self, what: &str, ours: &Value, sorted: &[f64]) {
        let allowed = if sorted.len() <= KEPT { EXACT } else { HISTOGRAM };
        for (name, level) in [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)] {
            let what = format!("{name} of {what}");
            self.close(&what, &ours[name], plain::quantile(sorted, level), allowed);
        }
    }

    fn file(&mut self, path: &Path, figures: &Figures, more: &[&str]) {
        let scratch = tempfile::TempDir::new().unwrap();
        let arguments = ["normalize", "--no-histograms", path.to_str().unwrap()];
        let run =
            support::perfgate(scratch.path(), &[&arguments[..], more].concat()).expect(0).json();
        let shown = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
        let seconds = figures.seconds();
        match seconds {
            Some(seconds) => {
                self.close(&format!("duration of {shown}"), &run["duration_s"], seconds, 1e-12);
            }
            None => assert_eq!(run["duration_s"], Value::Null, "{shown}"),
        }
        if let Some(first) = figures.start() {
            let ours: jiff::Timestamp = run["started_at"].as_str().unwrap().parse().unwrap();
            assert_eq!(ours.as_nanosecond(), first, "start of {shown}");
            self.numbers += 1;
        }
        self.endpoint(&format!("total in {shown}"), &run["total"], &figures.total(), seconds);
        let ours = run["endpoints"].as_array().unwrap();
        let names: Vec<String> = ours.iter().map(plain::key_in).collect();
        let theirs: Vec<&String> = figures.endpoints.keys().collect();
        assert_eq!(names.len(), theirs.len(), "{shown}: {names:?} {theirs:?}");
        for (name, own) in &figures.endpoints {
            let at = names.iter().position(|known| known == name);
            let at = at.unwrap_or_else(|| panic!("{shown}: no {name} in {names:?}"));
            self.endpoint(&format!("{name} in {shown}"), &ours[at], own, seconds);
            self.endpoints += 1;
        }
        self.metrics(&shown, &run["metrics"], figures);
        self.files += 1;
    }

    fn metrics(&mut self, shown: &str, ours: &Value, figures: &Figures) {
        for (name, own) in &figures.metrics {
            let what = format!("{name} in {shown}");
            let all = ours.as_array().unwrap_or_else(|| panic!("{shown} has no metrics"));
            let ours = all.iter().find(|metric| metric["name"] == name.as_str());
            let ours = ours.unwrap_or_else(|| panic!("{what} is missing"));
            self.close(&what, &ours["value"], own.value(), EXACT);
            if own.is_samples() {
                let mut sorted: Vec<f64> = own.values().collect();
                sorted.sort_by(f64::total_cmp);
                self.same(&format!("values of {what}"), &ours["count"], sorted.len() as u64);
                self.quantiles(&what, &ours["quantiles"], &sorted);
            }
        }
    }
}

/// The fixtures below a folder whose names end so.
fn fixtures(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    fn walk(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, endings, found);
            } else if endings.iter().any(|ending| path.to_str().unwrap().ends_with(ending)) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&support::fixture(folder), endings, &mut found);
    found.sort();
    found
}

/// A killed k6 leaves files without their end.
fn options(path: &Path) -> &'static [&'static str] {
    if path.to_str().unwrap().ends_with("killed/raw.csv.gz") { &["--lenient"] } else { &[] }
}

#[test]
fn figures_of_k6_are_those_of_its_samples() {
    let mut compared = Compared::default();
    for path in fixtures("k6", &["raw.ndjson", "raw.ndjson.gz"]) {
        compared.file(&path, &k6::ndjson(&text_of(&path)), &[]);
    }
    for path in fixtures("k6", &["raw.csv", "raw.csv.gz"]) {
        compared.file(&path, &k6::csv(&text_of(&path)), options(&path));
    }
    assert_eq!(compared, Compared { files: 23, endpoints: 217, numbers: 8_482 });
}

#[test]
fn figures_of_tools_with_a_row_for_each_request_are_those_of_the_rows() {
    let mut compared = Compared::default();
    for path in fixtures("jmeter", &[".jtl", ".jtl.gz"]) {
        compared.file(&path, &requests::jmeter_csv(&text_of(&path)), &[]);
    }
    for path in fixtures("jmeter", &[".xml"]) {
        compared.file(&path, &requests::jmeter_xml(&text_of(&path)), &[]);
    }
    for path in fixtures("vegeta", &["base.csv.gz"]) {
        compared.file(&path, &requests::vegeta_csv(&text_of(&path)), &[]);
    }
    for path in fixtures("vegeta", &["base.ndjson.zst"]) {
        compared.file(&path, &requests::vegeta_ndjson(&text_of(&path)), &[]);
    }
    for path in fixtures("locust", &["requests.csv"]) {
        compared.file(&path, &requests::locust(&text_of(&path)), &[]);
    }
    compared.file(
        &support::fixture("hey/flaky.csv"),
        &requests::hey(&text_of(&support::fixture("hey/flaky.csv"))),
        &[],
    );
    compared.file(
        &support::fixture("oha/flaky.csv"),
        &requests::oha(&text_of(&support::fixture("oha/flaky.csv"))),
        &[],
    );
    assert_eq!(compared, Compared { files: 11, endpoints: 38, numbers: 1_078 });
}
