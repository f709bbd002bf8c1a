//! What to ask next.

use crate::gate::{Report, Verdict};
use crate::report::{escape_shell, read_report};
use serde_json::json;
use std::path::Path;

/// After the line that accepts a change.
pub(super) fn after_accept(line: &str) -> String {
    format!(
        "next: if a person agreed to it, put the line into the commit message, then ask for the verdict again:\n\
         git commit --amend --no-edit --trailer {}",
        escape_shell(line)
    )
}

/// After an error, which says what to do itself.
pub(super) fn after_failure() -> String {
    "next: do what the error says; `perfgate explain CODE` says more about its code".to_owned()
}

/// After an answer of a command; a comparison has written its report.
pub(super) fn after_program(command: &str, report: &Path) -> String {
    match command {
        "compare" => match std::fs::read(report).ok().and_then(|text| read_report(&text).ok()) {
            Some(report) => after_verdict(&report),
            None => "next: verdict, for the other measurements".to_owned(),
        },
        "run" => "next: verdict {}".to_owned(),
        _ => String::new(),
    }
}

fn after_verdict(report: &Report) -> String {
    match report.verdict {
        Verdict::Fail => {
            let failed = report.findings.iter().find(|own| own.verdict() == Verdict::Fail);
            let name = failed.map(|own| own.key().text().into_raw());
            match name {
                Some(name) => format!("next: explain {}", json!({ "measurement": name })),
                None => "next: the rows with a cross say which budget is exceeded".to_owned(),
            }
        }
        Verdict::Pass | Verdict::Warn => "next: nothing is left to do".to_owned(),
        _ => "next: no measurement was shown to be fine; do what the lines above say".to_owned(),
    }
}
