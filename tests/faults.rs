//! What goes wrong with a store: remotes that lost or mixed up their records, that are silent or refuse, and files that a crash
//! or a bad disk left.
#![expect(clippy::unwrap_used, reason = "test code")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use support::shared::{Shared, records};
use support::{Ended, Repo};

const RUNS: &str = "refs/perfgate/runs";

/// What somebody did to the ref on the remote.
type Overwrite<'a> = Box<dyn Fn() + 'a>;

/// A clone of which the first `n` commits are recorded, each once.
fn recorded(shared: &Shared, n: usize) -> Repo {
    let clone = shared.clone("clone", &[]);
    for (number, commit) in (1..).zip(&shared.commits[..n]) {
        clone.record(commit, number);
    }
    clone
}

/// The same, with the records pushed, and the clone aware of what the remote has.
fn pushed(shared: &Shared, n: usize) -> Repo {
    let clone = recorded(shared, n);
    clone.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&clone), n);
    clone
}

fn says(ended: &Ended, text: &str) {
    assert!(ended.stderr.contains(text), "{text}: {}", ended.stderr);
}

/// A file of the clone's private repository.
fn private(clone: &Repo, path: &str) -> PathBuf {
    clone.folder.join(".git/perfgate.git").join(path)
}

/// The names of the records that are here, whatever a remote says, and their blobs.
fn here(clone: &Repo) -> Vec<(String, String)> {
    let listed = clone.git(&["--git-dir=.git/perfgate.git", "ls-tree", "-r", RUNS]);
    let file = |line: &str| {
        let (head, path) = line.split_once('\t')?;
        path.starts_with("runs/")
            .then(|| (path.to_owned(), head.rsplit(' ').next().unwrap().to_owned()))
    };
    listed.lines().filter_map(file).collect()
}

/// The file of a loose object.
fn loose(clone: &Repo, id: &str) -> PathBuf {
    private(clone, &format!("objects/{}/{}", &id[..2], &id[2..]))
}

fn overwrite(file: &Path, content: &[u8]) {
    let mut rights = fs::metadata(file).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a scratch file")]
    rights.set_readonly(false);
    fs::set_permissions(file, rights).unwrap();
    fs::write(file, content).unwrap();
}

/// Lets the bare repository's ref be what it is made of these entries of a tree.
fn set_tree(shared: &Shared, entries: &str) {
    let file = shared.maker.around().join("tree");
    fs::write(&file, entries).unwrap();
    let tree = {
        let mut command = support::clean("git", &shared.bare);
        command.args(["mktree"]).stdin(fs::File::open(&file).unwrap());
        String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
    };
    let commit = shared.git(&["commit-tree", "-m", "x", &tree]);
    shared.git(&["update-ref", RUNS, &commit]);
}

/// A hook of the bare repository.
fn hook(shared: &Shared, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let file = shared.bare.join("hooks").join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

fn inboxes(shared: &Shared) -> usize {
    shared.git(&["for-each-ref", "refs/perfgate/inbox"]).lines().count()
}

#[test]
fn a_history_goes_along_to_a_new_host() {
    let shared = Shared::new(5);
    let clone = pushed(&shared, 3);
    let new = Shared::beside(&shared, "new.git");
    new.clone("ci", &[]).record_with(&shared.commits[3], 9, &["--push"]);
    clone.git(&["remote", "set-url", "origin", &new.url()]);
    says(&clone.perfgate(&["baseline", "push"]).expect(0), "pushed 3 runs to origin");
    assert_eq!(records(&new.clone("reader", &[])), 4);
    assert_eq!(records(&clone), 4);
}

#[test]
fn a_remote_that_was_rolled_back_is_told_and_gets_everything_back() {
    let shared = Shared::new(5);
    let clone = pushed(&shared, 3);
    let before = shared.git(&["rev-parse", RUNS]);
    clone.record(&shared.commits[3], 4);
    clone.record(&shared.commits[4], 5);
    clone.perfgate(&["baseline", "push"]).expect(0);
    shared.git(&["update-ref", RUNS, &before]);
    let fetched = clone.perfgate(&["baseline", "fetch"]).expect(0);
    says(
        &fetched,
        "origin has lost 2 runs that this clone still has: perfgate baseline push brings them back\n5 runs are here now",
    );
    let pushed = clone.perfgate(&["baseline", "push"]).expect(0);
    says(&pushed, "pushed 2 runs to origin");
    assert_eq!(records(&shared.clone("reader", &[])), 5);
}

#[test]
fn a_ref_that_is_no_store_is_refused_by_name_and_never_built_upon() {
    let shared = Shared::new(4);
    let clone = pushed(&shared, 3);
    let store = shared.git(&["rev-parse", RUNS]);
    let blob = {
        let file = shared.maker.around().join("blob");
        fs::write(&file, "x\n").unwrap();
        shared.git(&["hash-object", "-w", file.to_str().unwrap()])
    };
    let marker = shared.git(&["rev-parse", &format!("{store}:perfgate")]);
    let overwritten: [(&str, Overwrite<'_>); 4] = [
        (
            "it has no file `perfgate` that says so",
            Box::new(|| {
                shared.git(&["update-ref", RUNS, "refs/heads/main"]);
            }),
        ),
        (
            "it points to a blob",
            Box::new(|| {
                shared.git(&["update-ref", RUNS, &blob]);
            }),
        ),
        (
            "its `runs` is no folder",
            Box::new(|| {
                set_tree(
                    &shared,
                    &format!("100644 blob {marker}\tperfgate\n100644 blob {blob}\truns\n"),
                );
            }),
        ),
        (
            "is a store of a newer perfgate\n  nothing was changed; use a newer perfgate",
            Box::new(|| {
                set_tree(&shared, &format!("100644 blob {blob}\tperfgate\n"));
            }),
        ),
    ];
    for (why, overwrite) in overwritten {
        overwrite();
        let there = shared.git(&["rev-parse", RUNS]);
        let no = if why.starts_with("is ") { "" } else { "is no store of perfgate: " };
        let said = format!("{RUNS} of the remote `origin` {no}{why}");
        says(&clone.perfgate(&["baseline", "fetch"]).expect(2), &said);
        says(&clone.compare("main", &[]).expect(2), &said);
        says(&clone.perfgate(&["baseline", "push"]).expect(2), &said);
        assert_eq!(shared.git(&["rev-parse", RUNS]), there, "{why}");
        assert_eq!(here(&clone).len(), 3);
    }
    // As it is advised.
    clone.git(&["push", "--quiet", "origin", "--delete", RUNS]);
    clone.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&shared.clone("reader", &[])), 3);
}

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
fn what_is_removed_elsewhere_is_told_and_can_be_brought_back() {
    let shared = Shared::new(4);
    let one = pushed(&shared, 4);
    let two = shared.clone("two", &[]);
    assert_eq!(records(&two), 4);
    two.perfgate(&["baseline", "list"]).expect(0);
    let pruned = one.perfgate(&["baseline", "prune", "--keep", "1"]).expect(0);
    says(&pruned, "removed 3 of 4 runs");
    one.perfgate(&["baseline", "push"]).expect(0);
    let fetched = two.perfgate(&["baseline", "fetch"]).expect(0);
    says(
        &fetched,
        "3 runs were removed on origin, and so here
  for 90 days, perfgate baseline restore ",
    );
    let listed = two.perfgate(&["baseline", "restore"]).expect(0).stdout;
    let (name, runs) = listed.trim().split_once("  ").unwrap();
    assert_eq!(runs, "3 runs");
    says(&two.perfgate(&["baseline", "restore", name]).expect(0), "brought back 3 runs");
    two.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&one), 4);
    says(
        &one.perfgate(&["baseline", "restore", "x"]).expect(2),
        "nothing is kept under the name `x`",
    );
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
fn a_record_that_was_pruned_can_be_recorded_again() {
    let shared = Shared::new(3);
    let one = pushed(&shared, 3);
    one.perfgate(&["baseline", "prune", "--keep", "1"]).expect(0);
    one.perfgate(&["baseline", "push"]).expect(0);
    one.record(&shared.commits[0], 1);
    one.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&shared.clone("two", &[])), 2);
}

#[test]
fn a_prune_holds_for_records_that_are_still_in_an_inbox() {
    let shared = Shared::new(2);
    let one = pushed(&shared, 2);
    let store = shared.git(&["rev-parse", RUNS]);
    shared.git(&["update-ref", &format!("refs/perfgate/inbox/{store}"), &store]);
    one.perfgate(&["baseline", "prune", "--keep", "1"]).expect(0);
    one.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!((records(&one), inboxes(&shared)), (1, 0));
    assert_eq!(records(&shared.clone("two", &[])), 1);
}

#[test]
fn any_number_of_inboxes_is_folded_in_by_one_push() {
    let shared = Shared::new(3);
    let one = pushed(&shared, 2);
    let store = shared.git(&["rev-parse", RUNS]);
    for n in 0..30 {
        shared.git(&["update-ref", &format!("refs/perfgate/inbox/{n}"), &store]);
    }
    hook(&shared, "post-receive", "echo one >> pushes");
    one.record_with(&shared.commits[2], 9, &["--push"]);
    assert_eq!(inboxes(&shared), 0);
    assert_eq!(fs::read_to_string(shared.bare.join("pushes")).unwrap(), "one\n");
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
fn a_silent_remote_is_given_up_and_keeps_nobody_waiting() {
    let shared = Shared::new(3);
    let clone = shared.clone("clone", &[]);
    // Takes every call, and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("git://{}/x.git", listener.local_addr().unwrap());
    clone.git(&["remote", "set-url", "origin", &url]);
    fs::write(clone.folder.join("perfgate.yaml"), "store: { timeout: 1h }\n").unwrap();
    let results = clone.results();
    let mut waiting = support::command(&clone.folder);
    let mut waiting = waiting.args(["record", "--push", &results]).spawn().unwrap();
    let (call, _) = listener.accept().unwrap();
    // It has called and waits now; another one goes on.
    clone.record(&shared.commits[1], 2);
    assert!(waiting.try_wait().unwrap().is_none());
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    drop(call);
    fs::write(clone.folder.join("perfgate.yaml"), "store: { timeout: 1s }\n").unwrap();
    for command in [
        &["baseline", "fetch"][..],
        &["baseline", "push"],
        &["compare", "--baseline", "main", &results],
    ] {
        says(&clone.perfgate(command).expect(2), "the remote `origin` has said nothing for 1 s");
    }
    assert_eq!(here(&clone).len(), 2);
}

#[test]
fn a_damaged_ref_is_named_and_mended_and_what_was_not_pushed_is_kept() {
    for damage in [&b""[..], &[0; 41]] {
        let shared = Shared::new(4);
        let clone = pushed(&shared, 3);
        clone.record(&shared.commits[3], 9);
        fs::write(private(&clone, RUNS), damage).unwrap();
        let ended = clone.compare("main", &[]).expect(2);
        says(&ended, "the store of this clone is damaged: the ref refs/perfgate/runs");
        says(&ended, "perfgate baseline repair");
        clone.perfgate(&["doctor"]).expect(2);
        clone.perfgate(&["baseline", "verify"]).expect(2);
        let mended = clone.perfgate(&["baseline", "repair"]).expect(0);
        says(&mended, "the store was made anew: 4 runs, of which 4 runs could be read here");
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
        says(&mended, "the store was made anew: 3 runs");
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

/// Not every server that says "somebody was faster" means it.
#[test]
fn a_push_that_arrived_nowhere_is_no_success() {
    let shared = Shared::new(2);
    let main = shared.git(&["rev-parse", "refs/heads/main"]);
    shared.git(&["update-ref", "refs/perfgate", &main]);
    let clone = recorded(&shared, 1);
    says(
        &clone.perfgate(&["baseline", "push"]).expect(2),
        "the remote `origin` refuses refs/perfgate/inbox/",
    );
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

#[test]
fn a_server_that_refuses_is_told_in_its_own_words() {
    let shared = Shared::new(2);
    hook(&shared, "pre-receive", "echo 'refs/perfgate is not for you, ask ops'; exit 1");
    let clone = recorded(&shared, 1);
    let ended = clone.perfgate(&["baseline", "push"]).expect(2);
    says(
        &ended,
        "the remote `origin` refuses refs/perfgate/runs: pre-receive hook declined; the server says: refs/perfgate is not for you, ask ops",
    );
    says(&ended, "what was recorded is in this clone");
    assert_eq!(here(&clone).len(), 1);
}

#[test]
fn an_inbox_is_for_crowds_and_no_way_around_a_refusal() {
    let shared = Shared::new(2);
    hook(&shared, "update", "case $1 in refs/perfgate/runs) echo 'protected'; exit 1;; esac");
    let clone = recorded(&shared, 1);
    says(
        &clone.perfgate(&["baseline", "push"]).expect(2),
        "hook declined; the server says: protected",
    );
    assert_eq!(inboxes(&shared), 0);
}

#[test]
fn a_server_that_hides_what_it_takes_is_found_out() {
    let shared = Shared::new(2);
    shared.git(&["config", "uploadpack.hideRefs", "refs/perfgate"]);
    let clone = recorded(&shared, 1);
    says(
        &clone.perfgate(&["baseline", "push"]).expect(2),
        "does not show refs/perfgate/runs to readers",
    );
}

#[test]
fn a_server_that_takes_only_what_follows_takes_a_prune_as_well() {
    let shared = Shared::new(4);
    let follows = "case $2 in 00000*) ;; *) git merge-base --is-ancestor $2 $3 || exit 1;; esac";
    hook(&shared, "update", follows);
    let clone = pushed(&shared, 4);
    clone.perfgate(&["baseline", "prune", "--keep", "1"]).expect(0);
    clone.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&shared.clone("reader", &[])), 1);
    assert_eq!(shared.git(&["rev-list", "--count", RUNS]), "2");
}

#[test]
fn a_prune_begins_the_history_anew_where_that_may_be() {
    let shared = Shared::new(4);
    let clone = pushed(&shared, 3);
    clone.record_with(&shared.commits[3], 9, &["--push"]);
    assert_eq!(shared.git(&["rev-list", "--count", RUNS]), "2");
    let other = shared.clone("other", &[]);
    assert_eq!(records(&other), 4);
    clone.perfgate(&["baseline", "prune", "--keep", "1"]).expect(0);
    clone.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(shared.git(&["rev-list", "--count", RUNS]), "1");
    other.record_with(&shared.commits[3], 10, &["--push"]);
    assert_eq!(shared.git(&["rev-list", "--count", RUNS]), "2");
    assert_eq!(records(&clone), 2);
}

#[test]
fn a_long_history_begins_anew_by_itself() {
    let shared = Shared::new(4);
    pushed(&shared, 3);
    let message = "perfgate runs\n\nhistory: 1000\n";
    let tree = format!("{RUNS}^{{tree}}");
    let long = shared.git(&["commit-tree", "-p", RUNS, "-m", message, &tree]);
    shared.git(&["update-ref", RUNS, &long]);
    assert_eq!(shared.git(&["rev-list", "--count", RUNS]), "2");
    let fresh = shared.clone("fresh", &[]);
    fresh.record_with(&shared.commits[3], 9, &["--push"]);
    assert_eq!(shared.git(&["rev-list", "--count", RUNS]), "1");
    assert_eq!(records(&fresh), 4);
}

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

/// What a push adds to the remote: the commit, the folders on the way to the record, and the record; never the rest.
#[test]
fn a_push_sends_what_is_new_and_a_fresh_clone_fetches_next_to_nothing_for_it() {
    let shared = Shared::new(40);
    pushed(&shared, 39);
    let objects = || {
        let counted = shared.git(&["count-objects", "-v"]);
        let of = |key: &str| -> u32 {
            let line = counted.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim().parse().unwrap()
        };
        of("count:") + of("in-pack:")
    };
    let before = objects();
    let fresh = shared.clone("fresh", &[]);
    fresh.record_with(&shared.commits[39], 99, &["--push"]);
    assert_eq!(objects() - before, 6, "commit, tree, runs, runs/x, runs/x/y, run");
    let listed = fresh.git(&[
        "--git-dir=.git/perfgate.git",
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objecttype)",
    ]);
    let blobs = listed.lines().filter(|line| *line == "blob").count();
    assert_eq!(blobs, 2, "its own run and what says that it is a store");
    assert_eq!(records(&shared.clone("reader", &[])), 40);
}

/// The contents of runs that are in a clone.
fn contents(clone: &Repo) -> usize {
    let format = "--batch-check=%(objecttype) %(objectsize)";
    let arguments = ["--git-dir=.git/perfgate.git", "cat-file", "--batch-all-objects", format];
    let listed = clone.git(&arguments);
    let size = |line: &str| line.strip_prefix("blob ").and_then(|size| size.parse::<u64>().ok());
    listed.lines().filter_map(size).filter(|size| *size > 100).count()
}

#[test]
fn a_push_of_what_others_recorded_needs_none_of_its_contents() {
    let shared = Shared::new(6);
    pushed(&shared, 4);
    // All that is there is in an inbox.
    let store = shared.git(&["rev-parse", RUNS]);
    shared.git(&["update-ref", &format!("refs/perfgate/inbox/{store}"), &store]);
    shared.git(&["update-ref", "-d", RUNS]);
    let two = shared.clone("two", &[]);
    assert_eq!(records(&two), 4);
    two.record(&shared.commits[4], 50);
    two.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!((contents(&two), inboxes(&shared)), (1, 0));
    let three = shared.clone("three", &[]);
    assert_eq!(records(&three), 5);
    three.perfgate(&["baseline", "prune", "--keep", "2"]).expect(0);
    three.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(contents(&three), 0);
    assert_eq!(records(&shared.clone("reader", &[])), 2);
}

#[test]
fn what_is_known_and_can_be_had_nowhere_any_more_stops_no_push() {
    let shared = Shared::new(6);
    let one = pushed(&shared, 2);
    let before = shared.git(&["rev-parse", RUNS]);
    one.record_with(&shared.commits[2], 3, &["--push"]);
    let two = shared.clone("two", &[]);
    assert_eq!(records(&two), 3);
    // A backup is all that is left of the server.
    shared.git(&["update-ref", RUNS, &before]);
    shared.git(&["gc", "--quiet", "--prune=now"]);
    two.record(&shared.commits[4], 50);
    let pushed = two.perfgate(&["baseline", "push"]).expect(0);
    says(&pushed, "1 run cannot be had any more: never fetched to this clone, and not on origin");
    assert_eq!(records(&shared.clone("reader", &[])), 3);
    one.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!((records(&shared.clone("later", &[])), records(&two)), (4, 4));
}

#[test]
fn a_record_of_a_newer_perfgate_stops_nothing_but_itself() {
    let shared = Shared::new(4);
    let clone = shared.clone("clone", &[]);
    fs::write(clone.folder.join("perfgate.yaml"), "store: { kind: directory, path: kept }\n")
        .unwrap();
    clone.record(&shared.commits[2], 1);
    let folder = clone.folder.join("kept/runs");
    let newer = |commit: &str| {
        let folder = folder.join(&commit[..1]).join(&commit[1..2]);
        fs::create_dir_all(&folder).unwrap();
        let name = format!("{}-0123456789abcdef.json", &commit[2..]);
        fs::write(folder.join(name), "{\"schema\": \"perfgate.run/2\"}\n").unwrap();
    };
    newer(&shared.commits[1]);
    newer(&shared.commits[2]);
    let report = clone.compare("main", &[]).expect(0).json();
    assert_eq!(report["baseline"]["commit"], shared.commits[2].as_str());
    assert!(report["warnings"].to_string().contains("other_version"), "{report}");
    says(
        &clone.perfgate(&["baseline", "list"]).expect(0),
        "passed over 2 runs that a newer perfgate recorded",
    );
    clone.perfgate(&["trend", "--branch", "main"]).expect(0);
    // With nothing else to go by, it is the answer.
    fs::remove_dir_all(&folder).unwrap();
    newer(&shared.commits[2]);
    says(&clone.compare("main", &[]).expect(2), "use the perfgate that wrote it, or a newer one");
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
