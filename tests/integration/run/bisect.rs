//! The commit that made something slower: measured where it tells most, with or without a service, and nothing left behind.
#![cfg(unix)]

use crate::support::{Ended, Repo, level_run};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn script(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A repository of so many commits after the first one. Each has its number in a file and tells the tool, which gives the next run of
/// that version, whether the first of six endpoints is slow: from commit `culprit` on.
struct Line {
    repo: Repo,
    ids: Vec<String>,
}

impl Line {
    fn new(commits: usize, culprit: usize) -> Self {
        let repo = Repo::new();
        let folder = repo.folder.clone();
        let notes = folder.join(".git/notes-of-test");
        std::fs::create_dir(&notes).unwrap();
        for (name, level) in [("fast", 1.0), ("slow", 1.3)] {
            let run = |r: usize| format!("{}\n", level_run(r, &[level, 1.0, 1.0, 1.0, 1.0, 1.0]));
            std::fs::write(notes.join(name), (0..60).map(run).collect::<String>()).unwrap();
        }
        let notes = notes.display();
        script(
            &folder,
            "tool.sh",
            &format!(
                "cat number >> '{notes}/order'; n=$(wc -l < '{notes}/order')\n\
                 sed -n \"${{n}}p\" '{notes}/'$(cat level) > \"$1/result.json\""
            ),
        );
        let mut ids = Vec::new();
        for number in 0..=commits {
            std::fs::write(folder.join("number"), format!("{number}\n")).unwrap();
            let level = if number >= culprit { "slow" } else { "fast" };
            std::fs::write(folder.join("level"), level).unwrap();
            repo.git(&["add", "."]);
            repo.git(&["commit", "--quiet", "-m", &format!("change {number}")]);
            ids.push(repo.git(&["rev-parse", "--short=7", "HEAD"]).trim().to_owned());
        }
        Self { repo, ids }
    }

    fn bisect(&self, more: &[&str]) -> Ended {
        let (good, bad) = (&self.ids[0], &self.ids[self.ids.len() - 1]);
        let mut arguments = vec!["bisect", good, bad];
        arguments.extend(more);
        arguments.extend(["--", "./tool.sh", "{out}"]);
        self.repo.perfgate(&arguments)
    }

    fn bisect_step(&self) -> Ended {
        self.repo.perfgate(&["bisect", "--", "./tool.sh", "{out}"])
    }

    /// The commits that were measured, in their order.
    fn order(&self) -> Vec<usize> {
        let path = self.repo.folder.join(".git/notes-of-test/order");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().map(|line| line.parse().unwrap()).collect()
    }

    fn expect_nothing_left(&self) {
        let trees = self.repo.git(&["worktree", "list"]);
        assert_eq!(trees.trim().lines().count(), 1, "{trees}");
        let folder = self.repo.folder.join(".git/perfgate-trees");
        assert_eq!(std::fs::read_dir(folder).map_or(0, Iterator::count), 0);
    }
}

#[test]
fn the_commit_is_named_with_what_it_did_and_the_command_that_shows_it() {
    let line = Line::new(24, 17);
    let ended = line.bisect(&["--profile", "p"]);
    // A profile that nobody knows is an error.
    assert_eq!(ended.code, 2);
    let ended = line.bisect(&[]).expect(0);
    let culprit = &line.ids[17];
    assert!(ended.stdout.starts_with(&format!("{culprit} +")), "{}", ended.stdout);
    let first = ended.stdout.lines().next().unwrap();
    assert!(first.contains(" % GET /0 p") && first.contains(" %)"), "{first}");
    let commit = format!("  {culprit} 2026-01-01 Test: change 17");
    assert!(ended.stdout.contains(&commit), "{}", ended.stdout);
    let again = format!("  perfgate bisect {} {culprit} -- ./tool.sh {{out}}", line.ids[16]);
    assert!(ended.stdout.contains(&again), "{}", ended.stdout);
    let order = line.order();
    // Both ends twice; then fewer than one for each halving, and some to be sure.
    assert_eq!(order[..4], [24, 0, 24, 0]);
    assert!(order.len() <= 14, "{order:?}");
    line.expect_nothing_left();
}

#[test]
fn a_commit_that_does_not_build_is_survived_and_named_with_the_next() {
    let line = Line::new(12, 7);
    let build = "sh -c '! grep -qx -e 6 -e 7 number'";
    let ended = line.bisect(&["--build", build]).expect(0);
    let pair = format!("{} or {} or {} +", line.ids[6], line.ids[7], line.ids[8]);
    assert!(ended.stdout.starts_with(&pair), "{}", ended.stdout);
    assert!(ended.stdout.contains("2 commits of them cannot be measured"), "{}", ended.stdout);
    assert!(ended.stderr.contains("cannot be measured: the build of"), "{}", ended.stderr);
    line.expect_nothing_left();
}

#[test]
fn an_end_that_does_not_build_is_an_error() {
    let line = Line::new(4, 2);
    for (end, id) in [("0", &line.ids[0]), ("4", &line.ids[4])] {
        let build = format!("sh -c '! grep -qx {end} number'");
        let ended = line.bisect(&["--build", &build]).expect(2);
        let problem = format!("the build of {id} ended with exit code 1");
        assert!(ended.stderr.contains(&problem), "{}", ended.stderr);
    }
    line.expect_nothing_left();
}

#[test]
fn where_nothing_changed_nothing_is_named() {
    let line = Line::new(6, 99);
    let ended = line.bisect(&["--most", "8"]).expect(3);
    assert!(!ended.stdout.contains("see it") || ended.stdout.starts_with("not sure yet: "));
    assert_eq!(line.order().len(), 8);
    line.expect_nothing_left();
}

#[test]
fn what_is_recorded_is_not_measured_again() {
    let line = Line::new(24, 17);
    line.bisect(&["--record"]).expect(0);
    let first = line.order().len();
    let ended = line.bisect(&[]).expect(0);
    assert!(ended.stdout.starts_with(&line.ids[17]), "{}", ended.stdout);
    let told = format!("{first} recorded runs of these commits are used");
    assert!(ended.stderr.contains(&told), "{}", ended.stderr);
    // The first measurement shows which records can be compared with it.
    assert_eq!(line.order().len(), first + 1);
}

fn expect_said(ended: &Ended, text: &str) {
    assert!(ended.stderr.contains(text), "{}", ended.stderr);
}

#[test]
fn without_ends_the_newest_step_of_the_history_is_looked_into() {
    let line = Line::new(30, 17);
    let lines = |name: &str| {
        let path = line.repo.folder.join(".git/notes-of-test").join(name);
        std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (fast, slow) = (lines("fast"), lines("slow"));
    expect_said(&line.bisect_step().expect(2), "no run is recorded on main");
    // The culprit and the two commits before it were not recorded.
    let result = line.repo.folder.join(".git/notes-of-test/recorded.json");
    for (at, id) in line.ids.iter().enumerate().filter(|(at, _)| !(15..=17).contains(at)) {
        std::fs::write(&result, if at > 17 { &slow[at] } else { &fast[at] }).unwrap();
        line.repo.perfgate(&["record", result.to_str().unwrap(), "--commit", id]).expect(0);
        if at == 14 {
            expect_said(&line.bisect_step().expect(2), "no step for the worse is recorded");
        }
    }
    let ended = line.bisect_step().expect(0);
    let (good, bad) = (&line.ids[14], &line.ids[18]);
    expect_said(&ended, "looking for the newest step: GET /0 p95 +");
    expect_said(&ended, &format!("4 commits after {good} (good), up to {bad} (bad)"));
    assert!(ended.stdout.starts_with(&line.ids[17]), "{}", ended.stdout);
    assert!(line.order().iter().all(|at| (14..=18).contains(at)), "{:?}", line.order());
}

#[test]
fn one_measurement_can_be_looked_at_alone() {
    let line = Line::new(8, 3);
    let ended = line.bisect(&["--measurement", "GET /0 p50"]).expect(0);
    assert!(ended.stdout.starts_with(&line.ids[3]), "{}", ended.stdout);
    assert!(ended.stdout.contains("GET /0 p50: "), "{}", ended.stdout);
    let ended = line.bisect(&["--measurement", "GET /0 p59"]).expect(2);
    assert!(ended.stderr.contains("the test does not measure `GET /0 p59`"), "{}", ended.stderr);
    line.expect_nothing_left();
}

#[test]
fn the_ends_must_be_in_their_order() {
    let line = Line::new(3, 2);
    let arguments = ["bisect", &line.ids[3], &line.ids[0], "--", "./tool.sh", "{out}"];
    let ended = line.repo.perfgate(&arguments).expect(2);
    assert!(ended.stderr.contains("is no later commit than"), "{}", ended.stderr);
    assert!(line.order().is_empty());
}

/// A service that says its level, and a load that asks it.
#[test]
fn a_service_is_started_for_each_measurement() {
    let line = Line::new(6, 4);
    let notes = line.repo.folder.join(".git/notes-of-test");
    let (notes, program) = (notes.display(), std::env::current_exe().unwrap());
    let serve = format!(
        "sh -c 'cp level {notes}/port-$PORT; cat number >> {notes}/served; exec {} --ignored --exact run::ab::service'",
        program.display()
    );
    // The load is that of the folder that perfgate is called in, whose level is not that of the version.
    script(
        &line.repo.folder,
        "load.sh",
        &format!(
            "n=$(wc -l < '{notes}/served'); sed -n \"${{n}}p\" '{notes}/'$(cat '{notes}/port-'$1) > \"$2/result.json\""
        ),
    );
    let (good, bad) = (&line.ids[0], &line.ids[6]);
    let arguments = ["bisect", good, bad, "--serve", &serve, "--", "./load.sh", "{port}", "{out}"];
    let ended = line.repo.perfgate(&arguments).expect(0);
    assert!(ended.stdout.starts_with(&line.ids[4]), "{}", ended.stdout);
    let shown = format!("  perfgate ab --baseline {} --head {} --serve ", line.ids[3], line.ids[4]);
    assert!(ended.stdout.contains(&shown), "{}", ended.stdout);
    line.expect_nothing_left();
}
