//! What happens in the demo, and the result files that it happens with: real runs of Locust against a small shop API
//! (see `data/README.md`).

/// A commit and the results of its load test.
pub(super) struct Step {
    pub(super) subject: &'static str,
    pub(super) results: &'static str,
}

/// A pull request.
pub(super) struct Branch {
    pub(super) name: &'static str,
    pub(super) story: &'static str,
    pub(super) step: Step,
}

/// The name of the load, which is 20 users every time: the files do not say so.
pub(super) const PROFILE: &str = "20-users";

/// The commits of main.
pub(super) const MAIN: &[Step] = &[
    Step { subject: "Serve product pictures from the cache", results: "results/base-1_stats.csv" },
    Step { subject: "Bump dependencies", results: "results/base-2_stats.csv" },
    Step { subject: "Retry the payment provider on 429", results: "results/base-3_stats.csv" },
    Step { subject: "Sort search results by relevance", results: "results/base-4_stats.csv" },
    Step { subject: "Log slow queries", results: "results/base-5_stats.csv" },
    Step { subject: "Fix a typo in the cart", results: "results/base-6_stats.csv" },
];

/// The pull requests.
pub(super) const BRANCHES: &[Branch] = &[
    Branch {
        name: "tidy-search",
        story: "a pull request that changes nothing about speed",
        step: Step { subject: "Rename search helpers", results: "results/base-7_stats.csv" },
    },
    Branch {
        name: "fraud-check",
        story: "a pull request that makes the checkout slower, and fail now and then",
        step: Step {
            subject: "Ask the fraud service at checkout",
            results: "results/slower-1_stats.csv",
        },
    },
];

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("data/", $name)))),*]
    };
}

/// The result files by name.
pub(super) const FILES: &[(&str, &[u8])] = files![
    "base-1_stats.csv",
    "base-1_failures.csv",
    "base-2_stats.csv",
    "base-2_failures.csv",
    "base-3_stats.csv",
    "base-3_failures.csv",
    "base-4_stats.csv",
    "base-4_failures.csv",
    "base-5_stats.csv",
    "base-5_failures.csv",
    "base-6_stats.csv",
    "base-6_failures.csv",
    "base-7_stats.csv",
    "base-7_failures.csv",
    "slower-1_stats.csv",
    "slower-1_failures.csv",
];
