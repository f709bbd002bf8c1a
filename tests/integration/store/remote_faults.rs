//! Remotes that lost or mixed up their records, that are silent, refuse, or hide what they took.

use crate::support::remote::{
    RUNS, Shared, here, hook, inboxes, pushed, recorded, records, says, set_tree,
};
use crate::support::{self, Repo};
use std::fs;

/// What somebody did to the ref on the remote.
type Overwrite<'a> = Box<dyn Fn() + 'a>;

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
        "origin has lost 2 runs that this clone still has: perfgate baseline push restores them\n5 runs are here now",
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
        let code = if no.is_empty() { "error[P308]" } else { "error[P309]" };
        let said = format!("{code}: {RUNS} of the remote `origin` {no}{why}");
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
    says(&two.perfgate(&["baseline", "restore", name]).expect(0), "restored 3 runs");
    two.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&one), 4);
    says(
        &one.perfgate(&["baseline", "restore", "x"]).expect(2),
        "nothing is kept under the name `x`",
    );
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

/// Not every server that says "somebody was faster" means it.
#[test]
fn a_push_that_arrived_nowhere_is_no_success() {
    let shared = Shared::new(2);
    let main = shared.git(&["rev-parse", "refs/heads/main"]);
    shared.git(&["update-ref", "refs/perfgate", &main]);
    let clone = recorded(&shared, 1);
    says(
        &clone.perfgate(&["baseline", "push"]).expect(2),
        "error[P306]: the remote `origin` refuses refs/perfgate/inbox/",
    );
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
    says(&pushed, "1 run can no longer be found: never fetched to this clone, and not on origin");
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
