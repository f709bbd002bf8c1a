//! The load test of a repository, by what its files say.

use super::walk::is_of;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// A load tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Tool {
    Locust,
    K6,
    Jmeter,
    Artillery,
}

impl Tool {
    pub(in crate::cli) fn title(self) -> &'static str {
        match self {
            Self::Locust => "Locust",
            Self::K6 => "k6",
            Self::Jmeter => "JMeter",
            Self::Artillery => "Artillery",
        }
    }
}

/// A load test: the tool, and the file that it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct LoadTest {
    pub(in crate::cli) tool: Tool,
    /// From the folder that was looked through on.
    pub(in crate::cli) script: String,
}

/// Bytes of a file that are looked at.
const HEAD: u64 = 64 << 10;

/// The load test among these files: of several, the one that lies highest.
pub(super) fn find(folder: &Path, files: &[&str]) -> Option<LoadTest> {
    let tool = |file: &str| tool_of(folder, file);
    files
        .iter()
        .find_map(|file| tool(file).map(|tool| LoadTest { tool, script: (*file).to_owned() }))
}

fn tool_of(folder: &Path, file: &str) -> Option<Tool> {
    let has = |words: &[&str]| {
        let text = head(&folder.join(file));
        words.iter().any(|word| text.contains(word))
    };
    let begins = |word: &str| head(&folder.join(file)).lines().any(|line| line.starts_with(word));
    if is_of(file, &["py"]) {
        has(&["from locust import", "import locust"]).then_some(Tool::Locust)
    } else if is_of(file, &["js", "ts", "mjs"]) {
        has(&["from 'k6", "from \"k6", "require('k6", "require(\"k6"]).then_some(Tool::K6)
    } else if is_of(file, &["jmx"]) {
        has(&["<jmeterTestPlan"]).then_some(Tool::Jmeter)
    } else if is_of(file, &["yml", "yaml"]) {
        (begins("config:") && begins("scenarios:")).then_some(Tool::Artillery)
    } else {
        None
    }
}

/// The beginning of a file, what is no text replaced.
fn head(path: &Path) -> String {
    let mut bytes = Vec::new();
    // What cannot be read is no load test.
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut bytes));
    if read.is_err() {
        bytes.clear();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
