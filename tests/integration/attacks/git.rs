//! What perfgate does not trust: git folders that came as files, hooks and settings in its own store, servers that repeat
//! tokens.
#![cfg(unix)]

use crate::support::{Ended, Repo, command};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// `x:ghs_CanaryToken123` as git sends it.
const BASIC: &str = "eDpnaHNfQ2FuYXJ5VG9rZW4xMjM=";

const TOKEN: &str = "ghs_CanaryToken123";

/// A script that leaves a file behind when it is run.
fn trap(path: &Path, marker: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\necho run >>'{}'\n", marker.display())).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A repository with a remote that has one recorded run.
fn with_remote() -> Repo {
    let repo = Repo::new();
    repo.commit("first");
    let remote = repo.around().join("remote.git");
    repo.git(&["clone", "--quiet", "--bare", ".", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", &format!("file://{}", remote.display())]);
    repo.record_with("HEAD", 1, &["--push"]);
    repo
}

#[test]
fn a_git_folder_made_of_committed_files_is_refused_by_every_command() {
    let repo = Repo::new();
    let marker = repo.around().join("marker");
    let shop = repo.folder.join("services/shop");
    // With a work tree of its own it does not look like a bare repository.
    for settings in ["bare = true", "bare = false\n\tworktree = .."] {
        fs::create_dir_all(shop.join("objects/info")).unwrap();
        fs::create_dir_all(shop.join("refs/heads")).unwrap();
        fs::create_dir_all(shop.join("perf")).unwrap();
        fs::write(shop.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        let evil = format!("sh -c \"echo run >>'{}'\"", marker.display()).replace('"', "\\\"");
        let config = format!(
            "[core]\n\trepositoryformatversion = 0\n\t{settings}\n\tsshCommand = \"{evil}\"\n\
             [remote \"origin\"]\n\turl = ssh://127.0.0.1/x\n"
        );
        fs::write(shop.join("config"), config).unwrap();
        let results = repo.results();
        for arguments in [
            &["compare", "--baseline", "main", &results][..],
            &["record", "--push", &results],
            &["trend"],
            &["report", "--site", "site"],
            &["baseline", "fetch"],
            &["doctor"],
        ] {
            for folder in [&shop, &shop.join("perf")] {
                let ended = Ended::of(command(folder).args(arguments).output().unwrap()).expect(2);
                let said = ended.stdout + &ended.stderr;
                assert!(said.contains("is a bare repository"), "{arguments:?}: {said}");
            }
        }
        assert!(!marker.exists(), "{settings}");
    }
    // Whoever names it means it.
    let named = command(&shop).env("GIT_DIR", ".").args(["baseline", "fetch"]).output().unwrap();
    assert!(!Ended::of(named).expect(2).stderr.contains("is a bare repository"));
}

#[test]
fn neither_hooks_nor_settings_in_the_private_store_have_any_effect() {
    let repo = with_remote();
    let private = repo.folder.join(".git/perfgate.git");
    let marker = repo.around().join("marker");
    let ours = fs::read_to_string(private.join("config")).unwrap();
    for hook in ["reference-transaction", "pre-push", "post-rewrite", "pre-auto-gc"] {
        trap(&private.join("hooks").join(hook), &marker);
        trap(&repo.around().join("hooks").join(hook), &marker);
    }
    let program = repo.around().join("program");
    trap(&program, &marker);
    let foreign = format!(
        "{ours}\tsshCommand = {0}\n\tfsmonitor = {0}\n\thooksPath = {1}\n[remote \"perfgate\"]\n\tuploadpack = {0}\n\treceivepack = {0}\n",
        program.display(),
        repo.around().join("hooks").display(),
    );
    fs::write(private.join("config"), foreign).unwrap();
    repo.commit("second");
    repo.record_with("HEAD", 2, &["--push"]);
    for arguments in [&["baseline", "fetch"][..], &["trend"], &["doctor"]] {
        // Hooks that the user has for all repositories are not for this one either.
        let hooks = repo.around().join("hooks").display().to_string();
        let ended = command(&repo.folder)
            .args(arguments)
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "core.hooksPath")
            .env("GIT_CONFIG_VALUE_0", hooks)
            .output();
        Ended::of(ended.unwrap()).expect(0);
    }
    assert!(!marker.exists());
    assert_eq!(fs::read_to_string(private.join("config")).unwrap(), ours);
}

/// A server on this machine that refuses every request and repeats what was sent.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let sent = lines.take_while(|line| !line.is_empty());
            let sent: Vec<String> = sent.filter(|line| line.starts_with("Auth")).collect();
            let body = format!("no entry for {}\n", sent.join(" "));
            let head = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nConnection: close";
            let length = body.len();
            drop(write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}"));
        }
    });
    address
}

#[test]
fn a_token_that_a_git_server_repeats_is_not_printed() {
    let repo = Repo::new();
    repo.commit("first");
    let address = echo();
    repo.git(&["remote", "add", "origin", &format!("http://{address}/o/r.git")]);
    let header = format!("Authorization: basic {BASIC}");
    // As a checkout leaves it, and as the action hands it on.
    for in_the_clone in [true, false] {
        let mut fetch = command(&repo.folder);
        fetch.args(["baseline", "fetch"]);
        if in_the_clone {
            repo.git(&["config", "http.extraheader", &header]);
        } else {
            repo.git(&["config", "--unset", "http.extraheader"]);
            fetch.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "http.extraHeader");
            fetch.env("GIT_CONFIG_VALUE_0", &header);
        }
        let said = Ended::of(fetch.output().unwrap()).expect(2).stderr;
        assert!(said.contains("no entry for Authorization: basic ***"), "{said}");
        assert!(!said.contains(BASIC) && !said.contains(TOKEN), "{said}");
    }
}

#[test]
fn git_gets_none_of_perfgates_own_tokens() {
    let repo = Repo::new();
    repo.commit("first");
    let seen = repo.around().join("environment");
    repo.git(&["remote", "add", "origin", "ssh://127.0.0.1/r"]);
    repo.git(&["config", "core.sshCommand", &format!("env >'{}'; false", seen.display())]);
    let ended = command(&repo.folder)
        .args(["baseline", "fetch"])
        .env("PERFGATE_TOKEN", TOKEN)
        .env("PERFGATE_PROMETHEUS_TOKEN", TOKEN)
        .env("GITHUB_TOKEN", "for-the-credential-helper")
        .output();
    Ended::of(ended.unwrap()).expect(2);
    let seen = fs::read_to_string(seen).unwrap();
    assert!(seen.contains("for-the-credential-helper") && !seen.contains(TOKEN), "{seen}");
}

#[test]
fn passwords_and_tokens_in_addresses_are_not_recorded() {
    let repo = Repo::new();
    repo.commit("first");
    let latency = r#"{"count": 100, "quantiles": {"p50": 1, "p95": 2, "p99": 3}}"#;
    let run = format!(
        r#"{{"schema": "perfgate.run/1", "tool": {{"name": "x"}}, "duration_s": 60,
            "load": {{"target": "https://admin:CANARY@shop.test/?access_token=CANARY"}},
            "endpoints": [{{"method": "GET", "name": "https://u:CANARY@shop.test/a?id=1&api_key=CANARY",
                "requests": 100, "failures": 1, "latency": {latency},
                "failure_kinds": [{{"message": "Get \"http://u:CANARY@shop.test\": refused", "count": 1}}]}}]}}"#
    );
    fs::write(repo.folder.join("run.json"), run).unwrap();
    // As Locust writes them.
    let stats = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\n\
        GET,http://u:CANARY@shop.test/a,100,1,1,1,1,3,9,10,0,1,1,1,1,2,2,2,3,3,3,3\n\
        ,Aggregated,100,1,1,1,1,3,9,10,0,1,1,1,1,2,2,2,3,3,3,3\n";
    fs::write(repo.folder.join("x_stats.csv"), stats).unwrap();
    let failures = "Method,Name,Error,Occurrences\n\
        GET,http://u:CANARY@shop.test/a,ConnectionError(http://u:CANARY@shop.test/a?token=CANARY),1\n";
    fs::write(repo.folder.join("x_failures.csv"), failures).unwrap();
    for (file, kept) in [("run.json", "?id=1&api_key=***"), ("x_stats.csv", "http://shop.test/a")] {
        let run = repo.perfgate(&["normalize", file]).expect(0).stdout;
        assert!(!run.contains("CANARY") && run.contains(kept), "{run}");
        assert!(run.contains("shop.test"), "{run}");
    }
}
