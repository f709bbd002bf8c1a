//! k6 `--out csv`: a sample a row. The columns depend on the tags that are switched on, so they go by name.

use super::csv_file::{Given, Watched, csv_error};
use super::error::{IngestError, Problem};
use super::k6_raw::Gathered;
use super::k6_sample::{Known, Sample, Tags};
use super::source::Source;
use super::wanted::Wanted;
use super::{Ingested, ReadOptions};
use crate::model::{Warning, WarningKind};
use csv::{ByteRecord, ReaderBuilder};
use jiff::Timestamp;

pub(super) fn read(mut source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let lenient = options.lenient;
    let first = options.trim_start.map(|_| first_time(source.head()?)).transpose()?;
    let given = Given::default();
    let watched = Watched::new(source.into_reader(), &given);
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(watched);
    let header = reader.byte_headers().map_err(|error| csv_error(&name, error))?.clone();
    let columns = Columns::new(&name, &header)?;
    let mut gathered = Gathered::new(
        Wanted::new(options, first.flatten())
            .map_err(|problem| IngestError::new(&name, problem))?,
    );
    let mut warnings = Vec::new();
    let mut broken = Broken::default();
    let mut rows = Rows { name: &name, columns: &columns };
    let mut record = ByteRecord::new();
    loop {
        let last_line = record.position().map_or(0, csv::Position::line);
        let error = match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => match rows.add(&mut gathered, &record, given.is_cut(reader.position())) {
                Ok(()) => continue,
                Err(error) => error,
            },
            Err(error) => match csv_error(&name, error) {
                // The decompressor does not know lines; the row before it does.
                IngestError { problem: Problem::Truncated { how, .. }, .. } => {
                    IngestError::new(&name, Problem::Truncated { lines: last_line, how })
                }
                other => other,
            },
        };
        if !lenient
            || matches!(
                error.problem,
                Problem::TooManyEndpoints { .. } | Problem::TooMany { .. } | Problem::Io(_)
            )
        {
            return Err(error);
        }
        if let Problem::Truncated { how, .. } = &error.problem {
            let kind = WarningKind::Truncated { how: how.clone() };
            warnings.push(Warning::at(kind, &name, error.line));
            break;
        }
        broken.add(error.line.unwrap_or_default(), &error.problem);
    }
    warnings.extend(broken.warning(&name));
    let mut ingested = gathered.finish(&name);
    ingested.warnings.extend(warnings);
    Ok(ingested)
}

/// The earliest time of the first rows: k6 writes them roughly in order.
fn first_time(head: &[u8]) -> Result<Option<i64>, IngestError> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(head);
    let place =
        reader.byte_headers().ok().and_then(|header| header.iter().position(|c| c == b"timestamp"));
    let time = |record: ByteRecord| nanoseconds(std::str::from_utf8(record.get(place?)?).ok()?);
    Ok(reader.byte_records().map_while(Result::ok).filter_map(time).min())
}

fn nanoseconds(text: &str) -> Option<i64> {
    i64::try_from(timestamp(text)?.as_nanosecond()).ok()
}

/// Lines that were left out.
#[derive(Default)]
struct Broken {
    count: u64,
    first: Option<(u64, String)>,
}

impl Broken {
    fn add(&mut self, line: u64, problem: &Problem) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some((line, problem.to_string()));
        }
    }

    fn warning(self, name: &str) -> Option<Warning> {
        let (line, first) = self.first?;
        Some(Warning::at(WarningKind::BrokenLines { count: self.count, first }, name, Some(line)))
    }
}

/// Where the columns are; those of tags may be missing.
struct Columns {
    count: usize,
    metric: usize,
    time: usize,
    value: usize,
    method: Option<usize>,
    name: Option<usize>,
    url: Option<usize>,
    group: Option<usize>,
    scenario: Option<usize>,
    check: Option<usize>,
}

impl Columns {
    fn new(file: &str, header: &ByteRecord) -> Result<Self, IngestError> {
        let find = |name: &str| header.iter().position(|column| column == name.as_bytes());
        let need = |name: &'static str| {
            find(name).ok_or_else(|| IngestError::at(file, 1, Problem::MissingColumn(name)))
        };
        Ok(Self {
            count: header.len(),
            metric: need("metric_name")?,
            time: need("timestamp")?,
            value: need("metric_value")?,
            method: find("method"),
            name: find("name"),
            url: find("url"),
            group: find("group"),
            scenario: find("scenario"),
            check: find("check"),
        })
    }
}

struct Rows<'a> {
    name: &'a str,
    columns: &'a Columns,
}

impl Rows<'_> {
    fn add(
        &mut self,
        gathered: &mut Gathered,
        record: &ByteRecord,
        cut: bool,
    ) -> Result<(), IngestError> {
        let line = record.position().map_or(0, csv::Position::line);
        let at = |problem| IngestError::at(self.name, line, problem);
        if cut || record.len() != self.columns.count {
            let how = format!("line {line} has {} of {} columns", record.len(), self.columns.count);
            return Err(at(if cut {
                Problem::Truncated {
                    lines: line.saturating_sub(1),
                    how: "the last row is cut".to_owned(),
                }
            } else {
                Problem::Malformed(how)
            }));
        }
        let text = |i: usize| std::str::from_utf8(record.get(i).unwrap_or_default());
        let not_text = |_| at(Problem::Malformed("not UTF-8".to_owned()));
        let tag = |i: Option<usize>| i.map_or(Ok(""), text).map_err(not_text);
        let value = text(self.columns.value).map_err(not_text)?;
        let time = text(self.columns.time).map_err(not_text)?;
        let bad = |what: &str, value: &str, why| {
            at(Problem::BadValue { what: what.to_owned(), value: value.to_owned(), why })
        };
        let parsed = value.parse::<f64>().ok().filter(|v| v.is_finite());
        let metric = text(self.columns.metric).map_err(not_text)?;
        let sample = Sample {
            metric,
            known: Known::of(metric),
            time: nanoseconds(time).ok_or_else(|| bad("timestamp", time, "is no time"))?,
            value: parsed.ok_or_else(|| bad("metric_value", value, "is no finite number"))?,
            order: line,
        };
        let tags = gathered.tags(Tags {
            method: tag(self.columns.method)?.to_owned(),
            name: tag(self.columns.name)?.to_owned(),
            url: tag(self.columns.url)?.to_owned(),
            group: tag(self.columns.group)?.to_owned(),
            scenario: tag(self.columns.scenario)?.to_owned(),
            check: tag(self.columns.check)?.to_owned(),
        });
        gathered.add(sample, tags).map_err(at)
    }
}

/// A time as `K6_CSV_TIME_FORMAT` may have it: unix seconds, milli-, micro- or nanoseconds by the number of digits, or
/// RFC 3339.
fn timestamp(text: &str) -> Option<Timestamp> {
    if text.contains('T') {
        return text.parse().ok();
    }
    let number: i64 = text.parse().ok()?;
    match text.trim_start_matches('-').len() {
        0..=11 => Timestamp::from_second(number).ok(),
        12..=14 => Timestamp::from_millisecond(number).ok(),
        15..=17 => Timestamp::from_microsecond(number).ok(),
        _ => Timestamp::from_nanosecond(number.into()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_tell_the_unit_of_a_timestamp() {
        let second = timestamp("1795214225");
        assert!(second.is_some());
        for text in [
            "1795214225000",
            "1795214225000000",
            "1795214225000000000",
            "2026-11-21T04:07:05+05:30",
        ] {
            assert_eq!(
                timestamp(text).map(|t| t.as_second()),
                second.map(|t| t.as_second()),
                "{text}"
            );
        }
        assert_eq!(timestamp("soon"), None);
    }
}
