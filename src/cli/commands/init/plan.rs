//! What workflows are made for, and the parts that several have.

use crate::cli::repository::{LoadTest, Tool};
use crate::config::Policy;

/// What a workflow is made for.
pub(super) struct Plan<'a> {
    pub(super) load: &'a LoadTest,
    pub(super) branch: &'a str,
    pub(super) compose: bool,
    pub(super) policy: &'a Policy,
}

pub(super) const START: &str =
    "      - name: Start the program under test\n        run: docker compose up --detach --wait\n";
pub(super) const SETUP_K6: &str =
    "      - uses: grafana/setup-k6-action@db07bd9765aac508ef18982e52ab937fe633a065 # v1.2.1\n";
const SETUP_PYTHON: &str = "      - uses: actions/setup-python@ece7cb06caefa5fff74198d8649806c4678c61a1 # v6.3.0\n        with:\n          python-version: '3.13'\n";
/// The step that starts the program, or what to write there.
pub(super) fn start(plan: &Plan<'_>) -> &'static str {
    if plan.compose { START } else { "      # Start the program under test here.\n" }
}

/// The step that installs the tool.
pub(super) fn github_setup(load: &LoadTest) -> String {
    let commands = load.install();
    match load.tool {
        Tool::K6 => SETUP_K6.to_owned(),
        Tool::Locust => format!("{SETUP_PYTHON}      - run: {}\n", commands.join(" && ")),
        Tool::Jmeter => {
            format!("      - name: Install JMeter\n        run: |\n{}", lines(&commands, 10))
        }
        Tool::Artillery => String::new(),
    }
}

pub(super) fn lines(commands: &[String], indent: usize) -> String {
    commands.iter().map(|command| format!("{:indent$}{command}\n", "")).collect()
}

/// An example with another text in place of its first comment.
pub(super) fn with_header(example: &str, header: &str) -> String {
    let rest = example.find("name: ").map_or(example, |at| &example[at..]);
    format!("{header}{rest}")
}

pub(super) fn edited(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
