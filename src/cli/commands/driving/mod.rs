//! Driving a load tool: one run of it, and what all runs of a session share. The commands `run` and `ab` say how often.

mod find;
mod once;
mod progress;
mod rig;
mod said;
mod watch;

pub(super) use once::{Attempt, run_once};
pub(super) use rig::{Rig, profile};
pub(super) use said::{output_in, tail};
