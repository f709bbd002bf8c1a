//! Processes of the load tool: none outlives perfgate, however either of them ends.
#![cfg(unix)]

use crate::support::load_tool::{ARGUMENTS, GOOD, recorded, repository, run};
use crate::support::{Repo, command};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A tool that starts another process, says the ids of both, and never ends.
const ENDLESS: &str = "sleep 1000 & echo $$ $! > pids; wait";

/// Starts a process in a session of its own, and another whose parent has ended as well; says the ids of both.
#[cfg(target_os = "linux")]
const DAEMONS: &str = "setsid sleep 1000 & own=$!; \
    (setsid sh -c 'echo $$ > orphan; exec sleep 1000' &); while [ ! -s orphan ]; do :; done; \
    echo $own $(cat orphan) > pids";

/// Waits until something is so; the test fails where it never is.
fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::yield_now();
    }
}

/// perfgate with an endless tool that has started, and the ids of the tool's processes.
fn endless(repo: &Repo) -> (Child, Vec<String>) {
    let child = command(&repo.folder)
        .args(["run", "--busy-ok", "--profile", "baseline", "--out", "out", "--", "./tool.sh"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pids = until("the tool starts", || {
        let text = std::fs::read_to_string(repo.folder.join("pids")).ok()?;
        let pids: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        (pids.len() == 2 && text.ends_with('\n')).then_some(pids)
    });
    (child, pids)
}

/// Whether a process is there and not only waiting to be collected.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| {
        !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z')
    })
}

#[test]
#[cfg(target_os = "linux")]
fn whoever_ends_perfgate_ends_the_tool_and_nothing_is_recorded() {
    for (signal, code) in [("-INT", Some(2)), ("-TERM", Some(2)), ("-KILL", None)] {
        let repo = repository(ENDLESS);
        let (child, pids) = endless(&repo);
        assert!(pids.iter().all(|pid| lives(pid)), "{signal}");
        let kill =
            std::process::Command::new("kill").arg(signal).arg(child.id().to_string()).status();
        assert!(kill.unwrap().success());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), code, "{signal}");
        let said = String::from_utf8_lossy(&ended.stderr);
        let told = said.contains("error[P407]: interrupted: the load tool was ended");
        assert_eq!(told, code.is_some(), "{signal}: {said}");
        until("the tool's processes end", || pids.iter().all(|pid| !lives(pid)).then_some(()));
        assert!(recorded(&repo).is_empty(), "{signal}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn daemons_that_the_tool_starts_end_with_it_however_that_is() {
    for signal in ["-INT", "-TERM", "-HUP", "-KILL"] {
        let repo = repository(&format!("{DAEMONS}; sleep 1000"));
        let (mut child, pids) = endless(&repo);
        assert!(pids.iter().all(|pid| lives(pid)), "{signal}");
        let kill =
            std::process::Command::new("kill").arg(signal).arg(child.id().to_string()).status();
        assert!(kill.unwrap().success());
        child.wait().unwrap();
        until("the daemons end", || pids.iter().all(|pid| !lives(pid)).then_some(()));
    }
    let repo = repository(&format!("{DAEMONS}; {GOOD}"));
    run(&repo, &ARGUMENTS).expect(0);
    let pids = std::fs::read_to_string(repo.folder.join("pids")).unwrap();
    assert_eq!(pids.split_whitespace().filter(|pid| lives(pid)).count(), 0, "{pids}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_tool_that_takes_too_long_is_ended_with_what_it_started() {
    let repo = repository(ENDLESS);
    let ended = run(&repo, &["--timeout", "200ms", "--", "./tool.sh"]).expect(2);
    assert!(ended.stderr.contains("took longer than"), "{}", ended.stderr);
    let pids = std::fs::read_to_string(repo.folder.join("pids")).unwrap();
    let living: Vec<bool> = pids.split_whitespace().map(lives).collect();
    assert_eq!(living, [false; 2], "{pids}");
}
