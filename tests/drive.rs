//! `perfgate run`: the tool gets the profile's numbers, its result is recorded, and nothing outlives perfgate or is half recorded.
#![expect(clippy::unwrap_used, reason = "test code")]
#![cfg(unix)]

mod support;

use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::{Ended, Repo, command, level_run};

const POLICY: &str = "profiles:\n  baseline: { users: 7, spawn_rate: 2, duration: 1m, targets: [{ cpu: 100% }, { error_rate: 1% }] }\n";

/// A repository with a policy, and a tool that copies `result.json` into the folder that it is given after saying its arguments.
fn repository(tool: &str) -> Repo {
    let repo = Repo::new();
    repo.commit("first");
    write(&repo, "perfgate.yaml", POLICY);
    write(&repo, "result.json", &level_run(0, &[1.0]).to_string());
    write(&repo, "tool.sh", &format!("#!/bin/sh\n{tool}\n"));
    let path = repo.folder.join("tool.sh");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    repo
}

const GOOD: &str =
    "echo \"$@\"; while [ $# -gt 1 ]; do shift; done; cp result.json \"$1/result.json\"";
/// A tool that starts another process, says the ids of both, and never ends.
const ENDLESS: &str = "sleep 1000 & echo $$ $! > pids; wait";
/// Starts a process in a session of its own, and another whose parent has ended as well; says the ids of both.
#[cfg(target_os = "linux")]
const DAEMONS: &str = "setsid sleep 1000 & own=$!; \
    (setsid sh -c 'echo $$ > orphan; exec sleep 1000' &); while [ ! -s orphan ]; do :; done; \
    echo $own $(cat orphan) > pids";

fn write(repo: &Repo, name: &str, text: &str) {
    std::fs::write(repo.folder.join(name), text).unwrap();
}

/// The machine that runs the tests may be busy: that is the matter of tests/quiet.rs.
fn run(repo: &Repo, more: &[&str]) -> Ended {
    let mut arguments = vec!["run", "--busy-ok", "--profile", "baseline", "--out", "out"];
    arguments.extend(more);
    repo.perfgate(&arguments)
}

const ARGUMENTS: [&str; 6] = ["--", "./tool.sh", "{users}", "{spawn_rate}", "{duration}", "{out}"];

fn recorded(repo: &Repo) -> Vec<Value> {
    let shown = repo.perfgate(&["baseline", "show"]);
    if shown.code != 0 {
        return Vec::new();
    }
    serde_json::Deserializer::from_str(&shown.stdout).into_iter().map(Result::unwrap).collect()
}

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
    assert_eq!(only["load"], json!({ "users": 7, "spawn_rate": 2.0 }));
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
        &["exit code 4", "left no result", "its last lines: no such host"],
    );
    failing("kill -9 $$", &["ended by signal 9", "nothing was recorded"]);
    failing("echo '{ broken' > \"$4/result.json\"", &["left no result"]);
    failing(
        "echo '{\"schema\": \"perfgate.run/1\", \"tool\": {\"name\": \"x\"}, \"endpoints\": []}' > \"$4/r.json\"",
        &["holds no measurement"],
    );
    let repo = repository(GOOD);
    let ended = run(&repo, &["--", "./nothing"]).expect(2);
    assert!(ended.stderr.contains("cannot start ./nothing"), "{}", ended.stderr);
    let ended = repo.perfgate(&["run", "--profile", "base", "--", "./tool.sh"]).expect(2);
    assert!(ended.stderr.contains("perfgate.yaml has no profile base"), "{}", ended.stderr);
    let ended = repo.perfgate(&["run", "--watch", "999999999", "--", "./tool.sh"]).expect(2);
    assert!(ended.stderr.contains("there is no process 999999999"), "{}", ended.stderr);
}

#[test]
fn old_results_are_not_taken_for_new_ones() {
    let repo = repository(GOOD);
    run(&repo, &ARGUMENTS).expect(0);
    let ended = run(&repo, &ARGUMENTS).expect(2);
    assert!(ended.stderr.contains("is not empty"), "{}", ended.stderr);
}

/// Waits until something is so; the test fails where it never is.
fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::yield_now();
    }
}

/// perfgate with an endless tool that has started, and the ids of the tool's processes.
fn endless(repo: &Repo) -> (Child, Vec<String>) {
    let child = command(&repo.folder)
        .args(["run", "--busy-ok", "--profile", "baseline", "--out", "out", "--", "./tool.sh"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pids = until("the tool starts", || {
        let text = std::fs::read_to_string(repo.folder.join("pids")).ok()?;
        let pids: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        (pids.len() == 2 && text.ends_with('\n')).then_some(pids)
    });
    (child, pids)
}

/// Whether a process is there and not only waiting to be collected.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| {
        !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z')
    })
}

#[test]
#[cfg(target_os = "linux")]
fn whoever_ends_perfgate_ends_the_tool_and_nothing_is_recorded() {
    for (signal, code) in [("-INT", Some(2)), ("-TERM", Some(2)), ("-KILL", None)] {
        let repo = repository(ENDLESS);
        let (mut child, pids) = endless(&repo);
        assert!(pids.iter().all(|pid| lives(pid)), "{signal}");
        let kill =
            std::process::Command::new("kill").arg(signal).arg(child.id().to_string()).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), code, "{signal}");
        until("the tool's processes end", || pids.iter().all(|pid| !lives(pid)).then_some(()));
        assert!(recorded(&repo).is_empty(), "{signal}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn daemons_that_the_tool_starts_end_with_it_however_that_is() {
    for signal in ["-INT", "-TERM", "-HUP", "-KILL"] {
        let repo = repository(&format!("{DAEMONS}; sleep 1000"));
        let (mut child, pids) = endless(&repo);
        assert!(pids.iter().all(|pid| lives(pid)), "{signal}");
        let kill =
            std::process::Command::new("kill").arg(signal).arg(child.id().to_string()).status();
        assert!(kill.unwrap().success());
        child.wait().unwrap();
        until("the daemons end", || pids.iter().all(|pid| !lives(pid)).then_some(()));
    }
    let repo = repository(&format!("{DAEMONS}; {GOOD}"));
    run(&repo, &ARGUMENTS).expect(0);
    let pids = std::fs::read_to_string(repo.folder.join("pids")).unwrap();
    assert_eq!(pids.split_whitespace().filter(|pid| lives(pid)).count(), 0, "{pids}");
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
        "GITLAB_TOKEN",
        "CI_JOB_TOKEN",
        "BITBUCKET_TOKEN",
        "GIT_CONFIG_KEY_0",
        "GIT_CONFIG_VALUE_0",
    ];
    let go = |out: &str, pass: &[&str]| {
        let mut perfgate = command(&repo.folder);
        perfgate.args(["run", "--busy-ok", "--no-record", "--profile", "baseline", "--out", out]);
        perfgate.args(pass).args(ARGUMENTS).env("API_TOKEN", "for-the-service");
        for name in withheld {
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
#[cfg(target_os = "linux")]
fn a_tool_that_takes_too_long_is_ended_with_what_it_started() {
    let repo = repository(ENDLESS);
    let ended = run(&repo, &["--timeout", "200ms", "--", "./tool.sh"]).expect(2);
    assert!(ended.stderr.contains("took longer than"), "{}", ended.stderr);
    let pids = std::fs::read_to_string(repo.folder.join("pids")).unwrap();
    assert!(pids.split_whitespace().all(|pid| !lives(pid)), "{pids}");
}

#[test]
fn base_and_head_are_run_in_turn_and_compared() {
    // Several endpoints: the machine that runs the tests beside this one is not what is tested.
    let slow = level_run(0, &[3.0, 1.0, 1.0, 1.0, 1.0, 1.0]).to_string();
    let repo = repository("echo $1 >> order; cp $1.json \"$2/result.json\"");
    write(&repo, "a.json", &level_run(0, &[1.0; 6]).to_string());
    write(&repo, "b.json", &slow);
    let ab = |head: &str, out: &str| {
        let head = format!("./tool.sh {head} {{out}}");
        repo.perfgate(&[
            "run",
            "--busy-ok",
            "--out",
            out,
            "--ab",
            "./tool.sh a {out}",
            &head,
            "--rounds",
            "3",
        ])
    };
    let ended = ab("b", "x").expect(1);
    assert!(ended.stdout.starts_with("✗ regression: GET /0 is slower: p95 "), "{}", ended.stdout);
    let order = std::fs::read_to_string(repo.folder.join("order")).unwrap();
    assert_eq!(order.split_whitespace().collect::<String>(), "abbaab");
    ab("a", "y").expect(0);
    assert!(recorded(&repo).is_empty());
}

#[test]
fn it_measures_again_only_while_nothing_is_decided() {
    let repo = Repo::new();
    for r in 0..12 {
        repo.record_level("main", r, &[1.0; 6]);
    }
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    repo.commit("a change");
    write(&repo, "perfgate.yaml", "gate: { decide: confirmed }\n");
    let tool = |level: f64| {
        let runs: String = (0..5)
            .map(|r| format!("{}\n", level_run(20 + r, &[level, 1.0, 1.0, 1.0, 1.0, 1.0])))
            .collect();
        write(&repo, "runs", &runs);
        write(
            &repo,
            "tool.sh",
            "#!/bin/sh\necho x >> count\nsed -n \"$(wc -l < count)p\" runs > \"$1/result.json\"\n",
        );
        std::fs::set_permissions(
            repo.folder.join("tool.sh"),
            std::fs::Permissions::from_mode(0o755),
        )
        .unwrap();
        drop(std::fs::remove_file(repo.folder.join("count")));
    };
    let decide = |out: &str| {
        let ended = repo.perfgate(&[
            "run",
            "--busy-ok",
            "--until-decided",
            "--baseline",
            "main",
            "--no-record",
            "--out",
            out,
            "--",
            "./tool.sh",
            "{out}",
        ]);
        (std::fs::read_to_string(repo.folder.join("count")).unwrap().lines().count(), ended)
    };
    tool(1.0);
    let (runs, ended) = decide("same");
    assert_eq!((runs, ended.code), (1, 0), "{}", ended.stdout);
    tool(1.6);
    let (runs, ended) = decide("slow");
    assert_eq!((runs, ended.code), (2, 1), "{}", ended.stdout);
    assert!(ended.stderr.contains("not decided after 1 run: measuring again"), "{}", ended.stderr);
}

#[test]
fn a_spike_must_recover_and_steps_end_at_the_breaking_point() {
    let repo = repository("cp \"level-$1.json\" \"$2/result.json\"");
    for (users, level) in [(10, 1.0), (50, 1.1), (100, 8.0)] {
        write(&repo, &format!("level-{users}.json"), &level_run(0, &[level]).to_string());
    }
    let policy = "profiles:\n  \
        spike: { phases: [{ name: normal, users: 10, duration: 1s }, { name: spike, users: 100, duration: 1s }, { name: normal again, users: 10, duration: 1s }], targets: [{ error_rate: 5% }] }\n  \
        limit: { duration: 1s, steps: [10, 50, 100, 200], targets: [{ api_response_time_p95: \"< 500ms\" }] }\n";
    write(&repo, "perfgate.yaml", policy);
    let go = |profile: &str, out: &str| {
        repo.perfgate(&[
            "run",
            "--busy-ok",
            "--profile",
            profile,
            "--out",
            out,
            "--",
            "./tool.sh",
            "{users}",
            "{out}",
        ])
    };
    let spike = go("spike", "spike").expect(0);
    assert!(
        spike.stderr.contains("recovery: the last phase against the first (normal)"),
        "{}",
        spike.stderr
    );
    let profiles: Vec<Value> = recorded(&repo).iter().map(|run| run["profile"].clone()).collect();
    assert!(
        profiles.contains(&json!("spike:normal")) && profiles.contains(&json!("spike:spike")),
        "{profiles:?}"
    );
    let limit = go("limit", "limit").expect(0);
    assert!(limit.stderr.contains("breaking point: between 50 and 100 users"), "{}", limit.stderr);
    assert!(!repo.folder.join("limit/200-users").exists());
}

#[test]
fn steps_that_nobody_could_judge_have_no_breaking_point() {
    let repo = repository("cp result.json \"$2/result.json\"");
    let policy = "profiles:\n  unmeasured: { duration: 1s, steps: [10, 50], targets: [{ queue_depth: \"< 5\" }] }\n  \
        unlimited: { duration: 1s, steps: [10, 50] }\n";
    write(&repo, "perfgate.yaml", policy);
    let go = |profile: &str| {
        repo.perfgate(&[
            "run",
            "--busy-ok",
            "--profile",
            profile,
            "--out",
            profile,
            "--",
            "./tool.sh",
            "{users}",
            "{out}",
        ])
    };
    let ended = go("unmeasured").expect(3);
    assert!(
        !ended.stderr.contains("breaking point")
            && ended.stdout.contains("queue_depth (< 5): not measured"),
        "{ended:?}"
    );
    assert!(
        go("unlimited")
            .expect(2)
            .stderr
            .contains("steps end where a budget breaks, and the profile has none")
    );
    let mixed = repo
        .perfgate(&["run", "--profile", "unmeasured", "--repeat", "2", "--", "./tool.sh"])
        .expect(2);
    assert!(mixed.stderr.contains("run once, and in no other way"), "{}", mixed.stderr);
}

#[test]
fn steps_need_a_command_that_takes_the_number_of_users() {
    let repo = repository(GOOD);
    write(
        &repo,
        "perfgate.yaml",
        "profiles: { limit: { duration: 1s, steps: [10, 50], targets: [{ error_rate: 1% }] } }\n",
    );
    let ended = repo
        .perfgate(&[
            "run",
            "--busy-ok",
            "--profile",
            "limit",
            "--out",
            "x",
            "--",
            "./tool.sh",
            "{out}",
        ])
        .expect(2);
    assert!(ended.stderr.contains("does not take the number of users"), "{}", ended.stderr);
    // Users that the command never got are not recorded either.
    write(&repo, "perfgate.yaml", POLICY);
    run(&repo, &["--", "./tool.sh", "{out}"]).expect(0);
    assert_eq!(recorded(&repo)[0].get("load"), None);
}

#[test]
fn results_that_are_older_than_the_run_are_not_its_own() {
    let repo = repository("true");
    let ended = run(&repo, &["--results", "result.json", "--", "./tool.sh"]).expect(2);
    assert!(ended.stderr.contains("result.json was not written by this run"), "{}", ended.stderr);
    assert!(recorded(&repo).is_empty());
}

#[test]
fn a_generator_that_cannot_keep_up_makes_no_comparison() {
    let repo = Repo::new();
    let mut busy = level_run(1, &[1.0]);
    busy["resources"] = json!({ "generator_cpu_percent": { "mean": 97, "max": 100 } });
    write(&repo, "busy.json", &busy.to_string());
    write(&repo, "fine.json", &level_run(0, &[1.0]).to_string());
    let ended = repo.perfgate(&["compare", "--baseline-file", "fine.json", "busy.json"]).expect(3);
    assert!(
        ended.stdout.contains("generator overloaded: its CPU was at 97 % against fine"),
        "{}",
        ended.stdout
    );
    repo.perfgate(&[
        "compare",
        "--baseline-file",
        "fine.json",
        "busy.json",
        "--allow-different",
        "generator",
    ])
    .expect(0);
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
