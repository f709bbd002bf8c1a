//! ghz's JSON: an entry for each call.

use super::totals::{changed, document, ingest, kinds, near, quantile, run};
use crate::support::compare;
use perfgate::ingest::{ReadOptions, Source, read};
use perfgate::model::{EndpointKey, Kind, Raw as _, Run};
use serde_json::{Value, json};
use std::io::Cursor;
use std::time::Duration;

/// The response times of the calls that ghz's own percentiles are of, in milliseconds, the smallest first.
fn counted(document: &Value) -> Vec<f64> {
    let all = document["options"]["count-errors"] == true;
    let calls = document["details"].as_array().unwrap().iter();
    let calls = calls.filter(|call| all || call["error"] == "");
    let mut times: Vec<f64> = calls.map(|call| call["latency"].as_f64().unwrap() / 1e6).collect();
    times.sort_by(f64::total_cmp);
    times
}

#[test]
fn the_method_is_the_endpoint_and_options_say_how_many_called_it() {
    let run = run("ghz/made/base.json");
    assert_eq!((run.total.requests, run.total.failures), (Some(1200), Some(0)));
    assert_eq!(run.endpoints.len(), 1);
    assert_eq!(run.endpoints[0].key, EndpointKey::named(Kind::Grpc, None, "shop.Cart.Add"));
    assert_eq!((run.load.users, run.load.connections), (Some(10), Some(1)));
    assert_eq!(run.load.target.as_ref().unwrap().raw(), "127.0.0.1:50051");
    let own = document("ghz/made/base.json");
    near(run.duration_s, own["total"].as_f64().unwrap() / 1e9);
    near(run.total.throughput_rps, own["rps"].as_f64().unwrap());
    assert_eq!(run.endpoints[0].throughput_rps, run.total.throughput_rps);
}

/// ghz takes the smallest time that enough calls do not exceed, perfgate interpolates: at most a place further.
#[test]
fn percentiles_are_those_of_ghz_to_a_place() {
    for path in ["ghz/made/base.json", "ghz/made/errors.json", "ghz/made/count-errors.json"] {
        let own = document(path);
        let (times, run) = (counted(&own), run(path));
        let latency = run.total.latency.as_ref().unwrap();
        assert_eq!(latency.count, Some(times.len() as u64), "{path}");
        near(latency.mean, times.iter().sum::<f64>() / times.len() as f64);
        for stated in own["latencyDistribution"].as_array().unwrap() {
            let level = format!("p{}", stated["percentage"]);
            let Some(ours) = quantile(&run, &level) else { continue };
            let ms = stated["latency"].as_f64().unwrap() / 1e6;
            let at = times.iter().position(|own| *own >= ms - 1e-9).unwrap();
            let (low, high) = (times[at.saturating_sub(1)], times[(at + 1).min(times.len() - 1)]);
            let (low, high) = (low * 0.999, high * 1.001);
            assert!((low..=high).contains(&ours), "{path} {level}: {ours} for {ms}");
        }
    }
}

#[test]
fn the_start_is_that_of_the_first_call_though_entries_have_their_end() {
    let own = document("ghz/made/base.json");
    let start = |call: &Value| {
        let end: jiff::Timestamp = call["timestamp"].as_str().unwrap().parse().unwrap();
        end.as_nanosecond() - i128::from(call["latency"].as_i64().unwrap())
    };
    let first = own["details"].as_array().unwrap().iter().map(start).min();
    assert_eq!(run("ghz/made/base.json").started_at.map(|at| at.as_nanosecond()), first);
}

#[test]
fn a_call_with_another_status_than_ok_is_a_failure_and_in_no_response_time() {
    let run = run("ghz/made/errors.json");
    assert_eq!((run.total.requests, run.total.failures), (Some(600), Some(64)));
    assert_eq!(run.total.latency.as_ref().unwrap().count, Some(536));
    let kinds = kinds(&run);
    assert_eq!(kinds.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [36, 28]);
    assert!(kinds[0].0.starts_with("rpc error: code = Unavailable"), "{kinds:?}");
}

#[test]
fn a_refused_run_failed_and_has_no_response_time() {
    let run = run("ghz/made/refused.json");
    assert!(run.total.all_failed());
    assert!(run.total.latency.unwrap().has_no_data());
}

/// Workers that come and go are no number of users.
#[test]
fn a_changing_concurrency_is_no_number_of_users() {
    let schedule = "/options/concurrency-schedule";
    let stepped = changed("ghz/made/base.json", schedule, json!("step"));
    assert_eq!(ingest(&stepped).unwrap().run.load.users, None);
}

fn read_with(document: &Value, options: &ReadOptions) -> Run {
    let bytes = Box::new(Cursor::new(document.to_string().into_bytes()));
    read(Source::from_reader("results", bytes).unwrap(), options).unwrap().run
}

#[test]
fn the_start_of_a_test_can_be_left_out() {
    let own = document("ghz/made/base.json");
    let options =
        ReadOptions { trim_start: Some(Duration::from_secs(1)), ..ReadOptions::default() };
    let requests = read_with(&own, &options).total.requests.unwrap();
    assert!((300..600).contains(&requests), "{requests}");
}

#[test]
fn counts_that_contradict_each_other_are_refused() {
    for (pointer, value) in [
        ("/count", json!(601)),
        ("/statusCodeDistribution/OK", json!(535)),
        ("/details", json!([])),
        ("/details/0/latency", json!(-5)),
        ("/details/0/timestamp", json!("yesterday")),
    ] {
        assert!(ingest(&changed("ghz/made/errors.json", pointer, value)).is_err(), "{pointer}");
    }
}

#[test]
fn a_run_without_a_call_is_told() {
    let mut own = document("ghz/made/base.json");
    own["count"] = json!(0);
    own["statusCodeDistribution"] = json!({});
    own["details"] = Value::Null;
    let ingested = ingest(&own).unwrap();
    assert_eq!(ingested.run.total.requests, Some(0));
    assert_eq!(ingested.warnings.len(), 1);
}

#[test]
fn a_report_passes_against_itself_and_a_failing_one_does_not() {
    compare("ghz/made/base.json", "ghz/made/base.json", &[]).expect(0);
    let same_load = ["--allow-different", "duration"];
    compare("ghz/made/base.json", "ghz/made/errors.json", &same_load).expect(1);
    let itself = compare("ghz/made/refused.json", "ghz/made/refused.json", &[]).expect(3);
    assert!(itself.stdout.contains("every request failed"), "{}", itself.stdout);
}

#[test]
fn what_ghz_prints_names_the_option_that_writes_json() {
    for text in [
        "\nSummary:\n  Count:\t200\n  Total:\t181.57 ms\n  Slowest:\t69.60 ms\n  Fastest:\t26.09 ms\n",
        "duration (ms),status,error\n26.09,OK,\n",
    ] {
        let bytes = Box::new(Cursor::new(text.as_bytes().to_vec()));
        let source = Source::from_reader("results", bytes).unwrap();
        let error = read(source, &ReadOptions::default()).unwrap_err();
        assert!(error.help().unwrap().contains("--format json"), "{error}");
    }
}
