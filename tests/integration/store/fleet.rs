//! Many services at once: facts made of their records, what got worse, and whose gate can be trusted.

use crate::support::objects::{Bucket, results};
use crate::support::{Ended, Repo, command, level_run, perfgate};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A service with a store in a folder, and as many commits with a run as there are levels of its endpoints.
fn service(root: &Path, name: &str, levels: &[[f64; 2]]) -> Repo {
    let repo = Repo::new();
    let policy = format!("store: {{ kind: object, url: 'file://{}/{name}' }}\n", root.display());
    fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
    levels.iter().enumerate().for_each(|(r, level)| drop(repo.record_level("change", r, level)));
    repo
}

/// Two endpoints of a service, of which the first is slower from a commit on.
fn slower(commits: usize, from: usize, times: f64) -> Vec<[f64; 2]> {
    (0..commits).map(|r| [if r < from { 1.0 } else { times }, 1.0]).collect()
}

/// Three services: one got slower, one is steady, one has hardly begun.
fn fleet() -> TempDir {
    let root = TempDir::new().unwrap();
    service(root.path(), "checkout", &slower(20, 13, 1.4));
    service(root.path(), "team/search", &slower(16, 16, 1.0));
    service(root.path(), "cart", &slower(2, 2, 1.0));
    root
}

/// A session of commands, with the address shortened.
struct Told<'a> {
    root: &'a Path,
    text: String,
}

impl Told<'_> {
    fn run(&mut self, arguments: &[&str]) -> Ended {
        let url = format!("file://{}", self.root.display());
        let given: Vec<String> = arguments.iter().map(|own| own.replace("ROOT", &url)).collect();
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let ended = perfgate(self.root, &given);
        let said = format!("{}{}", ended.stdout, ended.stderr).replace(&url, "s3://perf");
        let shown = arguments.join(" ").replace("ROOT", "s3://perf");
        writeln!(self.text, "$ perfgate {shown} → {}\n{said}", ended.code).unwrap();
        ended
    }
}

#[test]
fn records_of_many_services_are_compacted_and_told_of() {
    let root = fleet();
    let mut told = Told { root: root.path(), text: String::new() };
    told.run(&["fleet", "top", "ROOT"]);
    told.run(&["fleet", "index", "ROOT"]);
    told.run(&["fleet", "index", "ROOT"]);
    let since = ["--since", "2026-01-01", "--history", "2025-12-01"];
    told.run(&[&["fleet", "top", "ROOT"], &since[..]].concat());
    told.run(&["fleet", "top", "ROOT", "--history", "2025-12-01"]);
    told.run(&[&["fleet", "top", "ROOT", "--format", "markdown"], &since[..]].concat());
    told.run(&[&["fleet", "top", "ROOT", "--min-effect", "80%"], &since[..]].concat());
    told.run(&[&["fleet", "steps", "ROOT"], &since[..]].concat());
    told.run(&["fleet", "gates", "ROOT", "--all", "--since", "2026-01-01"]);
    told.run(&["fleet", "gates", "ROOT"]);
    told.run(&["fleet", "gates", "ROOT", "--format", "markdown", "--since", "2026-01-01"]);
    told.run(&["fleet", "site", "ROOT", "--history", "2025-12-01", "--output", "site"]);
    insta::assert_snapshot!(told.text);
    let index = fs::read_to_string(root.path().join("site/index.html")).unwrap();
    let place = |text: &str| index.find(text).unwrap_or_else(|| panic!("{text}: {index}"));
    // What got worse comes first.
    assert!(place("href=\"checkout/index.html\"") < place("href=\"team.search/index.html\""));
    assert!(root.path().join("site/checkout/index.html").exists());
}

#[test]
fn what_is_told_fits_every_terminal() {
    let root = fleet();
    let url = format!("file://{}", root.path().display());
    perfgate(root.path(), &["fleet", "index", &url]).expect(0);
    let mut all = String::new();
    for columns in ["60", "80", "120", "200"] {
        for arguments in [
            ["fleet", "steps", &url, "--history", "2025-12-01"],
            ["fleet", "gates", &url, "--all", "--offline"],
        ] {
            let mut command = command(root.path());
            command.env("COLUMNS", columns).args(arguments).args(["--since", "2026-01-01"]);
            let shown = Ended::of(command.output().unwrap()).expect(0).stdout;
            for line in shown.lines().filter(|line| !line.trim_start().starts_with("perfgate ")) {
                let most: usize = columns.parse().unwrap();
                assert!(line.chars().count() <= most, "{columns} columns: {line}\n{shown}");
            }
            writeln!(all, "{:-<1$}\n{shown}", columns, columns.parse().unwrap()).unwrap();
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn programs_read_the_same_as_people() {
    let root = fleet();
    let url = format!("file://{}", root.path().display());
    perfgate(root.path(), &["fleet", "index", &url]).expect(0);
    let since = ["--since", "2026-01-01", "--history", "2025-12-01", "--format", "json"];
    let top =
        perfgate(root.path(), &[&["fleet", "top", &url], &since[..]].concat()).expect(0).json();
    let step = &top["steps"][0];
    assert_eq!(
        (step["service"].as_str(), step["measurement"].as_str(), step["standing"].as_str()),
        (Some("checkout"), Some("GET /0 p95"), Some("worse"))
    );
    assert!((step["change"].as_f64().unwrap() - 0.4).abs() < 0.03, "{step}");
    let gates = ["fleet", "gates", &url, "--since", "2026-01-01", "--format", "json"];
    let gates = perfgate(root.path(), &gates).expect(0).json();
    let states: Vec<_> =
        gates["gates"].as_array().unwrap().iter().map(|own| &own["state"]).collect();
    assert_eq!(states, ["no_baseline", "fine", "fine"]);
    let schema = perfgate(root.path(), &["schema", "fleet"]).expect(0).json();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for document in [&top, &gates] {
        assert!(schema.is_valid(document), "{document:#}");
    }
}

#[test]
fn clones_are_read_with_their_own_policies_and_a_bad_one_is_named() {
    let shop = Repo::new();
    slower(20, 13, 1.4)
        .iter()
        .enumerate()
        .for_each(|(r, l)| drop(shop.record_level("change", r, l)));
    let calm = Repo::new();
    calm.record_steady(12, &[1.0, 1.0]);
    let folder = TempDir::new().unwrap();
    let [shop, calm] = [&shop, &calm].map(|repo| repo.folder.to_str().unwrap());
    let arguments = ["fleet", "top", "--offline", "--since", "2026-01-01", "--repo"];
    let ended =
        perfgate(folder.path(), &[&arguments[..], &[shop, "--repo", calm]].concat()).expect(0);
    assert!(ended.stdout.contains("1 of 2 services got worse"), "{ended:?}");
    assert!(ended.stdout.contains("GET /0 p95"), "{ended:?}");
    // A clone tells what the commit says of itself.
    assert!(ended.stdout.contains("still worse: change"), "{ended:?}");
    let ended =
        perfgate(folder.path(), &[&arguments[..], &[shop, "--repo", "nowhere"]].concat()).expect(2);
    assert!(ended.stdout.contains("1 of 1 service got worse"), "{ended:?}");
    assert!(ended.stdout.contains("could not be read: nowhere"), "{ended:?}");
    assert!(ended.stderr.contains("there is no such folder"), "{ended:?}");
    let gates = ["fleet", "gates", "--offline", "--since", "2026-01-01", "--all", "--repo", shop];
    let gates = perfgate(folder.path(), &gates).expect(0);
    assert!(gates.stdout.contains("fine"), "{gates:?}");
}

#[test]
fn what_is_no_fleet_is_said() {
    let folder = TempDir::new().unwrap();
    for (arguments, said) in [
        (&["fleet", "top"][..], "<URL>"),
        (&["fleet", "top", "https://example.com"], "no address of object storage"),
        (&["fleet", "index", "file:///nothing/is/here"], "there is no store of perfgate"),
        (&["fleet", "top", "file:///nothing/is/here"], "there are no facts"),
        (&["fleet", "top", "s3://bucket"], "AWS_ACCESS_KEY_ID"),
        (&["fleet", "top", "--since", "soon", "s3://bucket"], "write days like 7d"),
        (&["fleet", "top", "--since", "0d", "s3://bucket"], "write days like 7d"),
    ] {
        let ended = perfgate(folder.path(), arguments).expect(2);
        assert!(ended.stderr.contains(said), "{arguments:?}: {ended:?}");
    }
}

/// How many runs the manifests say that were compacted of a service.
fn compacted(bucket: &Bucket, service: &str) -> u64 {
    let manifests = bucket.keys("fleet/facts/").into_iter().filter(|key| key.ends_with(".json"));
    let runs = manifests.map(|key| {
        let manifest: serde_json::Value = serde_json::from_slice(&bucket.content(&key)).unwrap();
        manifest["services"][service]["runs"].as_u64().unwrap_or_default()
    });
    runs.sum()
}

fn shop(commits: u32, bucket: &Bucket) -> Repo {
    let repo = Repo::new();
    let policy = "store: { kind: object, url: s3://runs/fleet/shop }\n";
    fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
    for number in 1..=commits {
        repo.commit("change");
        bucket.perfgate(&repo, &["record", &results(&repo, number)]).expect(0);
    }
    repo
}

const INDEX: [&str; 3] = ["fleet", "index", "s3://runs/fleet"];

#[test]
fn compactors_and_writers_at_once_lose_and_double_nothing() {
    let bucket = Bucket::new();
    let repo = shop(2, &bucket);
    let spawn = |arguments: &[&str]| {
        let mut command = bucket.command(&repo);
        command
            .args(arguments)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command.spawn().unwrap()
    };
    let mut all: Vec<_> =
        (100..116).map(|number| spawn(&["record", &results(&repo, number)])).collect();
    all.extend((0..6).map(|_| spawn(&INDEX)));
    for child in &mut all {
        assert!(child.wait().unwrap().success());
    }
    bucket.perfgate(&repo, &INDEX).expect(0);
    assert_eq!(compacted(&bucket, "shop"), 18);
    let again = bucket.perfgate(&repo, &INDEX).expect(0);
    assert!(again.stderr.contains("up to date"), "{again:?}");
}

#[test]
fn a_compactor_that_is_killed_leaves_nothing_half() {
    let bucket = Bucket::new();
    let repo = shop(3, &bucket);
    let mut points = 0;
    for request in 0.. {
        let killed = [false, true].map(|done| bucket.killed(&repo, &INDEX, (request, done)));
        points += killed.iter().filter(|killed| **killed).count();
        if killed == [false; 2] {
            break;
        }
        bucket.perfgate(&repo, &INDEX).expect(0);
        assert_eq!(compacted(&bucket, "shop"), 3 + request as u64);
        // The next one has something to do again.
        bucket.perfgate(&repo, &["record", &results(&repo, 10 + request as u32)]).expect(0);
    }
    assert!(points >= 10, "{points} points");
}

#[test]
fn a_thousand_shards_are_merged_from_storage() {
    let bucket = Bucket::new();
    let repo = Repo::new();
    let mut shard = level_run(0, &[1.0]);
    let times: Vec<f64> = (0..50).map(f64::from).collect();
    shard["endpoints"][0] = serde_json::json!({
        "method": "GET", "name": "/0", "requests": 50, "failures": 1,
        "latency": { "count": 50, "samples": times },
    });
    for number in 0..1_000 {
        bucket.keep(&format!("load/run-7/shard-{number}.json"), shard.to_string().as_bytes());
    }
    bucket.keep("load/run-7/notes.txt", b"no result");
    let merge = ["merge", "s3://runs/load/run-7/*.json", "--output", "whole.json"];
    bucket.perfgate(&repo, &merge).expect(0);
    let whole = fs::read(repo.folder.join("whole.json")).unwrap();
    let whole: serde_json::Value = serde_json::from_slice(&whole).unwrap();
    let own = &whole["endpoints"][0];
    assert_eq!((own["requests"].as_u64(), own["failures"].as_u64()), (Some(50_000), Some(1_000)));
    let one = ["merge", "s3://runs/load/run-7/shard-3.json", "--output", "one.json"];
    bucket.perfgate(&repo, &one).expect(0);
    let missing = bucket.perfgate(&repo, &["merge", "s3://runs/load/run-8"]).expect(2);
    assert!(missing.stderr.contains("there is no such file"), "{missing:?}");
    let other = bucket.perfgate(&repo, &["merge", "s3://runs/load/run-7"]).expect(2);
    assert!(other.stderr.contains("notes.txt"), "{other:?}");
}
