//! k6: its three summaries, and its raw outputs sample by sample.

mod aggregate;
mod fast;
mod metric;
pub(super) mod out_csv;
pub(super) mod out_json;
mod pages;
mod sample;
mod series;
mod summary;
mod summary_file;
pub(super) mod summary_run;
