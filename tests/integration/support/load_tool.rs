//! A repository with a stand-in for a load tool.

use super::{Ended, Repo, level_run};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;

pub(crate) const POLICY: &str = "profiles:\n  baseline: { users: 7, spawn_rate: 2, duration: 1m, targets: [{ cpu: 100% }, { error_rate: 1% }] }\n";

/// A repository with a policy, and a tool that copies `result.json` into the folder that it is given after saying its arguments.
pub(crate) fn repository(tool: &str) -> Repo {
    let repo = Repo::new();
    repo.commit("first");
    write(&repo, "perfgate.yaml", POLICY);
    write(&repo, "result.json", &level_run(0, &[1.0]).to_string());
    write(&repo, "tool.sh", &format!("#!/bin/sh\n{tool}\n"));
    let path = repo.folder.join("tool.sh");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    repo
}

pub(crate) const GOOD: &str =
    "echo \"$@\"; while [ $# -gt 1 ]; do shift; done; cp result.json \"$1/result.json\"";

pub(crate) fn write(repo: &Repo, name: &str, text: &str) {
    std::fs::write(repo.folder.join(name), text).unwrap();
}

/// The machine that runs the tests may be busy: run::busy_machine tests that.
pub(crate) fn run(repo: &Repo, more: &[&str]) -> Ended {
    let mut arguments = vec!["run", "--busy-ok", "--profile", "baseline", "--out", "out"];
    arguments.extend(more);
    repo.perfgate(&arguments)
}

pub(crate) const ARGUMENTS: [&str; 6] =
    ["--", "./tool.sh", "{users}", "{spawn_rate}", "{duration}", "{out}"];

pub(crate) fn recorded(repo: &Repo) -> Vec<Value> {
    let shown = repo.perfgate(&["baseline", "show", "--format", "json"]);
    if shown.code != 0 {
        return Vec::new();
    }
    serde_json::Deserializer::from_str(&shown.stdout).into_iter().map(Result::unwrap).collect()
}
