//! A thousand kills: every command that writes is killed at many of its system calls, and afterwards nothing is lost, stuck or
//! half-written. Needs strace, and twenty minutes:
//!
//! ```sh
//! cargo test --test integration store::crash -- --ignored --nocapture
//! ```

use crate::support::remote::{Shared, records};
use crate::support::{self, Ended, Repo};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

/// System calls at which a process is killed: those that change files, and those around them.
const CALLS: [&str; 10] = [
    "openat",
    "write",
    "rename",
    "unlink",
    "mkdir",
    "link",
    "fsync",
    "ftruncate",
    "clone3",
    "close",
];

/// Kills of one command at one system call, from the first on with growing steps.
const KILLS: usize = 8;

/// A command, what it is run on, and how many records there are once it has been run to its end.
struct Scenario {
    name: &'static str,
    arguments: &'static [&'static str],
    prepare: fn(&Shared, &Repo),
    records: usize,
}

const PUSHED: usize = 4;

fn nothing(_: &Shared, _: &Repo) {}

/// Somebody else has pushed a record meanwhile.
fn behind(shared: &Shared, _: &Repo) {
    shared.clone("other", &[]).record_with(&shared.commits[5], 50, &["--push"]);
}

fn unpushed(shared: &Shared, clone: &Repo) {
    behind(shared, clone);
    clone.record(&shared.commits[4], 60);
}

fn pruned(_: &Shared, clone: &Repo) {
    clone.perfgate(&["baseline", "prune", "--keep", "1"]).expect(0);
    let listed = clone.perfgate(&["baseline", "restore"]).expect(0).stdout;
    let name = listed.split(' ').next().unwrap();
    let refs = clone.folder.join(".git/perfgate.git/refs/perfgate-kept");
    std::fs::rename(refs.join(name), refs.join("2026-01-01-all")).unwrap();
}

fn damaged(_: &Shared, clone: &Repo) {
    std::fs::write(clone.folder.join(".git/perfgate.git/refs/perfgate/runs"), "").unwrap();
}

fn folder(shared: &Shared, clone: &Repo) {
    let folder = clone.folder.join("many").join(&shared.commits[0]);
    std::fs::create_dir_all(&folder).unwrap();
    for n in 100..170 {
        std::fs::write(folder.join(format!("{n}.json")), support::run(n)).unwrap();
    }
}

const SCENARIOS: [Scenario; 12] = [
    Scenario {
        name: "record",
        arguments: &["record", "--commit", "HEAD", "run.json"],
        prepare: nothing,
        records: 5,
    },
    Scenario {
        name: "record --push",
        arguments: &["record", "--commit", "HEAD", "--push", "run.json"],
        prepare: behind,
        records: 6,
    },
    Scenario { name: "push", arguments: &["baseline", "push"], prepare: unpushed, records: 6 },
    Scenario { name: "fetch", arguments: &["baseline", "fetch"], prepare: behind, records: 5 },
    Scenario {
        name: "compare",
        arguments: &["compare", "--baseline", "main", "run.json"],
        prepare: behind,
        records: 5,
    },
    Scenario {
        name: "prune",
        arguments: &["baseline", "prune", "--keep", "1"],
        prepare: nothing,
        records: 1,
    },
    Scenario {
        name: "prune --keep-histograms",
        arguments: &["baseline", "prune", "--keep-histograms", "1"],
        prepare: nothing,
        records: 4,
    },
    Scenario {
        name: "restore",
        arguments: &["baseline", "restore", "2026-01-01-all"],
        prepare: pruned,
        records: 4,
    },
    Scenario { name: "repair", arguments: &["baseline", "repair"], prepare: damaged, records: 4 },
    Scenario {
        name: "import",
        arguments: &["baseline", "import", "many"],
        prepare: folder,
        records: 74,
    },
    Scenario {
        name: "report --html",
        arguments: &["report", "--html", "page.html", "--baseline", "main", "run.json"],
        prepare: behind,
        records: 5,
    },
    Scenario {
        name: "first record --push",
        arguments: &["record", "--commit", "HEAD", "--push", "run.json"],
        prepare: forget,
        records: 5,
    },
];

/// As a fresh clone, which has no store yet.
fn forget(_: &Shared, clone: &Repo) {
    std::fs::remove_dir_all(clone.folder.join(".git/perfgate.git")).unwrap();
}

/// A shared repository and a clone with a few records, as a command finds them.
fn world(scenario: &Scenario) -> (Shared, Repo) {
    let shared = Shared::new(7);
    let clone = shared.clone("clone", &[]);
    for (number, commit) in (1..).zip(&shared.commits[..PUSHED]) {
        clone.record(commit, number);
    }
    clone.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&clone), PUSHED);
    std::fs::write(clone.folder.join("run.json"), support::run(99)).unwrap();
    (scenario.prepare)(&shared, &clone);
    (shared, clone)
}

/// Runs a command that is killed at its n-th call, or a program that it started at that one's; whether anything was.
fn killed(clone: &Repo, arguments: &[&str], call: &str, n: usize, helpers: bool) -> bool {
    let mut command = support::clean("strace", &clone.folder);
    if helpers {
        command.arg("-f");
    }
    command.args(["-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e"]);
    command.arg(format!("inject={call}:signal=KILL:when={n}"));
    let ended = command.arg(env!("CARGO_BIN_EXE_perfgate")).args(arguments).output().unwrap();
    // Without its helper, a command says that it could not run.
    ended.status.signal() == Some(9) || matches!(ended.status.code(), Some(2 | 137))
}

fn fsck(clone: &Repo, git_dir: &Path) {
    let mut command: Command = support::clean("git", &clone.folder);
    command.args(["-c", "remote.x.promisor=true", "--git-dir", git_dir.to_str().unwrap()]);
    let ended =
        Ended::of(command.args(["fsck", "--no-progress", "--no-dangling"]).output().unwrap());
    assert!(!ended.stderr.contains("error") && ended.code == 0, "{}", ended.stderr);
}

/// Nothing is lost, stuck or half-written.
fn check(shared: &Shared, clone: &Repo, scenario: &Scenario) {
    // A command that changed something before it was killed may have nothing more to do; none is stuck.
    let again = clone.perfgate(scenario.arguments);
    assert!(again.code != 2, "{}: {}", scenario.name, again.stderr);
    clone.perfgate(&["baseline", "verify"]).expect(0);
    assert_eq!(records(clone), scenario.records, "{}", scenario.name);
    clone.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&shared.clone("reader", &[])), scenario.records, "{}", scenario.name);
    fsck(clone, &shared.bare);
}

#[test]
#[ignore = "needs strace and twenty minutes"]
fn a_killed_command_loses_nothing_and_blocks_nothing() {
    let mut all = 0;
    for scenario in &SCENARIOS {
        let mut kills = 0;
        for (call, helpers) in CALLS.iter().flat_map(|call| [(call, false), (call, true)]) {
            let mut n = 1;
            for _ in 0..KILLS {
                let (shared, clone) = world(scenario);
                if !killed(&clone, scenario.arguments, call, n, helpers) {
                    break;
                }
                kills += 1;
                check(&shared, &clone, scenario);
                n += 1 + n / 2;
            }
        }
        println!("{}: {kills} kills", scenario.name);
        all += kills;
    }
    println!("{all} kills: nothing lost, nothing stuck");
}
