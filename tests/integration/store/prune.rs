//! Pruning: what is removed stays removed everywhere, and the history of the store begins anew.

use crate::support::remote::{RUNS, Shared, hook, inboxes, pushed, records};

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
