//! What the documentation shows: policies that are taken, commands that can be typed, examples that come out as printed.

use crate::support::{self, Repo, command, fixture, perfgate, perfgate_in_log};
use perfgate::config::Policy;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A fenced block of a page.
struct Block {
    /// Page and line of its fence.
    place: String,
    page: String,
    language: String,
    text: String,
}

impl Block {
    fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default().trim()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README and the pages of docs/.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md")];
    let docs = std::fs::read_dir(root().join("docs")).unwrap();
    pages.extend(docs.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()));
    pages.sort();
    pages
}

/// Every fenced block of these pages.
fn blocks() -> Vec<Block> {
    pages().iter().flat_map(|page| blocks_of(page)).collect()
}

fn blocks_of(path: &Path) -> Vec<Block> {
    let page = path.file_name().unwrap().to_str().unwrap().to_owned();
    let text = std::fs::read_to_string(path).unwrap();
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let indent = line.len() - line.trim_start().len();
        let inside = lines.by_ref().map(|(_, line)| line);
        let inside = inside.take_while(|line| line.trim() != "```");
        let text = inside.map(|line| line.get(indent..).unwrap_or_default().to_owned() + "\n");
        let (page, language) = (page.clone(), language.to_owned());
        let place = format!("{page}:{}", at + 1);
        found.push(Block { place, page, language, text: text.collect() });
    }
    found
}

fn of_language(language: &str) -> Vec<Block> {
    let blocks: Vec<Block> =
        blocks().into_iter().filter(|block| block.language == language).collect();
    assert!(!blocks.is_empty(), "{language}");
    blocks
}

/// The text without its fenced blocks.
fn prose(text: &str) -> String {
    let outside = text.split("```").step_by(2);
    outside.collect()
}

/// Pages about the repository itself, beside those that users read.
const ABOUT_THE_REPOSITORY: [&str; 7] = [
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "RELEASING.md",
    "SECURITY.md",
    "benches/repeats/README.md",
    "examples/chat-service/README.md",
    "tests/fixtures/README.md",
];

/// Where files of the repository are shown.
const REPOSITORY: &str = "https://github.com/perfgate/perfgate/";

/// Folders whose files are named in prose by their whole path.
const FOLDERS: [&str; 10] = [
    ".ci/",
    ".github/",
    "action/",
    "benches/",
    "examples/",
    "fuzz/",
    "packaging/",
    "schemas/",
    "src/",
    "tests/",
];

#[test]
fn every_file_of_the_repository_that_is_named_is_there() {
    let mut seen = 0;
    for page in pages().into_iter().chain(ABOUT_THE_REPOSITORY.map(|page| root().join(page))) {
        let text = prose(&std::fs::read_to_string(&page).unwrap());
        for quoted in text.split('`').skip(1).step_by(2) {
            let names = FOLDERS.iter().any(|folder| quoted.starts_with(folder));
            // A name in capitals stands for any.
            let stands_for_any = |part: &str| part.contains("NAME") || part.contains(['*', ' ']);
            if names && !stands_for_any(quoted) {
                let there = root().join(quoted).exists();
                assert!(there, "{}: there is no {quoted}", page.display());
                seen += 1;
            }
        }
        let in_docs = page.parent().unwrap().ends_with("docs");
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            // The pages are a book: what is outside of it is linked to where the repository is.
            let inside = |kind: &str| {
                Some(root().join(target.strip_prefix(REPOSITORY)?.strip_prefix(kind)?))
            };
            if let Some(path) = inside("blob/main/") {
                assert!(path.is_file(), "{}: there is no {target}", page.display());
                seen += 1;
            } else if let Some(path) = inside("tree/main/") {
                assert!(path.is_dir(), "{}: there is no {target}", page.display());
                seen += 1;
            } else if !target.is_empty() && !target.contains("://") {
                let leads_out = in_docs && target.starts_with("..");
                assert!(!leads_out, "{}: {target} leads out of the book", page.display());
                let there = page.parent().unwrap().join(target).exists();
                assert!(there, "{}: there is no {target}", page.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 150, "{seen} names");
}

#[test]
fn every_heading_that_is_linked_to_is_there() {
    let mut seen = 0;
    for page in pages().into_iter().chain(ABOUT_THE_REPOSITORY.map(|page| root().join(page))) {
        let text = prose(&std::fs::read_to_string(&page).unwrap());
        for link in text.split("](").skip(1) {
            let Some((target, heading)) = link.split(')').next().unwrap().split_once('#') else {
                continue;
            };
            let target = match target {
                "" => page.clone(),
                other if other.contains("://") => continue,
                other => page.parent().unwrap().join(other),
            };
            let there = std::fs::read_to_string(&target).unwrap();
            let found = prose(&there).lines().any(|line| anchor(line).as_deref() == Some(heading));
            assert!(found, "{}: {} has no #{heading}", page.display(), target.display());
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} links");
}

/// The name by which a page's heading is linked to.
fn anchor(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').trim();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
}

/// Blocks of YAML that are no policies, by page and first line.
const NO_POLICIES: [(&str, &str, &str); 9] = [
    ("profiles.md", "apiVersion: k6.io/v1alpha1", "a test of k6-operator"),
    ("fleet.md", "# .github/workflows/fleet.yml", "a workflow"),
    ("quick-start.md", "- uses: perfgate/perfgate@v0", "a step of a workflow"),
    ("github.md", "- uses: perfgate/perfgate@v0", "a step of a workflow"),
    ("github.md", "strategy:", "a part of a workflow"),
    ("github.md", "on:", "a part of a workflow"),
    ("github.md", "with:", "a part of a workflow"),
    ("github.md", "pipelines:", "a pipeline of Bitbucket"),
    ("profiles.md", "- alert: \"BaselineErrorRateAcceptable\"", "what init --alerts writes"),
];

#[test]
fn every_policy_that_is_shown_is_taken() {
    let mut listed = [false; NO_POLICIES.len()];
    let mut taken = 0;
    for block in of_language("yaml") {
        let first = block.first_line();
        let known = |(page, line, _): &(&str, &str, &str)| *page == block.page && *line == first;
        if let Some(at) = NO_POLICIES.iter().position(known) {
            listed[at] = true;
            continue;
        }
        Policy::parse(&block.place, &block.text).unwrap_or_else(|e| panic!("{e}"));
        taken += 1;
    }
    assert_eq!(listed, [true; NO_POLICIES.len()], "a block that is listed is gone");
    assert!(taken > 30, "only {taken} policies were found");
}

/// The commands of a block of a shell, a line that ends in a backslash with the next one.
fn commands(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let plain = joined.lines().map(|line| line.split(" #").next().unwrap().trim().to_owned());
    plain.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Whether the arguments of a command could not even be understood.
fn is_misunderstood(stderr: &str) -> bool {
    stderr.contains("try '--help'")
}

#[test]
fn every_command_that_is_shown_is_understood() {
    let repo = Repo::new();
    repo.commit("first");
    let mut tried = 0;
    for block in of_language("sh") {
        for line in commands(&block.text) {
            let Some(arguments) = line.strip_prefix("perfgate ") else { continue };
            // What the shell does with the rest is not perfgate's.
            let arguments = arguments.split([']', '|', '<', '>']).next().unwrap();
            let words = shell_words::split(arguments).unwrap();
            let mut typed = command(&repo.folder);
            // Where there is nothing to read, to drive or to reach, it ends at once.
            let ended = typed.args(&words).stdin(std::process::Stdio::null()).output().unwrap();
            let stderr = String::from_utf8_lossy(&ended.stderr);
            assert!(!is_misunderstood(&stderr), "{}: {line}\n{stderr}", block.place);
            tried += 1;
        }
    }
    assert!(tried > 50, "only {tried} commands were found");
    let wrong = perfgate(&repo.folder, &["compare", "--no-such-option"]).stderr;
    assert!(is_misunderstood(&wrong), "{wrong}");
}

#[test]
fn every_run_file_that_is_shown_is_read() {
    let mut read = 0;
    for block in of_language("json") {
        let scratch = TempDir::new().unwrap();
        std::fs::write(scratch.path().join("run.json"), &block.text).unwrap();
        let ended = perfgate(scratch.path(), &["normalize", "run.json"]);
        assert_eq!(ended.code, 0, "{}: {}", block.place, ended.stderr);
        read += 1;
    }
    assert_eq!(read, 3);
}

/// The block of a page that begins so.
fn block(page: &str, first: &str) -> String {
    let found = of_language("text")
        .into_iter()
        .find(|block| block.page == page && block.first_line().starts_with(first));
    found.unwrap_or_else(|| panic!("{page} has no block that begins with {first}")).text
}

#[test]
fn the_errors_that_are_shown_are_those_that_come() {
    for (page, policy) in [
        ("policy.md", "regression_thresholds:\n  api_response_time:\n    p59: 20%\n"),
        ("policy.md", "regression_thresholds:\n  api_response_time: { p95: 50 }\n"),
        ("profiles.md", "budgets:\n  - cpu: \"< 70\"\n"),
    ] {
        let scratch = TempDir::new().unwrap();
        std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
        let run = support::level_run(0, &[1.0]).to_string();
        std::fs::write(scratch.path().join("run.json"), run).unwrap();
        let error = perfgate(scratch.path(), &["check", "run.json"]).expect(2).stderr;
        let shown = block(page, error.lines().next().unwrap());
        assert_eq!(shown.trim_end(), error.trim_end());
    }
}

#[test]
fn the_explanation_that_is_shown_is_the_one_that_comes() {
    let scratch = TempDir::new().unwrap();
    for (from, to) in [
        ("base-1", "base-1.json"),
        ("base-2", "base-2.json"),
        ("base-3", "base-3.json"),
        ("regressed-1", "new.json"),
    ] {
        let from = fixture(&format!("k6/2.2.0/{from}/summary.json"));
        std::fs::copy(from, scratch.path().join(to)).unwrap();
    }
    let text = block("decisions.md", "$ perfgate compare");
    let (typed, shown) = text.split_once('\n').unwrap();
    let words = shell_words::split(typed.strip_prefix("$ perfgate ").unwrap()).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(perfgate_in_log(scratch.path(), &words).stdout.trim_end(), shown.trim_end());
}

#[test]
fn the_budgets_that_are_shown_are_judged_so() {
    let scratch = TempDir::new().unwrap();
    let policy = of_language("yaml").into_iter().find(|block| block.page == "profiles.md");
    std::fs::write(scratch.path().join("perfgate.yaml"), policy.unwrap().text).unwrap();
    let from = fixture("k6/2.2.0/base-1/summary.json");
    std::fs::copy(from, scratch.path().join("summary.json")).unwrap();
    let text = block("profiles.md", "$ perfgate check summary.json");
    let (_, shown) = text.split_once('\n').unwrap();
    let ended = perfgate_in_log(scratch.path(), &["check", "summary.json"]).expect(1);
    assert_eq!(ended.stdout.trim_end(), shown.trim_end());
}

/// Blocks of text, by page and how they begin, and what keeps them true.
const TEXTS: [(&str, &str, &str); 27] = [
    ("concepts.md", "main     o", "a picture"),
    ("fleet.md", "✗ 1 of 2 services", "store::fleet"),
    ("fleet.md", "facts/month=", "names of files: store::fleet"),
    ("agents.md", "exit code 1: a regression", "cut; cli::mcp"),
    ("README.md", "$ perfgate compare", "cli::sessions"),
    ("decisions.md", "Perfgate-Accept:", "a line of a commit message: gate::accept"),
    ("decisions.md", "$ perfgate compare", "above"),
    ("decisions.md", "? chat p95", "gate::few_calls"),
    ("decisions.md", "POST /chat p95", "a part of a line: gate::few_compared"),
    ("documents.md", "! documents", "of another document: cli::documents"),
    ("formats.md", "error[P207]: k6.json: more than", "cut; ingest::raw"),
    ("formats.md", "endpoint      metric", "a part of a table: ingest::raw"),
    ("formats.md", "✗ /api      error rate", "a line of a table: ingest::raw"),
    ("formats.md", "reporting:", "a configuration of Taurus"),
    ("formats.md", "timestamp,cpu_percent", "a file of resources: gate::budgets"),
    ("history.md", "$ perfgate trend", "a repository that exists nowhere"),
    ("history.md", "commit   date", "a part of a table: report::trend"),
    ("policy.md", "error[P101]: perfgate.yaml:3:5", "above"),
    ("policy.md", "error[P101]: perfgate.yaml:2:29", "above"),
    ("profiles.md", "$ perfgate check summary.json", "above"),
    ("profiles.md", "$ perfgate check --profile llm", "run::skipped"),
    ("profiles.md", "error[P101]: perfgate.yaml:2:10", "above"),
    (
        "profiles.md",
        "error[P401]: the machine is busy",
        "depends on the machine: run::busy_machine",
    ),
    ("profiles.md", "$ perfgate run --until-decided", "cut; run::until_decided"),
    ("profiles.md", "9d4e1b2 +14.2 %", "commits that exist nowhere: run::bisect"),
    ("profiles.md", "✗ over budget: alert", "an excerpt: ingest::prometheus_alerts"),
    ("profiles.md", "✓ 10 users", "a load that exists nowhere"),
];

#[test]
fn every_example_is_tried_or_there_is_a_reason() {
    let mut listed = [false; TEXTS.len()];
    for block in of_language("text") {
        let first = block.first_line();
        let known = |(page, begins, _): &(&str, &str, &str)| {
            *page == block.page && first.starts_with(begins)
        };
        let at = TEXTS.iter().position(known);
        listed[at.unwrap_or_else(|| panic!("{}: {first}", block.place))] = true;
    }
    assert_eq!(listed, [true; TEXTS.len()], "a block that is listed is gone");
}

/// The book and the list for programs that read documentation have every page, and no other.
#[test]
fn every_page_is_in_the_book_and_in_the_list_of_pages() {
    let links = |file: &str, prefix: &str| -> Vec<String> {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let begin = format!("]({prefix}");
        let targets = text.split(&begin).skip(1).map(|rest| rest.split(')').next().unwrap());
        let mut found: Vec<String> = targets.map(str::to_owned).collect();
        found.sort();
        found
    };
    let names = pages().into_iter().map(|page| page.file_name().unwrap().to_owned());
    let names = names.map(|name| name.into_string().unwrap());
    let mut expected: Vec<String> =
        names.filter(|name| name != "README.md" && name != "SUMMARY.md").collect();
    expected.sort();
    assert_eq!(links("docs/SUMMARY.md", ""), expected);
    assert_eq!(links("llms.txt", "docs/"), expected);
}
