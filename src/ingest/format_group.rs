//! What formats are of: the list of formats is in this order.

use super::format::{Format, Holds};

/// What the files of a format are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatGroup {
    /// Load tests, with a record of each request.
    Requests,
    /// Load tests, summed up.
    Sums,
    /// Loads of language models.
    Models,
    /// Pages in a browser.
    Pages,
    /// Benchmarks.
    Benchmarks,
    /// What perfgate or people write.
    Own,
}

impl FormatGroup {
    /// All of them, in the order in which they are listed.
    pub const ALL: &[Self] =
        &[Self::Requests, Self::Sums, Self::Models, Self::Pages, Self::Benchmarks, Self::Own];

    /// What a list calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Requests => "Load tests, every request",
            Self::Sums => "Load tests, summed up",
            Self::Models => "Language models",
            Self::Pages => "Pages",
            Self::Benchmarks => "Benchmarks",
            Self::Own => "Written by perfgate, scripts and people",
        }
    }
}

const MODELS: [&str; 5] = ["aiperf", "genai-perf", "guidellm", "vllm", "sglang"];
const PAGES: [&str; 2] = ["lighthouse", "web-vitals"];
const BENCHMARKS: [&str; 10] = [
    "pytest-benchmark",
    "hyperfine",
    "google-benchmark",
    "go",
    "criterion",
    "jmh",
    "benchmarkdotnet",
    "custom",
    "bencher",
    "junit",
];
const OWN: [&str; 2] = ["perfgate", "table"];

impl Format {
    /// What its files are of: loads, unless its tool is one of those that measure something else.
    pub fn group(&self) -> FormatGroup {
        let of = |tools: &[&str]| tools.contains(&self.tool);
        match self.holds {
            _ if of(&MODELS) => FormatGroup::Models,
            _ if of(&PAGES) => FormatGroup::Pages,
            _ if of(&BENCHMARKS) => FormatGroup::Benchmarks,
            _ if of(&OWN) => FormatGroup::Own,
            Holds::Samples { .. } => FormatGroup::Requests,
            Holds::Run | Holds::Counts | Holds::Summary | Holds::Figures => FormatGroup::Sums,
        }
    }
}
