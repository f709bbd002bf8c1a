//! Two versions in one job: built, started, loaded in turn and judged as pairs, and nothing of them left behind.
#![cfg(unix)]

use crate::support::{Ended, Repo, command, level_run};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A service for the tests of this module, which start this program with its name: it responds to everything on PORT.
#[test]
#[ignore = "a service that other tests start"]
fn service() {
    let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
    let status = std::env::var("STATUS").unwrap_or_else(|_| "200 OK".to_owned());
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(listener) => listener,
        Err(error) => return writeln!(std::io::stderr(), "{error}").unwrap(),
    };
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    }
}

fn script(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A repository whose service notes its process, port and version, and whose load tool gives the next slice of that version. The
/// head is `level` times as slow in the first of six endpoints.
struct Versions {
    repo: Repo,
}

impl Versions {
    fn new(level: f64) -> Self {
        let repo = Repo::new();
        let folder = repo.folder.clone();
        let notes = repo.folder.join(".git/notes-of-test");
        std::fs::create_dir(&notes).unwrap();
        let program = std::env::current_exe().unwrap();
        let (notes, program) = (notes.display(), program.display());
        std::fs::write(folder.join("version"), "base").unwrap();
        script(
            &folder,
            "serve.sh",
            &format!(
                "echo $$ >> '{notes}/pids'; cat version > '{notes}/'$PORT\n\
                 exec '{program}' --ignored --exact run::ab::service"
            ),
        );
        script(
            &folder,
            "tool.sh",
            &format!(
                "version=$(cat '{notes}/'$1); echo $version >> '{notes}/order'\n\
                 n=$(grep -c $version '{notes}/order'); sed -n \"${{n}}p\" '{notes}/'$version > \"$2/result.json\""
            ),
        );
        for (version, level) in [("base", 1.0), ("head", level)] {
            let run = |r: usize| {
                let r = 2 * r + usize::from(version == "head");
                let levels = [level, 1.0, 1.0, 1.0, 1.0, 1.0];
                format!("{}\n", level_run(r, &levels))
            };
            let runs: String = (0..40).map(run).collect();
            std::fs::write(format!("{notes}/{version}"), runs).unwrap();
        }
        repo.git(&["add", "."]);
        repo.git(&["commit", "--quiet", "-m", "base"]);
        repo.git(&["checkout", "--quiet", "-b", "feature"]);
        std::fs::write(folder.join("version"), "head").unwrap();
        repo.git(&["commit", "--quiet", "-am", "head"]);
        Self { repo }
    }

    fn ab(&self, more: &[&str]) -> Ended {
        self.repo.perfgate(&self.arguments(more))
    }

    /// A budget that 24 slices of a tool that takes no time never spend: the look after the last pair that it has room for ends it.
    fn arguments<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let mut arguments =
            vec!["ab", "--baseline", "main", "--serve", "./serve.sh", "--seed", "1"];
        arguments.extend(more);
        arguments.extend(["--", "./tool.sh", "{port}", "{out}"]);
        arguments
    }

    fn notes(&self, name: &str) -> String {
        let path = self.repo.folder.join(".git/notes-of-test").join(name);
        std::fs::read_to_string(path).unwrap_or_default()
    }

    /// Fails if a service is still running, or a work tree is still there.
    fn expect_nothing_left(&self) {
        let living: Vec<String> = self
            .notes("pids")
            .split_whitespace()
            .filter(|pid| lives(pid))
            .map(str::to_owned)
            .collect();
        assert!(living.is_empty(), "still running: {living:?}");
        let trees = self.repo.git(&["worktree", "list"]);
        assert_eq!(trees.trim().lines().count(), 1, "{trees}");
        let folder = self.repo.folder.join(".git/perfgate-trees");
        let left = std::fs::read_dir(folder).map_or(0, Iterator::count);
        assert_eq!(left, 0);
    }
}

/// Whether a process is there and not only waiting to be collected.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| {
        !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z')
    })
}

#[test]
fn a_slower_version_fails_after_a_few_pairs_and_the_report_shows_them() {
    let versions = Versions::new(1.5);
    let more =
        ["--output", "json=report.json", "--output", "markdown=report.md", "--html", "page.html"];
    let ended = versions.ab(&more).expect(1);
    assert!(ended.stdout.starts_with("✗ regression: GET /0 is slower: p95 "), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("), measured in turn with this run: 4 pairs, "),
        "{}",
        ended.stdout
    );
    // Each version is warmed up once, and every two pairs have each order once.
    let order: String = versions.notes("order").lines().map(|line| &line[..1]).collect();
    assert_eq!(order.len(), 2 + 8, "{order}");
    assert_eq!(&order[..2], "bh", "{order}");
    let blocks = [&order[2..6], &order[6..]];
    assert!(blocks.iter().all(|block| ["bhhb", "hbbh"].contains(block)), "{order}");
    let report: Value = serde_json::from_str(&versions.read("report.json")).unwrap();
    assert_eq!(report["pairs"]["current_second"].as_array().unwrap().len(), 4);
    assert_eq!(report["pairs"]["seed"], 1);
    let p95 = |own: &&Value| own["endpoint"] == "GET /0" && own["statistic"] == "p95";
    let finding = report["findings"].as_array().unwrap().iter().find(p95).unwrap();
    let changes: Vec<f64> =
        finding["pair_changes"].as_array().unwrap().iter().map(|c| c.as_f64().unwrap()).collect();
    // Each is the slice of the head over that of the base.
    for (i, change) in changes.iter().enumerate() {
        let value = |side: &str| finding[side][i].as_f64().unwrap();
        let expected = value("current_values") / value("baseline_values") - 1.0;
        assert!((change - expected).abs() < 1e-9, "{change} {expected}");
    }
    let page = versions.read("page.html");
    assert!(page.contains("Changes, pair by pair") && page.contains("Both sides, pair by pair"));
    assert!(versions.read("report.md").contains("measured in turn"));
    versions.expect_nothing_left();
}

impl Versions {
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.repo.folder.join(name)).unwrap()
    }
}

#[test]
fn the_same_version_passes_and_is_recorded_for_both_commits_if_asked() {
    let versions = Versions::new(1.0);
    let ended = versions.ab(&["--record"]).expect(0);
    assert!(ended.stdout.starts_with("✓ no regression"), "{}", ended.stdout);
    let [base, head] =
        ["main", "feature"].map(|rev| versions.repo.git(&["rev-parse", "--short=7", rev]));
    for (commit, side) in [(base, "base"), (head, "head")] {
        let line = format!("recorded for {}: ", commit.trim());
        let told = ended.stderr.lines().find(|own| own.starts_with(&line)).unwrap();
        assert!(told.ends_with(&format!(" slices of {side}")), "{told}");
    }
    versions.expect_nothing_left();
}

#[test]
fn a_tree_that_is_kept_is_built_once() {
    let versions = Versions::new(1.0);
    let build = [
        "--keep-trees",
        "--build",
        "sh -c 'cat version >> ../../notes-of-test/built || cat version >> .git/notes-of-test/built'",
    ];
    versions.ab(&build).expect(0);
    assert_eq!(versions.notes("built").matches("base").count(), 1);
    std::fs::remove_file(versions.repo.folder.join(".git/notes-of-test/order")).unwrap();
    let again = versions.ab(&build).expect(0);
    assert!(again.stderr.contains("base was built before"), "{}", again.stderr);
    assert_eq!(versions.notes("built").matches("base").count(), 1);
    assert_eq!(versions.notes("built").matches("head").count(), 2);
}

#[test]
fn what_goes_wrong_is_named_and_nothing_is_left() {
    let cases: [(&[&str], &str, &str); 6] = [
        (
            &["--build", "sh -c 'echo no compiler; exit 3'"],
            "",
            "error[P406]: the build of base ended with exit code 3",
        ),
        (
            &["--serve", "sh -c 'echo boom; exit 4'"],
            "",
            "error[P405]: the service of base ended with exit code 4 before it responded",
        ),
        (&["--serve", "no-such-program"], "", "the service of base could not be started"),
        (
            &["--serve", "sleep 1000", "--ready-within", "200ms"],
            "",
            "the service of base does not respond on port",
        ),
        (
            &["--ready", "/", "--ready-within", "8s"],
            "500 Failed",
            "the service of base responds with status 500",
        ),
        (&["--timeout", "200ms"], "hang", "./tool.sh took longer than"),
    ];
    for (more, how, expected) in cases {
        let versions = Versions::new(1.0);
        if how == "hang" {
            script(&versions.repo.folder, "tool.sh", "exec sleep 1000");
        }
        // The last of two options counts.
        let mut arguments: Vec<&str> = versions.arguments(more);
        if more.contains(&"--serve") {
            let at = arguments.iter().position(|word| *word == "--serve").unwrap();
            arguments.drain(at..at + 2);
        }
        let mut command = command(&versions.repo.folder);
        command.args(&arguments);
        if how.starts_with('5') {
            command.env("STATUS", how);
        }
        let ended = Ended::of(command.output().unwrap()).expect(2);
        assert!(ended.stderr.contains(expected), "{expected}: {}", ended.stderr);
        versions.expect_nothing_left();
    }
}

#[test]
fn a_port_that_somebody_has_is_named() {
    let versions = Versions::new(1.0);
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let program = std::env::current_exe().unwrap();
    script(
        &versions.repo.folder,
        "serve.sh",
        &format!("PORT={port} exec '{}' --ignored --exact run::ab::service", program.display()),
    );
    versions.repo.git(&["commit", "--quiet", "-am", "a fixed port"]);
    let head = versions.repo.git(&["rev-parse", "HEAD"]);
    let mut arguments = versions.arguments(&[]);
    arguments[2] = head.trim();
    let ended = versions.repo.perfgate(&arguments).expect(2);
    assert!(ended.stderr.contains("the service of base ended with exit code"), "{}", ended.stderr);
    assert!(ended.stderr.contains("Address already in use"), "{}", ended.stderr);
    versions.expect_nothing_left();
}

#[test]
#[cfg(target_os = "linux")]
fn whoever_interrupts_it_ends_both_services() {
    for (signal, code) in [("-INT", Some(2)), ("-TERM", Some(2)), ("-KILL", None)] {
        let versions = Versions::new(1.0);
        script(
            &versions.repo.folder,
            "tool.sh",
            "echo $$ > .git/notes-of-test/tool; exec sleep 1000",
        );
        let mut child = command(&versions.repo.folder)
            .args(versions.arguments(&[]))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("the load starts", || versions.notes("tool").ends_with('\n'));
        let pids = format!("{} {}", versions.notes("pids"), versions.notes("tool"));
        assert_eq!(pids.split_whitespace().filter(|pid| lives(pid)).count(), 3, "{signal}: {pids}");
        let kill =
            std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), code, "{signal}");
        until("everything ends", || !pids.split_whitespace().any(lives));
        if signal == "-KILL" {
            // Nobody could remove the tree; the next one does.
            versions.ab(&["--timeout", "1ms"]).expect(2);
        }
        versions.expect_nothing_left();
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn two_commands_and_two_targets_need_no_repository() {
    let versions = Versions::new(1.5);
    let folder = &versions.repo.folder;
    for (port, version) in [("1", "base"), ("2", "head")] {
        std::fs::write(folder.join(".git/notes-of-test").join(port), version).unwrap();
    }
    let tool = |port: &str| format!("./tool.sh {port} {{out}}");
    let (a, b) = (tool("1"), tool("2"));
    let ended = versions
        .repo
        .perfgate(&["ab", "--out", "x", "--seed", "1", "--command-a", &a, "--command-b", &b])
        .expect(1);
    assert!(ended.stdout.contains("baseline  base, measured in turn"), "{}", ended.stdout);
    std::fs::remove_file(folder.join(".git/notes-of-test/order")).unwrap();
    let targets = ["--target-a", "http://127.0.0.1:1", "--target-b", "http://127.0.0.1:2"];
    let mut arguments = vec!["ab", "--out", "y", "--seed", "1"];
    arguments.extend(targets);
    arguments.extend(["--", "./tool.sh", "{port}", "{out}"]);
    versions.repo.perfgate(&arguments).expect(1);
}

#[test]
fn a_base_that_answers_with_errors_and_a_head_that_does_are_told_at_once() {
    let versions = Versions::new(1.0);
    let failing = |version: &str| {
        let mut run = level_run(0, &[1.0; 6]);
        for endpoint in run["endpoints"].as_array_mut().unwrap() {
            endpoint["failures"] = 5400.into();
        }
        run["total"] = serde_json::json!({ "requests": 36000, "failures": 32400 });
        let path = versions.repo.folder.join(".git/notes-of-test").join(version);
        std::fs::write(path, format!("{run}\n").repeat(40)).unwrap();
    };
    failing("head");
    let ended = versions.ab(&[]).expect(1);
    assert!(ended.stdout.contains("fails more often"), "{}", ended.stdout);
    assert_eq!(versions.notes("order").lines().count(), 4, "a pair after warming up");
    failing("base");
    let ended = versions.ab(&[]).expect(2);
    assert!(
        ended.stderr.contains(
            "32400 of 36000 requests to the base failed: there is nothing to compare with"
        ),
        "{}",
        ended.stderr
    );
    versions.expect_nothing_left();
}

#[test]
fn a_slice_that_measured_nothing_is_measured_again_and_once_only() {
    for (lost, code) in [(1, 0), (2, 2)] {
        let versions = Versions::new(1.0);
        let path = versions.repo.folder.join(".git/notes-of-test/base");
        let text = versions.notes("base");
        let mut slices: Vec<&str> = text.lines().collect();
        // The first one warms up.
        slices[3..3 + lost].fill("");
        std::fs::write(path, slices.join("\n")).unwrap();
        let ended = versions.ab(&[]).expect(code);
        let said = "slice 3 of base is measured again: ";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        assert_eq!(ended.stderr.matches("measured again").count(), 1, "{}", ended.stderr);
        let measured = |side: &str| versions.notes("order").matches(side).count();
        if code == 0 {
            assert_eq!(measured("base"), measured("head") + 1);
        }
        versions.expect_nothing_left();
    }
}

#[test]
fn arguments_that_would_measure_nothing_are_refused_with_what_to_do() {
    let versions = Versions::new(1.0);
    let refused = |arguments: &[&str], expected: &str| {
        let ended = versions.repo.perfgate(arguments).expect(2);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    };
    refused(&["ab", "--", "./tool.sh", "{url}"], "there are no two versions to compare");
    let serve = ["ab", "--baseline", "main", "--serve", "./serve.sh"];
    refused(&[&serve[..], &["--", "./tool.sh"]].concat(), "does not say which version to load");
    refused(
        &[&serve[..], &["--budget", "30s", "--", "./tool.sh", "{url}"]].concat(),
        "a budget of 30 s has no room for 4 pairs of 10 s slices",
    );
    refused(
        &[&serve[..], &["--build", "make && make install", "--", "./tool.sh", "{url}"]].concat(),
        "no shell reads it: write sh -c 'make && make install'",
    );
    refused(
        &[&serve[..], &["--output", "bundle=b", "--", "./tool.sh", "{url}"]].concat(),
        "bundles are of runs that are compared with recorded ones",
    );
    versions.expect_nothing_left();
}
