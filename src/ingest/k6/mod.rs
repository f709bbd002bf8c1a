//! k6: its three summaries, and its raw outputs sample by sample.

mod aggregate;
mod csv;
mod fast;
mod metric;
mod ndjson;
mod sample;
mod series;
mod summary;
mod summary_file;
mod summary_run;

pub(super) use csv::read as read_csv;
pub(super) use ndjson::read as read_ndjson;
pub(super) use summary_run::read as read_summary;
