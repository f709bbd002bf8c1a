//! The raw outputs of k6.

use super::plain::Figures;
use serde_json::Value;
use std::collections::BTreeMap;

/// What k6 measures by itself and perfgate has no figure for.
const NO_METRIC: [&str; 6] =
    ["data_sent", "data_received", "vus", "vus_max", "group_duration", "iteration_duration"];

/// One sample.
struct Sample<'a> {
    metric: &'a str,
    time: i128,
    value: f64,
    tag: &'a dyn Fn(&str) -> String,
}

fn add(sample: &Sample<'_>, figures: &mut Figures) {
    let Sample { metric, time, value, tag } = sample;
    let name = |tag: &dyn Fn(&str) -> String| {
        let name = if tag("name").is_empty() { tag("url") } else { tag("name") };
        let group = tag("group");
        let apart = ["::setup", "::teardown"]
            .iter()
            .find(|apart| group == **apart || group.starts_with(&format!("{apart}::")));
        apart.map_or(name.clone(), |apart| format!("{apart} {name}"))
    };
    match *metric {
        "http_reqs" => {
            figures.of("http", &tag("method"), &name(tag)).requests += 1;
            figures.during(*time, *time);
        }
        "http_req_duration" => figures.of("http", &tag("method"), &name(tag)).times.push(*value),
        "http_req_failed" => {
            let own = figures.of("http", &tag("method"), &name(tag));
            own.outcomes += 1;
            own.failures += u64::from(*value > 0.0);
        }
        "ws_connecting" | "ws_ping" => {
            let own = figures.of("websocket", "", &format!("{metric} {}", tag("url")));
            own.requests += 1;
            own.times.push(*value);
            figures.during(*time, *time);
        }
        "checks" => {}
        _ if metric.starts_with("http_req_") => {
            let own = figures.of("http", &tag("method"), &name(tag));
            let part = match metric.strip_prefix("http_req_").unwrap() {
                "connecting" => "connect",
                "tls_handshaking" => "tls",
                "blocked" => "blocked",
                "sending" => "sending",
                "receiving" => "receiving",
                "waiting" => {
                    own.part("ttfb", *value);
                    "waiting"
                }
                other => panic!("{other}"),
            };
            own.part(part, *value);
        }
        _ if NO_METRIC.contains(metric) => {}
        _ => {
            let own = figures.metrics.entry((*metric).to_owned()).or_default();
            own.samples.push((*time, *value));
        }
    }
}

/// What belongs to the file as a whole.
fn finished(mut figures: Figures) -> Figures {
    figures.dated = true;
    let websockets = figures.endpoints.keys().filter(|key| key.starts_with("websocket|"));
    let none = websockets.map(|key| (key.clone(), Default::default())).collect();
    figures.apart = none;
    // The iterations are counted, whatever the file says of them.
    for name in ["iterations", "dropped_iterations"] {
        if let Some(own) = figures.metrics.get_mut(name) {
            "counter".clone_into(&mut own.sort);
        }
    }
    figures
}

pub(crate) fn ndjson(text: &str) -> Figures {
    let mut figures = Figures::default();
    let mut sorts = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (metric, data) = (line["metric"].as_str().unwrap(), &line["data"]);
        if line["type"] == "Metric" {
            sorts.insert(metric.to_owned(), data["type"].as_str().unwrap().to_owned());
            continue;
        }
        let time: jiff::Timestamp = data["time"].as_str().unwrap().parse().unwrap();
        let tag = |name: &str| data["tags"][name].as_str().unwrap_or_default().to_owned();
        let (time, value) = (time.as_nanosecond(), data["value"].as_f64().unwrap());
        add(&Sample { metric, time, value, tag: &tag }, &mut figures);
    }
    for (name, own) in &mut figures.metrics {
        own.sort.clone_from(&sorts[name]);
    }
    finished(figures)
}

pub(crate) fn csv(text: &str) -> Figures {
    let mut figures = Figures::default();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    for row in reader.records() {
        let row = row.unwrap();
        let field = |name: &str| {
            let at = header.iter().position(|column| column == name);
            at.and_then(|at| row.get(at)).unwrap_or_default().to_owned()
        };
        let (metric, value) = (field("metric_name"), field("metric_value").parse().unwrap());
        let time = time(&field("timestamp"));
        add(&Sample { metric: &metric, time, value, tag: &field }, &mut figures);
    }
    finished(figures)
}

fn time(text: &str) -> i128 {
    match text.len() {
        _ if text.contains('T') => text.parse::<jiff::Timestamp>().unwrap().as_nanosecond(),
        10 => text.parse::<i128>().unwrap() * 1_000_000_000,
        13 => text.parse::<i128>().unwrap() * 1_000_000,
        _ => panic!("{text}"),
    }
}
