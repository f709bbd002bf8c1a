//! Some of the recorded runs, in columns: in memory, or in a file whose columns are read when they are asked for.

use super::name::{ColumnName, MetricName, Number};
use crate::model::{
    CommitId, EndpointKey, MeasurementKey, Metric, Raw as _, Run, Statistic, Untrusted,
};
use crate::schema::read_recorded;
use crate::trend::parquet::{FrameError, Reader};
use std::borrow::Cow;
use std::collections::HashMap;

/// A record: its commit, and the number that its id is.
pub(super) type Key = (CommitId, u64);

/// What a run has: its endpoints, told by their columns of requests, and its metrics, told by their columns of counts, both in
/// its own order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub(super) struct Shape {
    pub(super) endpoints: Vec<u32>,
    pub(super) metrics: Vec<u32>,
}

/// Some of the recorded runs. A number that is not there is NaN.
pub(super) struct Segment {
    pub(super) records: Vec<Key>,
    /// What tells whether runs are comparable, but for the duration; many runs have the same.
    pub(super) heads: Vec<Run>,
    pub(super) head_of: Vec<u32>,
    pub(super) shapes: Vec<Shape>,
    pub(super) shape_of: Vec<u32>,
    pub(super) durations: Vec<f64>,
    pub(super) names: Vec<ColumnName>,
    pub(super) places: HashMap<ColumnName, u32>,
    pub(super) data: Data,
}

/// Where the numbers are.
pub(super) enum Data {
    Memory(Memory),
    File(Box<Stored>),
}

/// Numbers in memory.
#[derive(Default)]
pub(super) struct Memory {
    /// When each run started, in milliseconds.
    pub(super) started: Vec<f64>,
    /// Each run without its endpoints, as JSON.
    pub(super) rest: Vec<String>,
    /// The columns, each as far as it has numbers.
    pub(super) columns: Vec<Vec<f64>>,
}

/// Numbers in a file.
pub(super) struct Stored {
    pub(super) reader: Reader,
    /// The checksums of each column, group by group.
    pub(super) sums: Vec<Vec<u32>>,
    pub(super) started: usize,
    pub(super) rest: usize,
    /// The column of the first number.
    pub(super) first: usize,
}

impl Segment {
    pub(super) fn head(&self, row: usize) -> (&Run, Option<f64>) {
        (&self.heads[self.head_of[row] as usize], known(self.durations[row]))
    }

    pub(super) fn shape(&self, row: usize) -> &Shape {
        &self.shapes[self.shape_of[row] as usize]
    }

    /// A column of numbers; it may end before the last row.
    pub(super) fn numbers(&mut self, column: u32) -> Result<Cow<'_, [f64]>, FrameError> {
        match &mut self.data {
            Data::Memory(own) => Ok(own.columns[column as usize].as_slice().into()),
            Data::File(own) => {
                let at = own.first + column as usize;
                own.reader.numbers(at, &own.sums[at]).map(Cow::Owned)
            }
        }
    }

    /// When the runs started, in milliseconds.
    pub(super) fn started(&mut self) -> Result<Cow<'_, [f64]>, FrameError> {
        match &mut self.data {
            Data::Memory(own) => Ok(own.started.as_slice().into()),
            Data::File(own) => {
                own.reader.numbers(own.started, &own.sums[own.started]).map(Cow::Owned)
            }
        }
    }

    /// The runs without their endpoints.
    pub(super) fn rests(&mut self) -> Result<Vec<Run>, FrameError> {
        let read = |json: &String| read_recorded(json.as_bytes()).map_err(FrameError::new);
        match &mut self.data {
            Data::Memory(own) => own.rest.iter().map(read).collect(),
            Data::File(own) => {
                own.reader.texts(own.rest, &own.sums[own.rest])?.iter().map(read).collect()
            }
        }
    }

    /// The column that a run of this shape has a measurement in, as the run itself would tell. Metrics of some names do not count.
    pub(super) fn column_of(
        &self,
        shape: &Shape,
        key: &MeasurementKey,
        without: &[Untrusted],
    ) -> Option<u32> {
        let at = |column: u32| &self.names[column as usize];
        if let Metric::Custom(name) = &key.metric
            && !without.contains(name)
        {
            let of = |column: &u32| match &at(*column).number {
                Number::Count(own) if own.name == *name => Some((own, &at(*column).endpoint)),
                _ => None,
            };
            let own = || shape.metrics.iter().filter_map(of);
            let same = own().find(|(_, endpoint)| **endpoint == key.endpoint);
            let alike = || own().find(|(_, own)| own.same_without_method(&key.endpoint));
            if let Some((metric, endpoint)) = same.or_else(alike) {
                return self.column_of_metric(metric, endpoint, key.statistic);
            }
        }
        let own = || shape.endpoints.iter().map(|column| &at(*column).endpoint);
        let same = own().find(|endpoint| **endpoint == key.endpoint);
        let alike = || own().find(|endpoint| endpoint.same_without_method(&key.endpoint));
        let endpoint = same.or_else(alike)?.clone();
        let number = match &key.metric {
            Metric::Latency => Number::Latency(key.statistic),
            Metric::ErrorRate => Number::ErrorRate,
            Metric::Throughput => Number::Throughput,
            Metric::Custom(part) => Number::Part(part.clone(), key.statistic.of_samples()),
        };
        self.places.get(&ColumnName { endpoint, number }).copied()
    }

    fn column_of_metric(
        &self,
        metric: &MetricName,
        endpoint: &EndpointKey,
        statistic: Statistic,
    ) -> Option<u32> {
        let statistic = if statistic == Statistic::Mean { Statistic::Value } else { statistic };
        let number = Number::Metric(metric.clone(), statistic);
        self.places.get(&ColumnName { endpoint: endpoint.clone(), number }).copied()
    }
}

/// A number, if there is one.
pub(super) fn known(number: f64) -> Option<f64> {
    Some(number).filter(|number| !number.is_nan())
}

/// The number of a row of a column, if there is one.
pub(super) fn at(column: &[f64], row: usize) -> Option<f64> {
    column.get(row).copied().and_then(known)
}

/// The number that the id of a record is; none of what is no such id.
pub(super) fn key(commit: CommitId, id: &str) -> Option<Key> {
    let digits = id.len() == 16 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    Some((commit, u64::from_str_radix(id, 16).ok().filter(|_| digits)?))
}

/// The label that says on what class of machine a run was.
pub(super) fn runner(head: &Run) -> Option<&str> {
    head.labels.get("runner").map(|own| own.raw())
}
