//! Tools that load language models: AIPerf, GuideLLM, vLLM and SGLang.

use super::totals::near;
use crate::support::{compare, fixture, perfgate};
use perfgate::ingest::{FORMATS, IngestError, Ingested, ReadOptions, Source, read, recognise};
use perfgate::model::{
    CustomMetric, Distribution, EndpointKey, Kind, Quantile, Raw, Run, WarningKind,
};
use serde_json::{Value, json};
use std::io::{Cursor, Read as _};

/// What a file holds, unpacked.
fn text(path: &str) -> String {
    let bytes = std::fs::read(fixture(path)).unwrap();
    let mut text = String::new();
    match path.ends_with(".gz") {
        true => flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap(),
        false => bytes.as_slice().read_to_string(&mut text).unwrap(),
    };
    text
}

/// Its results, an object each.
fn results(path: &str) -> Vec<Value> {
    serde_json::Deserializer::from_str(&text(path)).into_iter().map(Result::unwrap).collect()
}

fn ingest(text: String, format: &str) -> Result<Ingested, IngestError> {
    // Keys in another order may hide what a file begins with.
    let format = FORMATS.iter().find(|own| own.name == format).copied();
    let source = Source::from_reader("results", Box::new(Cursor::new(text.into_bytes())))?;
    read(source, &ReadOptions { format, ..ReadOptions::default() })
}

fn ingested(path: &str) -> Ingested {
    Source::open(&fixture(path))
        .and_then(|source| read(source, &ReadOptions::default()))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn run(path: &str) -> Run {
    ingested(path).run
}

fn metric<'a>(run: &'a Run, endpoint: &EndpointKey, name: &str) -> Option<&'a CustomMetric> {
    run.metrics.iter().find(|own| own.name == name && own.endpoint == *endpoint)
}

fn of_run<'a>(run: &'a Run, name: &str) -> Option<&'a CustomMetric> {
    metric(run, &EndpointKey::Total, name)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|own| own.as_f64().unwrap()).collect()
}

#[test]
fn each_file_is_recognized_by_its_content() {
    for (path, name) in [
        ("aiperf/records.jsonl.gz", "aiperf-records"),
        ("aiperf/summary.json.gz", "aiperf-json"),
        ("genai-perf/made/summary.json", "genai-perf"),
        ("guidellm/rates.json.gz", "guidellm"),
        ("guidellm/allfail.json.gz", "guidellm"),
        ("vllm/base.json", "vllm-bench"),
        ("vllm/levels.json", "vllm-bench"),
        ("sglang/base.jsonl", "sglang-bench"),
        ("sglang/details.jsonl", "sglang-bench"),
    ] {
        let format = Source::open(&fixture(path)).and_then(recognise).unwrap();
        assert_eq!(format.name, name, "{path}");
    }
}

#[test]
fn no_file_in_which_every_request_failed_passes() {
    for path in ["guidellm/allfail.json.gz", "vllm/allfail.json"] {
        let own = run(path);
        assert_eq!((own.total.requests, own.total.failures), (Some(20), Some(20)), "{path}");
        assert!(own.total.latency.is_none(), "{path}");
        assert!(of_run(&own, "ttft").is_none(), "{path}: {:?}", own.metrics);
        assert_ne!(compare(path, path, &[]).code, 0, "{path}");
    }
    let ended = compare("vllm/base.json", "vllm/allfail.json", &[]);
    assert_ne!(ended.code, 0, "{}", ended.stdout);
}

/// The records of the phase that counts: some of the file are of the warm-up.
fn profiled() -> Vec<Value> {
    let all = results("aiperf/records.jsonl.gz");
    let own: Vec<Value> = all
        .iter()
        .filter(|own| own["metadata"]["benchmark_phase"] == "profiling")
        .cloned()
        .collect();
    assert_eq!((all.len(), own.len()), (65, 60));
    own
}

/// The values of a metric in records.
fn recorded(records: &[Value], metric: &str) -> Vec<f64> {
    let values = |own: &Value| match &own["metrics"][metric]["value"] {
        Value::Null => Vec::new(),
        Value::Array(all) => all.iter().map(|own| own.as_f64().unwrap()).collect(),
        one => vec![one.as_f64().unwrap()],
    };
    records.iter().flat_map(values).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn records_of_the_warm_up_do_not_count_and_errors_are_failures_without_a_time() {
    let records = profiled();
    let failed = records.iter().filter(|own| !own["error"].is_null()).count() as u64;
    let run = run("aiperf/records.jsonl.gz");
    assert_eq!((run.total.requests, run.total.failures), (Some(60), Some(failed)));
    let kind = &run.total.failure_kinds[0];
    assert_eq!((kind.message.raw(), kind.count), ("503 Service Unavailable", failed));
    let latency = run.total.latency.as_ref().unwrap();
    assert_eq!(latency.count, Some(60 - failed));
    near(latency.mean, mean(&recorded(&records, "request_latency")));
    let times = |key: &str| {
        records.iter().map(|own| own["metadata"][key].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let start = times("request_start_ns").into_iter().min().unwrap();
    assert_eq!(run.started_at.unwrap().as_nanosecond(), i128::from(start));
}

#[test]
fn metrics_of_records_are_samples_of_each_answer_or_of_each_part_of_it() {
    let records = profiled();
    let run = run("aiperf/records.jsonl.gz");
    for (theirs, ours) in [
        ("time_to_first_token", "ttft"),
        ("inter_token_latency", "inter_token_latency"),
        ("inter_chunk_latency", "inter_chunk_latency"),
        ("output_sequence_length", "completion_tokens"),
    ] {
        let values = recorded(&records, theirs);
        let own = of_run(&run, ours).unwrap();
        assert_eq!(own.count, Some(values.len() as u64), "{ours}");
        near(own.value, mean(&values));
    }
    let gaps = of_run(&run, "inter_chunk_latency").unwrap().count.unwrap();
    assert!(gaps > 60, "{gaps}");
}

#[test]
fn the_summary_of_aiperf_agrees_with_its_records() {
    let (summary, records) = (run("aiperf/summary.json.gz"), run("aiperf/records.jsonl.gz"));
    assert_eq!(summary.total.requests, records.total.requests);
    assert_eq!(summary.total.failures, records.total.failures);
    let kinds = |run: &Run| {
        run.total
            .failure_kinds
            .iter()
            .map(|own| (own.message.clone(), own.count))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&summary), kinds(&records));
    let [ours, theirs] = [&summary, &records].map(|run| run.total.latency.as_ref().unwrap());
    near(ours.mean, theirs.mean.unwrap());
    for name in ["ttft", "inter_token_latency", "inter_chunk_latency", "prompt_tokens"] {
        let [ours, theirs] = [&summary, &records].map(|run| of_run(run, name).unwrap());
        near(ours.value, theirs.value.unwrap());
        assert_eq!(ours.count, theirs.count, "{name}");
        let [ours, theirs] = [ours, theirs].map(|own| own.quantiles[&Quantile::P95]);
        assert!((ours / theirs - 1.0).abs() < 1e-6, "{name}: {ours} {theirs}");
    }
    let [ours, theirs] = [summary.duration_s, records.duration_s].map(Option::unwrap);
    assert!((ours / theirs - 1.0).abs() < 0.01, "{ours} {theirs}");
    assert_eq!((summary.load.users, summary.load.users_planned), (Some(4), true));
}

/// `request_count` is that of the good ones.
#[test]
fn a_summary_of_failures_alone_does_not_pass() {
    let mut export = results("aiperf/summary.json.gz").remove(0);
    let all = export.as_object_mut().unwrap();
    let failures = all["error_request_count"].clone();
    all.retain(|_, own| !own.get("unit").is_some_and(Value::is_string));
    all.insert("error_request_count".to_owned(), failures);
    let run = ingest(export.to_string(), "aiperf-json").unwrap().run;
    assert_eq!((run.total.requests, run.total.failures), (Some(7), Some(7)));
    assert!(run.total.latency.is_none() && run.metrics.is_empty());
}

#[test]
fn a_unit_that_is_no_time_is_an_error() {
    let mut export = results("aiperf/summary.json.gz").remove(0);
    export["time_to_first_token"]["unit"] = json!("furlongs");
    let error = ingest(export.to_string(), "aiperf-json").unwrap_err();
    assert!(error.to_string().contains("furlongs"), "{error}");
}

#[test]
fn genai_perf_does_not_tell_of_failures() {
    let own = ingested("genai-perf/made/summary.json");
    assert_eq!((own.run.total.requests, own.run.total.failures), (Some(53), None));
    assert!(matches!(own.warnings[0].kind, WarningKind::AnswersOnly));
    assert_eq!(own.run.tool.name.raw(), "genai-perf");
}

/// GuideLLM's good requests of a level.
fn good(level: &Value) -> &Vec<Value> {
    level["requests"]["successful"].as_array().unwrap()
}

#[test]
fn each_rate_of_guidellm_is_a_scenario_with_metrics_of_its_own() {
    let report = &results("guidellm/rates.json.gz")[0];
    let run = run("guidellm/rates.json.gz");
    let names: Vec<&str> = run
        .endpoints
        .iter()
        .map(|own| match &own.key {
            EndpointKey::Named { kind: Kind::Scenario, name, .. } => name.raw(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["constant@10", "constant@20"]);
    for (endpoint, level) in run.endpoints.iter().zip(report["benchmarks"].as_array().unwrap()) {
        let latency = endpoint.latency.as_ref().unwrap();
        let seconds = level["metrics"]["request_latency"]["successful"]["mean"].as_f64().unwrap();
        near(latency.mean, seconds * 1e3);
        let ttft = metric(&run, &endpoint.key, "ttft").unwrap();
        near(
            ttft.value,
            level["metrics"]["time_to_first_token_ms"]["successful"]["mean"].as_f64().unwrap(),
        );
        assert_eq!(ttft.count, Some(good(level).len() as u64));
        let rate = metric(&run, &endpoint.key, "tokens_per_second").unwrap();
        near(
            rate.value,
            level["metrics"]["output_tokens_per_second"]["total"]["mean"].as_f64().unwrap(),
        );
        // It counts the first token as well, unlike that of other tools.
        assert!(metric(&run, &endpoint.key, "tpot").is_none());
        assert_eq!((endpoint.requests, endpoint.failures), (Some(40), Some(4)));
        assert!(endpoint.failure_kinds[0].message.raw().contains("503"), "{endpoint:?}");
    }
    assert_eq!((run.total.requests, run.total.failures), (Some(80), Some(8)));
    assert!(run.total.latency.is_none(), "two loads have no response time together");
}

#[test]
fn requests_that_the_end_cut_short_have_no_outcome() {
    let run = run("guidellm/cut.json.gz");
    assert_eq!((run.total.requests, run.total.outcomes), (Some(28), Some(24)));
    assert_eq!((run.total.failures, run.load.users), (Some(0), Some(4)));
    near(run.total.throughput_rps, 24.0 / run.duration_s.unwrap());
    assert_eq!(run.total.latency.unwrap().count, Some(24));
}

/// Where GuideLLM keeps a sample of the requests, its statistics are of all of them.
#[test]
fn of_a_sample_of_requests_the_statistics_count() {
    let mut report = results("guidellm/cut.json.gz").remove(0);
    let kept = report["benchmarks"][0]["requests"]["successful"].as_array_mut().unwrap();
    kept.truncate(3);
    let run = ingest(report.to_string(), "guidellm").unwrap().run;
    let stated = &report["benchmarks"][0]["metrics"]["request_latency"]["successful"];
    let latency = run.total.latency.as_ref().unwrap();
    assert!(latency.distribution.is_none());
    assert_eq!(latency.count, stated["count"].as_u64());
    for (level, name) in [(99.0, "p99"), (99.9, "p999"), (5.0, "p05")] {
        let own = latency.quantiles[&Quantile::from_percent(level).unwrap()];
        near(Some(own), stated["percentiles"][name].as_f64().unwrap() * 1e3);
    }
    assert_eq!(of_run(&run, "ttft").unwrap().count, stated["count"].as_u64());
}

#[test]
fn guidellm_without_a_benchmark_is_an_error() {
    let mut report = results("guidellm/cut.json.gz").remove(0);
    report["benchmarks"] = json!([]);
    let error = ingest(report.to_string(), "guidellm").unwrap_err();
    assert!(error.to_string().contains("holds no benchmark"), "{error}");
}

#[test]
fn what_vllm_states_are_metrics_in_milliseconds() {
    let stated = &results("vllm/base.json")[0];
    let run = run("vllm/base.json");
    for (theirs, ours) in [("ttft", "ttft"), ("tpot", "tpot"), ("itl", "inter_token_latency")] {
        let own = of_run(&run, ours).unwrap();
        let of = |stat: &str| stated[format!("{stat}_{theirs}_ms")].as_f64();
        assert_eq!(own.value, of("mean"), "{ours}");
        assert_eq!(own.quantiles[&Quantile::P50], of("median").unwrap(), "{ours}");
        assert_eq!(own.quantiles[&Quantile::P99], of("p99").unwrap(), "{ours}");
    }
    let rate = of_run(&run, "tokens_per_second").unwrap();
    assert_eq!(rate.value, stated["output_throughput"].as_f64());
    near(of_run(&run, "completion_tokens").unwrap().value, 880.0 / 110.0);
    assert_eq!((run.total.requests, run.total.failures), (Some(120), Some(10)));
    near(run.total.throughput_rps, 120.0 / stated["duration"].as_f64().unwrap());
    assert_eq!(run.labels.get("model").map(Raw::raw), Some("tiny"));
}

/// Recent versions list the response times in every file; a failed request has 0.
#[test]
fn the_response_times_of_vllm_are_those_of_good_requests() {
    let stated = &results("vllm/base.json")[0];
    let good: Vec<f64> = numbers(&stated["latencies"]).into_iter().filter(|s| *s > 0.0).collect();
    let latency = run("vllm/base.json").total.latency.unwrap();
    assert_eq!(latency.count, Some(good.len() as u64));
    near(latency.mean, stated["mean_e2el_ms"].as_f64().unwrap());
    let p95 = latency.quantiles[&Quantile::P95] / stated["p95_e2el_ms"].as_f64().unwrap();
    assert!((p95 - 1.0).abs() < 0.002, "{p95}");
    assert!(latency.distribution.is_some_and(|all: Distribution| all.count() == 110));
}

#[test]
fn without_the_list_what_is_stated_of_response_times_counts() {
    let mut stated = results("vllm/base.json").remove(0);
    stated.as_object_mut().unwrap().remove("latencies");
    let latency = ingest(stated.to_string(), "vllm-bench").unwrap().run.total.latency.unwrap();
    assert_eq!(latency.quantiles[&Quantile::P99], stated["p99_e2el_ms"].as_f64().unwrap());
    assert_eq!((latency.count, latency.distribution.is_some()), (Some(110), false));
}

#[test]
fn the_details_give_every_sample_and_what_the_failures_were() {
    let stated = &results("vllm/detailed.json")[0];
    let run = run("vllm/detailed.json");
    let gaps = of_run(&run, "inter_token_latency").unwrap();
    assert_eq!(gaps.count, Some(54 * 7));
    near(gaps.value, stated["mean_itl_ms"].as_f64().unwrap());
    near(of_run(&run, "ttft").unwrap().value, stated["mean_ttft_ms"].as_f64().unwrap());
    let kind = &run.total.failure_kinds[0];
    assert_eq!((kind.message.raw(), kind.count), ("Service Unavailable", 6));
}

/// The answer is over with its last token.
#[test]
fn without_response_times_the_gaps_between_tokens_add_up_to_them() {
    let mut stated = results("vllm/detailed.json").remove(0);
    stated.as_object_mut().unwrap().remove("latencies");
    let latency = ingest(stated.to_string(), "vllm-bench").unwrap().run.total.latency.unwrap();
    near(latency.mean, stated["mean_e2el_ms"].as_f64().unwrap());
    assert_eq!(latency.count, Some(54));
}

#[test]
fn results_that_were_appended_are_levels_and_twice_the_same_level_is_an_error() {
    let run = run("vllm/levels.json");
    let names: Vec<_> = run.endpoints.iter().map(|own| own.key.text().into_raw()).collect();
    assert_eq!(names, ["scenario 2 at once", "scenario 4 at once"]);
    let failures: Vec<_> = run.endpoints.iter().map(|own| own.failures).collect();
    assert_eq!(failures, [Some(4), Some(3)]);
    let twice = text("vllm/base.json").repeat(2);
    let error = ingest(twice, "vllm-bench").unwrap_err();
    assert!(error.to_string().contains("several results of the same load"), "{error}");
}

/// Older versions do not count failures: they are what is missing of the requests that were meant.
#[test]
fn without_a_count_of_failures_those_that_did_not_complete_failed() {
    let mut stated = results("vllm/base.json").remove(0);
    stated.as_object_mut().unwrap().remove("failed");
    let own = ingest(stated.to_string(), "vllm-bench").unwrap().run;
    assert_eq!((own.total.requests, own.total.failures), (Some(120), Some(10)));
    stated["num_prompts"] = json!(100);
    let error = ingest(stated.to_string(), "vllm-bench").unwrap_err();
    assert!(error.to_string().contains("110 of 100 requests completed"), "{error}");
}

#[test]
fn numbers_that_are_no_json_are_nothing() {
    let python = text("vllm/base.json")
        .replace("\"request_rate\": 40.0", "\"request_rate\": Infinity")
        .replace("\"request_goodput\": null", "\"request_goodput\": NaN");
    assert!(python.contains("Infinity") && python.contains("NaN"));
    let run = ingest(python, "vllm-bench").unwrap().run;
    assert_eq!(run.total.requests, Some(120));
    assert!(of_run(&run, "goodput").is_none());
}

#[test]
fn a_negative_time_and_percentiles_that_fall_are_errors() {
    for (key, value) in [("mean_ttft_ms", json!(-1)), ("p99_ttft_ms", json!(0.5))] {
        let mut stated = results("vllm/base.json").remove(0);
        stated[key] = value;
        assert!(ingest(stated.to_string(), "vllm-bench").is_err(), "{key}");
    }
}

/// A file of SGLang without details does not know of failures.
#[test]
fn sglang_tells_of_failures_with_details_alone() {
    let base = ingested("sglang/base.jsonl");
    assert_eq!((base.run.total.requests, base.run.total.failures), (Some(55), None));
    assert!(matches!(base.warnings[0].kind, WarningKind::AnswersOnly));
    let details = ingested("sglang/details.jsonl");
    assert_eq!((details.run.total.requests, details.run.total.failures), (Some(60), Some(5)));
    assert!(details.warnings.is_empty());
    assert!(details.run.total.failure_kinds[0].message.raw().contains("overloaded"));
}

#[test]
fn sglang_calls_the_response_time_otherwise() {
    let stated = &results("sglang/base.jsonl")[0];
    let latency = run("sglang/base.jsonl").total.latency.unwrap();
    assert_eq!(latency.mean, stated["mean_e2e_latency_ms"].as_f64());
    // Of single requests, the file has no more than the time up to the last token.
    let details = run("sglang/details.jsonl").total.latency.unwrap().mean.unwrap();
    let stated = results("sglang/details.jsonl")[0]["mean_e2e_latency_ms"].as_f64().unwrap();
    assert!((details / stated - 1.0).abs() < 0.005, "{details} {stated}");
}

#[test]
fn a_budget_on_the_time_to_the_first_token_holds_for_every_tool() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("perfgate.yaml"), "budgets: { ttft_p50: 1ms }").unwrap();
    for path in ["guidellm/cut.json.gz", "vllm/base.json", "sglang/base.jsonl"] {
        let file = fixture(path);
        let ended = perfgate(folder.path(), &["check", file.to_str().unwrap()]);
        assert_eq!(ended.code, 1, "{path}: {}{}", ended.stdout, ended.stderr);
    }
}
