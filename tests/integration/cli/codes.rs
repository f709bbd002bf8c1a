//! Codes of errors: what each of them comes for, and the page that lists them.

use crate::support::{Repo, command, fixture, level_run, perfgate};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The numbers of all codes.
fn all() -> BTreeSet<String> {
    let list = perfgate(root(), &["explain"]).expect(0).stdout;
    let codes = list.lines().filter(|line| line.starts_with('P'));
    codes.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// Codes whose cause takes a server, a damaged store or another machine, with the tests that meet them.
const ELSEWHERE: [(&str, &str); 18] = [
    ("P008", "attacks/events.rs"),
    ("P306", "store/remote_faults.rs"),
    ("P307", "store/damage.rs"),
    ("P308", "store/remote_faults.rs"),
    ("P309", "store/remote_faults.rs"),
    ("P312", "store/objects.rs"),
    ("P313", "store/objects.rs"),
    ("P314", "store/objects.rs"),
    ("P315", "store/objects.rs"),
    ("P316", "store/objects.rs"),
    ("P401", "run/busy_machine.rs"),
    ("P402", "run/record.rs"),
    ("P403", "run/record.rs"),
    ("P404", "run/record.rs"),
    ("P405", "run/ab.rs"),
    ("P406", "run/ab.rs"),
    ("P407", "run/processes.rs"),
    ("P501", "publish/bundle.rs"),
];

/// A repository with a commit, and files that are wrong in many ways.
fn repository() -> Repo {
    let repo = Repo::new();
    repo.commit("first");
    let write = |name: &str, text: &str| std::fs::write(repo.folder.join(name), text).unwrap();
    write("run.json", &level_run(0, &[1.0]).to_string());
    write("empty.json", "");
    write("text.json", "What is this?\n");
    write("broken.json", r#"{"schema": "perfgate.run/1", "endpoints": 3}"#);
    write("stress.yaml", "profiles: { stress: { targets: [{ error_rate: \"< 1%\" }] } }\n");
    write("wrong.yaml", "regresion_thresholds: {}\n");
    repo
}

#[test]
fn every_code_comes_for_what_it_explains() {
    let repo = repository();
    let locust = fixture("locust/2.47.0/base-1/x_stats.csv").display().to_string();
    let other = fixture("locust/2.47.0/base-1/x_stats_history.csv").display().to_string();
    let cut = fixture("k6/2.2.0/killed/raw.csv.gz").display().to_string();
    let rows = std::fs::read_to_string(&locust).unwrap();
    let second = rows.lines().nth(1).unwrap();
    std::fs::write(repo.folder.join("twice_stats.csv"), format!("{rows}{second}\n")).unwrap();
    let many: Vec<String> = (0..10_001).map(|i| second.replace(",/", &format!(",/{i}/"))).collect();
    let header = rows.lines().next().unwrap();
    std::fs::write(repo.folder.join("many_stats.csv"), format!("{header}\n{}\n", many.join("\n")))
        .unwrap();
    let cases: [(&str, &[&str]); 24] = [
        ("P001", &["explain", "P999"]),
        ("P002", &["normalize", "nothing.json"]),
        ("P003", &["check", "--policy", "stress.yaml", "--profile", "strss", "run.json"]),
        ("P004", &["compare", "run.json"]),
        ("P005", &["compare", "--baseline-file", "run.json", "run.json", "--explain", "latency"]),
        ("P006", &["baseline", "show"]),
        ("P007", &["demo", "--folder", "run.json"]),
        ("P101", &["check", "--policy", "wrong.yaml", "run.json"]),
        ("P201", &["normalize", ".git"]),
        ("P202", &["normalize", "empty.json"]),
        ("P203", &["normalize", "text.json"]),
        ("P204", &["normalize", &other]),
        ("P205", &["normalize", &cut]),
        ("P206", &["normalize", "broken.json"]),
        ("P207", &["normalize", "many_stats.csv"]),
        ("P208", &["normalize", "twice_stats.csv"]),
        ("P209", &["normalize", "--trim-start", "5s", &locust]),
        ("P210", &["merge", &locust, &locust]),
        ("P302", &["compare", "--baseline", "mian", "run.json"]),
        ("P305", &["baseline", "push"]),
        ("P311", &["baseline", "restore", "nothing"]),
        ("P502", &["notify"]),
        ("P901", &["check", "--policy", "nowhere.yaml", "run.json"]),
        ("P310", &["baseline", "list"]),
    ];
    let mut met: BTreeSet<String> = BTreeSet::new();
    for (code, arguments) in cases {
        if code == "P310" {
            // A configuration that nobody can read.
            std::fs::write(repo.folder.join(".git/config"), "[core\n").unwrap();
        }
        let ended = perfgate(&repo.folder, arguments);
        let begin = format!("error[{code}]: ");
        assert!(
            ended.stderr.starts_with(&begin),
            "{arguments:?}: {}{}",
            ended.stdout,
            ended.stderr
        );
        met.insert(code.to_owned());
    }
    met.extend(of_repositories());
    for (code, file) in ELSEWHERE {
        let test = std::fs::read_to_string(root().join("tests/integration").join(file)).unwrap();
        assert!(test.contains(&format!("error[{code}]")), "{file} meets no {code}");
        met.insert(code.to_owned());
    }
    assert_eq!(met, all());
}

/// The codes of what a repository lacks.
fn of_repositories() -> BTreeSet<String> {
    let outside = tempfile::TempDir::new().unwrap();
    let empty = Repo::new();
    let orphans = Repo::new();
    orphans.commit("first");
    orphans.git(&["checkout", "--quiet", "--orphan", "other"]);
    orphans.commit("of another history");
    for folder in [outside.path(), &empty.folder, &orphans.folder] {
        std::fs::write(folder.join("run.json"), level_run(0, &[1.0]).to_string()).unwrap();
    }
    let cases: [(&str, PathBuf, &[&str]); 3] = [
        ("P301", outside.path().to_owned(), &["baseline", "list"]),
        ("P303", empty.folder.clone(), &["trend"]),
        ("P304", orphans.folder.clone(), &["compare", "--baseline", "main", "run.json"]),
    ];
    let met = cases.map(|(code, folder, arguments)| {
        let ended = perfgate(&folder, arguments);
        assert!(ended.stderr.starts_with(&format!("error[{code}]: ")), "{}", ended.stderr);
        code.to_owned()
    });
    met.into()
}

#[test]
fn the_page_of_errors_is_what_explain_prints() {
    let page = std::fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let (_, rest) = page.split_once("<!-- perfgate explain --format markdown -->\n").unwrap();
    let (shown, _) = rest.split_once("<!-- end -->").unwrap();
    let printed = perfgate(root(), &["explain", "--format", "markdown"]).expect(0).stdout;
    assert_eq!(shown, printed, "print it again: perfgate explain --format markdown");
}

#[test]
fn a_code_is_explained_in_any_case_and_an_unknown_one_is_an_error() {
    let text = perfgate(root(), &["explain", "p205"]).expect(0).stdout;
    assert!(text.starts_with("P205: A result file ends in the middle\n\n  cause     "), "{text}");
    assert!(text.contains("\n  fix       "), "{text}");
    let error = perfgate(root(), &["explain", "P999"]).expect(2).stderr;
    assert_eq!(error, "error[P001]: there is no code P999\n  perfgate explain lists all codes\n");
}

#[test]
fn names_that_are_nearly_right_are_asked_about() {
    let repo = repository();
    repo.git(&["tag", "v1.4.0"]);
    repo.record_level("second", 0, &[1.0]);
    for (arguments, meant) in [
        (&["compare", "--baseline", "mian", "run.json"][..], "did you mean main?"),
        (&["compare", "--baseline", "v1.4.1", "run.json"], "did you mean v1.4.0?"),
        (&["trend", "--metric", "latncy"], "did you mean latency?"),
        (&["trend", "--endpoint", "GTE /0"], "did you mean GET /0?"),
        (&["trend", "--column", "GET /0 p59"], "did you mean `GET /0 p95`?"),
        (&["check", "--policy", "stress.yaml", "--profile", "strss", "run.json"], "mean stress?"),
        (&["normalize", "--format-in", "locust-cvs", "run.json"], "'locust-csv'"),
        (
            &["compare", "--baseline-file", "run.json", "run.json", "--explain", "GET /0 p59"],
            "`GET /0 p95`?",
        ),
    ] {
        let said = perfgate(&repo.folder, arguments).expect(2).stderr;
        assert!(said.contains(meant), "{arguments:?}: {said}");
    }
}

/// What was typed, and what has to be in the answer.
#[test]
fn no_parser_speaks_for_itself() {
    let repo = repository();
    for (arguments, ours) in [
        (&["trend", "--last", "foo"][..], "write a whole number"),
        (&["trend", "--since", "yesterday"], "write a day like 2026-11-30"),
        (&["normalize", "--from", "noon", "run.json"], "write a time like 2026-11-30T12:00:00Z"),
        (&["compare", "--output", "html=r.html", "run.json"], "perfgate report --html FILE"),
        (
            &["compare", "--output", "word=r.doc", "run.json"],
            "the formats are table, markdown, json",
        ),
        (&["run", "locust", "-f", "x.py"], "perfgate run -- locust -f locustfile.py"),
    ] {
        let said = perfgate(&repo.folder, arguments).expect(2).stderr;
        assert!(said.contains(ours), "{arguments:?}: {said}");
    }
    for (policy, ours) in [
        (
            "regression_thresholds:\n  api_response_time:\n  error_rate: off\n",
            "the value is missing",
        ),
        ("results:\n  - a.csv\n - b.csv\n", "this line is not indented like the keys above it"),
        ("results: *.csv\n", "quote a text that begins with *"),
        ("budgets:\n  - p95: > 500ms\n", "quote a text that begins with > or |"),
        ("gate:\n\tdecide: threshold\n", "indent with blanks, not with a tab"),
        ("baseline: main\n", "keys with values are expected: baseline: { branch: main }"),
        ("results: perf/*.csv\n", "a list is expected: results: [\"perf/*.csv\"]"),
    ] {
        std::fs::write(repo.folder.join("p.yaml"), policy).unwrap();
        let arguments = ["check", "--policy", "p.yaml", "run.json"];
        let said = perfgate(&repo.folder, &arguments).expect(2).stderr;
        assert!(said.contains(ours), "{policy}: {said}");
    }
}

/// A file that was asked for is named, with what is in it; what goes to standard output is not.
#[test]
fn what_was_written_is_said() {
    let repo = repository();
    let said = perfgate(&repo.folder, &["normalize", "run.json", "-o", "n.json"]).expect(0).stderr;
    assert_eq!(said, "wrote n.json: my-script, 6000 requests, 1 endpoint\n");
    assert_eq!(perfgate(&repo.folder, &["normalize", "run.json"]).expect(0).stderr, "");
    let mut report = command(&repo.folder);
    report.args(["report", "--html", "r.html", "--baseline-file", "run.json", "run.json"]);
    let said = String::from_utf8(report.output().unwrap().stderr).unwrap();
    let last = said.lines().last().unwrap();
    assert!(last.starts_with(['✓', '!', '?', '✗']), "{said}");
}

#[test]
fn a_file_that_cannot_be_read_comes_with_what_to_do() {
    let repo = repository();
    let said = perfgate(&repo.folder, &["check", "--policy", "nowhere.yaml", "run.json"]).stderr;
    assert!(
        said.ends_with(
            "\n  check the name, and the folder that perfgate runs in: relative paths begin there\n"
        ),
        "{said}"
    );
}
