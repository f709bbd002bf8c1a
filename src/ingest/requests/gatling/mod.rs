//! Gatling's `simulation.log`: what happened in a run, in the order in which it ended. Binary since Gatling 3.13, lines of text before.

pub(in crate::ingest) mod binary;
mod decode;
mod events;
mod seconds;
pub(in crate::ingest) mod text;
mod users;
