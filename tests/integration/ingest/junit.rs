//! JUnit XML: durations of test cases.

use super::printed::{compare_by, cuts_are_refused, edited, ingest, ingest_text, text_of};
use crate::support::{compare, perfgate};
use perfgate::model::{Endpoint, EndpointKey, Kind, Raw as _, Rounding, Run};

fn case<'a>(run: &'a Run, name: &str) -> &'a Endpoint {
    let key = EndpointKey::named(Kind::Bench, None, name);
    run.endpoints.iter().find(|own| own.key == key).unwrap_or_else(|| panic!("no {name}"))
}

fn mean(endpoint: &Endpoint) -> Option<f64> {
    endpoint.latency.as_ref()?.mean.map(|ms| (ms * 1e6).round() / 1e6)
}

fn suite(cases: &str) -> String {
    format!("<testsuites><testsuite name=\"s\">{cases}</testsuite></testsuites>\n")
}

#[test]
fn a_test_is_a_benchmark_by_its_class_and_name() {
    let run = ingest("junit/pytest.xml").run;
    let names: Vec<String> = run.endpoints.iter().map(|own| own.key.text().into_raw()).collect();
    let expected = [
        "test_shop test_error",
        "test_shop test_search",
        "test_shop.TestCart test_add[one]",
        "test_shop.TestCart test_add[ten,\"q\"|]",
        "test_shop.TestCart test_broken",
    ];
    assert_eq!(names, expected);
    let search = case(&run, "test_shop test_search");
    assert_eq!((search.requests, search.failures), (Some(1), Some(0)));
    // The file has 0.030 to 0.04 s.
    assert!((30.0..40.0).contains(&mean(search).unwrap()));
    // Where both names are the same, one is enough.
    assert_eq!(mean(case(&ingest("junit/jest.xml").run, "cart adds one item")), Some(21.0));
}

#[test]
fn a_test_that_failed_is_a_failure_without_a_time_and_a_skipped_one_is_none() {
    let run = ingest("junit/pytest.xml").run;
    for (name, kind) in [
        ("test_shop.TestCart test_broken", "assert 1 == 2"),
        ("test_shop test_error", "failed on setup with \"RuntimeError: no database\""),
    ] {
        let own = case(&run, name);
        assert_eq!((own.requests, own.failures), (Some(1), Some(1)), "{name}");
        assert_eq!(own.failure_kinds[0].message.raw(), kind);
        assert!(own.latency.is_none(), "{name}");
    }
    assert!(run.endpoints.iter().all(|own| !own.key.text().raw().contains("skipped")));
}

#[test]
fn the_decimals_show_how_the_runner_rounds() {
    let rounding = |text: &str| {
        let run = ingest_text(&suite(text)).unwrap().run;
        run.endpoints[0].latency.as_ref().unwrap().rounding
    };
    let ms = Some(Rounding::Steps { us: 1_000 });
    assert_eq!(rounding("<testcase name=\"a\" time=\"0.012\"/>"), ms);
    assert_eq!(
        rounding("<testcase name=\"a\" time=\"3\"/>"),
        Some(Rounding::Steps { us: 1_000_000 })
    );
    assert_eq!(rounding("<testcase name=\"a\" time=\"0.0123456\"/>"), None);
}

#[test]
fn a_test_that_stands_there_again_is_a_further_round() {
    let text = suite("<testcase name=\"a\" time=\"0.010\"/><testcase name=\"a\" time=\"0.030\"/>");
    let run = ingest_text(&text).unwrap().run;
    assert_eq!((run.endpoints.len(), run.endpoints[0].requests), (1, Some(2)));
    assert_eq!(mean(&run.endpoints[0]), Some(20.0));
}

#[test]
fn a_time_of_more_than_a_thousand_seconds_may_have_a_comma() {
    let run = ingest_text(&suite("<testcase name=\"a\" time=\"1,234.5\"/>")).unwrap().run;
    assert_eq!(mean(&run.endpoints[0]), Some(1_234_500.0));
}

#[test]
fn what_measures_nothing_or_is_broken_is_refused() {
    for (text, why) in [
        (suite(""), "it holds no benchmark"),
        (suite("<testcase name=\"a\"><skipped/></testcase>"), "it holds no benchmark"),
        (suite("<testcase classname=\"a\" name=\"p(95)&lt;500\"/>"), "no test case has a time"),
        (suite("<testcase name=\"a\" time=\"-1\"/>"), "number of seconds from 0 on"),
        (suite("<testcase time=\"1\"/>"), "a testcase has no `name`"),
        (suite("<testcase name=\"a\" time=\"1\"/>").repeat(2), "two in one file"),
        (suite(&"<a>".repeat(100)), "nested too deeply"),
    ] {
        let error = ingest_text(&text).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
    }
    assert!(
        ingest_text(&edited("junit/jest.xml", &[(" name=\"cart fails\"", " name=\"cart")]))
            .is_err()
    );
}

#[test]
fn a_file_that_is_cut_is_refused() {
    cuts_are_refused("junit/jest.xml");
}

/// perfgate writes JUnit XML itself, and a glob finds it.
#[test]
fn a_report_of_perfgate_is_no_result() {
    let scratch = tempfile::TempDir::new().unwrap();
    let run = crate::support::fixture("junit/jest.xml");
    let run = run.to_str().unwrap();
    perfgate(
        scratch.path(),
        &["compare", "--baseline-file", run, run, "--output", "junit=own.xml"],
    );
    let own = std::fs::read_to_string(scratch.path().join("own.xml")).unwrap();
    assert!(own.contains("<testsuite"), "{own}");
    assert!(ingest_text(&own).unwrap_err().contains("is a report of perfgate"));
}

#[test]
fn tests_pass_against_themselves_and_failing_ones_do_not() {
    let limit = "regression_thresholds: { bench_latency: { p50: 50% } }\n";
    compare_by(limit, "junit/jest.xml", "junit/jest.xml").expect(0);
    let (good, bad) = ("junit/pytest.xml", "junit/allfail.xml");
    assert_ne!(compare(good, bad, &[]).code, 0);
    compare(bad, bad, &[]).expect(3);
    assert!(text_of(bad).contains("errors=\"0\" failures=\"2\""));
}
