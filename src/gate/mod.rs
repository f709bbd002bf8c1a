//! The gate: runs in, [`Report`] out. Pure: no files, no clock, no git.
//!
//! 1. `join` pairs the endpoints of both sides by key;
//! 2. `measure` takes from each pair the numbers that have a limit, or says why there are none;
//! 3. `limit` applies the plain rule: is the limit crossed?
//! 4. `evidence` asks how probable the crossing is when nothing changed, over all tests of one metric together;
//! 5. `judge` puts the verdict on every finding and on the whole.
//!
//! The rules are explained for users in `docs/decisions.md`.

mod evidence;
mod join;
mod judge;
mod limit;
mod measure;
mod report;

pub use judge::{Baseline, Search, judge};
pub use report::{
    BaselineInfo, Change, Counts, Coverage, CurrentInfo, Finding, Reason, Report, ReportReason,
    Verdict,
};
