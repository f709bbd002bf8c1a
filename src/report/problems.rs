//! The report as lists of problems for code review: SARIF 2.1.0, and GitLab's code quality.
//!
//! Both want a place in the code, which a slow endpoint does not have: it is the policy, where its limit stands.

use super::budgets::{broken, text};
use super::cells::Scales;
use super::escape::{harmless, sarif, write_json};
use super::headline::move_of;
use super::ranking::attention;
use crate::gate::{BudgetFinding, Finding, Report, Verdict};
use crate::model::{Metric, Raw};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

const POLICY: &str = "perfgate.yaml";

/// Writes what asks for attention as a SARIF log.
pub fn render_sarif(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let scales = Scales::of(report);
    let listed = attention(report);
    let show = |text: &dyn Raw| sarif(text);
    let mut rules: BTreeMap<String, String> =
        listed.iter().map(|f| (rule(f), format!("{} of an endpoint", metric(f)))).collect();
    if !report.budgets.is_empty() {
        rules.insert("budget".to_owned(), "An absolute limit".to_owned());
    }
    let rules: Vec<Value> = rules
        .into_iter()
        .map(|(id, text)| json!({ "id": id, "shortDescription": { "text": text } }))
        .collect();
    let result = |finding: &&Finding| {
        let level = match finding.verdict() {
            Verdict::Fail => "error",
            Verdict::Inconclusive => "warning",
            _ => "note",
        };
        let location = json!({ "physicalLocation": {
            "artifactLocation": { "uri": POLICY }, "region": { "startLine": 1 },
        } });
        json!({
            "ruleId": rule(finding),
            "level": level,
            "message": { "text": move_of(finding, &scales, &show) },
            "locations": [location],
            "partialFingerprints": { "measurement/v1": fingerprint(finding) },
        })
    };
    let over = |budget: &&BudgetFinding| {
        let level = if budget.verdict() == Verdict::Warn { "note" } else { "error" };
        json!({
            "ruleId": "budget",
            "level": level,
            "message": { "text": text(budget, &show) },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": POLICY }, "region": { "startLine": 1 },
            } }],
            "partialFingerprints": { "measurement/v1": hashed(&format!("budget {}", budget.subject.raw())) },
        })
    };
    let broken = broken(report);
    let results: Vec<Value> = listed.iter().map(result).chain(broken.iter().map(over)).collect();
    let driver = json!({
        "name": "perfgate", "version": env!("CARGO_PKG_VERSION"), "rules": rules,
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": driver }, "results": results }],
    });
    write_json(&log, out)
}

/// Writes what asks for attention as GitLab's code quality report.
pub fn render_code_quality(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let scales = Scales::of(report);
    let show = |text: &dyn Raw| harmless(text);
    let issue = |finding: &Finding| {
        let severity = match finding.verdict() {
            Verdict::Fail => "critical",
            Verdict::Inconclusive => "major",
            _ => "minor",
        };
        json!({
            "description": move_of(finding, &scales, &show),
            "check_name": rule(finding),
            "fingerprint": fingerprint(finding),
            "severity": severity,
            "location": { "path": POLICY, "lines": { "begin": 1 } },
        })
    };
    let over = |budget: &BudgetFinding| {
        json!({
            "description": text(budget, &show),
            "check_name": "budget",
            "fingerprint": hashed(&format!("budget {}", budget.subject.raw())),
            "severity": if budget.verdict() == Verdict::Warn { "minor" } else { "critical" },
            "location": { "path": POLICY, "lines": { "begin": 1 } },
        })
    };
    let moved = attention(report).into_iter().map(issue);
    let issues: Vec<Value> = moved.chain(broken(report).into_iter().map(over)).collect();
    write_json(&issues, out)
}

fn metric(finding: &Finding) -> String {
    match finding.metric {
        Metric::Latency => format!("latency {}", finding.statistic),
        _ => harmless(&finding.metric.text()),
    }
}

fn rule(finding: &Finding) -> String {
    metric(finding).replace(char::is_whitespace, "-")
}

fn fingerprint(finding: &Finding) -> String {
    hashed(finding.key().text().raw())
}

/// The same for the same measurement in every report: FNV-1a, 64 bits, which needs to be no more than stable.
fn hashed(key: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    format!("{:016x}", key.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}
