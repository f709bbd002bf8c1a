//! The numbers of recorded runs as rows of a table for other tools.

use super::name::{MetricName, Number, numbers_of, numbers_of_metric};
use super::segment::{Data, Segment, at, runner};
use super::{Damaged, Place, RunColumns};
use crate::model::{CommitId, EndpointKey, Named as _, Raw as _, Run, Statistic, Unit};
use crate::trend::frame::{FrameWriter, RunOfFrame};
use crate::trend::parquet::FrameError;
use std::collections::HashMap;

/// A run that is to be exported.
#[derive(Debug, Clone, Copy)]
pub struct Exported<'a> {
    /// The id of its record.
    pub id: &'a str,
    /// The commit that was measured.
    pub commit: CommitId,
    /// The date of that commit, where it is known here.
    pub date: Option<jiff::Timestamp>,
    /// Where its numbers are.
    pub place: Place,
}

/// Rows of a part, by the column of requests or of counts that stands for an endpoint or a metric: what each row is about, and the
/// column of its value.
type Plan = HashMap<u32, Vec<(u32, u32)>>;

impl RunColumns {
    /// Reads all numbers into memory.
    pub fn load(&mut self) -> Result<(), Damaged> {
        for part in 0..self.parts.len() {
            let read = loaded(&mut self.parts[part].segment);
            if let Some(data) = self.sound(part as u32, read)? {
                self.parts[part].segment.data = data;
            }
        }
        Ok(())
    }

    /// Writes everything that was measured of these runs, which must be loaded.
    pub fn export(
        &self,
        runs: &[Exported<'_>],
        out: &mut FrameWriter<'_>,
    ) -> Result<(), FrameError> {
        let plans: Vec<Plan> = self.parts.iter().map(|part| plan(&part.segment, out)).collect();
        for run in runs {
            let (head, duration, _) = self.head(run.place);
            match run.place {
                Place::Whole(whole) => {
                    let whole = &self.whole[whole as usize];
                    out.run(about(run, head, duration, whole.started_at));
                    rows_of(whole, out)?;
                }
                Place::Row { part, row } => {
                    let (segment, row) = (&self.parts[part as usize].segment, row as usize);
                    let Data::Memory(memory) = &segment.data else {
                        return Err(FrameError::new("its numbers are not loaded"));
                    };
                    let started = at(&memory.started, row);
                    let started =
                        started.and_then(|ms| jiff::Timestamp::from_millisecond(ms as i64).ok());
                    out.run(about(run, head, duration, started));
                    let shape = segment.shape(row);
                    let number = |column: u32| at(&memory.columns[column as usize], row);
                    for own in shape.endpoints.iter().chain(&shape.metrics) {
                        let of = number(*own).map(|of| of as u64);
                        for (what, column) in plans[part as usize].get(own).into_iter().flatten() {
                            if let Some(value) = number(*column) {
                                out.row(*what, value, of)?;
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// The numbers of a file, all of them.
fn loaded(segment: &mut Segment) -> Result<Option<Data>, FrameError> {
    if let Data::Memory(_) = segment.data {
        return Ok(None);
    }
    let mut memory = super::segment::Memory {
        started: segment.started()?.into_owned(),
        rest: Vec::new(),
        columns: Vec::with_capacity(segment.names.len()),
    };
    for column in 0..segment.names.len() as u32 {
        let numbers = segment.numbers(column)?.into_owned();
        memory.columns.push(numbers);
    }
    Ok(Some(Data::Memory(memory)))
}

fn about<'a>(
    run: &Exported<'a>,
    head: &'a Run,
    duration_s: Option<f64>,
    started_at: Option<jiff::Timestamp>,
) -> RunOfFrame<'a> {
    RunOfFrame {
        id: run.id,
        commit: run.commit,
        committed_at: run.date,
        started_at,
        duration_s,
        profile: head.profile.as_ref().map(|own| own.raw()),
        environment: head.environment.as_ref().map(|own| own.raw()),
        tool: head.tool.name.raw(),
        tool_version: head.tool.version.as_ref().map(|own| own.raw()),
        runner: runner(head),
        users: head.load.users,
    }
}

/// What the rows of a segment are about.
fn plan(segment: &Segment, out: &mut FrameWriter<'_>) -> Plan {
    let mut of_endpoint: HashMap<&EndpointKey, Vec<u32>> = HashMap::new();
    for (name, column) in segment.names.iter().zip(0..) {
        of_endpoint.entry(&name.endpoint).or_default().push(column);
    }
    let mut plan = Plan::new();
    for (name, own) in segment.names.iter().zip(0..) {
        let metric = match &name.number {
            Number::Requests => None,
            Number::Count(metric) => Some(metric),
            _ => continue,
        };
        let mut rows: Vec<(usize, Statistic, u32, u32)> = Vec::new();
        for column in of_endpoint.get(&name.endpoint).into_iter().flatten() {
            let number = &segment.names[*column as usize].number;
            if let Some((order, statistic)) = place_of(number, metric) {
                let what = out.what(&words(&name.endpoint, number, statistic));
                rows.push((order, statistic, what, *column));
            }
        }
        rows.sort_by_key(|(order, statistic, ..)| (*order, *statistic));
        plan.insert(own, rows.into_iter().map(|(.., what, column)| (what, column)).collect());
    }
    plan
}

/// Where a number stands among those of its endpoint, or of a metric; none where it stands nowhere.
fn place_of(number: &Number, metric: Option<&MetricName>) -> Option<(usize, Statistic)> {
    match (number, metric) {
        (Number::Latency(statistic), None) => {
            let order = match statistic {
                Statistic::Quantile(_) => 0,
                Statistic::Mean => 1,
                Statistic::Min => 2,
                Statistic::Max => 3,
                Statistic::StdDev => 4,
                Statistic::Cv | Statistic::Rate | Statistic::Value => return None,
            };
            Some((order, *statistic))
        }
        (Number::ErrorRate, None) => Some((5, Statistic::Rate)),
        (Number::Throughput, None) => Some((6, Statistic::Rate)),
        (Number::Metric(own, statistic), Some(metric)) if own == metric => {
            Some((usize::from(*statistic != Statistic::Value), *statistic))
        }
        _ => None,
    }
}

/// Kind, endpoint, metric, statistic and unit of a row.
pub(in crate::trend) fn words(
    endpoint: &EndpointKey,
    number: &Number,
    statistic: Statistic,
) -> [String; 5] {
    let kind = match (number, endpoint) {
        (Number::Metric(..), _) => "custom",
        (_, EndpointKey::Total) => "total",
        (_, EndpointKey::Named { kind, .. }) => kind.name(),
    };
    let (metric, unit) = match number {
        Number::Metric(own, _) => (own.name.raw().to_owned(), own.unit.raw().to_owned()),
        Number::ErrorRate => ("error_rate".to_owned(), Unit::Ratio.raw().to_owned()),
        Number::Throughput => ("throughput".to_owned(), Unit::PerSecond.raw().to_owned()),
        _ => ("latency".to_owned(), Unit::of_latency(statistic).raw().to_owned()),
    };
    [kind.to_owned(), endpoint.text().into_raw(), metric, statistic.to_string(), unit]
}

/// The rows of a run that columns cannot tell.
fn rows_of(run: &Run, out: &mut FrameWriter<'_>) -> Result<(), FrameError> {
    for endpoint in run.all_endpoints() {
        let mut rows: Vec<_> = numbers_of(endpoint)
            .into_iter()
            .filter_map(|(number, value)| Some((place_of(&number, None)?, number, value)))
            .collect();
        rows.sort_by_key(|(place, ..)| *place);
        for ((_, statistic), number, value) in rows {
            let what = out.what(&words(&endpoint.key, &number, statistic));
            out.row(what, value, endpoint.requests)?;
        }
    }
    for metric in &run.metrics {
        let name = MetricName { name: metric.name.clone(), unit: metric.unit.raw().into() };
        for (statistic, value) in numbers_of_metric(metric) {
            let number = Number::Metric(name.clone(), statistic);
            let what = out.what(&words(&metric.endpoint, &number, statistic));
            out.row(what, value, metric.count)?;
        }
    }
    Ok(())
}
