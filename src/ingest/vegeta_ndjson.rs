//! vegeta `encode -to json`: one JSON object for each request, latency in nanoseconds.

use super::error::{IngestError, Problem};
use super::json_file::explained;
use super::requests::{Request, Requests};
use super::source::Source;
use super::wanted::Wanted;
use super::{Ingested, ReadOptions};
use crate::model::{EndpointKey, Kind, Warning, WarningKind};
use serde::Deserialize;
use std::borrow::Cow;
use std::io::{BufRead as _, BufReader, Read as _};

/// The longest line: bodies stand in it.
const LONGEST_LINE: u64 = 64 << 20;

#[derive(Deserialize)]
struct Line<'a> {
    code: u16,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    latency: u64,
    #[serde(borrow, default)]
    error: Cow<'a, str>,
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    url: Cow<'a, str>,
}

pub(super) fn read(mut source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let first = source
        .head()?
        .split(|b| *b == b'\n')
        .filter_map(|line| start(&serde_json::from_slice(line).ok()?))
        .min();
    let mut requests = Requests::new(
        "vegeta",
        Wanted::new(options, first).map_err(|problem| IngestError::new(&name, problem))?,
        true,
    );
    let mut reader = BufReader::with_capacity(256 << 10, source.into_reader());
    let mut text = Vec::new();
    let (mut broken, mut first_broken, mut warnings) = (0, None, Vec::new());
    for line in 1.. {
        text.clear();
        let read = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut text);
        let read = match read.map_err(|error| super::source::io_error(&name, error, line - 1)) {
            Ok(read) => read,
            Err(IngestError { problem: Problem::Truncated { how, .. }, .. }) if options.lenient => {
                warnings.push(Warning::at(WarningKind::Truncated { how }, &name, Some(line)));
                break;
            }
            Err(error) => return Err(error),
        };
        if read == 0 {
            break;
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        let Err(problem) = add(&text, &mut requests) else { continue };
        let cut = !text.ends_with(b"\n") && matches!(problem, Problem::Malformed(_));
        let how = "the last line is cut".to_owned();
        match problem {
            Problem::TooManyEndpoints { .. } => return Err(IngestError::at(&name, line, problem)),
            _ if cut && options.lenient => {
                warnings.push(Warning::at(WarningKind::Truncated { how }, &name, Some(line)));
            }
            _ if cut => {
                return Err(IngestError::at(
                    &name,
                    line,
                    Problem::Truncated { lines: line - 1, how },
                ));
            }
            problem if options.lenient => {
                broken += 1;
                first_broken = first_broken.or(Some((line, problem.to_string())));
            }
            problem => return Err(IngestError::at(&name, line, problem)),
        }
    }
    if let Some((line, first)) = first_broken {
        warnings.push(Warning::at(
            WarningKind::BrokenLines { count: broken, first },
            &name,
            Some(line),
        ));
    }
    let mut ingested = requests.finish();
    ingested.warnings.extend(warnings);
    Ok(ingested)
}

fn start(line: &Line<'_>) -> Option<i64> {
    let at: jiff::Timestamp = line.timestamp.parse().ok()?;
    i64::try_from(at.as_nanosecond()).ok()
}

fn add(text: &[u8], requests: &mut Requests) -> Result<(), Problem> {
    let line: Line<'_> =
        serde_json::from_slice(text).map_err(|error| Problem::Malformed(explained(&error)))?;
    let start = start(&line).ok_or_else(|| Problem::BadValue {
        what: "timestamp".to_owned(),
        value: line.timestamp.to_string(),
        why: "is no RFC 3339 time",
    })?;
    let method = Some(line.method.as_ref()).filter(|method| !method.is_empty());
    let key = Some(EndpointKey::named(Kind::Http, method, &line.url));
    let failed = !(200..400).contains(&line.code) || !line.error.is_empty();
    requests.add(Request { key, start, ms: line.latency as f64 / 1e6, failed, parts: &[] })
}
