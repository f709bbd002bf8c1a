//! What perfgate makes of Locust's files beyond their numbers: the load, and how the numbers were rounded.

use crate::support::{compare, finding, fixture, perfgate};
use perfgate::ingest::{Ingested, ReadOptions, Source, read};
use perfgate::model::{Quantile, Raw as _, Rounding};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

fn ingest(path: &Path) -> Ingested {
    let source = Source::open(path).unwrap_or_else(|error| panic!("{error}"));
    read(source, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// The statistics of a scenario of Locust 2.47.0.
fn stats(scenario: &str) -> String {
    format!("locust/2.47.0/{scenario}/x_stats.csv")
}

#[test]
fn half_or_double_the_users_is_another_load() {
    let (ten, five) = (stats("users-10"), stats("users-5"));
    for (base, new, [before, now]) in [(&ten, &five, ["10", "5"]), (&five, &ten, ["5", "10"])] {
        let report = compare(base, new, &["--format", "json"]).expect(3).json();
        assert_eq!(report["reason"], "not_comparable");
        let differs = &report["differences"][0];
        assert_eq!((&differs["field"], &differs["baseline"]), (&"users".into(), &before.into()));
        assert_eq!(differs["current"], now);
    }
    let allowed = ["--allow-different", "users", "--format", "json"];
    assert_ne!(compare(&ten, &five, &allowed).json()["reason"], "not_comparable");
}

#[test]
fn the_history_tells_users_start_and_users_over_time() {
    let run = ingest(&fixture(&stats("users-10"))).run;
    assert_eq!(run.load.users, Some(10));
    assert_eq!(run.started_at.unwrap().to_string(), "2026-11-21T17:34:57Z");
    let users = &run.timeline["users"];
    assert_eq!(
        (users.interval_s, &users.values[..3]),
        (1.0, &[Some(0.0), Some(10.0), Some(10.0)][..])
    );
    // The span of the requests is exact; where there are none, the history knows how long the users were there.
    assert_eq!(run.duration_s.map(f64::floor), Some(9.0));
    assert_eq!(ingest(&fixture(&stats("zero"))).run.duration_s, Some(3.0));
}

#[test]
fn a_history_that_is_missing_cut_foreign_or_empty_breaks_nothing() {
    let scratch = TempDir::new().unwrap();
    let (own, beside) =
        (scratch.path().join("x_stats.csv"), scratch.path().join("x_stats_history.csv"));
    std::fs::copy(fixture(&stats("users-10")), &own).unwrap();
    let history = |scenario: &str| {
        std::fs::read(fixture(&format!("locust/2.47.0/{scenario}/x_stats_history.csv"))).unwrap()
    };
    let known = ingest(&own);
    assert_eq!((known.run.load.users, known.warnings.len()), (None, 0), "missing");
    let whole = history("users-10");
    for (what, bytes, users, warning) in [
        ("whole", whole.clone(), Some(10), None),
        ("its last row cut", whole[..whole.len() - 60].to_vec(), Some(10), Some("broken_lines")),
        ("the second half cut", whole[..whole.len() / 2].to_vec(), None, Some("other_history")),
        ("of another run", history("base-1"), None, Some("other_history")),
        ("empty", Vec::new(), None, Some("broken_lines")),
        ("foreign", b"a,b\n1,2\n".to_vec(), None, Some("broken_lines")),
        ("no text", vec![0xff; 100], None, Some("broken_lines")),
    ] {
        std::fs::write(&beside, bytes).unwrap();
        let Ingested { run, warnings } = ingest(&own);
        assert_eq!(run.total.requests, known.run.total.requests, "{what}");
        assert_eq!(run.load.users, users, "{what}");
        let last = warnings.last().map(|warning| warning.kind.code());
        assert_eq!(last, warning, "{what}: {warnings:?}");
    }
}

#[test]
fn the_log_of_every_request_is_the_run_that_the_statistics_sum_up() {
    let [log, sums] = ["requests", "x_stats"]
        .map(|name| ingest(&fixture(&format!("locust/2.47.0/users-10/{name}.csv"))).run);
    assert_eq!((log.tool.name.raw(), log.endpoints.len()), ("locust", sums.endpoints.len()));
    for sum in sums.all_endpoints() {
        let own = log.all_endpoints().find(|own| own.key == sum.key).unwrap();
        let name = sum.key.text().into_raw();
        // The statistics lack the last second.
        let [all, known] = [own, sum].map(|side| side.requests.unwrap());
        assert!(all >= known && all as f64 <= known as f64 * 1.2, "{name}: {all} of {known}");
        let [all, known] = [own, sum].map(|side| side.failures.unwrap());
        assert!(all >= known && all <= known + 8, "{name}: {all} failures of {known}");
        let [times, rounded] = [own, sum].map(|side| side.latency.as_ref().unwrap());
        assert_eq!(times.has_no_data(), rounded.has_no_data(), "{name}");
        assert_eq!(times.rounding, None);
        let p50 = [times, rounded].map(|side| side.quantiles.get(&Quantile::P50).copied());
        if let [Some(exact), Some(rounded)] = p50
            && !times.has_no_data()
        {
            assert!((exact - rounded).abs() < 2.0, "{name}: {exact} for {rounded}");
        }
    }
    let kinds: Vec<&str> = log.total.failure_kinds.iter().map(|kind| kind.message.raw()).collect();
    assert_eq!(
        kinds,
        ["Remote end closed connection without response", "too, \"bad\"", "HTTP 500"]
    );
    // Ten seconds of calendar time: what goes for other raw samples goes for these.
    assert_eq!(log.started_at.unwrap().to_string()[..19], *"2026-11-21T17:34:57");
    assert_eq!(log.timeline["throughput_rps"].values.len(), 11);
    let options =
        ReadOptions { trim_start: Some(Duration::from_secs(5)), ..ReadOptions::default() };
    let file = fixture("locust/2.47.0/users-10/requests.csv");
    let rest = read(Source::open(&file).unwrap(), &options).unwrap().run;
    let share = rest.total.requests.unwrap() as f64 / log.total.requests.unwrap() as f64;
    assert!((0.4..0.6).contains(&share), "{share}");
}

#[test]
fn a_broken_row_of_the_log_is_an_error_with_its_place() {
    let scratch = TempDir::new().unwrap();
    let header =
        "timestamp,request_type,name,response_time_ms,response_length,status_code,exception\r\n";
    let row = "1795282497.5,GET,/a,12.5,100,200,\r\n";
    let file = scratch.path().join("requests.csv");
    for (broken, problem) in [
        ("1795282497.5,GET,/a,fast,100,200,\r\n", "requests.csv:3: response_time_ms is `fast`"),
        ("soon,GET,/a,12.5,100,200,\r\n", "requests.csv:3: timestamp is `soon`"),
        ("1795282497.5,GET,/a,12.5", "requests.csv"),
    ] {
        std::fs::write(&file, format!("{header}{row}{broken}")).unwrap();
        let ended = perfgate(scratch.path(), &["normalize", "requests.csv"]).expect(2);
        assert!(ended.stderr.contains(problem), "{}", ended.stderr);
        let lenient =
            perfgate(scratch.path(), &["normalize", "--lenient", "requests.csv"]).expect(0);
        assert_eq!(lenient.json()["total"]["requests"], 1, "{}", lenient.stdout);
    }
}

#[test]
fn the_rounding_is_what_the_values_show() {
    let of = |file: &str| {
        let run = ingest(&fixture(&format!("locust/2.47.0/{file}"))).run;
        let all: Vec<_> =
            run.all_endpoints().filter_map(|e| e.latency.as_ref()?.rounding).collect();
        assert_eq!(all.len(), run.endpoints.len() + 1, "{file}");
        assert!(all.iter().all(|rounding| *rounding == all[0]), "{file}: {all:?}");
        all[0]
    };
    for file in
        ["base-1/x_stats.csv", "base-1/stats.json", "custom/x_stats.csv", "users-10/x_stats.csv"]
    {
        assert_eq!(of(file), Rounding::TwoSignificantDigits, "{file}");
    }
    for (file, us) in [
        ("bucket-ms/x_stats.csv", 1_000),
        ("bucket-ms/out.json", 1_000),
        ("bucket-tenths/x_stats.csv", 1_000),
        ("bucket-tenths/out.json", 100),
    ] {
        assert_eq!(of(file), Rounding::Steps { us }, "{file}");
    }
    // A recorded run keeps it.
    let scratch = TempDir::new().unwrap();
    let file = fixture("locust/2.47.0/bucket-tenths/out.json");
    perfgate(scratch.path(), &["normalize", "-o", "run.json", file.to_str().unwrap()]).expect(0);
    let run = ingest(&scratch.path().join("run.json")).run;
    assert_eq!(run.total.latency.unwrap().rounding, Some(Rounding::Steps { us: 100 }));
}

#[test]
fn a_step_of_two_digits_is_no_excuse_for_a_file_in_whole_milliseconds() {
    let scratch = TempDir::new().unwrap();
    // 140 → 170 ms is +21 %; what is rounded to tens may have been 145 → 165.
    let file = |name: &str, p95: u32, other: u32| {
        let columns =
            "Type,Name,Request Count,Failure Count,Average Response Time,Requests/s,50%,95%";
        let text = format!(
            "{columns}\nGET,/a,9000,0,30,90,20,{p95}\nGET,/b,9000,0,30,90,20,{other}\n,Aggregated,18000,0,30,180,20,{p95}\n"
        );
        std::fs::write(scratch.path().join(name), text).unwrap();
    };
    let compared = |more: &[&str]| {
        let all = ["compare", "--format", "json", "--baseline-file", "a_stats.csv", "b_stats.csv"];
        let report = perfgate(scratch.path(), &[&all[..], more].concat()).json();
        finding(&report, "GET /a", "p95")["reason"].clone()
    };
    let policy = scratch.path().join("perfgate.yaml");
    std::fs::write(policy, "gate: { decide: threshold }\n").unwrap();
    file("a_stats.csv", 140, 20);
    file("b_stats.csv", 170, 20);
    assert_eq!(compared(&[]), "below_resolution");
    // One value off the steps shows that there are none.
    file("a_stats.csv", 140, 123);
    file("b_stats.csv", 170, 123);
    assert_eq!(compared(&[]), "over_threshold");
}

#[test]
fn a_load_that_nobody_knows_is_told_once() {
    let scratch = TempDir::new().unwrap();
    for (name, scenario) in [("a", "base-1"), ("b", "base-2"), ("c", "base-3")] {
        std::fs::copy(fixture(&stats(scenario)), scratch.path().join(format!("{name}_stats.csv")))
            .unwrap();
    }
    let lines = |more: &[&str]| {
        let both = [
            "compare",
            "--baseline-file",
            "a_stats.csv",
            "--baseline-file",
            "b_stats.csv",
            "c_stats.csv",
        ];
        let told = perfgate(scratch.path(), &[&both[..], more].concat()).stdout;
        told.lines()
            .filter(|line| line.contains("the number of users"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let [line] = &lines(&[])[..] else { panic!("{:?}", lines(&[])) };
    assert_eq!(
        line.trim(),
        "warning   the number of users is unknown, so a different load would look like a change: name the load with \
         --profile NAME, or keep _stats_history.csv next to _stats.csv"
    );
    assert_eq!(lines(&["--profile", "smoke"]), [""; 0], "a named load is known by its name");
    // One side is enough.
    let history = fixture("locust/2.47.0/base-3/x_stats_history.csv");
    std::fs::copy(history, scratch.path().join("c_stats_history.csv")).unwrap();
    assert!(lines(&[])[0].contains("is unknown for the baseline,"), "{:?}", lines(&[]));
}

/// A file of `--json` with one endpoint of these response times.
fn json_of(name: &serde_json::Value, times: &[(u32, u64)]) -> String {
    let count: u64 = times.iter().map(|(_, n)| n).sum();
    let sum: f64 = times.iter().map(|(ms, n)| f64::from(*ms) * *n as f64).sum();
    let counts: serde_json::Map<_, _> =
        times.iter().map(|(ms, n)| (ms.to_string(), (*n).into())).collect();
    let (min, max) = (times[0].0, times[times.len() - 1].0);
    serde_json::json!([{
        "name": name, "method": "GET", "start_time": 1_795_282_497.0, "last_request_timestamp": 1_795_282_507.0,
        "num_requests": count, "num_none_requests": 0, "num_failures": 0, "total_response_time": sum,
        "min_response_time": min, "max_response_time": max, "response_times": counts,
    }])
    .to_string()
}

#[test]
fn between_two_steps_of_different_width_the_truth_may_be_further_off() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("out.json");
    // p95 of 100 lies at rank 94.05, between 98 and 110 ms.
    std::fs::write(&path, json_of(&"/a".into(), &[(98, 95), (110, 5)])).unwrap();
    let latency = ingest(&path).run.endpoints[0].latency.clone().unwrap();
    let p95 = latency.quantiles[&Quantile::P95];
    assert!((p95 - 98.6).abs() < 1e-9, "{p95}");
    // 98 ± 0.5 to 19 parts of 20, and 110 ± 5 to one.
    let off = latency.half_step(Quantile::P95, p95);
    assert!((off - (0.95 * 0.5 + 0.05 * 5.0)).abs() < 1e-6, "{off}");
    // Where both samples have the same step, it is half of that.
    assert_eq!(latency.half_step(Quantile::P50, latency.quantiles[&Quantile::P50]), 0.5);
    // A recorded run keeps it, without its samples.
    let arguments = ["normalize", "--no-histograms", "-o", "run.json", "out.json"];
    perfgate(scratch.path(), &arguments).expect(0);
    let kept = ingest(&scratch.path().join("run.json")).run.endpoints[0].latency.clone().unwrap();
    assert_eq!(kept.half_step(Quantile::P95, p95), off);
}

#[test]
fn a_true_percentile_lies_within_half_a_step_of_what_is_read() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("out.json");
    for n in [100_u32, 101, 150, 333, 1_500] {
        for centre in [20.0, 80.0, 300.0] {
            // Long tails, over both borders of steps.
            let time = |i: u32| {
                let part = f64::from((i * 7919) % n) / f64::from(n);
                centre * (0.2 + part / (1.02 - part))
            };
            let mut exact: Vec<f64> = (0..n).map(time).collect();
            exact.sort_by(f64::total_cmp);
            let mut counts: Vec<(u32, u64)> = Vec::new();
            for ms in &exact {
                let step = 2.0 * Rounding::TwoSignificantDigits.half_step(*ms);
                let bucket = ((ms / step).round() * step) as u32;
                match counts.last_mut() {
                    Some((last, n)) if *last == bucket => *n += 1,
                    _ => counts.push((bucket, 1)),
                }
            }
            std::fs::write(&path, json_of(&"/a".into(), &counts)).unwrap();
            let latency = ingest(&path).run.endpoints[0].latency.clone().unwrap();
            for (level, read) in &latency.quantiles {
                let position = level.fraction() * f64::from(n - 1);
                let (low, part) = (exact[position as usize], position.fract());
                let high = exact[(position as usize + 1).min(exact.len() - 1)];
                let truth = low + (high - low) * part;
                let off = latency.half_step(*level, *read);
                assert!(
                    (read - truth).abs() <= off + 1e-9,
                    "{n} {centre} {level}: {read} {truth} {off}"
                );
            }
        }
    }
}

#[test]
fn shards_have_the_percentiles_of_one_file_with_all_of_their_times() {
    let scratch = TempDir::new().unwrap();
    let write = |name: &str, times: &[(u32, u64)]| {
        std::fs::write(scratch.path().join(name), json_of(&"/a".into(), times)).unwrap();
    };
    // The median of four lies between 2 and 3 ms; more than a thousand times become a histogram.
    for (a, b, both) in [
        ([(2, 1), (3, 1)], [(2, 1), (3, 1)], [(2, 2), (3, 2)]),
        ([(2, 900), (150, 900)], [(2, 1), (150, 1)], [(2, 901), (150, 901)]),
    ] {
        write("a.json", &a);
        write("b.json", &b);
        write("both.json", &both);
        let merged = perfgate(scratch.path(), &["merge", "a.json", "b.json"]).expect(0).json();
        let whole = perfgate(scratch.path(), &["normalize", "both.json"]).expect(0).json();
        for part in ["total", "endpoints"] {
            let latency = |run: &serde_json::Value| match part {
                "total" => run["total"]["latency"].clone(),
                _ => run["endpoints"][0]["latency"].clone(),
            };
            let (merged, whole) = (latency(&merged), latency(&whole));
            assert_eq!(merged["quantiles"], whole["quantiles"]);
            assert_eq!(merged["half_steps"], whole["half_steps"]);
            assert_eq!(merged["mean"], whole["mean"]);
        }
    }
}

#[test]
fn what_a_script_fires_without_a_name_or_with_a_number_is_an_endpoint() {
    let scratch = TempDir::new().unwrap();
    let names = [(serde_json::Value::Null, "(unnamed)"), (7.into(), "7"), ("".into(), "(unnamed)")];
    for (name, shown) in names {
        std::fs::write(scratch.path().join("out.json"), json_of(&name, &[(5, 10)])).unwrap();
        let run = perfgate(scratch.path(), &["normalize", "-o", "run.json", "out.json"]).expect(0);
        assert_eq!(run.stderr, "wrote run.json: locust, 10 requests, 1 endpoint\n");
        // What is written can be read again.
        let again = perfgate(scratch.path(), &["normalize", "run.json"]).expect(0).json();
        assert_eq!(again["endpoints"][0]["name"], shown);
    }
}

#[test]
fn an_endpoint_keeps_the_ten_most_frequent_kinds_of_failure() {
    let scratch = TempDir::new().unwrap();
    let write = |name: &str, text: String| std::fs::write(scratch.path().join(name), text).unwrap();
    let columns = "Type,Name,Request Count,Failure Count,Average Response Time,Requests/s,50%";
    write(
        "x_stats.csv",
        format!("{columns}\nGET,/a,900,78,30,90,20\n,Aggregated,900,78,30,90,20\n"),
    );
    let rows: String = (1..=12).map(|i| format!("GET,/a,kind {i},{i}\n")).collect();
    write("x_failures.csv", format!("Method,Name,Error,Occurrences\n{rows}"));
    let run = ingest(&scratch.path().join("x_stats.csv")).run;
    for endpoint in run.all_endpoints() {
        let counts: Vec<u64> = endpoint.failure_kinds.iter().map(|kind| kind.count).collect();
        assert_eq!(counts, [12, 11, 10, 9, 8, 7, 6, 5, 4, 3], "{:?}", endpoint.key);
    }
}
