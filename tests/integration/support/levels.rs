//! Histories of main whose runs have known levels, and what a report says of them.

use super::{Repo, finding};
use serde_json::Value;

/// Six endpoints, the first of them at this level.
pub(crate) fn first(level: f64) -> [f64; 6] {
    [level, 1.0, 1.0, 1.0, 1.0, 1.0]
}

/// Main at these levels, oldest first, one recorded commit each; then a branch with one commit that says this.
pub(crate) fn branch_off(policy: &str, levels: &[[f64; 6]], message: &str) -> Repo {
    let repo = Repo::new();
    std::fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
    for (r, level) in levels.iter().enumerate() {
        repo.record_level(&format!("main {r}"), r, level);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit(message);
    repo
}

pub(crate) fn p95(report: &Value) -> &Value {
    finding(report, "GET /0", "p95")
}

pub(crate) fn codes(report: &Value) -> Vec<&str> {
    report["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect()
}

/// Verdict and reason.
pub(crate) fn decided(finding: &Value) -> (&str, &str) {
    (finding["verdict"].as_str().unwrap(), finding["reason"].as_str().unwrap())
}
