//! What perfgate's own plugin for Locust and helper for k6 write. Both files are of real runs; the times are checked against
//! those that the Locust script noted itself, and against k6's.

use crate::support::{fixture, perfgate};
use serde_json::Value;
use std::path::Path;

fn normalized(file: &str) -> Value {
    let path = fixture(file);
    let said = perfgate(Path::new("."), &["normalize", path.to_str().unwrap()]).expect(0);
    assert_eq!(said.stderr, "", "no field of it is unknown, and nothing is missing");
    serde_json::from_str(&said.stdout).unwrap()
}

fn endpoint<'a>(run: &'a Value, name: &str) -> &'a Value {
    run["endpoints"].as_array().unwrap().iter().find(|own| own["name"] == name).unwrap()
}

/// Within half a bucket of three digits.
fn close(got: &Value, exact: f64) {
    let got = got.as_f64().unwrap();
    assert!((got / exact - 1.0).abs() < 1.0 / 1024.0, "{got} is not {exact}");
}

#[test]
fn the_locust_plugin_knows_every_request_of_four_workers_to_three_digits() {
    let run = normalized("locust/2.47.0/plugin/run.json");
    // requests, failures, p50, p95, p99, max of the times that the workers noted themselves.
    for (name, requests, failures, p50, p95, p99, max) in [
        ("/health", 1276, 26, 10.056_893, 28.491_372, 39.685_868, 408.977_798),
        ("/stream", 45, 0, 99.303_566, 137.477_746, 312.866_713, 449.639_449),
        ("/chat", 854, 27, 14.045_473, 44.171_906, 59.838_612, 165.868_315),
    ] {
        let own = endpoint(&run, name);
        assert_eq!((&own["requests"], &own["failures"]), (&requests.into(), &failures.into()));
        let quantiles = &own["latency"]["quantiles"];
        close(&quantiles["p50"], p50);
        close(&quantiles["p95"], p95);
        close(&quantiles["p99"], p99);
        close(&own["latency"]["max"], max);
    }
    assert_eq!(run["total"]["requests"], 2175);
    let load = &run["load"];
    assert_eq!((&load["users"], &load["spawn_rate"]), (&8.into(), &8.0.into()));
    // sha256sum locustfile.py
    let hash = "1b712c33cc1410db81a1395e9a7322da305f7e5bf34daea073ad395ffac3ffed";
    assert_eq!(load["script_sha256"], hash);
    assert_eq!(endpoint(&run, "/chat")["failure_kinds"][0]["message"], "HTTP 503");
    assert!(endpoint(&run, "/chat")["parts"]["ttfb"].is_object());
    let metrics = run["metrics"].as_array().unwrap();
    let ttft = metrics.iter().find(|own| own["name"] == "ttft").unwrap();
    assert_eq!((&ttft["endpoint"], &ttft["count"]), (&"GET /stream".into(), &45.into()));
    assert!(run["timeline"]["users Shopper"].is_object(), "{}", run["timeline"]);
}

#[test]
fn the_k6_helper_adds_p99_counts_endpoints_the_start_and_the_scripts_hash() {
    let run = normalized("k6/1.1.0/helper/handleSummary.json");
    let chat = endpoint(&run, "/api/chat");
    assert_eq!((&chat["method"], &chat["requests"]), (&"POST".into(), &3561.into()));
    close(&chat["latency"]["quantiles"]["p99"], 12.051_191);
    close(&chat["latency"]["quantiles"]["p98"], 10.757_157);
    assert_eq!(endpoint(&run, "/health")["failures"], 92);
    assert_eq!(run["load"]["users"], 5);
    // sha256sum load.js
    let hash = "258256cdfbc2b191aa04b269c15fe0c1e4bbec83e2104e25c0a39baeba14334d";
    assert_eq!(run["load"]["script_sha256"], hash);
    // Written at 09:11:47.721, after 8.011 s.
    assert!(run["started_at"].as_str().unwrap().starts_with("2026-11-30T09:11:39.7"));
}
