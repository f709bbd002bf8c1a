//! The numbers of all recorded runs, in columns: one series of a long history is read without reading the rest of it.
//!
//! They lie beside the store and are made from its records alone. Whatever is not there, of another version, or damaged is as if
//! it had never been: the records tell it again.

mod batch;
mod export;
mod file;
mod folder;
mod line;
mod name;
mod note;
mod segment;

#[cfg(test)]
mod tests;

pub use batch::Batch;
pub use export::Exported;
pub use line::LineCommit;
pub use note::Note;

pub(super) use export::words;
pub(super) use name::{MetricName, Number, numbers_of, numbers_of_metric};

use super::parquet::FrameError;
use crate::model::{CommitId, MeasurementKey, Run, Untrusted};
use folder::{Folder, Kept};
use segment::{Key, Segment, at, key};
use std::collections::HashMap;

/// Fewest records that are worth a file: fewer are read as fast from the store.
const WORTH_KEEPING: usize = 64;

/// The numbers of recorded runs.
#[derive(Debug)]
pub struct RunColumns {
    folder: Folder,
    parts: Vec<Part>,
    whole: Vec<Run>,
    places: HashMap<Key, Place>,
}

/// Some of them, and the file that they are in.
struct Part {
    segment: Segment,
    kept: Option<Kept>,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part").field("kept", &self.kept).finish_non_exhaustive()
    }
}

/// Where the numbers of a run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// In a row of a part.
    Row {
        /// Which part.
        part: u32,
        /// Which row.
        row: u32,
    },
    /// In a run that columns cannot tell.
    Whole(u32),
}

/// A part turned out to be damaged. It is gone: what it had is missing now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged;

impl RunColumns {
    /// What is kept in a folder; without one, nothing is kept.
    pub fn open(folder: Option<std::path::PathBuf>) -> Self {
        let folder = Folder::new(folder);
        let mut own = Self { parts: Vec::new(), whole: Vec::new(), places: HashMap::new(), folder };
        for (segment, kept) in own.folder.segments() {
            own.take(segment, Some(kept));
        }
        own
    }

    /// The line of commits that was walked last, newest first.
    pub fn line(&mut self) -> Vec<LineCommit> {
        line::known(&mut self.folder)
    }

    /// Keeps a line of which so many commits were known.
    pub fn keep_line(&mut self, line: &[LineCommit], known: usize) {
        line::keep(&mut self.folder, line, known);
    }

    /// A text that is kept beside the columns.
    pub fn note(&self, note: Note) -> Option<String> {
        note::known(&self.folder, note)
    }

    /// Keeps a text in the place of any other.
    pub fn keep_note(&mut self, note: Note, text: &str) {
        note::keep(&mut self.folder, note, text);
    }

    /// Which of these records are to be read and added; places that were told before hold no longer. Beside those that are missing, where they are many, the records of files
    /// that are too small to be files of their own.
    pub fn lacking<'r, R>(
        &mut self,
        records: &'r [R],
        id: impl Fn(&'r R) -> (CommitId, &'r str),
    ) -> Vec<&'r R> {
        let place = |own: &Self, record: &'r R| {
            let (commit, id) = id(record);
            key(commit, id).and_then(|key| own.places.get(&key).copied())
        };
        let missing = records.iter().filter(|record| place(self, record).is_none()).count();
        if missing >= WORTH_KEEPING {
            self.give_up(|part| part.segment.records.len() <= 2 * missing);
        }
        records.iter().filter(|record| place(self, record).is_none()).collect()
    }

    /// Adds what was read, and keeps it where that is worth a file.
    pub fn add(&mut self, batches: Vec<Batch>) {
        let runs: usize = batches.iter().map(|batch| batch.segment.records.len()).sum();
        for batch in batches {
            let (segment, whole) = batch.finish();
            for (key, run) in whole {
                self.places.insert(key, Place::Whole(self.whole.len() as u32));
                self.whole.push(run);
            }
            let kept = if runs >= WORTH_KEEPING { self.folder.keep(&segment) } else { None };
            self.take(segment, kept);
        }
        if runs >= WORTH_KEEPING {
            self.folder.sweep();
        }
    }

    /// Where a record's numbers are; none where they were not added.
    pub fn place(&self, commit: CommitId, id: &str) -> Option<Place> {
        self.places.get(&key(commit, id)?).copied()
    }

    /// What tells whether a run is comparable with others. Runs with the same number have the same, but for the duration.
    pub fn head(&self, place: Place) -> (&Run, Option<f64>, u64) {
        match place {
            Place::Whole(whole) => {
                let run = &self.whole[whole as usize];
                (run, run.duration_s, u64::MAX - u64::from(whole))
            }
            Place::Row { part, row } => {
                let segment = &self.parts[part as usize].segment;
                let (head, duration) = segment.head(row as usize);
                (head, duration, u64::from(part) << 32 | u64::from(segment.head_of[row as usize]))
            }
        }
    }

    /// All of these runs but for what was measured of single endpoints; none for none.
    pub fn without_endpoints(
        &mut self,
        places: &[Option<Place>],
    ) -> Result<Vec<Option<Run>>, Damaged> {
        let mut rests: HashMap<u32, Vec<Run>> = HashMap::new();
        for part in self.parts_of(places) {
            let read = self.parts[part as usize].segment.rests();
            rests.insert(part, self.sound(part, read)?);
        }
        let of = |place: &Option<Place>| match (*place)? {
            Place::Whole(whole) => Some(self.whole[whole as usize].clone()),
            Place::Row { part, row } => rests.get(&part)?.get(row as usize).cloned(),
        };
        Ok(places.iter().map(of).collect())
    }

    /// A measurement of each of these runs, as the run itself tells it but for metrics of some names.
    pub fn values(
        &mut self,
        measurement: &MeasurementKey,
        without: &[Untrusted],
        places: &[Option<Place>],
    ) -> Result<Vec<Option<f64>>, Damaged> {
        let mut values = vec![None; places.len()];
        for part in self.parts_of(places) {
            let segment = &mut self.parts[part as usize].segment;
            let of_shape: Vec<Option<u32>> = segment
                .shapes
                .iter()
                .map(|shape| segment.column_of(shape, measurement, without))
                .collect();
            let mut columns: Vec<u32> = of_shape.iter().flatten().copied().collect();
            columns.sort_unstable();
            columns.dedup();
            let mut numbers: HashMap<u32, Vec<f64>> = HashMap::new();
            for column in columns {
                let read = segment.numbers(column).map(std::borrow::Cow::into_owned);
                match read {
                    Ok(read) => drop(numbers.insert(column, read)),
                    Err(error) => return self.sound(part, Err(error)),
                }
            }
            for (value, place) in values.iter_mut().zip(places) {
                let Some(Place::Row { part: own, row }) = place else { continue };
                if *own != part {
                    continue;
                }
                let shape = segment.shape_of[*row as usize] as usize;
                let numbers = of_shape[shape].and_then(|column| numbers.get(&column));
                *value = numbers.and_then(|numbers| at(numbers, *row as usize));
            }
        }
        for (value, place) in values.iter_mut().zip(places) {
            if let Some(Place::Whole(whole)) = place {
                let run = &self.whole[*whole as usize];
                *value = if without.is_empty() {
                    run.value(measurement)
                } else {
                    let mut run = run.clone();
                    run.metrics.retain(|metric| !without.contains(&metric.name));
                    run.value(measurement)
                };
            }
        }
        Ok(values)
    }

    /// Takes the runs of a segment in that are not known yet.
    fn take(&mut self, segment: Segment, kept: Option<Kept>) {
        let part = self.parts.len() as u32;
        for (row, key) in segment.records.iter().enumerate() {
            self.places.entry(*key).or_insert(Place::Row { part, row: row as u32 });
        }
        self.parts.push(Part { segment, kept });
    }

    /// What was read of a part, unless the part is damaged: then it is given up.
    fn sound<T>(&mut self, part: u32, read: Result<T, FrameError>) -> Result<T, Damaged> {
        read.map_err(|_| {
            let mut at = 0..;
            self.give_up(|_| at.next() == Some(part));
            Damaged
        })
    }

    /// Forgets parts, whose files are removed as soon as others are kept in their place.
    fn give_up(&mut self, mut which: impl FnMut(&Part) -> bool) {
        let parts = std::mem::take(&mut self.parts);
        self.places.retain(|_, place| matches!(place, Place::Whole(_)));
        for part in parts {
            if which(&part) {
                self.folder.give_up(part.kept);
            } else {
                self.take(part.segment, part.kept);
            }
        }
    }

    /// The parts that these are in.
    fn parts_of(&self, places: &[Option<Place>]) -> Vec<u32> {
        let mut any = vec![false; self.parts.len()];
        for place in places {
            if let Some(Place::Row { part, .. }) = place {
                any[*part as usize] = true;
            }
        }
        any.iter().zip(0..).filter(|(any, _)| **any).map(|(_, part)| part).collect()
    }
}
