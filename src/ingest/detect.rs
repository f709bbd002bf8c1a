//! Which format a file has, by its content alone.

use super::error::{IngestError, Problem};
use super::format::Format;
use super::source::Source;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The format of a file, from its first bytes.
pub(super) fn detect(source: &mut Source) -> Result<Format, IngestError> {
    let name = source.name().to_owned();
    let head = source.head()?;
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let problem = match head.first() {
        None => Problem::Empty,
        Some(b'[') => return Ok(Format::LocustJson),
        Some(b'{') => {
            return json(head).ok_or_else(|| IngestError::new(&name, Problem::Unrecognised));
        }
        Some(b'<') if is_jmeter(head) => return Ok(Format::JMeterXml),
        Some(_) => match csv(head) {
            Ok(format) => return Ok(format),
            Err(problem) => problem,
        },
    };
    Err(IngestError::new(&name, problem))
}

/// Tells the JSON formats apart by keys that only one of them has. The head may end in the middle of the document, so
/// the keys are looked for as text; the reader of the format checks the shape.
fn json(head: &[u8]) -> Option<Format> {
    #[derive(Deserialize)]
    struct Point {
        #[expect(dead_code, reason = "its presence is what counts")]
        metric: IgnoredAny,
        r#type: String,
    }
    let first_line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let text = String::from_utf8_lossy(head);
    let line = String::from_utf8_lossy(first_line);
    let whole = serde_json::from_slice::<Point>(first_line)
        .is_ok_and(|point| matches!(point.r#type.as_str(), "Metric" | "Point"));
    let vegeta = ["attack", "seq", "code", "latency"];
    if vegeta.iter().all(|key| line.contains(&format!("\"{key}\":"))) {
        return Some(Format::VegetaJson);
    }
    let cut = ["\"type\":\"Metric\"", "\"type\":\"Point\""].iter().any(|mark| line.contains(mark));
    if whole || cut {
        return Some(Format::K6Json);
    }
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    // A script may write its keys in any order, and its samples may fill the head.
    let own = has("endpoints") && (has("latency") || has("samples") || has("quantiles"));
    if own || (has("schema") && text.contains("perfgate.run/")) {
        return Some(Format::Perfgate);
    }
    if text.contains(&format!("{}\"", super::baseline_table::ENDING)) && !has("root_group") {
        return Some(Format::Table);
    }
    let k6 = has("root_group") || has("metrics") || has("k6_version") || has("results");
    // Key order is random in k6's summaries, so any of their keys may come first.
    let foreign = [
        "latencies",
        "aggregate",
        "machine_info",
        "benchmarks",
        "lighthouseVersion",
        "command",
        // oha's.
        "latencyPercentiles",
        "statusCodeDistribution",
        "requestsPerSec",
    ];
    (k6 && !foreign.iter().any(|key| has(key))).then_some(Format::K6Summary)
}

fn is_jmeter(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&head[..head.len().min(2_000)]);
    text.contains("<testResults") || text.contains("<httpSample")
}

/// Tells the CSV formats apart by their header.
fn csv(head: &[u8]) -> Result<Format, Problem> {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let columns: Vec<&str> = line.trim().split(',').map(|c| c.trim_matches('"')).collect();
    let has = |name: &str| columns.contains(&name);
    if has("# requests") {
        return Err(Problem::LocustTooOld);
    }
    if columns.starts_with(&["Timestamp", "User Count"]) {
        return Err(Problem::LocustHistory);
    }
    if columns.starts_with(&["Method", "Name", "Error"])
        || columns.starts_with(&["Count", "Message"])
    {
        return Err(Problem::LocustSideFile);
    }
    if has("metric_name") && has("metric_value") {
        return Ok(Format::K6Csv);
    }
    if has("request_type") && has("response_time_ms") {
        return Ok(Format::LocustRequests);
    }
    if has("timeStamp") && has("elapsed") && has("label") {
        return Ok(Format::JMeterCsv);
    }
    if has("response-time") && has("Response-delay") && has("offset") {
        return Ok(Format::HeyCsv);
    }
    if has("request-start") && has("request-duration") {
        return Ok(Format::OhaCsv);
    }
    // No header: nanoseconds since 1970, status, nanoseconds.
    let digits = |i: usize| {
        columns.get(i).is_some_and(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit()))
    };
    if columns.len() >= 12 && columns[0].len() == 19 && digits(0) && digits(1) && digits(2) {
        return Ok(Format::VegetaCsv);
    }
    // `Name` or `Type` may be missing by mistake: the reader says so, which is better than "unknown".
    if has("Request Count") && (has("Type") || has("Name")) {
        return Ok(Format::LocustCsv);
    }
    Err(Problem::Unrecognised)
}
