//! perfgate: a regression gate for load tests.

pub mod cli;
pub mod config;
pub mod gate;
pub mod ingest;
pub mod model;
pub mod report;
pub mod schema;
pub mod stats;
pub mod store;
