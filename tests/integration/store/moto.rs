//! Records in the S3 of moto, a service that somebody else wrote. Where `moto_server` is not installed (`pip install
//! 'moto[server]'`), the tests say so and do nothing.

use crate::support::objects::{Bucket, results};
use crate::support::{Repo, clean};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

const SKIPPED: &str = "skipped: moto_server is not installed (pip install 'moto[server]')";

/// A server, until it is dropped.
struct Moto {
    child: Child,
    endpoint: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Moto {
    /// A server that asks for good credentials after so many requests; none where moto is not installed.
    fn start(trusting: &str) -> Option<Self> {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = clean("moto_server", std::path::Path::new("."));
        command.args(["-H", "127.0.0.1", "-p", &address.port().to_string()]);
        command.env("INITIAL_NO_AUTH_ACTION_COUNT", trusting);
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.ok()?;
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = said.by_ref().map_while(Result::ok).any(|line| line.contains("Running on"));
        let moto = Self { child, endpoint: format!("http://{address}") };
        assert!(ready, "moto_server ended");
        std::thread::spawn(move || said.count());
        Some(moto)
    }

    fn service(&self) -> Bucket {
        Bucket::at(&self.endpoint)
    }
}

fn repo(url: &str) -> Repo {
    let repo = Repo::new();
    let policy = format!("store: {{ kind: object, url: '{url}', timeout: 20s }}\n");
    fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
    repo.commit("change");
    repo
}

#[test]
fn moto_keeps_what_32_writers_record_at_once_each_once() {
    let Some(moto) = Moto::start("inf") else {
        eprintln!("{SKIPPED}");
        return;
    };
    let bucket = moto.service();
    bucket.make("perf");
    let repo = repo("s3://perf/team/api");
    let same = results(&repo, 100);
    let writers: Vec<_> = (1..=32)
        .map(|number| {
            let mut command = bucket.command(&repo);
            command.args(["record", &results(&repo, number), &same]);
            command.stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    let listed = bucket.perfgate(&repo, &["baseline", "verify"]).expect(0);
    assert!(listed.stderr.contains("33 records as written"), "{listed:?}");
    repo.commit("change");
    let gate = ["compare", "--baseline", "main", "--format", "json", &results(&repo, 200)];
    assert_eq!(bucket.perfgate(&repo, &gate).json()["baseline"]["runs"], 33);
    bucket.perfgate(&repo, &["baseline", "prune", "--keep", "0"]).expect(0);
    let again =
        bucket.perfgate(&repo, &["record", "--commit", "HEAD~1", &results(&repo, 1)]).expect(0);
    assert!(again.stderr.starts_with("recorded: "), "{again:?}");
    let listed = bucket.perfgate(&repo, &["baseline", "verify"]).expect(0);
    assert!(listed.stderr.contains("1 record as written"), "{listed:?}");
}

#[test]
fn moto_keeps_what_compactors_and_32_writers_make_at_once() {
    let Some(moto) = Moto::start("inf") else {
        eprintln!("{SKIPPED}");
        return;
    };
    let bucket = moto.service();
    bucket.make("perf");
    let repo = repo("s3://perf/shop");
    bucket.perfgate(&repo, &["record", &results(&repo, 1)]).expect(0);
    let index = ["fleet", "index", "s3://perf"];
    let spawn = |arguments: &[&str]| {
        let mut command = bucket.command(&repo);
        command.args(arguments).stdout(Stdio::null()).spawn().unwrap()
    };
    let mut all: Vec<Child> =
        (2..=33).map(|number| spawn(&["record", &results(&repo, number)])).collect();
    all.extend((0..4).map(|_| spawn(&index)));
    for child in &mut all {
        assert!(child.wait().unwrap().success());
    }
    bucket.perfgate(&repo, &index).expect(0);
    let manifest = bucket.text("perf/facts/month=2026-01/_manifest.json").unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["services"]["shop"]["runs"], 33, "{manifest}");
    let again = bucket.perfgate(&repo, &index).expect(0);
    assert!(again.stderr.contains("up to date"), "{again:?}");
}

#[test]
fn moto_knows_neither_the_bucket_nor_the_credentials() {
    let Some(moto) = Moto::start("1") else {
        eprintln!("{SKIPPED}");
        return;
    };
    let bucket = moto.service();
    bucket.make("perf");
    let refused = bucket.perfgate(&repo("s3://perf/api"), &["baseline", "list"]).expect(2);
    assert!(refused.stderr.starts_with("error[P312]"), "{refused:?}");
    let moto = Moto::start("inf").unwrap();
    let repo = repo("s3://nobody-made-this/api");
    let refused = moto.service().perfgate(&repo, &["record", &results(&repo, 1)]).expect(2);
    assert!(refused.stderr.starts_with("error[P314]"), "{refused:?}");
}
