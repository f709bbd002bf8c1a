//! hyperfine's JSON.

use super::benchmarks::{benchmark, latency, metric, names, quantile, run, run_of};
use super::totals::{document, near};
use serde_json::json;

const FILE: &str = "hyperfine/base.json";

#[test]
fn times_are_seconds_and_each_round_is_a_sample() {
    let (run, file) = (run(FILE), document(FILE));
    assert_eq!(names(&run), ["sleep 0.02", "sleep 0.03"]);
    let theirs = &file["results"][0];
    near(quantile(&run, "sleep 0.02", "p50"), theirs["median"].as_f64().unwrap() * 1e3);
    near(latency(&run, "sleep 0.02").stddev, theirs["stddev"].as_f64().unwrap() * 1e3);
    let rounds = theirs["times"].as_array().unwrap().len() as u64;
    assert_eq!(latency(&run, "sleep 0.02").count, Some(rounds));
}

#[test]
fn processor_time_is_a_metric_that_is_judged_only_where_it_is_named() {
    let run = run(FILE);
    let user = metric(&run, "sleep 0.02", "user_time");
    near(user.value, document(FILE)["results"][0]["user"].as_f64().unwrap() * 1e3);
    assert_eq!(user.direction, None);
}

#[test]
fn a_round_with_another_exit_code_than_0_is_a_failure() {
    let run = run("hyperfine/params.json");
    let own = benchmark(&run, "sh -c \"sleep 0.01; exit 3\"");
    assert_eq!((own.requests, own.failures), (Some(5), Some(5)));
    use perfgate::model::Raw as _;
    assert_eq!(own.failure_kinds[0].message.raw(), "exit code 3");
}

#[test]
fn a_round_that_a_signal_ended_has_no_exit_code_and_failed() {
    let mut file = document(FILE);
    file["results"][0]["exit_codes"][0] = json!(null);
    assert_eq!(benchmark(&run_of(&file.to_string()), "sleep 0.02").failures, Some(1));
}

#[test]
fn commands_of_one_name_are_told_apart_by_their_parameters() {
    let mut file = document("hyperfine/params.json");
    for entry in file["results"].as_array_mut().unwrap() {
        entry["command"] = json!("nap");
    }
    assert_eq!(names(&run_of(&file.to_string())), ["nap [n=0.01]", "nap [n=0.02]"]);
}
