//! Runs that become columns.

use super::name::{ColumnName, MetricName, Number, numbers_of, numbers_of_metric};
use super::segment::{Data, Key, Memory, Segment, Shape, key};
use crate::model::{CommitId, Endpoint, EndpointKey, Raw as _, Run};
use crate::schema::{RunV1, read_recorded};
use std::collections::HashMap;

/// Runs that become columns, one after the other.
pub struct Batch {
    pub(super) segment: Segment,
    memory: Memory,
    heads: HashMap<String, u32>,
    shapes: HashMap<Shape, u32>,
    found: HashMap<EndpointKey, HashMap<Number, u32>>,
    /// Runs that columns cannot tell.
    pub(super) whole: Vec<(Key, Run)>,
    rows: usize,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("runs", &self.segment.records.len()).finish_non_exhaustive()
    }
}

impl Batch {
    /// A batch that is going to have so many runs.
    pub fn new(rows: usize) -> Self {
        let segment = Segment {
            records: Vec::with_capacity(rows),
            heads: Vec::new(),
            head_of: Vec::with_capacity(rows),
            shapes: Vec::new(),
            shape_of: Vec::with_capacity(rows),
            durations: Vec::with_capacity(rows),
            names: Vec::new(),
            places: HashMap::new(),
            data: Data::Memory(Memory::default()),
        };
        Self {
            segment,
            memory: Memory::default(),
            heads: HashMap::new(),
            shapes: HashMap::new(),
            found: HashMap::new(),
            whole: Vec::new(),
            rows,
        }
    }

    /// Adds a recorded run, as its record has it.
    pub fn add(&mut self, commit: CommitId, id: &str, run: Run) {
        let Some(key) = key(commit, id) else { return };
        if self.place(key, &run).is_none() {
            self.whole.push((key, run));
        }
    }

    /// The runs in columns, and those that columns cannot tell.
    pub(super) fn finish(self) -> (Segment, Vec<(Key, Run)>) {
        let Self { mut segment, memory, whole, .. } = self;
        segment.data = Data::Memory(memory);
        (segment, whole)
    }

    /// Puts a run into columns; none where a column would have to hold two of its numbers.
    fn place(&mut self, key: Key, run: &Run) -> Option<()> {
        let head = self.head(run)?;
        let rest = rest(run)?;
        let shape = Shape {
            endpoints: run
                .all_endpoints()
                .map(|own| self.column(&own.key, Number::Requests))
                .collect(),
            metrics: run
                .metrics
                .iter()
                .map(|own| self.column(&own.endpoint, Number::Count(name_of(own))))
                .collect(),
        };
        let mut seen = shape.metrics.clone();
        seen.sort_unstable();
        seen.dedup();
        if seen.len() < shape.metrics.len() {
            return None;
        }
        for (column, own) in shape.endpoints.iter().zip(run.all_endpoints()) {
            self.endpoint(*column, own);
        }
        for (column, own) in shape.metrics.iter().zip(&run.metrics) {
            self.put(*column, own.count.map(|count| count as f64));
            for (statistic, value) in numbers_of_metric(own) {
                let column = self.column(&own.endpoint, Number::Metric(name_of(own), statistic));
                self.put(column, Some(value));
            }
        }
        let shapes = self.shapes.len() as u32;
        let segment = &mut self.segment;
        let shape_of = *self.shapes.entry(shape).or_insert_with_key(|shape| {
            segment.shapes.push(shape.clone());
            shapes
        });
        segment.shape_of.push(shape_of);
        segment.head_of.push(head);
        segment.durations.push(run.duration_s.unwrap_or(f64::NAN));
        segment.records.push(key);
        let started = run.started_at.map(|at| at.as_millisecond() as f64);
        self.memory.started.push(started.unwrap_or(f64::NAN));
        self.memory.rest.push(rest);
        Some(())
    }

    fn endpoint(&mut self, column: u32, own: &Endpoint) {
        self.put(column, own.requests.map(|requests| requests as f64));
        for (number, value) in numbers_of(own) {
            let column = self.column(&own.key, number);
            self.put(column, Some(value));
        }
    }

    /// The place of a run's head among the heads.
    fn head(&mut self, run: &Run) -> Option<u32> {
        let head = Run { duration_s: None, ..run.comparable_part() };
        let json = serde_json::to_string(&RunV1::without_histograms(&head)).ok()?;
        if let Some(known) = self.heads.get(&json) {
            return Some(*known);
        }
        let place = self.segment.heads.len() as u32;
        self.segment.heads.push(read_recorded(json.as_bytes()).ok()?);
        self.heads.insert(json, place);
        Some(place)
    }

    /// The column of a number, made if it is not there yet.
    fn column(&mut self, endpoint: &EndpointKey, number: Number) -> u32 {
        if let Some(column) = self.found.get(endpoint).and_then(|own| own.get(&number)) {
            return *column;
        }
        let column = self.memory.columns.len() as u32;
        self.memory.columns.push(Vec::with_capacity(self.rows));
        let name = ColumnName { endpoint: endpoint.clone(), number: number.clone() };
        self.segment.names.push(name.clone());
        self.segment.places.insert(name, column);
        self.found.entry(endpoint.clone()).or_default().insert(number, column);
        column
    }

    /// Puts a number of the run that is being added into its column.
    fn put(&mut self, column: u32, value: Option<f64>) {
        let Some(value) = value else { return };
        let row = self.segment.records.len();
        let column = &mut self.memory.columns[column as usize];
        column.resize(row, f64::NAN);
        column.push(value);
    }
}

fn name_of(own: &crate::model::CustomMetric) -> MetricName {
    MetricName { name: own.name.clone(), unit: own.unit.raw().into() }
}

/// A run without its endpoints and without what no policy computes with, as JSON.
fn rest(run: &Run) -> Option<String> {
    let rest = Run {
        metrics: run.metrics.clone(),
        resources: run.resources.clone(),
        started_at: run.started_at,
        load: run.load.clone(),
        labels: run.labels.clone(),
        total: run.total.clone(),
        ..run.comparable_part()
    };
    serde_json::to_string(&RunV1::without_histograms(&rest)).ok()
}
