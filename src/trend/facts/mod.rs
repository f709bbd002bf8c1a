//! Facts: the numbers of a service's recorded runs of one month, a row for each number, as Parquet that any engine reads.
//!
//! A file says beside its rows which records it was made of and how often each was added and removed. The larger count holds, as
//! everywhere in a store: two that compact the same records at once come to the same, in whatever order.

mod made;
mod read;
mod schema;
mod series;
mod subject;
mod write;

#[cfg(test)]
mod tests;

pub use made::Facts;
pub use read::FactsError;
pub use schema::FACTS_SCHEMA;
pub use series::{LoadHistory, ServiceHistory, Wanted};
