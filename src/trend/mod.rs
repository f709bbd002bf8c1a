//! History: series of one value per commit, and the steps in them.
//!
//! Series may come from elsewhere ([`read_series`]); what a step is, is mathematics of [`crate::stats`]. Nothing here judges
//! a run.

mod cause;
mod columns;
mod facts;
mod frame;
mod input;
mod ledger;
mod parquet;
mod table;

pub use cause::{Cause, Member, State, Watch, causes};
pub use columns::{Batch, Damaged, Exported, LineCommit, Note, Place, RunColumns};
pub use facts::{FACTS_SCHEMA, Facts, FactsError, LoadHistory, ServiceHistory, Wanted};
pub use frame::{FrameWriter, csv_text};
pub use input::{Series, SeriesError, read_series};
pub use ledger::{Action, Known, Told, actions, told_so_far};
pub use parquet::FrameError;
pub use table::{Cell, Column, Mark, Row, Table, WorseStep, in_parallel};

use crate::stats::{Step, steps};

/// A step in a series, with the commit that it came with.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where, how large, how sure.
    pub step: Step,
    /// The commit of the first point of the new level, where the series names commits.
    pub commit: Option<String>,
}

/// The steps of a series. Points without a value are passed over.
pub fn steps_of(series: &Series, min_effect: f64) -> Vec<Found> {
    found(&series.values, min_effect, |index| series.commits.get(index).cloned())
}

/// The steps of these values, with the commits that they came with.
fn found(
    values: &[Option<f64>],
    min_effect: f64,
    commit: impl Fn(usize) -> Option<String>,
) -> Vec<Found> {
    let (indices, values): (Vec<usize>, Vec<f64>) =
        values.iter().enumerate().filter_map(|(i, v)| Some((i, (*v)?))).unzip();
    steps(&values, min_effect)
        .into_iter()
        .map(|step| {
            let index = indices[step.index];
            Found { step: Step { index, ..step }, commit: commit(index) }
        })
        .collect()
}
