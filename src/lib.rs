//! perfgate: a regression gate for load tests.
//!
//! The way of a result file to an exit code:
//!
//! 1. [`ingest`] recognises a result file by its content and reads it into a [`model::Run`] in base units, with warnings
//!    that carry file and line.
//! 2. [`store`] keeps runs by commit, and finds the baseline of a revision: from the merge base along the first parents
//!    to the nearest commit that has a comparable run; every commit on the way is told with what it had to offer.
//! 3. [`gate`] joins run and baseline by endpoint, goes by the policy that [`config`] has read, asks [`stats`] what
//!    chance gives, and yields a [`gate::Report`] of findings. It is pure: the same runs give the same report.
//!    Beside it, [`trend`] finds the steps in a history, and [`driver`] runs load tools and watches the machine.
//! 4. [`report`] renders a report as table, Markdown, JSON and what CI systems read; the wire types of all files are in
//!    [`schema`].
//! 5. [`forge`] puts the text where people see it: comments and checks. What fails there never changes a verdict.
//! 6. [`cli`] brings the rooms together, one file per command, and turns the verdict into the exit code.
//!
//! The modules below stand in layers: `model` knows nobody; `stats`, `schema` and `config` know `model`; `ingest`,
//! `store`, `gate`, `trend`, `driver` and `forge` know those; `report` knows `gate`; only `cli` knows all. Rooms of one layer never import each other,
//! and each vendor's crate is used behind one fence. `tests/layers/main.rs` has the table and checks it.
//!
//! Where something new goes: a result format is a module of `ingest` and a variant of [`ingest::Format`]; a form of the
//! report is a module of `report`; a forge is a module of `forge`; a rule of the policy begins in `config` and is judged in `gate`; a command is a file of
//! `cli`.

pub mod model;

pub mod config;
pub mod schema;
pub mod stats;

pub mod driver;
pub mod forge;
pub mod gate;
pub mod ingest;
pub mod store;
pub mod trend;

pub mod report;

pub mod cli;

pub mod probe;
