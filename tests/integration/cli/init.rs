//! `perfgate init`: a policy and a workflow to begin with, and alert rules that match the budgets.

use crate::support::{Repo, level_run, perfgate};
use std::path::Path;
use tempfile::TempDir;

#[test]
fn a_policy_to_begin_with_is_the_default_one_and_never_overwrites() {
    let scratch = TempDir::new().unwrap();
    perfgate(scratch.path(), &["init"]).expect(0);
    let again = perfgate(scratch.path(), &["init"]).expect(2);
    assert!(again.stderr.contains("perfgate.yaml already exists"), "{}", again.stderr);
    let write = |name: &str, level: f64| {
        std::fs::write(scratch.path().join(name), level_run(0, &[level]).to_string()).unwrap();
    };
    write("old.json", 1.0);
    write("new.json", 1.6);
    let compare = || {
        perfgate(scratch.path(), &["compare", "--baseline-file", "old.json", "new.json"])
            .expect(1)
            .stdout
    };
    let with = compare();
    std::fs::remove_file(scratch.path().join("perfgate.yaml")).unwrap();
    assert_eq!(with, compare());
}

#[test]
fn alert_rules_match_the_budgets() {
    let scratch = TempDir::new().unwrap();
    let policy = "budgets:\n  - { operation: /login, limit: 2s, expected_p95: 800ms }\n\
        prometheus: { db_connections: sum(pg_connections) }\n\
        profiles: { baseline: { targets: [{ error_rate: \"< 0.1%\" }, { throughput: \"> 9 RPS\" }, { db_connections: \"< 50\" }, { memory_leak: none }] } }\n";
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    perfgate(scratch.path(), &["init", "--alerts", "alerts.yml"]).expect(0);
    let written = std::fs::read_to_string(scratch.path().join("alerts.yml")).unwrap();
    assert_eq!(written, include_str!("../../cmd/alerts.yml"));
    std::fs::write(scratch.path().join("perfgate.yaml"), "results: []\n").unwrap();
    perfgate(scratch.path(), &["init", "--alerts", "other.yml"]).expect(2);
    assert!(!scratch.path().join("other.yml").exists());
}

#[test]
fn init_writes_the_policy_that_is_named() {
    let scratch = TempDir::new().unwrap();
    let said = perfgate(scratch.path(), &["init", "--policy", "ci/gate.yaml"]);
    // The folder is not made for it.
    assert!(said.code == 2 || scratch.path().join("ci/gate.yaml").is_file());
    let said = perfgate(scratch.path(), &["init", "--policy", "gate.yaml"]).expect(0).stderr;
    assert!(said.starts_with("wrote gate.yaml"), "{said}");
    assert!(scratch.path().join("gate.yaml").is_file());
    assert!(!Path::new(&scratch.path().join("perfgate.yaml")).exists());
    let again = perfgate(scratch.path(), &["init", "--policy", "gate.yaml"]).expect(2).stderr;
    assert!(again.contains("gate.yaml already exists"), "{again}");
}

/// A repository with these files.
fn repository(files: &[(&str, &str)]) -> Repo {
    let repo = Repo::new();
    for (name, text) in files {
        let path = repo.folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    repo.commit("begin");
    repo
}

const K6: (&str, &str) = ("perf/load.js", "import http from 'k6/http';\n");

#[test]
fn the_default_branch_is_what_the_remote_says_else_what_is_here() {
    let repo = repository(&[]);
    let branch = || {
        perfgate(&repo.folder, &["init", "--stdout"])
            .expect(0)
            .stdout
            .lines()
            .find_map(|line| {
                line.trim()
                    .strip_prefix("branch: ")
                    .map(|rest| rest.split_whitespace().next().unwrap().to_owned())
            })
            .unwrap()
    };
    assert_eq!(branch(), "main");
    repo.git(&["branch", "-m", "master"]);
    assert_eq!(branch(), "master");
    repo.git(&["config", "init.defaultBranch", "trunk"]);
    repo.git(&["branch", "trunk"]);
    assert_eq!(branch(), "trunk");
    repo.git(&["remote", "add", "origin", "https://git.example/x.git"]);
    repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release/next"]);
    assert_eq!(branch(), "release/next");
}

#[test]
fn it_finds_the_load_test_its_results_and_the_ci() {
    let repo = repository(&[
        K6,
        (".github/workflows/test.yml", "on: push\n"),
        ("compose.yaml", "services: {}\n"),
    ]);
    std::fs::write(repo.folder.join("new.json"), level_run(0, &[1.0]).to_string()).unwrap();
    let said = repo.perfgate(&["init"]).expect(0).stderr;
    for line in [
        "wrote perfgate.yaml: the defaults, compares with main",
        "found a load test: perf/load.js (k6)",
        "found results: new.json (perfgate)",
        "wrote .github/workflows/perfgate.yml: compares pull requests and records the branch",
    ] {
        assert!(said.lines().any(|own| own == line), "{said}");
    }
    let policy = std::fs::read_to_string(repo.folder.join("perfgate.yaml")).unwrap();
    assert!(policy.contains("\nresults: [\"new.json\"]\n"), "{policy}");
    let workflow =
        std::fs::read_to_string(repo.folder.join(".github/workflows/perfgate.yml")).unwrap();
    assert!(workflow.contains("run: k6 run --out json=k6.json.gz perf/load.js\n"), "{workflow}");
    assert!(workflow.contains("docker compose up"), "{workflow}");
    repo.perfgate(&["compare", "--baseline-file", "new.json", "new.json"]).expect(0);
}

#[test]
fn results_are_filled_in_before_there_are_any_and_kept_out_of_commits() {
    let repo = repository(&[("locustfile.py", "from locust import HttpUser\n")]);
    let said = repo.perfgate(&["init", "--ci", "none"]).expect(0).stderr;
    let policy = std::fs::read_to_string(repo.folder.join("perfgate.yaml")).unwrap();
    assert!(policy.contains("\nresults: [\"results_stats.csv\"]\n"), "{policy}");
    assert!(
        said.contains("\nexpects results in results_stats.csv: locust -f locustfile.py "),
        "{said}"
    );
    let hint = "hint: results belong to no commit: echo 'results_*.csv' >> .gitignore\n";
    assert!(said.contains(hint), "{said}");
    std::fs::remove_file(repo.folder.join("perfgate.yaml")).unwrap();
    std::fs::write(repo.folder.join(".gitignore"), "results_*.csv\n").unwrap();
    let said = repo.perfgate(&["init", "--ci", "none"]).expect(0).stderr;
    assert!(!said.contains("hint: "), "{said}");
}

#[test]
fn each_tool_is_installed_run_and_read() {
    for (file, text, command, result) in [
        (
            "locustfile.py",
            "from locust import HttpUser\n",
            "locust -f locustfile.py ",
            "results_stats.csv",
        ),
        (
            "a/load.test.ts",
            "import http from \"k6/http\";\n",
            "k6 run --out json=k6.json.gz a/load.test.ts",
            "k6.json.gz",
        ),
        (
            "plan.jmx",
            "<jmeterTestPlan version=\"1.2\"/>\n",
            "jmeter -n -t plan.jmx ",
            "results.jtl",
        ),
        (
            "load.yml",
            "config:\n  target: x\nscenarios: []\n",
            "artillery@2.0.21 run --output results.json load.yml",
            "results.json",
        ),
    ] {
        for (ci, path) in [
            ("github", ".github/workflows/perfgate.yml"),
            ("gitea", ".gitea/workflows/perfgate.yml"),
            ("gitlab", "perfgate.gitlab-ci.yml"),
            ("jenkins", "perfgate.Jenkinsfile"),
            ("azure", "perfgate.azure-pipelines.yml"),
        ] {
            let repo = repository(&[(file, text)]);
            repo.git(&["branch", "-m", "master"]);
            repo.perfgate(&["init", "--ci", ci]).expect(0);
            let written = std::fs::read_to_string(repo.folder.join(path)).unwrap();
            // In gitea's container, k6 is the image's entrypoint.
            let command = if ci == "gitea" { command.trim_start_matches("k6 ") } else { command };
            assert!(written.contains(command), "{ci} {file}: {written}");
            assert!(written.contains(result), "{ci} {file}: {written}");
            let k6 = result.contains("k6");
            assert!(k6 || !written.contains("k6"), "{ci} {file}: {written}");
            assert!(!written.contains("branches: [main]"), "{ci} {file}: {written}");
            assert!(
                !["@COMMANDS@", "@RESULT@", "@BRANCH@"].iter().any(|own| written.contains(own))
            );
            assert!(written.contains("perfgate init"), "{written}");
        }
    }
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let workflow = ".github/workflows/perfgate.yml";
    let repo = repository(&[K6, (workflow, "name: mine\n")]);
    let kept =
        || assert_eq!(std::fs::read_to_string(repo.folder.join(workflow)).unwrap(), "name: mine\n");
    let said = repo.perfgate(&["init", "--ci", "github"]).expect(2).stderr;
    assert!(
        said.contains("perfgate.yml already exists") && !repo.folder.join("perfgate.yaml").exists(),
        "{said}"
    );
    kept();
    let said = repo.perfgate(&["init"]).expect(0).stderr;
    assert!(said.contains(&format!("{workflow} exists: left as it is")), "{said}");
    kept();
    // The policy is there now: a workflow may still be asked for.
    repo.perfgate(&["init"]).expect(2);
    let said = repo.perfgate(&["init", "--ci", "gitlab"]).expect(0).stderr;
    assert!(
        said.starts_with("kept perfgate.yaml\n")
            && repo.folder.join("perfgate.gitlab-ci.yml").exists(),
        "{said}"
    );
}

#[test]
fn without_a_load_test_or_a_ci_it_says_why_there_is_no_workflow() {
    let repo = repository(&[]);
    let said = repo.perfgate(&["init", "--ci", "github"]).expect(2).stderr;
    assert!(said.contains("there is no load test to run"), "{said}");
    let said = repo.perfgate(&["init"]).expect(0).stderr;
    assert!(
        said.contains("no workflow: no CI was found: perfgate init --ci github writes one"),
        "{said}"
    );
    let repo = repository(&[K6]);
    let said = repo.perfgate(&["init", "--ci", "none"]).expect(0).stderr;
    assert!(said.contains("no workflow, as asked"), "{said}");
}

/// Files that others wrote, that were built, or that were made up for tests are no load test.
#[test]
fn what_is_not_the_teams_own_is_not_looked_at() {
    let repo = repository(&[
        ("node_modules/x/load.js", K6.1),
        ("tests/fixtures/locustfile.py", "from locust import HttpUser\n"),
        ("a b/load.js", K6.1),
        ("notes.py", "# locust is a tool\n"),
    ]);
    let said = repo.perfgate(&["init"]).expect(0).stderr;
    assert!(!said.contains("found a load test"), "{said}");
}

#[test]
fn the_cadence_of_a_document_becomes_schedules() {
    let document = include_str!("../../fixtures/documents/profiles.md");
    let repo =
        repository(&[("locustfile.py", "from locust import HttpUser\n"), ("perf.md", document)]);
    let said = repo.perfgate(&["init", "--from", "perf.md", "--ci", "github"]).expect(0).stderr;
    assert!(said.contains("runs each profile as often as the policy says"), "{said}");
    let written =
        std::fs::read_to_string(repo.folder.join(".github/workflows/perfgate.yml")).unwrap();
    for text in [
        "    - cron: '17 2 * * *' # rush\n",
        "    - cron: '43 3 * * 6' # overnight\n",
        "            '17 2 * * *') profiles='[\"rush\"]' ;;\n",
        "options: [overnight, regular, rush]",
        "inputs.profile || 'regular'",
        // One and a half times three hours, and setting up.
        "timeout-minutes: 290\n",
        "locust -f locustfile.py --host",
    ] {
        assert!(written.contains(text), "{text}: {written}");
    }
    assert!(!written.contains("stress"), "{written}");
}
