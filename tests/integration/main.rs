//! perfgate as its users meet it: the program on real files, repositories and forges, one module for each subject.
#![expect(clippy::unwrap_used, reason = "test code")]

mod support;

// What people type and read at a terminal.
mod cli {
    // Repositories in a state that a command cannot work in.
    mod checkout;
    // Codes of errors, and what is said of slips.
    mod codes;
    // `perfgate doctor` and completions.
    mod doctor;
    // Policies made from documents, and where the two differ.
    mod documents;
    // Every page of `--help`.
    mod help;
    // `perfgate init`.
    mod init;
    // `perfgate mcp`.
    mod mcp;
    // `perfgate selftest`.
    mod selftest;
    // The README, the demo, and the sessions in tests/cmd.
    mod sessions;
    // `perfgate --version --verbose`.
    mod version;
}

// From a result file to a run.
mod ingest {
    // autocannon's JSON.
    mod autocannon;
    // What the readers of benchmarks have in common.
    mod benchmarks;
    // bombardier's JSON.
    mod bombardier;
    // ab's report.
    mod ab;
    // Artillery's JSON report.
    mod artillery;
    // A file that is read in chunks is the same file.
    mod chunks;
    // criterion's folder.
    mod criterion;
    // Files damaged at every position.
    mod damage;
    // Every number against a plain computation from the rows.
    mod figures;
    // Every fixture, in words.
    mod formats;
    // ghz's JSON.
    mod ghz;
    // Gatling's log, damaged, and a writer of it.
    mod gatling;
    mod gatling_damage;
    mod gatling_log;
    // What `go test -bench` prints.
    mod go_bench;
    // Google Benchmark's JSON.
    mod google_benchmark;
    // h2load's report.
    mod h2load;
    // The plugin for Locust, and the helper for k6.
    mod helpers;
    // hey's report.
    mod hey;
    // hyperfine's JSON.
    mod hyperfine;
    // JMeter's transactions.
    mod jmeter;
    // Pages that k6's browser loaded.
    mod k6_pages;
    // Tools that load language models.
    mod language_models;
    // Bounds on sizes, depth and counts.
    mod limits;
    // JMeter's statistics.json.
    mod jmeter_statistics;
    // JUnit XML.
    mod junit;
    // The list of formats, and the tables that are made of it.
    mod list;
    // Locust's files, its log of requests and its rounding.
    mod locust;
    // oha's JSON.
    mod oha;
    // What the tests of printed reports have in common.
    mod printed;
    // OpenTelemetry.
    mod otlp;
    // Pages: Lighthouse and web-vitals.
    mod pages;
    // Metrics from Prometheus.
    mod prometheus;
    // Alerts of the policy over the time of a run.
    mod prometheus_alerts;
    // The queries of a dashboard against a real Prometheus (ignored: needs one).
    mod prometheus_real;
    // Queries that give many series, and how far they look back.
    mod prometheus_series;
    // What services show to Prometheus, as a file.
    mod prometheus_text;
    // pytest-benchmark's JSON.
    mod pytest_benchmark;
    // Benchmarks of JMH and BenchmarkDotNet, and of scripts.
    mod other_benchmarks;
    // Options for raw samples: groups, warm-up, timelines.
    mod raw;
    // Raw samples that are cut or broken.
    mod raw_damage;
    // Shards of one load test, merged.
    mod shards;
    // siege's report.
    mod siege;
    // What Taurus dumps.
    mod taurus;
    // What the readers of documents about a whole test have in common.
    mod totals;
    // vegeta's report.
    mod vegeta;
    // wrk's report.
    mod wrk;
    // wrk2's report.
    mod wrk2;
}

// From runs to a verdict.
mod gate {
    // Changes that a commit accepts.
    mod accept;
    // Benchmarks: few rounds, no load.
    mod benchmarks;
    // Absolute limits.
    mod budgets;
    // What must hold before a result counts.
    mod checklist;
    // Control endpoints and calibrations.
    mod control;
    // Metrics that the policy computes from others.
    mod derived;
    // What performance documents say, as they write it.
    mod documents;
    // Budgets on a quantile of few calls.
    mod few_calls;
    mod few_compared;
    // One to four endpoints, and means that a few requests move.
    mod few_endpoints;
    // Steps and drift of the baseline itself.
    mod level_shifts;
    // Budgets on users, requests, connections and duration.
    mod load_reached;
    // Which endpoint a custom metric belongs to.
    mod metrics_of_endpoints;
    // Noise is told from change.
    mod noise;
    // Parts of requests as metrics.
    mod parts;
    // The policy file and its errors.
    mod policy;
    // Cases that real machines taught.
    mod real_machines;
    // One comparison, one verdict, wherever its runs come from.
    mod same_verdict;
    // Real result files: fail, warn, not compared.
    mod verdicts;
    // Limits that hold all the time, or may be broken for a while.
    mod windows;
}

// Where runs live, by commit.
mod store {
    // Finding the baseline of a revision.
    mod baseline;
    // What is made from the records to be read faster.
    mod columns;
    // One measurement that is recorded for two commits.
    mod copies;
    // Killed at every system call (ignored: needs strace).
    mod crash;
    // Damaged records and refs.
    mod damage;
    // Where a store lies, and what shares it.
    mod environment;
    // Facts in DuckDB, polars and Spark.
    #[cfg(feature = "object-store")]
    mod engines;
    // Many services at once.
    #[cfg(feature = "object-store")]
    mod fleet;
    // Histories from elsewhere.
    mod import;
    // Object storage, well and ill.
    #[cfg(feature = "object-store")]
    mod objects;
    // A service that somebody else wrote.
    #[cfg(feature = "object-store")]
    mod moto;
    // What is removed stays removed.
    mod prune;
    // Remotes that lose, refuse or hide.
    mod remote_faults;
    // Nothing larger than a record is read.
    mod size;
    // Many clones and one remote.
    mod sync;
}

// `perfgate run`: a load tool, driven.
mod run {
    // Two versions in one job.
    mod ab;
    // The commit that made something slower.
    mod bisect;
    // The same with a real service and a real load.
    mod bisect_real;
    // No load is started on a busy machine.
    mod busy_machine;
    // Nothing that the tool starts outlives perfgate.
    mod processes;
    // One run, recorded whole or not at all.
    mod record;
    // Pairs, repeats until decided, steps.
    mod repeats;
    // A profile whose requirements are not met.
    mod skipped;
    // Few calls a run, until they decide or are spent.
    mod until_decided;
}

// What the report looks like, and that no name in it does anything but be read.
mod report {
    // The page in Chromium (ignored: needs one).
    mod browser;
    // The comment on a pull request, and the forms for other programs.
    mod comment;
    // Every text in every output.
    mod escape;
    // `--explain`.
    mod explain;
    // `report --full`.
    mod full;
    // Texts without end.
    mod long_texts;
    // The page, as a file.
    mod page;
    // A pass of which much was not checked.
    mod partly;
    // One run as a table.
    mod run_csv;
    // The history of a branch.
    mod trend;
    // What fits a terminal, and its colors.
    mod width;
}

// `perfgate publish` and the forges.
mod publish {
    // What a fork measured, judged by a trusted job.
    mod bundle;
    // Comments and checks through the API of each forge.
    mod forge;
    // Comment, summary, annotations and outputs of a job.
    mod report;
    // Issues, and messages to a webhook.
    mod issues;
    // A branch that is watched every night.
    mod nights;
    // `perfgate notify`.
    mod notify;
}

// Who tries to turn a gate green without a faster program, or to run code.
mod attacks {
    // Forks, merge queues, `pull_request_target`.
    mod events;
    // Bundles that are not what they seem.
    mod fork;
    // Git folders, hooks and servers.
    mod git;
    // The policy of a pull request.
    mod policy;
    // Records of a pull request.
    mod records;
}

// The action and the workflows.
mod ci {
    mod action;
    mod workflows;
}

// The fuzzer's targets on every input that is kept.
mod corpus;
// What the documentation shows works as shown.
mod docs;
// One test for each bug that was found.
mod regression;
// The JSON Schemas are fresh, and all JSON is valid by them.
mod schemas;
