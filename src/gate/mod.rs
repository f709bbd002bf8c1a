//! The gate: runs in, [`Report`] out. Pure: no files, no clock, no git.
//!
//! 1. `join` pairs the endpoints of both sides by key;
//! 2. `plan` lists what has a limit, `measure` takes the numbers, or says why there are none, and `level_shifts` says since
//!    when the baseline stands where it stands;
//! 3. `limit` applies the plain rule: is the limit crossed?
//! 4. `evidence` asks how probable the crossing is when nothing changed, over all tests of one metric together;
//!    a percentile of few calls is told by the calls themselves, in `few_compared`;
//! 5. `budget` holds the new runs against absolute limits;
//! 6. `family` puts the verdict on every finding, `checklist` checks off what it can, and `judge` puts the verdict on the
//!    whole.
//!
//! `selftest` shows the gate known changes, and runs in which nothing changed.
//!
//! The rules are explained for users in `docs/decisions.md`.

mod alerts;
mod budget;
mod budget_names;
mod budget_value;
mod budget_verdict;
mod checked_item;
mod checklist;
mod confirmation;
mod derive;
mod evidence;
mod exceptions;
mod expected;
mod family;
mod few;
mod few_compared;
mod finding;
mod inject;
mod input;
mod join;
mod judge;
mod lack;
mod level_shifts;
mod limit;
mod load;
mod measure;
mod member;
mod misses;
mod noise_family;
mod noise_model;
mod noise_verdicts;
mod paired;
mod paired_counts;
mod paired_judged;
mod paired_rule;
mod paired_test;
mod plan;
mod plan_metrics;
mod report;
mod sample;
mod sampling;
mod selftest;
mod sides;
mod unjoined_rows;
mod verdict;
mod view;
mod warnings;
mod web_vitals;
mod windows;

pub use budget_value::budget_subject;
pub use checked_item::{CheckedItem, ItemState};
pub use confirmation::Confirmation;
pub use derive::derive;
pub use expected::Expected;
pub use finding::{
    Accepted, BudgetFinding, Change, Counts, FewCalls, FewCompared, Finding, NoiseWorking,
    RankInFamily, Role, TimeSpan, Working,
};
pub use input::{Acceptance, Baseline, Input, Pairing, Search};
pub use judge::{check, judge, judge_against, skipped};
pub use lack::Lack;
pub use noise_family::Family;
pub use noise_model::{Analysis, Look, Looked, RUNS_FOR_NOISE};
pub use paired_rule::{PairedLook, PairedStanding, standings};
pub use report::{
    BaselineInfo, Comparison, Coverage, CurrentInfo, PairedInfo, Report, Subject, Variation,
};
pub use sampling::quantile_interval;
pub use selftest::{Outcomes, Replayed, Rule, Selftest, Unseen, selftest};
pub use sides::Sides;
pub use verdict::{BudgetReason, Exit, Missing, Reason, ReportReason, Verdict};
pub use web_vitals::has_web_vitals;
