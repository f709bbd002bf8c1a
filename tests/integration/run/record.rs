//! One run of a load tool: it gets the profile's numbers and no token, and its result is recorded whole or not at all.
#![cfg(unix)]

use crate::support::load_tool::{ARGUMENTS, GOOD, recorded, repository, run, write};
use crate::support::{self, Ended, Repo, command, level_run};
use perfgate::forge::FORGES;
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn the_tool_gets_the_profiles_numbers_and_its_result_is_recorded() {
    let repo = repository(GOOD);
    let ended = run(&repo, &ARGUMENTS).expect(0);
    let out = repo.folder.join("out/run-1");
    let log = std::fs::read_to_string(out.join("output.log")).unwrap();
    assert_eq!(log, format!("7 2 60s {}\n", out.display()));
    assert!(ended.stderr.contains("recorded for"), "{}", ended.stderr);
    let runs = recorded(&repo);
    let [only] = runs.as_slice() else { panic!("{runs:?}") };
    assert_eq!(only["profile"], json!("baseline"));
    assert_eq!(only["load"], json!({ "users": 7, "users_planned": true, "spawn_rate": 2.0 }));
    assert!(
        only["labels"]["host"].is_string() && only["calibration"]["cpu"].is_number(),
        "{only:#}"
    );
    assert!(out.join("perfgate-run.json").is_file());
    let header = std::fs::read_to_string(out.join("resources.csv")).unwrap();
    assert!(header.starts_with("timestamp,cpu_percent,memory_percent,memory_mb,disk_read_mb,disk_write_mb,network_sent_mb,network_recv_mb,"));
    let end =
        "generator_cpu_percent,cpu_pressure_percent,cpu_steal_percent,run_queue,other_cpu_percent";
    assert_eq!(header.lines().next().map(|line| line.ends_with(end)), Some(true), "{header}");
}

#[test]
fn another_script_is_told_when_the_runs_are_compared() {
    let repo = repository(GOOD);
    let load = |script: &str, more: &[&str]| {
        write(&repo, "load.js", script);
        std::fs::remove_dir_all(repo.folder.join("out")).unwrap_or_default();
        let command = ["--", "./tool.sh", "load.js", "{users}", "{out}"];
        run(&repo, &[more, &command].concat()).expect(0)
    };
    load("first", &[]);
    let hash = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e";
    assert_eq!(recorded(&repo)[0]["load"]["script_sha256"], json!(hash));
    repo.commit("second");
    for (script, told) in [("first", false), ("second", true)] {
        load(script, &["--no-record"]);
        let file = "out/run-1/perfgate-run.json";
        let arguments = ["compare", "--profile", "baseline", "--baseline", "main", file];
        let table = repo.perfgate(&arguments).stdout;
        let line = "warning   script differs: a7937b64b8ca in the baseline, 16367aacb67a now";
        assert_eq!(table.contains(line), told, "{table}");
    }
}

#[test]
fn several_runs_are_recorded_together_or_not_at_all() {
    let repo = repository(GOOD);
    run(&repo, &[&["--repeat", "2", "--no-record"][..], &ARGUMENTS].concat()).expect(0);
    assert!(recorded(&repo).is_empty());
    let repo = repository(&format!("if [ -e once ]; then exit 3; fi; touch once; {GOOD}"));
    let ended = run(&repo, &[&["--repeat", "2"][..], &ARGUMENTS].concat()).expect(2);
    assert!(ended.stderr.contains("the tool left no result"), "{}", ended.stderr);
    assert!(recorded(&repo).is_empty());
}

#[test]
fn a_tool_that_fails_is_told_with_its_last_words_and_nothing_is_recorded() {
    let failing = |tool: &str, said: &[&str]| {
        let repo = repository(tool);
        let ended = run(&repo, &ARGUMENTS).expect(2);
        assert!(said.iter().all(|said| ended.stderr.contains(said)), "{}", ended.stderr);
        assert!(recorded(&repo).is_empty());
    };
    failing(
        "echo no such host; exit 4",
        &["exit code 4", "error[P404]: ", "left no result", "its last lines:\n    no such host\n"],
    );
    failing("kill -9 $$", &["error[P403]: ", "ended by signal 9", "nothing was recorded"]);
    failing("echo '{ broken' > \"$4/result.json\"", &["left no result"]);
    failing(
        "echo '{\"schema\": \"perfgate.run/1\", \"tool\": {\"name\": \"x\"}, \"endpoints\": []}' > \"$4/r.json\"",
        &["contains no measurements"],
    );
    let repo = repository(GOOD);
    let ended = run(&repo, &["--", "./nothing"]).expect(2);
    assert!(ended.stderr.contains("error[P402]: ./nothing could not be started"));
    assert!(ended.stderr.contains("cannot start ./nothing"), "{}", ended.stderr);
    let ended = repo.perfgate(&["run", "--profile", "base", "--", "./tool.sh"]).expect(2);
    assert!(ended.stderr.contains("perfgate.yaml has no profile base"), "{}", ended.stderr);
    let ended = repo.perfgate(&["run", "--watch", "999999999", "--", "./tool.sh"]).expect(2);
    assert!(ended.stderr.contains("there is no process 999999999"), "{}", ended.stderr);
}

#[test]
fn a_load_that_has_gone_wrong_is_ended_with_what_was_seen() {
    let repo = repository(
        "cd \"$2\"; echo 'Name,Total Request Count,Total Failure Count' > x_stats_history.csv\n\
         n=0; while :; do n=$((n + 50)); echo \"Aggregated,$n,$n\" >> x_stats_history.csv; sleep 0.1; done",
    );
    let run = |condition: &str, out: &str| {
        repo.perfgate(&[
            "run",
            "--busy-ok",
            "--out",
            out,
            "--stop-when",
            condition,
            "--",
            "./tool.sh",
            "x",
            "{out}",
        ])
    };
    let ended = run("error_rate > 50% for 1s", "out").expect(2);
    assert!(ended.stderr.contains("stopped: "), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("requests failed (error_rate > 50% for 1s); nothing was recorded"),
        "{}",
        ended.stderr
    );
    assert!(recorded(&repo).is_empty());
    let refused = run("errors > 50%", "other").expect(2);
    assert!(
        refused.stderr.contains("write it like `error_rate > 50% for 10s`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn old_results_are_not_taken_for_new_ones() {
    let repo = repository(GOOD);
    run(&repo, &ARGUMENTS).expect(0);
    let ended = run(&repo, &ARGUMENTS).expect(2);
    assert!(ended.stderr.contains("is not empty"), "{}", ended.stderr);
}

#[test]
fn the_tool_gets_no_token_but_those_that_are_named() {
    let repo = repository(&format!("env > environment; {GOOD}"));
    let withheld = [
        "PERFGATE_TOKEN",
        "PERFGATE_PROMETHEUS_TOKEN",
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "INPUT_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "CI_JOB_TOKEN",
        "GIT_CONFIG_KEY_0",
        "GIT_CONFIG_VALUE_0",
    ];
    let go = |out: &str, pass: &[&str]| {
        let mut perfgate = command(&repo.folder);
        perfgate.args(["run", "--busy-ok", "--no-record", "--profile", "baseline", "--out", out]);
        perfgate.args(pass).args(ARGUMENTS).env("API_TOKEN", "for-the-service");
        let of_forges = FORGES.iter().flat_map(|forge| forge.tokens).copied();
        for name in withheld.into_iter().chain(of_forges) {
            perfgate.env(name, "canary");
        }
        Ended::of(perfgate.env("GIT_CONFIG_COUNT", "0").output().unwrap()).expect(0);
        std::fs::read_to_string(repo.folder.join("environment")).unwrap()
    };
    let seen = go("none", &[]);
    assert!(!seen.contains("canary") && !seen.contains("GIT_CONFIG_COUNT"), "{seen}");
    assert!(seen.contains("API_TOKEN=for-the-service"), "{seen}");
    let seen = go("one", &["--pass-env", "GITHUB_TOKEN"]);
    assert!(seen.contains("GITHUB_TOKEN=canary"), "{seen}");
    assert_eq!(seen.matches("canary").count(), 1, "{seen}");
}

/// Root reads everything, so whoever runs the tests as root runs this as nobody.
#[test]
#[cfg(target_os = "linux")]
fn the_tool_cannot_read_a_token_in_the_environment_of_perfgate() {
    use std::os::unix::fs::MetadataExt as _;
    use std::os::unix::process::CommandExt as _;
    let repo = Repo::new();
    let program = repo.around().join("perfgate");
    std::fs::copy(env!("CARGO_BIN_EXE_perfgate"), &program).unwrap();
    // The process above the tool supervises it, the one above that is perfgate.
    let look = "tr '\\0' '\\n' </proc/$PPID/environ >above\n\
        perfgate=$(sed 's/.*) . //' /proc/$PPID/stat | cut -d ' ' -f 1)\n\
        tr '\\0' '\\n' >far </proc/$perfgate/environ; exit 3\n";
    write(&repo, "look.sh", look);
    for folder in [repo.around(), &repo.folder] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let mut perfgate = support::clean(program, &repo.folder);
    perfgate.args(["run", "--busy-ok", "--no-record", "--out", "out", "--", "sh", "look.sh"]);
    perfgate.env("GITHUB_TOKEN", "canary");
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        perfgate.uid(65_534).gid(65_534);
    }
    let ended = Ended::of(perfgate.output().unwrap()).expect(2);
    assert!(ended.stderr.contains("exit code 3"), "{ended:?}");
    let read = |name: &str| std::fs::read_to_string(repo.folder.join(name)).unwrap();
    assert!(read("above").contains("HOME=") && !read("above").contains("canary"));
    assert!(read("far").is_empty(), "{}", read("far"));
}

#[test]
fn the_log_of_the_tool_is_for_its_owner_alone() {
    let repo = repository(GOOD);
    run(&repo, &ARGUMENTS).expect(0);
    let log = repo.folder.join("out/run-1/output.log");
    let mode = std::fs::metadata(&log).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
}

#[test]
fn results_that_are_older_than_the_run_are_not_its_own() {
    let repo = repository("true");
    let ended = run(&repo, &["--results", "result.json", "--", "./tool.sh"]).expect(2);
    assert!(ended.stderr.contains("result.json was not written by this run"), "{}", ended.stderr);
    assert!(recorded(&repo).is_empty());
}

#[test]
fn resources_from_elsewhere_attach_to_a_run() {
    let repo = Repo::new();
    let rows: String = (0..60)
        .map(|s| format!("{},{},{}\n", 1_790_000_000 + s, 40 + s % 3, 400.0 + f64::from(s)))
        .collect();
    write(&repo, "resources.csv", &format!("timestamp,cpu_percent,memory_mb\n{rows}"));
    write(&repo, "run.json", &level_run(0, &[1.0]).to_string());
    write(
        &repo,
        "perfgate.yaml",
        "budgets: [{ cpu: 70% }, { memory: 512MB }, { memory_leak: none }]\n",
    );
    let ended = repo.perfgate(&["check", "run.json", "--attach", "resources.csv"]).expect(1);
    assert!(ended.stdout.contains("✓ cpu mean 41.0 % ≤ 70 %"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("✗ memory growth at least 3600 MB/h: a leak"),
        "{}",
        ended.stdout
    );
    let two =
        repo.perfgate(&["check", "run.json", "run.json", "--attach", "resources.csv"]).expect(2);
    assert!(two.stderr.contains("belongs to one run"), "{}", two.stderr);
}
