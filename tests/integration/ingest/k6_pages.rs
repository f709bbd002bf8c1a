//! Pages that k6's browser loaded.

use crate::support::{Ended, fixture, perfgate};
use perfgate::ingest::{ReadOptions, Source, read};
use perfgate::model::{CustomMetric, EndpointKey, Kind, Quantile, Run};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const INDEX: &str = "http://127.0.0.1:18440/index.html";

fn run(file: &str) -> Run {
    let source = Source::open(&fixture(&format!("k6-browser/{file}"))).unwrap();
    read(source, &ReadOptions::default()).unwrap().run
}

fn page(url: &str) -> EndpointKey {
    EndpointKey::named(Kind::Page, None, url)
}

fn metric<'a>(run: &'a Run, url: &str, name: &str) -> Option<&'a CustomMetric> {
    run.metrics.iter().find(|own| own.name == name && own.endpoint == page(url))
}

/// The values of the web vitals in the raw output, by page and name.
fn written() -> BTreeMap<(String, String), Vec<f64>> {
    let text = std::fs::read_to_string(fixture("k6-browser/raw.ndjson")).unwrap();
    let mut all: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for line in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let name = line["metric"].as_str().unwrap().strip_prefix("browser_web_vital_");
        if let (Some(name), "Point") = (name, line["type"].as_str().unwrap()) {
            let page = line["data"]["tags"]["url"].as_str().unwrap().to_owned();
            let value = line["data"]["value"].as_f64().unwrap();
            all.entry((page, name.to_owned())).or_default().push(value);
        }
    }
    all
}

#[test]
fn each_page_has_its_web_vitals_as_every_tool_names_them() {
    let written = written();
    assert_eq!(written.len(), 12);
    for file in ["raw.ndjson", "raw.csv"] {
        let run = run(file);
        for ((url, name), values) in &written {
            let own = metric(&run, url, name).unwrap();
            assert_eq!(own.count, Some(values.len() as u64), "{file} {url} {name}");
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            // The CSV has six decimals.
            assert!((own.value.unwrap() - mean).abs() < 1e-5, "{file} {url} {name}");
        }
        let pages = run.endpoints.iter().filter(|own| own.key.kind() == Some(Kind::Page)).count();
        assert_eq!(pages, 2, "{file}");
        assert!(run.metrics.iter().all(|own| own.name != "browser_web_vital_lcp"), "{file}");
        // The requests of the script are a load of their own.
        assert_eq!(run.total.requests, Some(3), "{file}");
    }
}

#[test]
fn a_threshold_of_a_page_makes_it_a_page_of_the_summary() {
    let run = run("summary.json");
    let samples = &written()[&(INDEX.to_owned(), "lcp".to_owned())];
    let lcp = metric(&run, INDEX, "lcp").unwrap();
    assert_eq!(lcp.count, Some(samples.len() as u64));
    let mut sorted = samples.clone();
    sorted.sort_by(f64::total_cmp);
    assert_eq!(lcp.quantiles[&Quantile::P50], sorted[1]);
    // A layout that never shifts is a measured 0; a page that was never loaded is nothing.
    assert_eq!(metric(&run, INDEX, "cls").unwrap().value, Some(0.0));
    let never = metric(&run, "http://127.0.0.1:18440/never.html", "lcp").unwrap();
    assert_eq!((never.value, never.quantiles.len()), (None, 0));
}

fn checked(file: &str, policy: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("perfgate.yaml"), policy).unwrap();
    let file = fixture(&format!("k6-browser/{file}"));
    perfgate(folder.path(), &["check", file.to_str().unwrap()])
}

#[test]
fn three_loads_of_a_page_are_too_few_for_its_web_vitals() {
    let ended = checked("raw.ndjson", "");
    assert!(ended.stdout.contains("too few loads, needs 5"), "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn reading_with_the_parser_alone_gives_the_same_pages() {
    let path = fixture("k6-browser/raw.ndjson");
    let run = |parser_only| {
        let options = ReadOptions { parser_only, ..ReadOptions::default() };
        read(Source::open(Path::new(&path)).unwrap(), &options).unwrap().run.metrics
    };
    assert_eq!(run(true), run(false));
}
