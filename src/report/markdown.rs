//! The report as Markdown, for a pull request or a job summary.

use super::escape::{markdown_code, markdown_text};
use super::number::plural;
use super::words::{
    self, Scales, attention, change, gone, headline, interval, left_out, limit_of, looked_at, mark,
    provenance,
};
use crate::gate::{Finding, Report, ReportReason, Verdict};
use std::io::{self, Write};

/// Writes the report as GitHub-flavoured Markdown.
pub fn render(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let scales = Scales::of(report);
    let code = |text: &str| markdown_code(text);
    writeln!(out, "### {} Performance: {}\n", mark(report.verdict), title(report))?;
    writeln!(out, "{}\n", capitalised(&headline(report, &scales, &code)))?;
    let listed = attention(report);
    if !listed.is_empty() {
        write_table(report, &listed, &scales, out)?;
    }
    if report.reason == ReportReason::NoBaseline {
        for line in looked_at(report, &code) {
            writeln!(out, "* {line}")?;
        }
        writeln!(
            out,
            "\nOn the baseline's branch, after the load test: {}",
            markdown_code(&format!(
                "perfgate record RESULTS{} && perfgate baseline push",
                report.current.arguments
            ))
        )?;
    }
    if let Some(baseline) = &report.baseline {
        let (compared, total) = (report.coverage.compared, report.coverage.total);
        writeln!(
            out,
            "Against {}. {compared} of {} compared.\n",
            provenance(baseline, report, &code),
            plural(total, "measurement")
        )?;
    }
    let gone = gone(report, &code);
    if !gone.is_empty() {
        writeln!(out, "In the baseline and not in this run: {}.\n", gone.join(", "))?;
    }
    write_rest(report, &scales, out)?;
    write_warnings(report, out)
}

fn title(report: &Report) -> String {
    let count = |verdict| report.findings.iter().filter(|f| f.verdict == verdict).count();
    match report.verdict {
        Verdict::Pass => "no regression".to_owned(),
        Verdict::Warn => format!("no regression, {}", plural(count(Verdict::Warn), "warning")),
        Verdict::Fail => plural(count(Verdict::Fail), "regression"),
        Verdict::Inconclusive | Verdict::NotCompared => "no verdict".to_owned(),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}

fn write_table(
    report: &Report,
    rows: &[&Finding],
    scales: &Scales,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "| | endpoint | metric | baseline | current | change | limit | |")?;
    writeln!(out, "|---|---|---|--:|--:|--:|--:|---|")?;
    let code = |text: &str| markdown_code(text);
    for finding in rows {
        let scale = scales.scale(&finding.unit);
        let value = |value: Option<f64>| value.map(|v| scale.show(v)).unwrap_or_default();
        let interval = match interval(finding) {
            text if text.is_empty() => text,
            text => format!(" ({text})"),
        };
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | **{}**{interval} | {} | {} |",
            mark(finding.verdict),
            markdown_code(&finding.endpoint.to_string()),
            words::metric(finding, &code),
            value(finding.baseline),
            value(finding.current),
            change(finding),
            limit_of(finding),
            words::verdict(finding, report, &code),
        )?;
    }
    writeln!(out)
}

/// What asks for no attention, folded.
fn write_rest(report: &Report, scales: &Scales, out: &mut impl Write) -> io::Result<()> {
    let passed: Vec<&Finding> =
        report.findings.iter().filter(|f| f.verdict == Verdict::Pass).collect();
    let code = |text: &str| markdown_code(text);
    let left_out = left_out(report, &code);
    if passed.is_empty() && left_out.is_empty() {
        return Ok(());
    }
    let summary = match (passed.len(), left_out.len()) {
        (n, 0) => format!("{n} within limits"),
        (0, m) => format!("{m} not compared"),
        (n, m) => format!("{n} within limits · {m} not compared"),
    };
    writeln!(out, "<details><summary>{summary}</summary>\n")?;
    if !passed.is_empty() {
        write_table(report, &passed, scales, out)?;
    }
    for line in &left_out {
        writeln!(out, "* not compared: {line}")?;
    }
    writeln!(out, "\n</details>")
}

fn write_warnings(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if report.warnings.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for warning in &report.warnings {
        let place = warning.place.as_ref().map(|place| match place.line {
            Some(line) => format!("{} line {line}: ", markdown_code(&place.file)),
            None => format!("{}: ", markdown_code(&place.file)),
        });
        let text: Vec<String> = warning.kind.to_string().split(' ').map(markdown_text).collect();
        writeln!(out, "* {}{}", place.unwrap_or_default(), text.join(" "))?;
    }
    Ok(())
}
