//! The recorded history as a frame, one row for each run and measurement: for tools that work on tables.

use crate::model::{
    CommitId, Endpoint, EndpointKey, Metric, Raw, Run, Statistic, Unit, Untrusted, harmless,
};
use polars::prelude::{
    Column, DataFrame, DataType, IntoColumn, NamedFrom, ParquetWriter, PolarsError, Series,
    TimeUnit,
};
use std::io::Write;

/// Why a frame could not be made or written.
#[derive(Debug, thiserror::Error)]
#[error("the table of runs: {0}")]
pub struct FrameError(String);

fn from_polars(error: PolarsError) -> FrameError {
    FrameError(error.to_string())
}

/// One run and where it is recorded.
#[derive(Debug)]
pub struct Recorded<'a> {
    /// The id of its record.
    pub id: &'a str,
    /// The commit that was measured.
    pub commit: CommitId,
    /// The date of that commit, where it is known here.
    pub date: Option<jiff::Timestamp>,
    /// The run.
    pub run: &'a Run,
}

/// Rows in the making, column by column.
#[derive(Debug, Default)]
pub struct Frame {
    text: [Vec<Option<String>>; 12],
    committed_at: Vec<Option<i64>>,
    started_at: Vec<Option<i64>>,
    duration_s: Vec<Option<f64>>,
    users: Vec<Option<u64>>,
    value: Vec<f64>,
    requests: Vec<Option<u64>>,
}

/// The columns of text, in their order.
const TEXT: [&str; 12] = [
    "run_id",
    "commit",
    "profile",
    "environment",
    "tool",
    "tool_version",
    "runner",
    "kind",
    "endpoint",
    "metric",
    "statistic",
    "unit",
];

impl Frame {
    /// Adds every measurement of a run.
    pub fn add(&mut self, recorded: &Recorded<'_>) {
        let run = recorded.run;
        for endpoint in run.all_endpoints() {
            let kind = match &endpoint.key {
                EndpointKey::Total => "total".to_owned(),
                EndpointKey::Named { kind, .. } => kind.to_string(),
            };
            let name = endpoint.key.text().into_raw();
            for (metric, statistic, unit, value) in measurements(endpoint) {
                let of = [
                    &kind,
                    &name,
                    &metric.text().into_raw(),
                    &statistic.to_string(),
                    &unit.raw().to_owned(),
                ];
                self.row(recorded, of, value, endpoint.requests);
            }
        }
        for metric in &run.metrics {
            let name = metric.endpoint.text().into_raw();
            let single = metric.value.map(|value| (Statistic::Value, value));
            let quantiles = metric.quantiles.iter().map(|(q, v)| (Statistic::Quantile(*q), *v));
            for (statistic, value) in single.into_iter().chain(quantiles) {
                let (statistic, unit) = (statistic.to_string(), metric.unit.raw().to_owned());
                let own = metric.name.raw().to_owned();
                let of = [&"custom".to_owned(), &name, &own, &statistic, &unit];
                self.row(recorded, of, value, metric.count);
            }
        }
    }

    fn row(
        &mut self,
        recorded: &Recorded<'_>,
        of: [&String; 5],
        value: f64,
        requests: Option<u64>,
    ) {
        let run = recorded.run;
        let [kind, name, metric, statistic, unit] = of.map(|text| Some(text.clone()));
        let text = |own: Option<&Untrusted>| own.map(|own| own.raw().to_owned());
        let about = [
            Some(recorded.id.to_owned()),
            Some(recorded.commit.to_string()),
            text(run.profile.as_ref()),
            text(run.environment.as_ref()),
            text(Some(&run.tool.name)),
            text(run.tool.version.as_ref()),
            text(run.labels.get("runner")),
            kind,
            name,
            metric,
            statistic,
            unit,
        ];
        for (column, text) in self.text.iter_mut().zip(about) {
            column.push(text);
        }
        self.committed_at.push(recorded.date.map(|at| at.as_millisecond()));
        self.started_at.push(run.started_at.map(|at| at.as_millisecond()));
        self.duration_s.push(run.duration_s);
        self.users.push(run.load.users);
        self.value.push(value);
        self.requests.push(requests);
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.value.len()
    }

    /// Writes the frame as Parquet, compressed with zstd.
    pub fn write_parquet(self, out: &mut dyn Write) -> Result<(), FrameError> {
        let mut frame = self.into_frame()?;
        ParquetWriter::new(out).finish(&mut frame).map_err(from_polars)?;
        Ok(())
    }

    /// Writes the frame as CSV, times in RFC 3339.
    pub fn write_csv(&self, out: &mut dyn Write) -> Result<(), FrameError> {
        let failed = |error: csv::Error| FrameError(error.to_string());
        let mut csv = csv::Writer::from_writer(out);
        let numbers = ["committed_at", "started_at", "duration_s", "users", "value", "requests"];
        csv.write_record(TEXT.iter().chain(&numbers)).map_err(failed)?;
        let time = |ms: Option<i64>| {
            let at = ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
            at.map(|at| at.to_string()).unwrap_or_default()
        };
        let count = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
        for i in 0..self.rows() {
            let text =
                self.text.iter().map(|column| csv_text(column[i].as_deref().unwrap_or_default()));
            let numbers = [
                time(self.committed_at[i]),
                time(self.started_at[i]),
                self.duration_s[i].map(|s| s.to_string()).unwrap_or_default(),
                count(self.users[i]),
                self.value[i].to_string(),
                count(self.requests[i]),
            ];
            csv.write_record(text.chain(numbers)).map_err(failed)?;
        }
        csv.flush().map_err(|error| FrameError(error.to_string()))
    }

    fn into_frame(self) -> Result<DataFrame, FrameError> {
        let milliseconds = DataType::Datetime(TimeUnit::Milliseconds, None);
        let time = |name: &str, values: Vec<Option<i64>>| {
            let series = Series::new(name.into(), values).cast(&milliseconds);
            series.map(IntoColumn::into_column).map_err(from_polars)
        };
        let mut columns: Vec<Column> = TEXT
            .iter()
            .zip(self.text)
            .map(|(name, values)| Series::new((*name).into(), values).into_column())
            .collect();
        columns.push(time("committed_at", self.committed_at)?);
        columns.push(time("started_at", self.started_at)?);
        columns.push(Series::new("duration_s".into(), self.duration_s).into_column());
        columns.push(Series::new("users".into(), self.users).into_column());
        columns.push(Series::new("value".into(), self.value).into_column());
        columns.push(Series::new("requests".into(), self.requests).into_column());
        DataFrame::new_infer_height(columns).map_err(from_polars)
    }
}

/// Everything that was measured of an endpoint.
fn measurements(endpoint: &Endpoint) -> Vec<(Metric, Statistic, Unit, f64)> {
    let mut all = Vec::new();
    let mut add = |metric: Metric, statistic: Statistic, unit: Unit| {
        if let Some(value) = endpoint.value(&metric, statistic) {
            all.push((metric, statistic, unit, value));
        }
    };
    let quantiles = endpoint.latency.iter().flat_map(|latency| latency.quantiles.keys());
    for level in quantiles {
        add(Metric::Latency, Statistic::Quantile(*level), Unit::Milliseconds);
    }
    for statistic in [Statistic::Mean, Statistic::Min, Statistic::Max, Statistic::StdDev] {
        add(Metric::Latency, statistic, Unit::of_latency(statistic));
    }
    add(Metric::ErrorRate, Statistic::Rate, Unit::Ratio);
    add(Metric::Throughput, Statistic::Rate, Unit::PerSecond);
    all
}

/// Text that no spreadsheet takes for a formula, in one line, with nothing unseen in it. Full-width signs are signs, too.
pub fn csv_text(text: &(impl Raw + ?Sized)) -> String {
    let text = harmless(text);
    let formula = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    if text.trim_start().starts_with(formula) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Latency, Quantile, Tool};
    use polars::prelude::{ParquetReader, SerReader};

    #[test]
    fn what_is_written_reads_back() {
        let mut run = Run::new(Tool { name: "k6".into(), version: None });
        let mut endpoint = Endpoint::new(EndpointKey::named(Kind::Http, Some("GET"), "/a"));
        let mut latency = Latency { count: Some(10), mean: Some(12.5), ..Latency::default() };
        latency.quantiles.insert(Quantile::P95, 20.0);
        endpoint.latency = Some(latency);
        endpoint.requests = Some(10);
        run.endpoints.push(endpoint);
        let commit = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let date = Some(jiff::Timestamp::from_second(1_790_000_000).unwrap());
        let mut frame = Frame::default();
        frame.add(&Recorded { id: "abc", commit, date, run: &run });
        assert_eq!(frame.rows(), 2);
        let mut bytes = Vec::new();
        frame.write_parquet(&mut bytes).unwrap();
        let read = ParquetReader::new(std::io::Cursor::new(bytes)).finish().unwrap();
        assert_eq!(read.height(), 2);
        let text = |name: &str| read.column(name).unwrap().str().unwrap().get(0).map(str::to_owned);
        assert_eq!(text("endpoint").as_deref(), Some("GET /a"));
        assert_eq!(text("statistic").as_deref(), Some("p95"));
        assert_eq!(text("commit").as_deref(), Some("0123456789abcdef0123456789abcdef01234567"));
        assert_eq!(read.column("value").unwrap().f64().unwrap().get(0), Some(20.0));
        let at = read.column("committed_at").unwrap().cast(&DataType::Int64).unwrap();
        assert_eq!(at.i64().unwrap().get(0), Some(1_790_000_000_000));
    }
}
