//! Plain tables of numbers that teams keep beside their documents:
//! `{"api_baselines": {"chat_endpoint": {"p50": 150, "p95": 450, "p99": 800, "max": 1200, "unit": "ms"}}}`.

use super::error::{IngestError, Problem};
use super::fact::Fact;
use super::format::{Format, Holds, Ingested};
use super::head::{Claim, Head};
use super::json_file::json_error;
use super::source::Source;
use crate::model::{
    CustomMetric, Direction, Endpoint, EndpointKey, Kind, Latency, Quantile, Raw as _, Run,
    Statistic, Tool, Unit, Warning, WarningKind, limits, limits::Census,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) static FORMAT: Format = Format {
    name: "table",
    // Unless `--tool` names one.
    tool: "table",
    title: "a plain table of baselines",
    get: "written by hand: `{\"api_baselines\": {\"POST /api/chat\": {\"p95\": 450}}}`",
    section: "A plain table of baselines",
    versions: "none, written by people",
    holds: Holds::Figures,
    tells: &[Fact::Endpoints, Fact::P99, Fact::Errors, Fact::Throughput, Fact::Metrics],
    remark: "says what whoever wrote it has put in; errors as a rate",
    claim,
    read: |source, _| read(source),
};

/// The ending of a table's name.
const ENDING: &str = "_baselines";

fn claim(head: &Head<'_>) -> Claim {
    let has_table = head.begins_with(b'{') && head.text().contains(&format!("{ENDING}\""));
    // A group of k6 may be called so.
    Claim::likely_if(has_table && !head.has_key("root_group"))
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let bytes = source.document(limits::POLICY_BYTES)?;
    let tables: Map<String, Value> =
        serde_json::from_slice(&bytes).map_err(|error| json_error(&name, &error))?;
    let mut run = Run::new(Tool { name: FORMAT.tool.into(), version: None });
    let mut census = Census::default();
    let mut warnings = Vec::new();
    for (table, rows) in tables.iter().filter(|(table, _)| table.ends_with(ENDING)) {
        let bad = |what: String, problem: &str| {
            IngestError::new(&name, Problem::Malformed(format!("{what} {problem}")))
        };
        let rows =
            rows.as_object().ok_or_else(|| bad(table.clone(), "is no table of endpoints"))?;
        let kind = if table.starts_with("websocket") || table.starts_with("ws") {
            Kind::Websocket
        } else {
            Kind::Http
        };
        for (endpoint, row) in rows {
            let row = row
                .as_object()
                .ok_or_else(|| bad(format!("{table}.{endpoint}"), "is no row of numbers"))?;
            let wrong = |(column, problem): (&str, &str)| {
                bad(format!("{table}.{endpoint}.{column}"), problem)
            };
            let read = row_of(kind, endpoint, row).map_err(wrong)?;
            let key = match &read {
                Row::Endpoint(endpoint) => endpoint.key.clone(),
                Row::Metric(metric) => EndpointKey::named(kind, None, metric.name.raw()),
            };
            let exceeded = census.count(&key);
            exceeded.map_err(|why| IngestError::new(&name, why.into()))?;
            match read {
                Row::Endpoint(endpoint) => run.endpoints.push(endpoint),
                Row::Metric(metric) => {
                    warnings.extend(dropped(row).map(|column| {
                        let path = format!("{table}.{endpoint}.{column}");
                        Warning::at(WarningKind::UnknownField { path }, &name, None)
                    }));
                    run.metrics.push(metric);
                }
            }
        }
    }
    Ok(Ingested { run, warnings })
}

/// What a row is about.
enum Row {
    Endpoint(Endpoint),
    Metric(CustomMetric),
}

/// A row in a unit of time is an endpoint; one in any other unit (`count`, `%`, `MB`) is a metric.
fn row_of<'r>(
    kind: Kind,
    name: &str,
    row: &'r Map<String, Value>,
) -> Result<Row, (&'r str, &'static str)> {
    let unit = match row.get("unit") {
        None => "ms",
        Some(unit) => unit.as_str().ok_or(("unit", "is no text: write ms, s, count or %"))?,
    };
    match unit_of(unit) {
        (Unit::Milliseconds, factor) => endpoint_of(kind, name, row, factor).map(Row::Endpoint),
        _ if limits::check_label("a unit", unit).is_err() => Err(("unit", "is too long")),
        (unit, factor) => metric_of(name, row, unit, factor).map(Row::Metric),
    }
}

/// The unit of a name, times in words as well.
fn unit_of(name: &str) -> (Unit, f64) {
    match name {
        "nanoseconds" => Unit::from_name("ns"),
        "microseconds" => Unit::from_name("us"),
        "msec" | "millisecond" | "milliseconds" => Unit::from_name("ms"),
        "sec" | "second" | "seconds" => Unit::from_name("s"),
        other => Unit::from_name(other),
    }
}

/// The extremes that a metric with other numbers does not keep.
fn dropped(row: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let alone = row.keys().filter(|column| *column != "unit").count() == 1;
    row.keys().map(String::as_str).filter(move |column| !alone && matches!(*column, "max" | "min"))
}

/// A column's number.
fn number<'r>(column: &'r str, value: &Value) -> Result<f64, (&'r str, &'static str)> {
    let value = value.as_f64().filter(|v| v.is_finite() && *v >= 0.0);
    value.ok_or((column, "is no number, or less than 0"))
}

/// A metric. A number that it may at most or at least be says which way is better.
fn metric_of<'r>(
    name: &str,
    row: &'r Map<String, Value>,
    unit: Unit,
    factor: f64,
) -> Result<CustomMetric, (&'r str, &'static str)> {
    let mut metric = CustomMetric::new(name, unit);
    let columns = || row.iter().filter(|(column, _)| *column != "unit");
    let alone = columns().count() == 1;
    for (column, value) in columns() {
        let value = number(column, value)?;
        match (column.as_str(), column.parse()) {
            ("max" | "min", _) if alone => {
                metric.value = Some(value * factor);
                metric.direction =
                    Some(if column == "max" { Direction::Lower } else { Direction::Higher });
            }
            ("value" | "avg" | "average" | "mean", _) => metric.value = Some(value * factor),
            ("median", _) => metric.quantiles.extend([(Quantile::P50, value * factor)]),
            ("requests" | "count", _) => metric.count = Some(value as u64),
            (_, Ok(Statistic::Quantile(q))) => metric.quantiles.extend([(q, value * factor)]),
            // A warning says so.
            ("max" | "min", _) => {}
            _ => {
                return Err((
                    column,
                    "is no number of a metric: write value, p50, p95, max or min",
                ));
            }
        }
    }
    if metric.value.is_none() && metric.quantiles.is_empty() {
        return Err(("unit", "has no value beside it: write value, p95, max or min"));
    }
    refuse_falling(&metric.quantiles)?;
    Ok(metric)
}

fn refuse_falling(quantiles: &BTreeMap<Quantile, f64>) -> Result<(), (&'static str, &'static str)> {
    let pairs = quantiles.values().zip(quantiles.values().skip(1));
    if pairs.into_iter().any(|(low, high)| low > high) {
        return Err(("unit", "has percentiles that fall: a higher one is smaller"));
    }
    Ok(())
}

fn endpoint_of<'r>(
    kind: Kind,
    name: &str,
    row: &'r Map<String, Value>,
    factor: f64,
) -> Result<Endpoint, (&'r str, &'static str)> {
    let (method, path) = match name.split_once(' ') {
        Some((method, path)) if method.bytes().all(|b| b.is_ascii_uppercase()) => {
            (Some(method), path)
        }
        _ => (None, name),
    };
    let mut endpoint = Endpoint::new(EndpointKey::named(kind, method, path));
    let mut latency = Latency::default();
    for (column, value) in row.iter().filter(|(column, _)| *column != "unit") {
        let value = number(column, value)?;
        match (column.as_str(), column.parse()) {
            ("avg" | "average", _) => latency.mean = Some(value * factor),
            ("median", _) => {
                latency.quantiles.extend([(Quantile::P50, value * factor)]);
            }
            ("requests" | "count", _) => {
                (endpoint.requests, latency.count) = (Some(value as u64), Some(value as u64));
            }
            ("error_rate", _) if value <= 1.0 => endpoint.stated_error_rate = Some(value),
            ("throughput" | "rps", _) => endpoint.throughput_rps = Some(value),
            (_, Ok(Statistic::Quantile(q))) => latency.quantiles.extend([(q, value * factor)]),
            (_, Ok(Statistic::Mean)) => latency.mean = Some(value * factor),
            (_, Ok(Statistic::Min)) => latency.min = Some(value * factor),
            (_, Ok(Statistic::Max)) => latency.max = Some(value * factor),
            (_, Ok(Statistic::StdDev)) => latency.stddev = Some(value * factor),
            _ => {
                return Err((
                    column,
                    "is no statistic: write p50, p95, p99, mean, min, max, stddev, error_rate (from 0 to 1) or throughput",
                ));
            }
        }
    }
    refuse_falling(&latency.quantiles)?;
    endpoint.latency = Some(latency);
    Ok(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Metric;

    fn read_text(text: &str) -> Result<Run, IngestError> {
        let bytes = std::io::Cursor::new(text.as_bytes().to_vec());
        read(Source::from_reader("t.json", Box::new(bytes)).unwrap()).map(|read| read.run)
    }

    #[test]
    fn a_table_is_a_run_of_its_rows() {
        let text = r#"{"version": 2, "api_baselines": {"chat_endpoint": {"p50": 0.15, "p95": 0.45, "max": 1.2, "unit": "s"}},
            "websocket_baselines": {"echo": {"p95": 20}}}"#;
        let run = read_text(text).unwrap();
        let p95 = Statistic::Quantile(Quantile::P95);
        assert_eq!(run.endpoints[0].value(&Metric::Latency, p95), Some(450.0));
        assert_eq!(run.endpoints[0].value(&Metric::Latency, Statistic::Max), Some(1200.0));
        assert_eq!(run.endpoints[1].key, EndpointKey::named(Kind::Websocket, None, "echo"));
    }

    #[test]
    fn what_is_no_time_is_a_metric() {
        let text = r#"{"ws_baselines": {"drops": {"max": 10, "unit": "count"}, "delivered": {"min": 50, "unit": "msg/s"},
            "cpu": {"mean": 40, "p95": 70, "max": 90, "unit": "%"}}}"#;
        let run = read_text(text).unwrap();
        let metric = |name: &str| run.metrics.iter().find(|metric| metric.name == name).unwrap();
        assert!(run.endpoints.is_empty());
        assert_eq!((metric("drops").value, &metric("drops").unit), (Some(10.0), &Unit::Number));
        assert_eq!(metric("drops").direction, Some(Direction::Lower));
        assert_eq!(metric("delivered").unit, Unit::PerSecond);
        assert_eq!(metric("delivered").direction, Some(Direction::Higher));
        let seconds =
            read_text(r#"{"a_baselines": {"chat": {"p95": 0.45, "unit": "seconds"}}}"#).unwrap();
        let p95 = Statistic::Quantile(Quantile::P95);
        assert_eq!(seconds.endpoints[0].value(&Metric::Latency, p95), Some(450.0));
        assert_eq!((metric("cpu").value, metric("cpu").statistic(p95)), (Some(40.0), Some(70.0)));
    }

    #[test]
    fn what_is_no_number_is_told_with_its_place() {
        let error = |row: &str| {
            read_text(&format!("{{\"api_baselines\": {{\"chat\": {row}}}}}"))
                .unwrap_err()
                .to_string()
        };
        assert!(error("{\"p95\": \"fast\"}").contains("api_baselines.chat.p95 is no number"));
        assert!(error("{\"p95th\": 4}").contains("api_baselines.chat.p95th is no statistic"));
        assert!(error("{\"p95\": 4, \"unit\": 5}").contains("api_baselines.chat.unit is no text"));
        assert!(
            error("{\"p95th\": 4, \"unit\": \"%\"}").contains("p95th is no number of a metric")
        );
        assert!(error("{\"unit\": \"count\"}").contains("has no value beside it"));
        assert!(error("4").contains("api_baselines.chat is no row"));
        // 450 ms that were meant for 450, beside 0.15 s that are.
        assert!(error("{\"p50\": 150, \"p95\": 0.45}").contains("percentiles that fall"));
    }
}
