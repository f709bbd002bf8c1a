//! Plain tables of numbers that teams keep beside their documents:
//! `{"api_baselines": {"chat_endpoint": {"p50": 150, "p95": 450, "p99": 800, "max": 1200, "unit": "ms"}}}`.

use super::error::{IngestError, Problem};
use super::fact::Fact;
use super::format::{Format, Holds, Ingested};
use super::head::{Claim, Head};
use super::json_file::json_error;
use super::source::Source;
use crate::model::{
    Endpoint, EndpointKey, Kind, Latency, Run, Statistic, Tool, Unit, limits, limits::Census,
};
use serde_json::{Map, Value};

pub(super) static FORMAT: Format = Format {
    name: "table",
    // Unless `--tool` names one.
    tool: "table",
    title: "a plain table of baselines",
    get: "written by hand: `{\"api_baselines\": {\"POST /api/chat\": {\"p95\": 450}}}`",
    section: "A plain table of baselines",
    versions: "none, written by people",
    holds: Holds::Figures,
    tells: &[Fact::Endpoints, Fact::P99, Fact::Errors, Fact::Throughput],
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
            let endpoint = endpoint_of(kind, endpoint, row).map_err(|(column, problem)| {
                bad(format!("{table}.{endpoint}.{column}"), problem)
            })?;
            let exceeded = census.count(&endpoint.key);
            exceeded.map_err(|why| IngestError::new(&name, why.into()))?;
            run.endpoints.push(endpoint);
        }
    }
    Ok(Ingested { run, warnings: Vec::new() })
}

fn endpoint_of<'r>(
    kind: Kind,
    name: &str,
    row: &'r Map<String, Value>,
) -> Result<Endpoint, (&'r str, &'static str)> {
    let (method, path) = match name.split_once(' ') {
        Some((method, path)) if method.bytes().all(|b| b.is_ascii_uppercase()) => {
            (Some(method), path)
        }
        _ => (None, name),
    };
    let mut endpoint = Endpoint::new(EndpointKey::named(kind, method, path));
    let unit = row.get("unit").and_then(Value::as_str).unwrap_or("ms");
    let (Unit::Milliseconds, factor) = Unit::from_name(unit) else {
        return Err(("unit", "is no unit of time: write ns, us, ms or s"));
    };
    let mut latency = Latency::default();
    for (column, value) in row.iter().filter(|(column, _)| *column != "unit") {
        let value = value.as_f64().filter(|v| v.is_finite() && *v >= 0.0);
        let value = value.ok_or((column.as_str(), "is no number, or less than 0"))?;
        match (column.as_str(), column.parse()) {
            ("avg" | "average", _) => latency.mean = Some(value * factor),
            ("median", _) => {
                latency.quantiles.extend([(crate::model::Quantile::P50, value * factor)])
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
    let pairs = latency.quantiles.values().zip(latency.quantiles.values().skip(1));
    if pairs.into_iter().any(|(low, high)| low > high) {
        return Err(("unit", "has percentiles that fall: a higher one is smaller"));
    }
    endpoint.latency = Some(latency);
    Ok(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Metric, Quantile};

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
    fn what_is_no_number_is_told_with_its_place() {
        let error = |row: &str| {
            read_text(&format!("{{\"api_baselines\": {{\"chat\": {row}}}}}"))
                .unwrap_err()
                .to_string()
        };
        assert!(error("{\"p95\": \"fast\"}").contains("api_baselines.chat.p95 is no number"));
        assert!(error("{\"p95th\": 4}").contains("api_baselines.chat.p95th is no statistic"));
        assert!(error("{\"p95\": 4, \"unit\": \"furlongs\"}").contains("is no unit of time"));
        assert!(error("4").contains("api_baselines.chat is no row"));
        // 450 ms that were meant for 450, beside 0.15 s that are.
        assert!(error("{\"p50\": 150, \"p95\": 0.45}").contains("percentiles that fall"));
    }
}
