//! A starved machine is not slow code: no load is started on it, and what was measured on it is measured again, or said.
#![cfg(unix)]

use crate::support::{Ended, Repo, level_run};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

const DISTURBED: &str = "timestamp,cpu_pressure_percent,other_cpu_percent\n1,60,70\n2,64,72\n";

const QUIET: &str = "timestamp,cpu_pressure_percent,other_cpu_percent\n1,3,4\n2,5,4\n";

const WHY: &str = "CPU pressure 62 % while others than the load tool used 71 % of the CPU";

/// A repository with a tool whose n-th run has the n-th of these levels, on a machine that goes through the n-th of these courses.
fn repository(levels: &[f64], courses: &[&str]) -> Repo {
    let repo = Repo::new();
    repo.commit("first");
    let line = |level: &f64| format!("{}\n", level_run(0, &[*level; 6]));
    write(&repo, "results", &levels.iter().map(line).collect::<String>());
    for (i, course) in courses.iter().enumerate() {
        write(&repo, &format!("course-{}.csv", i + 1), course);
    }
    // A kernel that tells nothing: how busy the machine of these tests is must not matter.
    std::fs::create_dir(repo.folder.join("kernel")).unwrap();
    let tool = "#!/bin/sh\necho x >> count\nn=$(($(wc -l < count)))\n\
                sed -n \"${n}p\" results > \"$1/result.json\"\ncp course-$n.csv course.csv\n";
    write(&repo, "tool.sh", tool);
    let path = repo.folder.join("tool.sh");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    repo
}

fn write(repo: &Repo, name: &str, text: &str) {
    std::fs::write(repo.folder.join(name), text).unwrap();
}

fn run(repo: &Repo, more: &[&str]) -> Ended {
    let first = ["run", "--kernel", "kernel", "--out", "out", "--attach", "course.csv"];
    repo.perfgate(&[&first, more, &["--", "./tool.sh", "{out}"]].concat())
}

/// How often the tool ran.
fn made(repo: &Repo) -> usize {
    std::fs::read_to_string(repo.folder.join("count")).map_or(0, |text| text.lines().count())
}

fn recorded(repo: &Repo) -> usize {
    let shown = repo.perfgate(&["baseline", "show", "--format", "json"]);
    let runs = serde_json::Deserializer::from_str(&shown.stdout).into_iter::<Value>();
    if shown.code == 0 { runs.count() } else { 0 }
}

/// A kernel by which something waited all the time between the first two readings, and nothing since. Each of the two has a pipe of
/// its own, so that nothing depends on time.
fn busy_at_first(folder: &Path) {
    const LONG: u64 = 1_000_000_000_000;
    let line = |waited: u64| format!("some avg10=0.00 avg60=0.00 avg300=0.00 total={waited}\n");
    let pipe = |path: &Path| {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let (file, next) = (folder.join("proc/pressure/cpu"), folder.join("next"));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    pipe(&file);
    std::thread::spawn(move || {
        // A pipe opens when perfgate opens it; what it reads next is in its place before it has read this one to the end.
        let open = || std::fs::File::options().write(true).open(&file).unwrap();
        let mut first = open();
        pipe(&next);
        std::fs::rename(&next, &file).unwrap();
        std::io::Write::write_all(&mut first, line(0).as_bytes()).unwrap();
        drop(first);
        let mut second = open();
        std::fs::write(&next, line(LONG)).unwrap();
        std::fs::rename(&next, &file).unwrap();
        std::io::Write::write_all(&mut second, line(LONG).as_bytes()).unwrap();
    });
}

#[test]
fn no_load_is_started_on_a_busy_machine() {
    let repo = repository(&[1.0], &[QUIET]);
    busy_at_first(&repo.folder.join("kernel"));
    let ended = run(&repo, &[]).expect(2);
    let said = "error[P401]: the machine is busy (CPU pressure 100 %): nothing was started\n";
    assert!(ended.stderr.starts_with(said), "{}", ended.stderr);
    assert!(ended.stderr.contains("--wait-for-quiet 5m") && ended.stderr.contains("--busy-ok"));
    assert_eq!((made(&repo), recorded(&repo)), (0, 0));
}

#[test]
fn waiting_ends_when_the_machine_is_quiet() {
    let repo = repository(&[1.0], &[QUIET]);
    busy_at_first(&repo.folder.join("kernel"));
    let ended = run(&repo, &["--wait-for-quiet", "1h"]).expect(0);
    let said = "the machine is busy (CPU pressure 100 %): waiting at most 3600 s for it\nthe machine is quiet after ";
    assert!(ended.stderr.starts_with(said), "{}", ended.stderr);
    assert_eq!((made(&repo), recorded(&repo)), (1, 1));
}

#[test]
fn waiting_ends_when_its_time_is_over() {
    let repo = repository(&[1.0], &[QUIET]);
    busy_at_first(&repo.folder.join("kernel"));
    // A look takes longer than that.
    let ended = run(&repo, &["--wait-for-quiet", "1s"]).expect(2);
    let said = "error[P401]: the machine is still busy after 1 s (CPU pressure 100 %): nothing was started\n";
    assert!(ended.stderr.starts_with(said), "{}", ended.stderr);
    assert_eq!(made(&repo), 0);
}

#[test]
fn a_disturbed_run_is_replaced() {
    let repo = repository(&[1.0; 3], &[DISTURBED, QUIET, QUIET]);
    let ended = run(&repo, &["--repeat", "2"]).expect(0);
    let said = format!(
        "warning: the machine was busy with something else: {WHY} (if that was the service, name it with --watch)\n\
         run-1 does not count: measuring again, 1 more try is left\n"
    );
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    assert_eq!((made(&repo), recorded(&repo)), (3, 2));
}

#[test]
fn a_machine_that_is_never_quiet_is_measured_at_most_twice_as_often() {
    let repo = repository(&[1.0; 4], &[DISTURBED; 4]);
    let ended = run(&repo, &["--repeat", "2"]).expect(0);
    let said = "run-3 counts all the same: no tries are left\n";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert_eq!((made(&repo), recorded(&repo)), (4, 2));
}

#[test]
fn a_single_run_and_one_that_may_be_disturbed_count() {
    for (more, runs) in [(&[][..], 1), (&["--repeat", "2", "--busy-ok"], 2)] {
        let repo = repository(&[1.0; 2], &[DISTURBED; 2]);
        let ended = run(&repo, more).expect(0);
        assert!(ended.stderr.contains(WHY) && !ended.stderr.contains("tries"), "{}", ended.stderr);
        assert_eq!((made(&repo), recorded(&repo)), (runs, runs));
    }
}

#[test]
fn a_disturbed_run_decides_nothing_while_tries_are_left() {
    let repo = repository(&[3.0, 1.0], &[DISTURBED, QUIET]);
    repo.record_steady(12, &[1.0; 6]);
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    let arguments = ["--until-decided", "2", "--baseline", "main", "--no-record"];
    let ended = run(&repo, &arguments).expect(0);
    let said = "run-1 does not count: measuring again, 1 more try is left\n";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert!(!ended.stdout.contains("disturbed"), "{}", ended.stdout);
    assert_eq!(made(&repo), 2);
}

#[test]
fn a_report_says_which_side_was_disturbed() {
    let repo = Repo::new();
    let mut disturbed = level_run(1, &[1.0]);
    disturbed["resources"] = json!({
        "cpu_pressure_percent": { "mean": 62 }, "other_cpu_percent": { "mean": 71 },
    });
    write(&repo, "disturbed.json", &disturbed.to_string());
    write(&repo, "fine.json", &level_run(0, &[1.0]).to_string());
    let table = |old: &str, new: &str| {
        repo.perfgate(&["compare", "--baseline-file", old, new]).expect(0).stdout
    };
    let now = table("fine.json", "disturbed.json");
    let line =
        format!("warning   this run was disturbed ({WHY}): a slowdown may come from the machine");
    assert!(now.contains(&line), "{now}");
    let before = table("disturbed.json", "fine.json");
    let line =
        format!("warning   the baseline run was disturbed ({WHY}): a real slowdown may be hidden");
    assert!(before.contains(&line), "{before}");
    write(&repo, "perfgate.yaml", "budgets: [{ error_rate: 1% }]\n");
    let checked = repo.perfgate(&["check", "disturbed.json", "--format", "json"]).expect(0).json();
    assert_eq!(checked["warnings"][0]["code"], json!("disturbed"));
}
