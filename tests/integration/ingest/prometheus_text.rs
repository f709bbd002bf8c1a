//! What services show to Prometheus, as a file.

use super::printed::{MEAN, compare_by, ingest, ingest_text, text_of};
use crate::support::compare;
use perfgate::model::{Endpoint, EndpointKey, Kind, Quantile, Raw as _, Run};

fn endpoint<'a>(run: &'a Run, method: &str, name: &str) -> &'a Endpoint {
    let key = EndpointKey::named(Kind::Http, Some(method), name);
    run.endpoints.iter().find(|own| own.key == key).unwrap()
}

fn kinds(endpoint: &Endpoint) -> Vec<(&str, u64)> {
    endpoint.failure_kinds.iter().map(|kind| (kind.message.raw(), kind.count)).collect()
}

/// The value of the line that begins so.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(series)).unwrap();
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[test]
fn labels_name_the_endpoint_and_a_status_of_400_and_more_is_a_failure() {
    let run = ingest("prometheus/status.txt").run;
    assert_eq!((run.total.requests, run.total.failures), (Some(1800), Some(156)));
    assert_eq!(kinds(&run.total), [("HTTP 503", 150), ("HTTP 404", 6)]);
    let cart = endpoint(&run, "GET", "/cart");
    assert_eq!((cart.requests, cart.failures), (Some(1500), Some(150)));
    assert_eq!((run.duration_s, run.total.throughput_rps), (None, None));
}

/// The histogram of all handlers counts the same requests, and so does the counter by status.
#[test]
fn a_counter_of_the_same_requests_tells_their_failures() {
    for name in ["prometheus/counter.txt", "prometheus/counter.om"] {
        let (run, text) = (ingest(name).run, text_of(name));
        assert_eq!(run.total.requests, Some(2000), "{name}");
        let failed = |method: &str, handler: &str| {
            let labels = format!("handler=\"{handler}\",method=\"{method}\",status=\"5xx\"");
            value(&text, &format!("http_requests_total{{{labels}}}")) as u64
        };
        let (search, checkout) = (failed("GET", "/search"), failed("POST", "/checkout"));
        assert_eq!(endpoint(&run, "GET", "/search").failures, Some(search), "{name}");
        assert_eq!(endpoint(&run, "GET", "/items/{id}").failures, Some(0), "{name}");
        assert_eq!(kinds(&run.total), [("HTTP 5xx", search + checkout)], "{name}");
    }
}

#[test]
fn a_counter_of_other_requests_tells_nothing() {
    let text = text_of("prometheus/counter.txt");
    let own = "http_requests_total{handler=\"/items/{id}\",method=\"GET\",status=\"2xx\"} 400.0";
    assert!(text.contains(own));
    let run = ingest_text(&text.replace(own, &own.replace("400.0", "401.0"))).unwrap().run;
    assert_eq!((run.total.requests, run.total.failures), (Some(2000), None));
}

#[test]
fn a_percentile_is_as_wide_as_its_bucket_and_the_mean_is_exact() {
    let (run, text) = (ingest("prometheus/counter.txt").run, text_of("prometheus/counter.txt"));
    let latency = endpoint(&run, "GET", "/search").latency.as_ref().unwrap();
    let sum = value(&text, "http_request_duration_seconds_sum{handler=\"/search\",method=\"GET\"}");
    assert!((latency.mean.unwrap() - sum * 1e3 / 900.0).abs() < 1e-9);
    // Of 900, 105 took up to 10 ms and 588 up to 25 ms: the 450th is 345 of 483 into the bucket.
    let median = 10.0 + 15.0 * (450.0 - 105.0) / (588.0 - 105.0);
    assert!((latency.quantiles[&Quantile::P50] - median).abs() < 1e-9);
    let off = (median - 10.0).max(25.0 - median);
    assert!((latency.half_step(Quantile::P50, median) - off).abs() < 1e-9);
}

#[test]
fn the_percentiles_of_a_summary_are_those_of_one_series_and_do_not_add_up() {
    let run = ingest("prometheus/summary.txt").run;
    let pay = endpoint(&run, "POST", "/pay").latency.as_ref().unwrap();
    assert!((pay.quantiles[&Quantile::P99] - 149.571_011_215_448_4).abs() < 1e-9);
    let total = run.total.latency.as_ref().unwrap();
    assert_eq!((total.count, total.quantiles.len()), (Some(1400), 0));
    let mean = (18.308_689_946_451_665 + 74.898_503_017_495_43) * 1e3 / 1400.0;
    assert!((total.mean.unwrap() - mean).abs() < 1e-9);
    assert_eq!(run.total.failures, None);
}

#[test]
fn two_histograms_that_say_as_much_are_an_error_that_names_both() {
    let text = text_of("prometheus/status.txt");
    let more = text.replace("http_request_duration_seconds", "proxy_request_duration_seconds");
    let more: Vec<&str> = more.lines().filter(|line| line.contains("proxy_request")).collect();
    let error = ingest_text(&format!("{text}{}\n", more.join("\n"))).unwrap_err();
    for name in ["http_request_duration_seconds", "proxy_request_duration_seconds"] {
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn requests_of_a_client_are_not_those_of_the_server() {
    let text = text_of("prometheus/status.txt");
    let client = text.replace("http_request_duration", "http_client_request_duration");
    let client: Vec<&str> = client.lines().filter(|line| line.contains("_client_")).collect();
    let both = ingest_text(&format!("{text}{}\n", client.join("\n"))).unwrap().run;
    assert_eq!(both.total.requests, Some(1800));
}

#[test]
fn what_contradicts_itself_or_is_missing_is_refused() {
    let text = text_of("prometheus/counter.txt");
    let search = "handler=\"/search\",le=\"0.025\",method=\"GET\"} 588.0";
    assert!(text.contains(search));
    let without = |part: &str| -> String {
        let lines = text.lines().filter(|line| !line.contains(part));
        lines.map(|line| format!("{line}\n")).collect()
    };
    for (text, why) in [
        (text.replace(search, &search.replace("588", "58")), "has buckets that fall"),
        (without("le=\"+Inf\",method=\"GET\""), "do not add up to its _count"),
        (without("duration_seconds_count{handler=\"/search\""), "has no _count"),
        (without("request_duration"), "no histogram or summary of requests"),
        (text.replace(search, &search.replace("588.0", "many")), "its value is no number"),
        (text.trim_end().to_owned(), "ends in the middle"),
        (text_of("prometheus/counter.om").repeat(2), "something follows `# EOF`"),
        (text.repeat(2), "stands twice"),
        (text_of("prometheus/summary.txt").replace("0.0195", "0.9195"), "has quantiles that fall"),
    ] {
        let error = ingest_text(&text).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
    }
}

#[test]
fn a_service_passes_against_itself_and_a_failing_one_does_not() {
    compare_by(MEAN, "prometheus/status.txt", "prometheus/status.txt").expect(0);
    compare_by(MEAN, "prometheus/counter.txt", "prometheus/counter.om").expect(0);
    let itself = compare("prometheus/allfail.txt", "prometheus/allfail.txt", &[]).expect(3);
    assert!(itself.stdout.contains("every request failed"), "{}", itself.stdout);
}
