//! Records in object storage: the whole program against a service on this machine, and against a folder.

use crate::support::objects::{Bucket, Fault, SECRET, results};
use crate::support::{Ended, Repo};
use std::fmt::Write as _;
use std::fs;

const S3: &str = "store: { kind: object, url: s3://runs/team/api }\n";

const UNKNOWN_KEY: &str = "<Error><Code>InvalidAccessKeyId</Code><Message>The key is not in our records.</Message></Error>";
const WRONG_SECRET: &str = "<Error><Code>SignatureDoesNotMatch</Code><Message>Yours was a-secret-that-nobody-may-see.</Message></Error>";
const EXPIRED: &str =
    "<Error><Code>ExpiredToken</Code><Message>The token has expired.</Message></Error>";
const WRONG_REGION: &str = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting 'eu-west-1'</Message></Error>";

fn repo(policy: &str) -> Repo {
    let repo = Repo::new();
    fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
    repo
}

/// Commits on main, each with a run.
fn recorded(bucket: &Bucket, commits: u32) -> Repo {
    let repo = repo(S3);
    for number in 1..=commits {
        repo.commit("change");
        bucket.perfgate(&repo, &["record", &results(&repo, number)]).expect(0);
    }
    repo
}

#[test]
fn a_folder_is_object_storage_without_a_service() {
    let repo = Repo::new();
    let folder = repo.around().join("kept here");
    let url = format!("file://{}", folder.display()).replace(' ', "%20");
    fs::write(
        repo.folder.join("perfgate.yaml"),
        format!("store: {{ kind: object, url: '{url}' }}\n"),
    )
    .unwrap();
    let mut session = String::new();
    let mut run = |arguments: &[&str]| {
        let ended = repo.perfgate(arguments);
        let shown = arguments.iter().filter(|argument| !argument.contains("run-")).copied();
        let shown: Vec<&str> = shown.collect();
        let (stdout, stderr) = (ended.stdout, ended.stderr);
        writeln!(session, "$ {} → {}\n{stdout}{stderr}", shown.join(" "), ended.code).unwrap();
    };
    for number in 1..=3 {
        repo.commit("change");
        run(&["record", &results(&repo, number)]);
    }
    run(&["record", "--push", &results(&repo, 3)]);
    run(&["baseline", "push"]);
    run(&["baseline", "fetch"]);
    run(&["baseline", "list"]);
    run(&["baseline", "verify"]);
    run(&["baseline", "prune", "--keep", "2"]);
    run(&["baseline", "list"]);
    run(&["baseline", "restore"]);
    run(&["baseline", "repair"]);
    run(&["baseline", "export", "exported"]);
    run(&["doctor"]);
    let session =
        session.replace(&url, "file:///kept%20here").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!(session);
    repo.commit("change");
    assert_eq!(repo.compare("main", &["--offline"]).json()["baseline"]["runs"], 2);
}

#[test]
fn a_gate_reads_its_window_in_few_requests_however_much_there_is() {
    let bucket = Bucket::new();
    let repo = recorded(&bucket, 24);
    // Ten runs a day for three years.
    for number in 0..11_000 {
        let (year, month, day) =
            (2022 + number / 3_650, 1 + number / 300 % 12, 1 + number / 10 % 28);
        let key =
            format!("team/api/commits/{year}-{month:02}-{day:02}/{number:040x}-{number:016x}-1-0");
        bucket.keep(&key, b"");
    }
    repo.commit("change");
    let results = results(&repo, 100);
    bucket.requests();
    let gate = ["compare", "--baseline", "main", "--format", "json", &results];
    let report = bucket.perfgate(&repo, &gate).expect(0).json();
    assert_eq!(report["baseline"]["runs"], 10);
    let requests = bucket.requests();
    let of = |what: &str| requests.iter().filter(|request| request.contains(what)).count();
    // What the store is, two listings, the ten runs of the window, and the ten before it that show whether it moved.
    assert_eq!(
        (of("/perfgate"), of("list-type"), of("/runs/team/api/runs/")),
        (1, 2, 20),
        "{requests:#?}"
    );
    assert_eq!(requests.len(), 23);
}

#[test]
fn of_32_writers_at_once_each_run_is_there_once() {
    let bucket = Bucket::new();
    let repo = recorded(&bucket, 1);
    let same = results(&repo, 7);
    let writers: Vec<_> = (100..132)
        .map(|number| {
            let mut command = bucket.command(&repo);
            command.args(["record", &results(&repo, number), &same]);
            command.stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    assert_eq!(bucket.keys("team/api/commits/").len(), 34);
    assert_eq!(bucket.keys("team/api/runs/").len(), 34);
    bucket.perfgate(&repo, &["baseline", "verify"]).expect(0);
}

#[test]
fn a_process_that_is_killed_loses_and_halves_nothing() {
    let bucket = Bucket::new();
    let repo = recorded(&bucket, 3);
    let (new, mut points) = (results(&repo, 50), 0);
    for arguments in [&["record", &new][..], &["baseline", "prune", "--keep", "1"]] {
        for request in 0.. {
            let killed = [false, true].map(|done| {
                let killed = bucket.killed(&repo, arguments, (request, done));
                bucket.perfgate(&repo, &["baseline", "verify"]).expect(0);
                killed
            });
            points += killed.iter().filter(|killed| **killed).count();
            if killed == [false; 2] {
                break;
            }
        }
        bucket.perfgate(&repo, arguments).expect(0);
    }
    assert!(points > 10, "{points} points");
    // The newest commit has its own run and the new one; of the others nothing is left.
    assert_eq!(bucket.keys("team/api/runs/").len(), 2);
}

#[test]
#[expect(clippy::use_debug, reason = "faults are called in the snapshot as they are here")]
fn what_is_wrong_with_a_service_is_named() {
    let bucket = Bucket::new();
    let repo = recorded(&bucket, 1);
    let answer = |status, text| Fault::Answer(status, text);
    let faults = [
        (answer(403, UNKNOWN_KEY), "error[P312]"),
        (answer(403, WRONG_SECRET), "error[P312]"),
        (answer(400, EXPIRED), "error[P312]"),
        (
            answer(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
            "error[P313]",
        ),
        (
            answer(
                404,
                "<Error><Code>NoSuchBucket</Code><Message>No such bucket</Message></Error>",
            ),
            "error[P314]",
        ),
        (answer(400, WRONG_REGION), "error[P315]"),
        (answer(301, ""), "error[P315]"),
        (
            answer(
                503,
                "<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>",
            ),
            "error[P316]",
        ),
        (answer(500, "oops"), "error[P316]"),
        (answer(418, "<Error><Code>Teapot</Code></Error>"), "error[P316]"),
        (Fault::Silence, "error[P316]"),
        (Fault::Cut, "error[P316]"),
    ];
    let new = results(&repo, 50);
    let mut all = String::new();
    // What is tried again is not tried for long.
    fs::write(repo.folder.join("perfgate.yaml"), S3.replace(" }", ", timeout: 2s }")).unwrap();
    for (fault, code) in faults {
        for (patience, arguments) in [(0, ["baseline", "list"]), (5, ["record", &new])] {
            bucket.fail(patience, Some(fault.clone()));
            let ended = bucket.perfgate(&repo, &arguments).expect(2);
            assert!(ended.stderr.starts_with(code), "{fault:?}: {}", ended.stderr);
            writeln!(all, "{fault:?} ({})\n{}", arguments[0], ended.stderr.trim_end()).unwrap();
        }
    }
    bucket.fail(0, None);
    for url in ["s3://runs/api", "gs://runs/api", "az://runs/api"] {
        let bare = self::repo(&format!("store: {{ kind: object, url: '{url}' }}\n"));
        let ended = bare.perfgate(&["baseline", "list"]).expect(2);
        writeln!(all, "no credentials\n{}", ended.stderr.trim_end()).unwrap();
    }
    let mut elsewhere = bucket.command(&repo);
    elsewhere.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").args(["baseline", "list"]);
    let ended = Ended::of(elsewhere.output().unwrap()).expect(2);
    assert!(ended.stderr.starts_with("error[P316]: s3://runs/team/api cannot be reached: "));
    assert!(
        !all.replace("Answer(403", "")
            .lines()
            .any(|line| line.starts_with("error") && line.contains(SECRET))
    );
    insta::assert_snapshot!(all);
    // Nothing half-written is there.
    bucket.perfgate(&repo, &["baseline", "verify"]).expect(0);
    bucket.perfgate(&repo, &["record", &new]).expect(0);
}

#[test]
fn without_a_network_nothing_can_be_read() {
    let bucket = Bucket::new();
    let repo = recorded(&bucket, 1);
    let ended =
        bucket.perfgate(&repo, &["compare", "--baseline", "main", "--offline", &results(&repo, 2)]);
    insta::assert_snapshot!(ended.expect(2).stderr, @r"
    error[P001]: without a network, nothing of s3://runs/team/api can be read
      leave out --offline; or compare with a file: perfgate compare --baseline-file FILE
    ");
}
