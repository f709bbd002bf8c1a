//! Series from facts: what a service measured, commit by commit, a table for each load.

use super::read::{FactsError, File, Texts};
use super::schema::{DURATION, RUN_COUNTS, RUN_TEXTS, RUN_TIMES, SUBJECT_TEXTS, VALUE};
use super::subject::subject_of;
use crate::model::{
    CommitId, EndpointKey, MeasurementKey, Metric, Run, Tool, Untrusted, differences,
};
use crate::stats::median;
use crate::trend::parquet::FrameError;
use crate::trend::table::{Cell, Column, Row};
use std::collections::HashMap;

/// Commits from the newest one back of which one has to have a measurement for it to be shown.
const RECENT: usize = 10;

/// Which numbers are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Wanted {
    /// Every one that a person would look at.
    Everything,
    /// What tells how well a service does: p95 of response times, error rates, throughputs.
    Health,
}

impl Wanted {
    fn takes(self, metric: &str, statistic: &str) -> bool {
        match (self, metric) {
            (_, "error_rate" | "throughput") => true,
            (Self::Health, "latency") => statistic == "p95",
            (Self::Everything, "latency") => matches!(statistic, "p50" | "p95" | "p99"),
            (Self::Everything, _) => true,
            (Self::Health, _) => false,
        }
    }

    /// Whether a range of metrics may have one that is wanted. Ranges are those of texts.
    fn touches(self, (first, last): &(Vec<u8>, Vec<u8>)) -> bool {
        let inside =
            |name: &str| first.as_slice() <= name.as_bytes() && name.as_bytes() <= last.as_slice();
        match self {
            Self::Everything => true,
            Self::Health => ["error_rate", "latency", "throughput"].into_iter().any(inside),
        }
    }
}

/// What facts tell of one service.
#[derive(Debug, Default)]
pub struct ServiceHistory {
    runs: Vec<FactRun>,
    known: HashMap<u64, Option<u32>>,
    columns: Vec<Column>,
    subjects: HashMap<[Option<String>; SUBJECT_TEXTS.len()], Option<u32>>,
    points: Vec<Point>,
    /// Whether the total is passed over where there are endpoints.
    of_endpoints: bool,
    /// Runs whose load generator could not keep up: they measured that.
    pub overloaded: usize,
}

#[derive(Debug)]
struct FactRun {
    run: Run,
    commit: CommitId,
    at: jiff::Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Point {
    run: u32,
    column: u32,
    value: f64,
}

/// The history of one load of a service.
#[derive(Debug)]
pub struct LoadHistory {
    /// What the newest run is, without its numbers.
    pub newest: Run,
    /// What was measured.
    pub columns: Vec<Column>,
    /// The commits, oldest first. Nobody knows their authors and subjects here.
    pub rows: Vec<Row>,
}

impl ServiceHistory {
    /// Adds what is wanted of a file of facts.
    pub fn add(&mut self, facts: Vec<u8>, wanted: Wanted) -> Result<(), FactsError> {
        let file = File::open(facts)?;
        self.of_endpoints = matches!(wanted, Wanted::Health);
        for group in 0..file.groups() {
            let outside = |range| !wanted.touches(&range);
            if file.range(group, "metric").is_some_and(outside) || !is_wanted(&file, group, wanted)?
            {
                continue;
            }
            self.group(&file, group, wanted)?;
        }
        Ok(())
    }

    fn group(&mut self, file: &File, group: usize, wanted: Wanted) -> Result<(), FrameError> {
        let runs = self.runs_of(file, group)?;
        let mut texts = Vec::with_capacity(SUBJECT_TEXTS.len());
        for name in SUBJECT_TEXTS {
            texts.push(file.texts(group, name)?);
        }
        let mut texts: Vec<_> = texts.iter().map(Texts::iter).collect();
        let values = file.numbers::<f64>(group, VALUE)?;
        // Neighbors are mostly about the same.
        let mut before: ([Option<&str>; SUBJECT_TEXTS.len()], Option<u32>) = Default::default();
        for (run, value) in runs.into_iter().zip(values) {
            let about = std::array::from_fn(|column| texts[column].next().flatten());
            if about != before.0 {
                before = (about, self.column(about, wanted));
            }
            if let (Some(run), Some(column), Some(value)) = (run, before.1, value) {
                self.points.push(Point { run, column, value });
            }
        }
        Ok(())
    }

    /// The column of what a row is about; none where it is not wanted, or no measurement of this version.
    fn column(
        &mut self,
        about: [Option<&str>; SUBJECT_TEXTS.len()],
        wanted: Wanted,
    ) -> Option<u32> {
        let key = about.map(|text| text.map(str::to_owned));
        if let Some(known) = self.subjects.get(&key) {
            return *known;
        }
        let takes = wanted.takes(about[3].unwrap_or_default(), about[4].unwrap_or_default());
        let column = Some(about).filter(|_| takes).and_then(subject_of).map(|column| {
            self.columns.push(column);
            self.columns.len() as u32 - 1
        });
        self.subjects.insert(key, column);
        column
    }

    /// The run of each row; none of those that measured no more than a load generator.
    fn runs_of(&mut self, file: &File, group: usize) -> Result<Vec<Option<u32>>, FrameError> {
        let ids: Vec<u64> = file.texts(group, RUN_TEXTS[0])?.iter().map(number_of).collect();
        if ids.iter().any(|id| !self.known.contains_key(id)) {
            self.learn(file, group, &ids)?;
        }
        Ok(ids.iter().map(|id| self.known.get(id).copied().flatten()).collect())
    }

    /// Learns the runs of a group that are not known yet.
    fn learn(&mut self, file: &File, group: usize, ids: &[u64]) -> Result<(), FrameError> {
        let mut texts = Vec::with_capacity(RUN_TEXTS.len());
        for name in RUN_TEXTS {
            texts.push(file.texts(group, name)?);
        }
        let mut texts: Vec<_> = texts.iter().map(Texts::iter).collect();
        let times = RUN_TIMES.map(|name| file.numbers::<i64>(group, name));
        let counts = RUN_COUNTS.map(|name| file.numbers::<i64>(group, name));
        let ([committed, started], [users, connections]) = (times, counts);
        let (committed, started, users, connections) = (committed?, started?, users?, connections?);
        let durations = file.numbers::<f64>(group, DURATION)?;
        for (row, id) in ids.iter().enumerate() {
            let about: [Option<&str>; RUN_TEXTS.len()] =
                std::array::from_fn(|column| texts[column].next().flatten());
            if self.known.contains_key(id) {
                continue;
            }
            let own = |all: &[Option<i64>]| all.get(row).copied().flatten();
            let count = |all: &[Option<i64>]| own(all).and_then(|n| u64::try_from(n).ok());
            let mut run = head(about);
            (run.load.users, run.load.connections) = (count(&users), count(&connections));
            run.duration_s = durations.get(row).copied().flatten();
            let time = |all: &[Option<i64>]| jiff::Timestamp::from_millisecond(own(all)?).ok();
            run.started_at = time(&started);
            let place = self.runs.len() as u32;
            let at = time(&committed).or(run.started_at);
            // Without a time, nobody knows where in the history it belongs.
            let own = about[1].and_then(|commit| commit.parse().ok()).zip(at);
            self.overloaded += usize::from(about[9].is_some());
            match own.filter(|_| about[9].is_none()) {
                Some((commit, at)) => {
                    self.runs.push(FactRun { run, commit, at });
                    self.known.insert(*id, Some(place));
                }
                None => drop(self.known.insert(*id, None)),
            }
        }
        Ok(())
    }

    /// The history of each load, the one with the newest run first.
    pub fn loads(self) -> Vec<LoadHistory> {
        let mut left: Vec<usize> = (0..self.runs.len()).collect();
        left.sort_by_key(|i| std::cmp::Reverse((self.runs[*i].at, self.runs[*i].commit)));
        let mut load_of = vec![0; self.runs.len()];
        let mut loads = Vec::new();
        while let Some(first) = left.first().copied() {
            let newest = &self.runs[first].run;
            let alike = |i: &usize| {
                !differences(&self.runs[*i].run, newest).iter().any(|d| d.field.forbids())
            };
            let (own, others): (Vec<usize>, Vec<usize>) =
                left.into_iter().partition(|i| *i == first || alike(i));
            own.iter().for_each(|i| load_of[*i] = loads.len());
            loads.push(own);
            left = others;
        }
        let mut points: Vec<Vec<Point>> = vec![Vec::new(); loads.len()];
        for point in &self.points {
            points[load_of[point.run as usize]].push(*point);
        }
        loads.iter().zip(points).map(|(runs, points)| self.load(runs, points)).collect()
    }

    /// The history of these runs, newest first.
    fn load(&self, runs: &[usize], points: Vec<Point>) -> LoadHistory {
        let mut row_of: HashMap<u32, usize> = HashMap::new();
        let mut places: HashMap<CommitId, usize> = HashMap::new();
        let mut rows: Vec<Row> = Vec::new();
        for i in runs.iter().rev() {
            let FactRun { commit, at, .. } = &self.runs[*i];
            let place = *places.entry(*commit).or_insert_with(|| {
                let (author, subject) = (Untrusted::default(), Untrusted::default());
                let (commit, date) = (*commit, *at);
                rows.push(Row { commit, date, author, subject, runs: 0, cells: Vec::new() });
                rows.len() - 1
            });
            rows[place].runs += 1;
            row_of.insert(*i as u32, place);
        }
        let mut cells: Vec<(u32, usize, f64)> =
            points.into_iter().map(|own| (own.column, row_of[&own.run], own.value)).collect();
        cells.sort_by_key(|(column, row, _)| (*column, *row));
        let recent = rows.len().saturating_sub(RECENT);
        let mut shown: Vec<&[(u32, usize, f64)]> = cells
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|own| own.last().is_some_and(|(_, row, _)| *row >= recent))
            .collect();
        // What all endpoints together take is moved by their mix.
        let key = |own: &[(u32, usize, f64)]| &self.columns[own[0].0 as usize].key;
        let of_endpoint = |key: &MeasurementKey| key.endpoint != EndpointKey::Total;
        if self.of_endpoints
            && shown.iter().any(|own| key(own).metric == Metric::Latency && of_endpoint(key(own)))
        {
            shown.retain(|own| key(own).metric != Metric::Latency || of_endpoint(key(own)));
        }
        shown.sort_by_key(|own| key(own));
        rows.iter_mut().for_each(|row| row.cells = vec![Cell::default(); shown.len()]);
        for (column, own) in shown.iter().enumerate() {
            for runs in own.chunk_by(|a, b| a.1 == b.1) {
                let values: Vec<f64> = runs.iter().map(|(.., value)| *value).collect();
                rows[runs[0].1].cells[column].value = median(&values);
            }
        }
        let columns: Vec<Column> =
            shown.iter().map(|own| self.columns[own[0].0 as usize].clone()).collect();
        LoadHistory { newest: self.runs[runs[0]].run.clone(), columns, rows }
    }
}

/// Whether a group has any row that is wanted.
fn is_wanted(file: &File, group: usize, wanted: Wanted) -> Result<bool, FrameError> {
    let (metrics, statistics) = (file.texts(group, "metric")?, file.texts(group, "statistic")?);
    let mut both = metrics.iter().zip(statistics.iter());
    Ok(both.any(|(metric, statistic)| {
        wanted.takes(metric.unwrap_or_default(), statistic.unwrap_or_default())
    }))
}

/// The number that the id of a run is.
fn number_of(id: Option<&str>) -> u64 {
    u64::from_str_radix(id.unwrap_or_default(), 16).unwrap_or_default()
}

/// What a run is, by its texts.
fn head(texts: [Option<&str>; RUN_TEXTS.len()]) -> Run {
    let [_, commit, suite, profile, environment, tool, version, runner, target, _] = texts;
    let own = |text: Option<&str>| text.map(Untrusted::from);
    let mut run = Run::new(Tool { name: tool.unwrap_or_default().into(), version: own(version) });
    run.suite = suite.unwrap_or(Run::DEFAULT_SUITE).into();
    (run.profile, run.environment) = (own(profile), own(environment));
    run.commit = commit.and_then(|commit| commit.parse().ok());
    run.load.target = own(target);
    run.labels.extend(runner.map(|runner| ("runner".into(), runner.into())));
    run
}
