//! Check runs: the verdict as a state of the commit, on GitHub.

use super::context::{Context, github};
use super::messages;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::forge::{Check, ForgeError, GitHub};
use crate::gate::{Finding, Report, Verdict};
use crate::report::{escape_terminal, render_markdown, summary};

/// A report, and where it belongs.
pub(super) struct Publication {
    pub(super) report: Report,
    /// The pull request that is commented on, if there is one.
    pub(super) number: Option<u64>,
    /// The branch that it goes to, where that is not the default branch.
    pub(super) base: Option<String>,
}

/// Annotations of a check.
const MOST_ANNOTATIONS: usize = 200;

/// The name of a check: one for each suite, and for each branch other than the default one. A check hangs on a commit,
/// and a pull request keeps its commit when somebody changes the branch that it goes to.
pub(super) fn name(own: &Publication) -> String {
    let suite = own.report.current.suite.as_ref();
    let suite = suite.map(|suite| format!(" ({})", escape_terminal(suite))).unwrap_or_default();
    let base = own.base.as_ref();
    let base = base.map(|base| format!(" → {}", escape_terminal(base))).unwrap_or_default();
    format!("perfgate{suite}{base}")
}

/// How a check run ends.
pub(super) fn conclusion(report: &Report, exit: Exit) -> &'static str {
    match (exit, report.verdict) {
        (Exit::Pass, Verdict::Pass | Verdict::Warn) => "success",
        (Exit::Pass, _) => "neutral",
        _ => "failure",
    }
}

/// A check run to create.
pub(super) struct CheckRun<'a> {
    pub(super) name: &'a str,
    pub(super) conclusion: &'static str,
    pub(super) report: &'a Report,
}

impl CheckRun<'_> {
    /// Creates the check run on the commit that was judged; the outer error says what is missing.
    pub(super) fn create(
        &self,
        context: &Context,
        session: &Session<'_>,
    ) -> Result<Result<Option<String>, ForgeError>, String> {
        if context.forge != Some(GitHub::FORGE) {
            return Err("only GitHub has check runs: none was created".to_owned());
        }
        let mut text = Vec::new();
        render_markdown(self.report, &mut text).map_err(|error| error.to_string())?;
        let annotations: Vec<(&'static str, String)> =
            self.report.all_findings().filter_map(annotation).take(MOST_ANNOTATIONS).collect();
        let check = Check {
            name: self.name,
            sha: &context.sha,
            conclusion: self.conclusion,
            title: &summary(self.report),
            summary: &String::from_utf8_lossy(&text),
            annotations: &annotations,
            file: "perfgate.yaml",
        };
        Ok(github(session)?.and_then(|github| github.check(&check)))
    }
}

fn annotation(finding: &Finding) -> Option<(&'static str, String)> {
    let level = match finding.verdict() {
        Verdict::Fail => "failure",
        Verdict::Inconclusive => "warning",
        Verdict::Pass | Verdict::Warn | Verdict::NotCompared => return None,
    };
    Some((level, messages::finding(finding)))
}
