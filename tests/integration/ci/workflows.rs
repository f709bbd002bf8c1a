//! What the workflows of this repository, those that people copy, those that `perfgate init` writes, and the action itself must keep to: other people's code
//! by its commit, no more rights than needed, no token left for the code under test.

use crate::support::Repo;
use std::fs;
use std::path::{Path, PathBuf};

/// Every workflow, and the action.
fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("action.yml")];
    for folder in [".github/workflows", "examples/workflows"] {
        let list = fs::read_dir(root.join(folder)).unwrap().map(|file| file.unwrap().path());
        files.extend(list.filter(|path| path.extension().is_some_and(|end| end == "yml")));
    }
    assert!(files.len() > 10, "{files:?}");
    files.sort();
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(path).unwrap());
    files.into_iter().map(read).chain(written()).collect()
}

/// The workflows that `perfgate init` writes, for each tool and with schedules.
fn written() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let document = include_str!("../../fixtures/documents/profiles.md");
    for (script, text) in [
        ("locustfile.py", "from locust import HttpUser\n"),
        ("load.js", "import http from 'k6/http';\n"),
        ("plan.jmx", "<jmeterTestPlan/>\n"),
        ("load.yml", "config: {}\nscenarios: []\n"),
    ] {
        for (name, arguments) in [
            ("github.yml", ["init", "--ci", "github"].as_slice()),
            ("gitea.yml", &["init", "--ci", "gitea"]),
            ("cadence.yml", &["init", "--ci", "github", "--from", "perf.md"]),
        ] {
            let repo = Repo::new();
            fs::write(repo.folder.join(script), text).unwrap();
            fs::write(repo.folder.join("compose.yaml"), "services: {}\n").unwrap();
            fs::write(repo.folder.join("perf.md"), document).unwrap();
            repo.perfgate(arguments).expect(0);
            let folder = if name == "gitea.yml" { ".gitea" } else { ".github" };
            let workflow = repo.folder.join(folder).join("workflows/perfgate.yml");
            let path = Path::new("written").join(script).join(name);
            found.push((path, fs::read_to_string(workflow).unwrap()));
        }
    }
    found
}

/// Those that GitHub, Gitea or Forgejo run.
fn workflows() -> Vec<(PathBuf, String)> {
    let mut files = files();
    files.retain(|(path, _)| !path.ends_with("action.yml") && !path.ends_with("gitlab-ci.yml"));
    files
}

/// The blocks of a text that begin with a line of this indent and go on with deeper ones.
fn blocks<'a>(text: &'a str, indent: &str, head: &str) -> Vec<Vec<&'a str>> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    let mut open = false;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let own = line.strip_prefix(indent).filter(|rest| !rest.starts_with([' ', '#']));
        match own {
            Some(rest) if rest.starts_with(head) => {
                blocks.push(vec![line]);
                open = true;
            }
            _ if !line.starts_with(&format!("{indent} ")) => open = false,
            _ if open => blocks.last_mut().unwrap().push(line),
            _ => {}
        }
    }
    blocks
}

#[test]
fn every_action_is_named_by_its_commit_with_the_version_beside_it() {
    for (path, text) in files() {
        for line in text.lines().filter_map(|line| line.split_once("uses: ").map(|(_, uses)| uses))
        {
            // Our own has no release yet whose commit could be named; docs/github.md says how to pin it.
            if line == "perfgate/perfgate@v0" {
                continue;
            }
            let (action, version) = line.split_once(" # v").unwrap_or((line, ""));
            let commit = action.rsplit('@').next().unwrap();
            let is_commit = commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
            let is_version = version.split('.').count() == 3;
            assert!(is_commit && is_version, "{}: {line}", path.display());
        }
    }
}

#[test]
fn every_workflow_has_no_rights_and_every_job_names_those_that_it_needs() {
    for (path, text) in workflows() {
        assert!(text.contains("\npermissions: {}\n"), "{}", path.display());
        let (_, jobs) = text.split_once("\njobs:\n").unwrap();
        let jobs = blocks(jobs, "  ", "");
        assert!(!jobs.is_empty(), "{}", path.display());
        for job in jobs {
            let own = job.iter().any(|line| line.starts_with("    permissions:"));
            assert!(own, "{}: {} names no permissions", path.display(), job[0]);
        }
    }
}

#[test]
fn no_checkout_leaves_its_token_in_the_clone() {
    let mut seen = 0;
    for (path, text) in workflows() {
        for step in blocks(&text, "      ", "- uses: actions/checkout@") {
            let clean =
                step.iter().any(|line| line.trim().starts_with("persist-credentials: false"));
            assert!(clean, "{}: {step:?}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen} checkouts");
}

#[test]
fn no_job_that_runs_the_code_of_a_pull_request_may_write_to_the_repository() {
    let mut seen = 0;
    for (path, text) in workflows() {
        // One job there: the actions that hand files from job to job do not run on every Gitea. Its page says so.
        if !text.contains("  pull_request:") || path.ends_with("gitea.yml") {
            continue;
        }
        let (_, jobs) = text.split_once("\njobs:\n").unwrap();
        for job in blocks(jobs, "  ", "") {
            let runs = |word: &str| job.iter().any(|line| line.contains(word));
            if runs("docker compose up") || runs("measure-again:") || runs("cargo ") {
                seen += 1;
                assert!(!runs("contents: write"), "{}: {}", path.display(), job[0]);
            }
        }
    }
    assert!(seen > 5);
}

#[test]
fn no_script_holds_an_expression() {
    let mut seen = 0;
    for (path, text) in files() {
        // An expression inside a script would be evaluated before the shell sees it.
        for (indent, head) in [("        ", "run:"), ("      ", "- run:"), ("      ", "run:")] {
            for script in blocks(&text, indent, head) {
                // The defaults of a job stand under the same word.
                let plain =
                    |line: &&str| line.contains("working-directory:") || !line.contains("${{");
                let plain = script.iter().all(plain);
                assert!(plain, "{}: {script:?}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 20, "{seen} scripts");
}

#[test]
fn what_init_writes_installs_this_version_in_one_line() {
    let version = env!("CARGO_PKG_VERSION");
    for (ci, file, line) in [
        ("gitlab", "perfgate.gitlab-ci.yml", "name: ghcr.io/perfgate/perfgate:"),
        ("gitea", ".gitea/workflows/perfgate.yml", "npm install --global perfgate@"),
        ("jenkins", "perfgate.Jenkinsfile", "install --quiet perfgate=="),
        ("azure", "perfgate.azure-pipelines.yml", "install --quiet perfgate=="),
    ] {
        let repo = Repo::new();
        fs::write(repo.folder.join("load.js"), "import http from 'k6/http';\n").unwrap();
        repo.perfgate(&["init", "--ci", ci]).expect(0);
        let text = fs::read_to_string(repo.folder.join(file)).unwrap();
        assert!(text.contains(&format!("{line}{version}\n")), "{ci}: not {version}: {text}");
    }
}
