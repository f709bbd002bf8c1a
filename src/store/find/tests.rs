//! The search on a small history with records in a folder: what it takes, what it passes over, and what it says of each commit.

use super::*;
use crate::model::{Run, Tool};
use crate::store::{DirectoryStore, Patience, Reach, record};
use git2::{Oid, Repository, Signature, Time};
use std::time::Duration;
use tempfile::TempDir;

/// A repository with a store beside it.
struct Scene {
    folder: TempDir,
    clone: Repository,
    store: DirectoryStore,
}

impl Scene {
    /// `main` is a line of so many commits, the last one checked out.
    fn with_commits(count: i64) -> (Self, Vec<CommitId>) {
        let folder = TempDir::new().unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        let clone = Repository::init_opts(folder.path(), options.initial_head("main")).unwrap();
        let store = DirectoryStore::new(folder.path().join("records"));
        let scene = Self { folder, clone, store };
        let mut line: Vec<CommitId> = Vec::new();
        for n in 0..count {
            let parents: Vec<CommitId> = line.last().copied().into_iter().collect();
            line.push(scene.commit("main", &parents, n));
        }
        // Nearest first, as they are looked at.
        line.reverse();
        (scene, line)
    }

    /// Adds a commit to a branch.
    fn commit(&self, branch: &str, parents: &[CommitId], n: i64) -> CommitId {
        let tree = self.clone.treebuilder(None).unwrap().write().unwrap();
        let tree = self.clone.find_tree(tree).unwrap();
        let who = Signature::new("a", "a@example.com", &Time::new(1_700_000_000 + n, 0)).unwrap();
        let oid = |id: &CommitId| Oid::from_bytes(id.as_bytes()).unwrap();
        let parents = parents.iter().map(|id| self.clone.find_commit(oid(id)).unwrap());
        let parents: Vec<_> = parents.collect();
        let parents: Vec<_> = parents.iter().collect();
        let id = self.clone.commit(None, &who, &who, &format!("{branch} {n}"), &tree, &parents);
        let id = id.unwrap();
        self.clone.reference(&format!("refs/heads/{branch}"), id, true, "").unwrap();
        CommitId::from_bytes(id.as_bytes().try_into().unwrap())
    }

    /// Records a run of a suite for a commit; another one for each duration.
    fn record(&self, commit: CommitId, suite: &str, duration: f64) {
        let run = Run { commit: Some(commit), duration_s: Some(duration), ..run(suite) };
        record(&self.store, &[run], false).unwrap();
    }

    fn history(&self) -> History {
        let reach =
            Reach { remote: None, offline: true, patience: Patience::new(Duration::from_secs(1)) };
        History::open(self.folder.path(), reach).unwrap()
    }

    fn find(&self, query: &BaselineQuery<'_>) -> BaselineRuns {
        find_baseline(&self.store, &self.history(), query).unwrap()
    }
}

fn run(suite: &str) -> Run {
    Run { suite: suite.into(), ..Run::new(Tool { name: "k6".into(), version: None }) }
}

/// Asks for the baseline of `main`, seen from this commit, of a run of the suite `default` that took a minute.
fn query<'a>(head: CommitId, run: &'a Run, allowed: &'a BTreeSet<Field>) -> BaselineQuery<'a> {
    BaselineQuery {
        revision: "main",
        head,
        under_test: &[],
        run,
        allow_different: allowed,
        max_distance: 50,
        window: 10,
        histograms: false,
    }
}

fn minute() -> Run {
    Run { duration_s: Some(60.0), ..run("default") }
}

/// The commits of the runs that were taken, in their order.
fn commits(runs: &[StoredRun]) -> Vec<CommitId> {
    runs.iter().map(|stored| stored.entry.commit).collect()
}

fn outcomes(found: &BaselineRuns) -> Vec<&Outcome> {
    found.visited.iter().map(|visited| &visited.outcome).collect()
}

#[test]
fn the_nearest_commits_come_first_and_each_is_told_with_its_distance() {
    let (scene, line) = Scene::with_commits(4);
    scene.record(line[1], "default", 60.0);
    scene.record(line[3], "default", 60.0);
    let (run, none) = (minute(), BTreeSet::new());
    let found = scene.find(&query(line[0], &run, &none));
    assert_eq!(commits(&found.runs), [line[1], line[3]]);
    let visited: Vec<_> = found.visited.iter().map(|own| (own.commit, own.distance)).collect();
    assert_eq!(visited, [(line[0], 0), (line[1], 1), (line[2], 2), (line[3], 3)]);
    let (no_record, taken) = (&Outcome::NoRecord, &Outcome::Taken { runs: 1 });
    assert_eq!(outcomes(&found), [no_record, taken, no_record, taken]);
}

#[test]
fn the_search_ends_when_the_window_is_full_and_takes_all_runs_of_a_commit() {
    let (scene, line) = Scene::with_commits(3);
    for commit in &line {
        scene.record(*commit, "default", 60.0);
        scene.record(*commit, "default", 61.0);
    }
    let (run, none) = (minute(), BTreeSet::new());
    let found = scene.find(&BaselineQuery { window: 3, ..query(line[0], &run, &none) });
    assert_eq!(commits(&found.runs), [line[0], line[0], line[1], line[1]]);
    assert_eq!(found.visited.len(), 2);
}

#[test]
fn what_lies_behind_the_window_is_told_by_a_longer_look() {
    let (scene, line) = Scene::with_commits(5);
    line.iter().for_each(|commit| scene.record(*commit, "default", 60.0));
    let (run, none) = (minute(), BTreeSet::new());
    let query = BaselineQuery { window: 2, ..query(line[0], &run, &none) };
    let found = scene.find(&query);
    let earlier = |most| commits(&earlier_runs(&scene.store, &query, &found, most).unwrap());
    assert_eq!(earlier(10), line[2..]);
    assert_eq!(earlier(1), [line[2]]);
}

#[test]
fn the_distance_is_an_upper_bound_that_is_still_looked_at() {
    let (scene, line) = Scene::with_commits(4);
    scene.record(line[2], "default", 60.0);
    let (run, none) = (minute(), BTreeSet::new());
    let within = |max_distance| {
        scene.find(&BaselineQuery { max_distance, ..query(line[0], &run, &none) }).runs.len()
    };
    assert_eq!((within(1), within(2)), (0, 1));
}

#[test]
fn the_commits_under_test_are_no_baseline_of_themselves() {
    let (scene, line) = Scene::with_commits(2);
    line.iter().for_each(|commit| scene.record(*commit, "default", 60.0));
    let (run, none) = (minute(), BTreeSet::new());
    let under_test = [line[0]];
    let query = BaselineQuery { under_test: &under_test, ..query(line[0], &run, &none) };
    let found = scene.find(&query);
    assert_eq!(commits(&found.runs), [line[1]]);
    assert_eq!(outcomes(&found)[0], &Outcome::UnderTest);
}

#[test]
fn a_branch_is_held_against_where_it_left_main() {
    let (scene, line) = Scene::with_commits(3);
    line.iter().for_each(|commit| scene.record(*commit, "default", 60.0));
    let own = scene.commit("feature", &[line[1]], 10);
    scene.record(own, "default", 60.0);
    let (run, none) = (minute(), BTreeSet::new());
    let found = scene.find(&query(own, &run, &none));
    // Neither what main got since, nor the branch's own commit.
    assert_eq!(commits(&found.runs), [line[1], line[2]]);
}

#[test]
fn of_a_merge_the_first_parent_alone_is_followed() {
    let (scene, line) = Scene::with_commits(2);
    let side = scene.commit("side", &[line[1]], 10);
    scene.record(side, "default", 60.0);
    scene.record(line[1], "default", 60.0);
    let merge = scene.commit("main", &[line[0], side], 11);
    let (run, none) = (minute(), BTreeSet::new());
    assert_eq!(commits(&scene.find(&query(merge, &run, &none)).runs), [line[1]]);
}

#[test]
fn a_run_of_another_test_is_passed_over_with_what_differs_in_the_nearest_one() {
    let (scene, line) = Scene::with_commits(2);
    // Of another suite and far longer; and far longer alone.
    scene.record(line[0], "other", 600.0);
    scene.record(line[0], "default", 600.0);
    scene.record(line[1], "default", 61.0);
    let (run, none) = (minute(), BTreeSet::new());
    let found = scene.find(&query(line[0], &run, &none));
    assert_eq!(commits(&found.runs), [line[1]]);
    let Outcome::NotComparable { differences } = outcomes(&found)[0] else {
        unreachable!("{:?}", outcomes(&found))
    };
    let fields: Vec<Field> = differences.iter().map(|difference| difference.field).collect();
    assert_eq!(fields, [Field::Duration]);
}

#[test]
fn a_difference_that_is_allowed_is_none() {
    let (scene, line) = Scene::with_commits(1);
    scene.record(line[0], "default", 600.0);
    let (run, allowed) = (minute(), BTreeSet::from([Field::Duration]));
    assert_eq!(scene.find(&query(line[0], &run, &allowed)).runs.len(), 1);
    let none = BTreeSet::new();
    assert_eq!(scene.find(&query(line[0], &run, &none)).runs.len(), 0);
}

#[test]
fn where_the_rest_of_the_history_is_missing_nothing_found_is_not_the_answer() {
    let (scene, line) = Scene::with_commits(3);
    // As a shallow clone has it: what lies behind is neither here nor on a remote.
    let objects = scene.clone.path().join("objects");
    let gone = line[2].to_string();
    std::fs::remove_file(objects.join(&gone[..2]).join(&gone[2..])).unwrap();
    std::fs::write(scene.clone.path().join("shallow"), format!("{}\n", line[1])).unwrap();
    let (run, none) = (minute(), BTreeSet::new());
    let query = query(line[0], &run, &none);
    let answer = find_baseline(&scene.store, &scene.history(), &query);
    assert!(matches!(answer, Err(StoreError::HistoryUnknown { .. })), "{answer:?}");
    // What is found in what is here counts.
    scene.record(line[1], "default", 60.0);
    assert_eq!(commits(&scene.find(&query).runs), [line[1]]);
}

#[test]
fn the_nearest_run_that_is_meant_is_one_of_the_first_parent_line() {
    let (scene, line) = Scene::with_commits(3);
    scene.record(line[1], "other", 60.0);
    scene.record(line[2], "default", 60.0);
    let nearest = |most, suite: &str| {
        let meant = |run: &Run| run.suite == suite;
        let found = nearest_run(&scene.store, &scene.history(), ("main", line[0]), most, &meant);
        found.unwrap().map(|stored| stored.entry.commit)
    };
    assert_eq!(nearest(10, "other"), Some(line[1]));
    assert_eq!(nearest(10, "default"), Some(line[2]));
    assert_eq!(nearest(2, "default"), None);
}

#[test]
fn the_recorded_commits_of_a_line_are_those_with_records() {
    let (scene, line) = Scene::with_commits(4);
    scene.record(line[0], "default", 60.0);
    scene.record(line[2], "default", 60.0);
    scene.record(line[3], "default", 60.0);
    let walked = scene.history().line(("main", line[0]), 3, Vec::new()).unwrap().commits;
    let recorded = recorded_line(&scene.store, walked).unwrap();
    let ids: Vec<CommitId> = recorded.iter().map(|(commit, _)| commit.id).collect();
    assert_eq!(ids, [line[0], line[2]]);
}

#[test]
fn a_line_goes_on_as_one_that_was_walked_before() {
    let (scene, line) = Scene::with_commits(6);
    let history = scene.history();
    let walk = |head: CommitId, most: usize, known: Vec<CommitInfo>| {
        history.line(("main", head), most, known).unwrap()
    };
    for head in &line {
        for before in &line {
            for most in 1..8 {
                let known = walk(*before, 100, Vec::new());
                assert!(known.whole && known.known == 0);
                let (on, anew) = (walk(*head, most, known.commits), walk(*head, most, Vec::new()));
                assert_eq!(on.commits, anew.commits);
                assert!(on.known <= on.commits.len() && on.whole);
            }
        }
    }
    assert_eq!(walk(line[0], 100, walk(line[2], 100, Vec::new()).commits).known, line.len() - 2);
}
