//! The gate: runs in, [`Report`] out. Pure: no files, no clock, no git.
//!
//! 1. `join` pairs the endpoints of both sides by key;
//! 2. `plan` lists what has a limit, `measure` takes the numbers, or says why there are none, and `level_shifts` says since
//!    when the baseline stands where it stands;
//! 3. `limit` applies the plain rule: is the limit crossed?
//! 4. `evidence` asks how probable the crossing is when nothing changed, over all tests of one metric together;
//! 5. `budget` holds the new runs against absolute limits;
//! 6. `judge` puts the verdict on every finding and on the whole.
//!
//! `selftest` shows the gate known changes, and runs in which nothing changed.
//!
//! The rules are explained for users in `docs/decisions.md`.

mod budget;
mod evidence;
mod expected;
mod inject;
mod input;
mod join;
mod judge;
mod level_shifts;
mod limit;
mod measure;
mod member;
mod noise_model;
mod noise_verdicts;
mod plan;
mod report;
mod selftest;
mod verdict;
mod view;
mod warnings;

pub use expected::Expected;
pub use input::{Acceptance, Baseline, Input, Search};
pub use judge::{check, judge, judge_against};
pub use measure::quantile_interval;
pub use noise_model::{Analysis, Confirmation, Family, Look, Looked, RUNS_FOR_NOISE};
pub use report::{
    Accepted, BaselineInfo, BudgetFinding, Change, Counts, Coverage, CurrentInfo, Finding,
    NoiseWorking, Report, ReportReason, Variation, Working,
};
pub use selftest::{Outcomes, Replayed, Rule, Selftest, selftest};
pub use verdict::{Reason, Verdict};
