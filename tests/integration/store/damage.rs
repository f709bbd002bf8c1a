//! Records and refs that a crash or a bad disk left damaged: they are named, and mended without loss.

use crate::support;
use crate::support::remote::{
    RUNS, Shared, here, loose, overwrite, private, pushed, recorded, records, says, set_tree,
};
use std::fs;

#[test]
fn a_record_that_is_no_file_is_passed_over() {
    let shared = Shared::new(4);
    let clone = pushed(&shared, 2);
    let store = shared.git(&["rev-parse", RUNS]);
    let digits = &shared.commits[3];
    let (marker, empty) = (
        shared.git(&["rev-parse", &format!("{store}:perfgate")]),
        shared.git(&["rev-parse", &format!("{store}:runs")]),
    );
    let name = format!("{}-0123456789abcdef.json", &digits[2..]);
    let mut tree = shared.git(&["rev-parse", "refs/heads/main"]);
    for (mode, kind) in [("160000", "commit"), ("040000", "tree")] {
        let id = if kind == "tree" { &empty } else { &tree };
        set_tree(&shared, &format!("{mode} {kind} {id}\t{name}\n"));
        for folder in [&digits[1..2], &digits[..1]] {
            let inner = shared.git(&["rev-parse", &format!("{RUNS}^{{tree}}")]);
            set_tree(&shared, &format!("040000 tree {inner}\t{folder}\n"));
        }
        let inner = shared.git(&["rev-parse", &format!("{RUNS}^{{tree}}")]);
        set_tree(&shared, &format!("100644 blob {marker}\tperfgate\n040000 tree {inner}\truns\n"));
        assert_eq!(records(&clone), 2, "{kind}");
        clone.perfgate(&["baseline", "list"]).expect(0);
        clone.perfgate(&["baseline", "push"]).expect(0);
        tree = shared.git(&["rev-parse", "refs/heads/main"]);
    }
    assert_eq!(records(&shared.clone("reader", &[])), 2);
}

#[test]
fn histograms_come_back_as_well() {
    let shared = Shared::new(3);
    let clone = shared.clone("clone", &[]);
    let raw = support::fixture("k6/2.2.0/full-short/raw.ndjson.gz");
    for commit in &shared.commits[..2] {
        clone.perfgate(&["record", "--commit", commit, raw.to_str().unwrap()]).expect(0);
    }
    let histograms = || {
        let arguments = ["--git-dir=.git/perfgate.git", "ls-tree", "-r", "--name-only", RUNS];
        clone.git(&arguments).lines().filter(|path| path.starts_with("histograms/")).count()
    };
    assert_eq!(histograms(), 2);
    let pruned = clone.perfgate(&["baseline", "prune", "--keep-histograms", "1"]).expect(0);
    says(&pruned, "removed 0 of 2 runs, and the histograms of 1 more\n  for 90 days");
    assert_eq!(histograms(), 1);
    let listed = clone.perfgate(&["baseline", "restore"]).expect(0).stdout;
    clone.perfgate(&["baseline", "restore", listed.split(' ').next().unwrap()]).expect(0);
    assert_eq!(histograms(), 2);
}

#[test]
fn locks_of_dead_processes_block_nothing() {
    let shared = Shared::new(3);
    let clone = pushed(&shared, 2);
    let seen = fs::read_dir(private(&clone, "refs/perfgate-seen")).unwrap().next().unwrap();
    let seen = format!("refs/perfgate-seen/{}.lock", seen.unwrap().file_name().display());
    for lock in [
        "refs/perfgate/runs.lock",
        &seen,
        "packed-refs.lock",
        "HEAD.lock",
        "config.lock",
        "shallow.lock",
        "objects/maintenance.lock",
        "gc.pid",
    ] {
        fs::write(private(&clone, lock), "").unwrap();
        clone.compare("main", &[]).expect(0);
        fs::write(private(&clone, lock), "").unwrap();
        clone.record_with(&shared.commits[2], 9, &["--push"]);
    }
    // And a talk that was killed leaves nothing for long.
    let talk = private(&clone, "talks/talk-dead");
    fs::create_dir_all(&talk).unwrap();
    fs::write(talk.join("alive"), "").unwrap();
    clone.perfgate(&["baseline", "fetch"]).expect(0);
    assert!(!talk.exists());
}

#[test]
fn a_damaged_ref_is_named_and_mended_and_what_was_not_pushed_is_kept() {
    for damage in [&b""[..], &[0; 41]] {
        let shared = Shared::new(4);
        let clone = pushed(&shared, 3);
        clone.record(&shared.commits[3], 9);
        fs::write(private(&clone, RUNS), damage).unwrap();
        let ended = clone.compare("main", &[]).expect(2);
        says(&ended, "error[P307]: the store of this clone is damaged: the ref refs/perfgate/runs");
        says(&ended, "perfgate baseline repair");
        clone.perfgate(&["doctor"]).expect(2);
        clone.perfgate(&["baseline", "verify"]).expect(2);
        let mended = clone.perfgate(&["baseline", "repair"]).expect(0);
        says(&mended, "the store was rebuilt: 4 runs, of which 4 runs could be read here");
        clone.perfgate(&["baseline", "verify"]).expect(0);
        clone.perfgate(&["doctor"]).expect(0);
        clone.perfgate(&["baseline", "push"]).expect(0);
        assert_eq!(records(&shared.clone("reader", &[])), 4);
    }
}

#[test]
fn what_was_seen_of_a_remote_may_be_damaged_without_harm() {
    let shared = Shared::new(3);
    let clone = pushed(&shared, 3);
    let seen = fs::read_dir(private(&clone, "refs/perfgate-seen")).unwrap().next().unwrap();
    fs::write(seen.unwrap().path(), "").unwrap();
    assert_eq!(records(&clone), 3);
    clone.record_with(&shared.commits[2], 9, &["--push"]);
}

#[test]
fn a_damaged_record_is_mended_from_the_remote_and_never_removed_there() {
    let shared = Shared::new(4);
    let clone = pushed(&shared, 3);
    let good = here(&clone);
    let another = fs::read(loose(&clone, &good[0].1)).unwrap();
    for (victim, damage) in [&b""[..], b"garbage", &another].into_iter().enumerate() {
        overwrite(&loose(&clone, &good[victim].1), damage);
        clone.perfgate(&["doctor"]).expect(2);
        let verified = clone.perfgate(&["baseline", "verify"]).expect(2);
        says(&verified, "2 records as written, 1 broken:\n  runs/");
        let pruned = clone.perfgate(&["baseline", "prune", "--broken"]).expect(2);
        says(&pruned, "damaged: nothing was removed");
        let mended = clone.perfgate(&["baseline", "repair"]).expect(0);
        says(&mended, "the store was rebuilt: 3 runs");
        clone.perfgate(&["baseline", "list"]).expect(0);
        clone.perfgate(&["baseline", "verify"]).expect(0);
        assert_eq!(here(&clone), good);
    }
    says(
        &clone.perfgate(&["baseline", "repair"]).expect(0),
        "nothing is broken: nothing was changed",
    );
}

#[test]
fn a_repair_that_was_killed_halfway_is_finished_by_the_next_one() {
    let shared = Shared::new(3);
    let clone = recorded(&shared, 2);
    let store = clone.folder.join(".git/perfgate.git");
    fs::rename(&store, clone.folder.join(".git/perfgate.git.damaged-2026-01-01-1")).unwrap();
    let said = "it was put aside by a repair that was not finished";
    says(&clone.perfgate(&["baseline", "list"]).expect(2), said);
    clone.perfgate(&["baseline", "repair"]).expect(0);
    assert_eq!(here(&clone).len(), 2);
}

#[test]
fn a_store_without_its_head_is_damaged_and_mended() {
    let shared = Shared::new(3);
    let clone = recorded(&shared, 2);
    fs::remove_file(private(&clone, "HEAD")).unwrap();
    let ended = clone.perfgate(&["baseline", "list"]).expect(2);
    says(&ended, "perfgate.git: it has no HEAD");
    says(&ended, "perfgate baseline repair");
    clone.perfgate(&["baseline", "repair"]).expect(0);
    assert_eq!(here(&clone).len(), 2);
}

#[test]
fn a_repair_brings_nothing_back_that_was_pruned() {
    let shared = Shared::new(3);
    let clone = recorded(&shared, 2);
    clone.perfgate(&["baseline", "prune", "--keep", "1"]).expect(0);
    let tree =
        clone.git(&["--git-dir=.git/perfgate.git", "rev-parse", &format!("{RUNS}^{{tree}}")]);
    fs::remove_file(loose(&clone, &tree)).unwrap();
    clone.perfgate(&["baseline", "repair"]).expect(0);
    assert_eq!(here(&clone).len(), 1);
}

#[test]
fn what_was_recorded_again_and_then_damaged_is_named_and_can_be_recorded_again() {
    let shared = Shared::new(3);
    let clone = recorded(&shared, 2);
    clone.git(&["remote", "remove", "origin"]);
    clone.perfgate(&["baseline", "prune", "--keep", "1"]).expect(0);
    clone.record(&shared.commits[0], 1);
    let name = &shared.commits[0];
    let (_, blob) = here(&clone).into_iter().find(|(path, _)| path.contains(&name[2..])).unwrap();
    fs::remove_file(loose(&clone, &blob)).unwrap();
    says(&clone.perfgate(&["baseline", "repair"]).expect(2), "1 run could not be saved");
    clone.record(&shared.commits[0], 1);
    assert_eq!(here(&clone).len(), 2);
    clone.perfgate(&["baseline", "verify"]).expect(0);
}

#[test]
fn what_cannot_be_saved_is_named() {
    let shared = Shared::new(3);
    let clone = recorded(&shared, 2);
    let (_, blob) = here(&clone)[0].clone();
    fs::remove_file(loose(&clone, &blob)).unwrap();
    clone.git(&["remote", "remove", "origin"]);
    says(&clone.perfgate(&["baseline", "verify"]).expect(2), "its content is gone");
    let mended = clone.perfgate(&["baseline", "repair"]).expect(2);
    says(&mended, &format!("1 run could not be saved:\n  {} of ", &blob[..16]));
    assert_eq!(here(&clone).len(), 1);
}

#[test]
fn a_missing_folder_is_found_and_mended() {
    let shared = Shared::new(4);
    let clone = pushed(&shared, 3);
    clone.record(&shared.commits[3], 9);
    let folder = format!("{RUNS}:runs/{}/{}", &shared.commits[3][..1], &shared.commits[3][1..2]);
    let tree = clone.git(&["--git-dir=.git/perfgate.git", "rev-parse", &folder]);
    fs::remove_file(loose(&clone, &tree)).unwrap();
    says(&clone.perfgate(&["baseline", "verify"]).expect(2), "a folder of the commits");
    clone.perfgate(&["baseline", "repair"]).expect(0);
    assert_eq!(here(&clone).len(), 4);
}
