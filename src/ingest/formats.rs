//! The formats that perfgate reads.
//!
//! A new one is a module that describes itself in a static `FORMAT`, and a line here. Everything that names formats goes by
//! this list: recognition, `--format-in` and its help, what `perfgate run` looks for, errors, and the tables of the documentation.

use super::format::{Format, Holds};
use super::{
    artillery, baseline_table, bench, k6, llm, locust, native, pages, printed, requests, taurus,
    telemetry, totals,
};

/// The formats that are read: those of one tool together, and of one tool those that say most first.
pub static FORMATS: &[&Format] = &[
    &native::FORMAT,
    &k6::out_json::FORMAT,
    &k6::out_csv::FORMAT,
    &k6::summary_run::FORMAT,
    &requests::locust::FORMAT,
    &locust::stats_json::FORMAT,
    &locust::stats_csv::FORMAT,
    &requests::jmeter_csv::FORMAT,
    &requests::jmeter_xml::FORMAT,
    &totals::jmeter::FORMAT,
    &requests::gatling::binary::FORMAT,
    &requests::gatling::text::FORMAT,
    &taurus::stats_xml::FORMAT,
    &taurus::stats_csv::FORMAT,
    &requests::vegeta_ndjson::FORMAT,
    &requests::vegeta_csv::FORMAT,
    &totals::vegeta::FORMAT,
    &requests::hey::FORMAT,
    &printed::hey::FORMAT,
    &requests::oha::FORMAT,
    &totals::oha::FORMAT,
    &totals::autocannon::FORMAT,
    &totals::bombardier::FORMAT,
    &printed::wrk::FORMAT,
    &printed::wrk2::FORMAT,
    &printed::ab::FORMAT,
    &printed::h2load::FORMAT,
    &printed::siege::FORMAT,
    &requests::ghz::FORMAT,
    &artillery::FORMAT,
    &pages::lighthouse::FORMAT,
    &pages::web_vitals::FORMAT,
    &telemetry::otlp::FORMAT,
    &telemetry::prometheus_text::FORMAT,
    &requests::aiperf::FORMAT,
    &llm::aiperf::FORMAT,
    &llm::aiperf::GENAI_PERF,
    &llm::guidellm::FORMAT,
    &llm::vllm::FORMAT,
    &llm::sglang::FORMAT,
    &bench::pytest::FORMAT,
    &bench::hyperfine::FORMAT,
    &bench::google::FORMAT,
    &bench::go::TEXT,
    &bench::go::EVENTS,
    &bench::criterion::FORMAT,
    &bench::jmh::FORMAT,
    &bench::dotnet::FORMAT,
    &bench::custom::SMALLER,
    &bench::custom::BIGGER,
    &bench::bencher::FORMAT,
    &bench::junit::FORMAT,
    &baseline_table::FORMAT,
];

impl Format {
    /// The format of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name).copied()
    }

    /// Where it stands among the results that a tool leaves of one run, the one that says most first; none where no tool leaves
    /// it behind.
    pub fn preference(&self) -> Option<(u8, usize)> {
        let detail = match self.holds {
            Holds::Run => 0,
            Holds::Samples { .. } => 1,
            Holds::Counts => 2,
            Holds::Summary => 3,
            Holds::Figures => return None,
        };
        Some((detail, FORMATS.iter().position(|format| *format == self)?))
    }
}
