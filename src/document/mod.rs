//! Documents in Markdown that say how fast something must be: what they demand, as the entries of a policy.
//!
//! Fenced blocks of YAML, JSON and JavaScript are taken as they are, tables and items of lists by their words. A statement counts
//! only if it has one meaning: a number, its unit, the better side, and what it is said of. Everything else that looks like a demand
//! is told with its line and with what is missing. Whether an entry means anything is asked of [`crate::config`], so that what is
//! written here loads.

mod blocks;
mod claim;
mod differences;
mod entry;
mod gather;
mod lines;
mod markdown;
mod merge;
mod quantity;
mod reading;
mod resolve;
mod script;
mod statistic;
mod subject;
mod tables;
mod value;
mod write;

pub use differences::{Difference, Held, differences};
pub use gather::{Document, read};
pub use reading::{Head, Reading, Unread};
