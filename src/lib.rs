//! perfgate: a regression gate for load tests.
//!
//! How a result file becomes an exit code:
//!
//! 1. [`ingest`] detects the format of a result file by its content and reads it into a [`model::Run`] in base units, with
//!    warnings that carry file and line.
//! 2. [`store`] keeps runs by commit, and finds the baseline of a revision: from the merge base along the first parents
//!    to the nearest commits that have a comparable run; every commit visited is reported with what was found there.
//! 3. [`gate`] joins run and baseline by endpoint, applies the rules that [`config`] has resolved, asks [`stats`] how likely a
//!    change is by chance, and returns a [`gate::Report`] of findings. It is pure: the same runs give the same report.
//!    Beside it, [`trend`] finds the steps in a history, and [`driver`] runs load tools and samples the machine.
//! 4. [`report`] renders a report as table, Markdown, JSON and what CI systems read; the wire types of all files are in
//!    [`schema`].
//! 5. [`forge`] publishes the text as comments and checks. A publishing failure never changes a verdict.
//! 6. [`cli`] connects the rooms, one file per command, and turns the verdict into the exit code.
//!
//! The modules below are in layers; `tests/layers/main.rs` has the table and checks it. `docs/architecture.md` walks through one
//! comparison and defines the terms, and `CONTRIBUTING.md` says which files a new format, forge, renderer, metric, warning or
//! command touches.

pub mod model;

pub mod config;
pub mod schema;
pub mod stats;

pub mod document;
pub mod driver;
pub mod forge;
pub mod gate;
pub mod ingest;
pub mod store;
pub mod trend;

pub mod report;

pub mod cli;

pub mod probe;
