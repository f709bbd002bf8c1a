//! Every default in one place.

/// Requests below which no latency is judged: below, a p95 is one of a handful of samples.
pub const MIN_REQUESTS: u64 = 100;
/// Rounds below which no time of a benchmark is judged: a round is a mean of many iterations already.
pub const MIN_ROUNDS: u64 = 1;
/// First-parent commits that are searched for a baseline, from the merge base on.
pub const MAX_DISTANCE: usize = 50;
/// Baseline runs that are looked at together.
pub const WINDOW: usize = 10;
/// New runs after which an open question stays open.
pub const MAX_RUNS: usize = 5;
/// How long a remote may be silent before it is given up.
pub const TIMEOUT: std::time::Duration = std::time::Duration::from_mins(1);
/// Allowed change of `api_response_time`, by statistic.
pub const API: [(&str, f64); 2] = [("p95", 0.20), ("p99", 0.25)];
/// Allowed change of `websocket_latency`, by statistic.
pub const WEBSOCKET: [(&str, f64); 2] = [("p95", 0.15), ("p99", 0.20)];
/// Allowed change of `bench_latency`, by statistic.
pub const BENCH: [(&str, f64); 1] = [("p50", 0.10)];
/// Allowed change of `page_latency`, by statistic.
pub const PAGE: [(&str, f64); 1] = [("p50", 0.20)];
/// Allowed change of the error rate: 0.1 percentage points.
pub const ERROR_RATE: f64 = 0.001;
/// Allowed relative decrease of the throughput.
pub const THROUGHPUT: f64 = 0.10;
/// What web.dev calls good, at the 75th percentile of all loads (<https://web.dev/articles/vitals>, and of the two last
/// <https://web.dev/articles/fcp>, <https://web.dev/articles/ttfb>); times in milliseconds.
pub const WEB_VITALS: [(&str, f64); 5] =
    [("lcp", 2_500.0), ("inp", 200.0), ("cls", 0.1), ("fcp", 1_800.0), ("ttfb", 800.0)];
/// The percentile of all loads that must be good.
pub const WEB_VITALS_PERCENT: f64 = 75.0;
/// Loads of a page below which nothing of it is judged: two loads of an unchanged page may differ by a factor of three.
pub const MIN_LOADS: u64 = 5;
/// Allowed relative change for the worse of what benchmarks measure beside their times.
pub const BENCH_METRICS: f64 = 0.10;
/// The class of all HTTP endpoints, and of whatever has no class of its own.
pub const API_CLASS: &str = "api";
/// The class of all WebSocket endpoints.
pub const WEBSOCKET_CLASS: &str = "websocket";
/// The class of all benchmarks.
pub const BENCH_CLASS: &str = "bench";
/// The class of all pages.
pub const PAGE_CLASS: &str = "page";
/// The classes by kind.
pub const CLASSES: [&str; 4] = [API_CLASS, WEBSOCKET_CLASS, BENCH_CLASS, PAGE_CLASS];
