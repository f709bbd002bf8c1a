//! What tools print for people at the end of a test: labels, values, and short tables.

pub(super) mod ab;
pub(super) mod h2load;
pub(super) mod hey;
mod report;
pub(super) mod siege;
mod time;
pub(super) mod wrk;
pub(super) mod wrk2;
