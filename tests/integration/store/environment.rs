//! Where a store lies: beside another perfgate, in repositories of other kinds, and where the variables of git point.

use crate::support::remote::{Shared, private, recorded, records, says};
use crate::support::{self, Ended};
use std::fs;

#[test]
fn whoever_waits_for_another_perfgate_says_for_whom() {
    use std::io::{BufRead as _, BufReader};
    let shared = Shared::new(2);
    let clone = recorded(&shared, 1);
    let path = private(&clone, "perfgate.lock");
    let lock = fs::File::options().write(true).open(&path).unwrap();
    lock.lock().unwrap();
    fs::write(&path, "perfgate import (process 77)\n").unwrap();
    let results = clone.results();
    let mut command = support::command(&clone.folder);
    command.args(["record", &results]).stderr(std::process::Stdio::piped());
    let mut waiting = command.spawn().unwrap();
    let mut said = BufReader::new(waiting.stderr.take().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), "waiting for perfgate import (process 77)");
    drop(lock);
    assert!(said.next().unwrap().unwrap().starts_with("recorded: "));
    assert!(waiting.wait().unwrap().success());
}

#[test]
fn repositories_of_another_kind_are_refused_in_a_plain_sentence() {
    let scratch = tempfile::TempDir::new().unwrap();
    for kind in ["--object-format=sha256", "--ref-format=reftable"] {
        let folder = scratch.path().join(&kind[2..8]);
        fs::create_dir(&folder).unwrap();
        let made = support::clean("git", &folder).args(["init", "--quiet", kind]).output().unwrap();
        // A git of before that format has no such repositories.
        if !made.status.success() {
            continue;
        }
        let ended = support::perfgate(&folder, &["baseline", "list"]).expect(2);
        says(&ended, "perfgate cannot read this kind of repository yet");
        says(&ended, "--baseline-file");
    }
}

#[test]
fn what_git_honors_is_honored() {
    let shared = Shared::new(3);
    let clone = shared.clone("clone", &[]);
    let mirror = Shared::beside(&shared, "mirror.git");
    clone.git(&["config", "remote.origin.pushurl", &mirror.url()]);
    clone.record_with(&shared.commits[0], 1, &["--push"]);
    assert_eq!(shared.git(&["for-each-ref", "refs/perfgate"]), "");
    assert_eq!(records(&mirror.clone("reader", &[])), 1);
    // From anywhere, with GIT_DIR.
    let outside = shared.maker.around().join("outside");
    fs::create_dir(&outside).unwrap();
    let mut command = support::command(&outside);
    command.args(["baseline", "list"]).env("GIT_DIR", clone.folder.join(".git"));
    let listed = Ended::of(command.output().unwrap()).expect(0);
    assert!(listed.stdout.contains("1 run of 1 commit"), "{}", listed.stdout);
}
