//! Resources over time: a CSV with a `timestamp` and a column for each (`cpu_percent`, `memory_mb` …), as `perfgate run` and many
//! monitoring scripts write it.

use super::csv_file::refuse_cut;
use super::error::{IngestError, Problem};
use super::source::Source;
use crate::model::limits::{self, Exceeded, check_name, check_number};
use crate::model::{Resource, Span, Timeline, Untrusted};
use crate::stats::steady_trend;
use csv::{ReaderBuilder, StringRecord};
use std::collections::{BTreeMap, BTreeSet};

/// Columns that count up from a start; their rate is what tells.
const COUNTERS: [&str; 4] = ["disk_read_mb", "disk_write_mb", "network_sent_mb", "network_recv_mb"];
const SECONDS_PER_HOUR: f64 = 3600.0;
/// The endings of columns in mebibytes and in megabytes, and how many of these one of those is.
const MEBIBYTES: &str = "_mib";
const MEGABYTES: &str = "_mb";
const MB_OF_A_MIB: f64 = 1.048_576;

/// The series of a file, by column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResourceSeries {
    /// Points of (seconds since 1970, value), in order of time.
    pub columns: BTreeMap<String, Vec<(f64, f64)>>,
}

/// Reads such a file.
pub fn read_resources(source: Source) -> Result<ResourceSeries, IngestError> {
    let name = source.name().to_owned();
    let at = |line: u64, problem: Problem| IngestError::at(&name, line, problem);
    let bytes = source.document(limits::RESOURCES_BYTES)?;
    // A packed file that is cut is told from its stream.
    refuse_cut(&name, &bytes)?;
    let mut csv = ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
    let broken = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        IngestError::at(&name, line, Problem::Malformed(error.to_string()))
    };
    let header = csv.headers().map_err(broken)?.clone();
    let time_at = header.iter().position(|column| column == "timestamp");
    let time_at = time_at.ok_or_else(|| at(1, Problem::MissingColumn("timestamp")))?;
    let mut series = ResourceSeries::default();
    let exceeded = |exceeded: Exceeded| at(1, exceeded.into());
    check_number("columns", header.len(), limits::ENTRIES).map_err(exceeded)?;
    header.iter().try_for_each(|name| check_name("a column's name", name)).map_err(exceeded)?;
    let mut record = StringRecord::new();
    let mut values = 0;
    while csv.read_record(&mut record).map_err(broken)? {
        let line = record.position().map_or(0, csv::Position::line);
        values += header.len() - 1;
        check_number("values", values, limits::RESOURCE_VALUES)
            .map_err(|exceeded| at(line, exceeded.into()))?;
        let bad = |column: &str, value: &str, why| {
            at(line, Problem::BadValue { what: column.to_owned(), value: value.to_owned(), why })
        };
        let text = record.get(time_at).unwrap_or_default();
        let time = seconds(text).ok_or_else(|| {
            bad("timestamp", text, "is no time: write RFC 3339 or seconds since 1970")
        })?;
        for (i, column) in header.iter().enumerate().filter(|(i, _)| *i != time_at) {
            let text = record.get(i).unwrap_or_default();
            if text.is_empty() {
                continue;
            }
            let value = text.parse::<f64>().ok().filter(|v| v.is_finite());
            let value = value.ok_or_else(|| bad(column, text, "is no finite number"))?;
            series.columns.entry(column.to_owned()).or_default().push((time, value));
        }
    }
    if series.columns.is_empty() {
        return Err(IngestError::new(&name, Problem::Empty));
    }
    series.rename_mebibytes();
    for points in series.columns.values_mut() {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    Ok(series)
}

/// A time in seconds since 1970: RFC 3339, or a number of seconds.
fn seconds(text: &str) -> Option<f64> {
    if let Ok(number) = text.parse::<f64>() {
        return Some(number).filter(|n| n.is_finite());
    }
    // Without an offset it is taken for UTC: only differences of times count.
    let at =
        text.parse::<jiff::Timestamp>().or_else(|_| format!("{}Z", text.replace(' ', "T")).parse());
    at.ok().map(|at| at.as_duration().as_secs_f64())
}

impl ResourceSeries {
    /// A column that says that it is in mebibytes is one in megabytes, unless there is one already.
    fn rename_mebibytes(&mut self) {
        let columns = std::mem::take(&mut self.columns);
        let known: BTreeSet<String> = columns.keys().cloned().collect();
        for (name, mut points) in columns {
            let own = name.strip_suffix(MEBIBYTES).map(|stem| format!("{stem}{MEGABYTES}"));
            let name = match own.filter(|own| !known.contains(own)) {
                Some(own) => {
                    scale(&mut points, MB_OF_A_MIB);
                    own
                }
                None => name,
            };
            self.columns.insert(name, points);
        }
    }

    /// Puts columns into megabytes, by how many of those one of theirs is.
    pub fn put_in_megabytes(&mut self, units: &BTreeMap<String, f64>) {
        for (name, megabytes) in units {
            if let Some(points) = self.columns.get_mut(name) {
                scale(points, *megabytes);
            }
        }
    }

    /// What each column comes to: mean, maximum and trend. Counters become rates per second.
    pub fn summary(&self) -> BTreeMap<Untrusted, Resource> {
        let of = |(name, points): (&String, &Vec<(f64, f64)>)| {
            if COUNTERS.contains(&name.as_str()) {
                (format!("{name}_per_s").into(), resource(&rates(points)))
            } else {
                (name.as_str().into(), resource(points))
            }
        };
        self.columns.iter().map(of).collect()
    }
}

impl ResourceSeries {
    /// The columns over time, from the first row on. Counters become rates per second.
    pub fn timeline(&self) -> BTreeMap<Untrusted, Timeline> {
        let first = self.columns.values().flatten().map(|point| point.0);
        let start = first.fold(f64::INFINITY, f64::min);
        let of = |(name, points): (&String, &Vec<(f64, f64)>)| {
            if COUNTERS.contains(&name.as_str()) {
                Some((format!("{name}_per_s").into(), Timeline::of_points(&rates(points), start)?))
            } else {
                Some((name.as_str().into(), Timeline::of_points(points, start)?))
            }
        };
        self.columns.iter().filter_map(of).collect()
    }
}

fn scale(points: &mut [(f64, f64)], factor: f64) {
    points.iter_mut().for_each(|(_, value)| *value *= factor);
}

/// Counts per second between neighbours; a counter that starts anew is left out.
fn rates(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let pairs =
        points.windows(2).map(|pair| (pair[1].0, pair[1].0 - pair[0].0, pair[1].1 - pair[0].1));
    pairs.filter(|(_, dt, dv)| *dt > 0.0 && *dv >= 0.0).map(|(at, dt, dv)| (at, dv / dt)).collect()
}

fn resource(points: &[(f64, f64)]) -> Resource {
    let n = points.len() as f64;
    let values = || points.iter().map(|point| point.1);
    let trend = steady_trend(points);
    let per_hour = |value: f64| value * SECONDS_PER_HOUR;
    Resource {
        mean: (!points.is_empty()).then(|| values().sum::<f64>() / n),
        max: values().reduce(f64::max),
        slope_per_hour: trend.map(|slope| per_hour(slope.estimate)),
        slope_interval: trend.map(|slope| Span {
            low: per_hour(slope.interval.low),
            high: per_hour(slope.interval.high),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ResourceSeries, IngestError> {
        let bytes = std::io::Cursor::new(text.as_bytes().to_vec());
        read_resources(Source::from_reader("r.csv", Box::new(bytes)).unwrap())
    }

    #[test]
    fn times_are_seconds_or_written_and_counters_become_rates() {
        let by_number = read("timestamp,cpu_percent,disk_read_mb\n100,20,5\n102,40,9\n").unwrap();
        let written = "timestamp,cpu_percent,disk_read_mb\n1970-01-01T00:01:40Z,20,5\n1970-01-01 00:01:42,40,9\n";
        assert_eq!(by_number, read(written).unwrap());
        let summary = by_number.summary();
        assert_eq!(
            (summary["cpu_percent"].mean, summary["cpu_percent"].max),
            (Some(30.0), Some(40.0))
        );
        assert_eq!(summary["disk_read_mb_per_s"].mean, Some(2.0));
    }

    #[test]
    fn mebibytes_are_put_in_megabytes_where_somebody_says_that_they_are() {
        let mean = |series: &ResourceSeries| series.summary()["memory_mb"].mean;
        let mut said = read("timestamp,memory_mb\n1,1000\n2,1000\n").unwrap();
        assert_eq!(mean(&said), Some(1000.0));
        said.put_in_megabytes(&BTreeMap::from([("memory_mb".to_owned(), MB_OF_A_MIB)]));
        assert_eq!(mean(&said), Some(1048.576));
        let named = read("timestamp,memory_mib\n1,1000\n2,1000\n").unwrap();
        assert_eq!(named, said);
        let both = read("timestamp,memory_mib,memory_mb\n1,1000,1048\n").unwrap();
        assert_eq!(mean(&both), Some(1048.0));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let error = |text: &str| read(text).unwrap_err().to_string();
        assert!(error("time,cpu\n1,2\n").contains("timestamp"));
        assert!(
            error("timestamp,cpu\n1,2\nsoon,2\n").contains("r.csv:3"),
            "{}",
            error("timestamp,cpu\n1,2\nsoon,2\n")
        );
        assert!(error("timestamp,cpu\n1,hot\n").contains("hot"));
    }
}
