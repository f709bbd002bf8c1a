//! One verdict, step by step, with the numbers that it comes from.

use super::cells::{Scales, change, interval, limit_of};
use super::escape::terminal;
use super::explain_noise::{whole_run, write_assumed, write_noise};
use super::explain_row::{HANG, INDENT, row};
use super::few_compared;
use super::number::{Scale, plural, significant};
use super::paper::Paper;
use super::ranking::closeness;
use super::reasons;
use crate::config::Decide;
use crate::gate::{Finding, RankInFamily, Reason, Report, Sides, Verdict};
use crate::model::{BEYOND, Metric, Raw};
use std::io::{self, Write};

/// Writes how the verdict on each of these findings was reached.
pub fn render(
    report: &Report,
    findings: &[&Finding],
    paper: Paper,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut text = Vec::new();
    write_all(report, findings, &mut text)?;
    for line in String::from_utf8_lossy(&text).lines() {
        let indent = line.len() - line.trim_start().len();
        let hang = if indent >= INDENT { HANG } else { indent + 2 };
        writeln!(out, "{}", paper.folded(line, hang))?;
    }
    Ok(())
}

fn write_all(report: &Report, findings: &[&Finding], out: &mut impl Write) -> io::Result<()> {
    let scales = Scales::of(report);
    let show = |text: &dyn Raw| terminal(text);
    for finding in findings {
        let verdict = reasons::verdict(finding, report, &show);
        writeln!(out, "{}: {verdict}", terminal(&finding.key().text()))?;
        write_measured(finding, &scales.scale(&finding.unit), out)?;
        // What is too noisy was measured and weighed: its steps say by what.
        let weighed = finding.reason == Reason::TooNoisy && finding.working.noise.is_some();
        if finding.verdict() == Verdict::NotCompared && !weighed {
            write_few(finding, out)?;
            continue;
        }
        write_limit(finding, out)?;
        if finding.reason == Reason::Control {
            write_parts(finding, out)?;
            write_kinds(finding, out)?;
            write_verdict(report, finding, out)?;
            writeln!(out)?;
            continue;
        }
        match (&finding.working.noise, finding.p) {
            _ if finding.few.is_some() => write_few(finding, out)?,
            (Some(noise), _) => write_noise(finding, noise, out)?,
            (None, Some(_)) => write_assumed(finding, out)?,
            (None, None) => {}
        }
        write_family(report, finding, out)?;
        write_parts(finding, out)?;
        write_kinds(finding, out)?;
        write_verdict(report, finding, out)?;
        writeln!(out)?;
    }
    Ok(())
}

fn write_measured(finding: &Finding, scale: &Scale, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n  1. What was measured")?;
    let list = |values: &[f64]| {
        values.iter().map(|v| scale.bare(*v)).collect::<Vec<_>>().join(", ") + scale.suffix()
    };
    let heads = Sides { baseline: "baseline", current: "this run" };
    let sides = finding.working.per_run.as_ref().zip(finding.counts).zip(finding.values);
    for (head, ((values, counts), side)) in heads.zip(sides).iter() {
        let text = match (counts.failures, counts.requests, values.as_slice()) {
            (Some(failures), Some(of), _) => format!("{failures} failures in {of} requests"),
            (.., [_, ..]) => format!("{} ({})", list(values), plural(values.len(), "run")),
            _ => side.map_or("nothing".to_owned(), |value| scale.show(value)),
        };
        row(out, head, &text)?;
    }
    if let Some(level) = finding.working.levels.first() {
        let text = format!(
            "the nearest {} of these runs are at the current level; earlier ones only show how much runs vary",
            level
        );
        row(out, "level", &text)?;
    }
    Ok(())
}

fn write_limit(finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n  2. Is the limit crossed?")?;
    let crossed = closeness(finding) > 1.0 + BEYOND;
    let text = format!(
        "{}, and the limit is {}: {}",
        change(finding),
        limit_of(finding),
        if crossed { "crossed" } else { "not crossed" }
    );
    row(out, "change", &text)?;
    match interval(finding) {
        text if text.is_empty() => Ok(()),
        text => row(out, "interval", &format!("{text}, at 95 % confidence")),
    }
}

/// What the calls say, where they are few.
fn write_few(finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let Some(few) = &finding.few else { return Ok(()) };
    let open = finding.verdict() == Verdict::NotCompared;
    let number = if open { 2 } else { 3 };
    writeln!(out, "\n  {number}. What do so few calls say?")?;
    few_compared::rows(few, open).into_iter().try_for_each(|(head, text)| row(out, head, &text))
}

fn write_family(report: &Report, finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let Some(RankInFamily { rank, size }) = finding.working.family else { return Ok(()) };
    if report.decide == Decide::Threshold {
        return Ok(());
    }
    let risk = finding.working.risk;
    let number = if finding.working.noise.is_some() { 5 } else { 4 };
    writeln!(out, "\n  {number}. Is it still significant among this many tests?")?;
    let level = |q: f64| significant(q * rank as f64 / size as f64);
    let what = match &finding.metric {
        Metric::Latency => "latency",
        Metric::ErrorRate => "error rate",
        Metric::Throughput => "throughput",
        Metric::Custom(_) => "metric",
    };
    let tests_text = plural(size, &format!("{what} test"));
    row(out, "rank", &format!("number {rank} of {tests_text} by p-value"))?;
    if report.decide == Decide::Confirmed {
        return row(
            out,
            "needed",
            "at least two new runs that show it, at a level that grows with their number",
        );
    }
    let text = format!(
        "fails at p ≤ {} ({} % × {rank}/{size}), is suspicious at p ≤ {} (5 % × {rank}/{size}),",
        level(risk),
        100.0 * risk,
        level(0.05)
    );
    row(out, "needed", &text)?;
    row(out, "", "or if a test of a higher rank does (Benjamini–Hochberg)")
}

/// Where the time goes, where the files say so.
fn write_parts(finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let parts = &finding.working.parts;
    if parts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n  Where does the time go? (means)")?;
    parts.iter().try_for_each(|(name, part)| {
        let (before, after) = (significant(part.baseline), significant(part.current));
        let text = format!("{before} → {after} ms");
        writeln!(out, "     {:15} {text}", terminal(&reasons::part(name)))
    })
}

/// How the requests failed, where the files say so.
fn write_kinds(finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let kinds = &finding.working.kinds;
    if kinds.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n  How did requests fail? (the most frequent kinds)")?;
    kinds.iter().try_for_each(|(kind, Sides { baseline, current })| {
        writeln!(out, "     {baseline} → {current}  {}", terminal(kind))
    })
}

fn write_verdict(report: &Report, finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let verdict = finding.verdict().name().replace('_', " ");
    writeln!(out, "\n  → {verdict}: {}", because(report, finding))
}

fn because(report: &Report, finding: &Finding) -> String {
    match (finding.reason, &finding.working.noise) {
        (Reason::WholeRun, Some(noise)) => whole_run(finding, noise),
        _ => reason_of(report, finding).to_owned(),
    }
}

fn reason_of(report: &Report, finding: &Finding) -> &'static str {
    match finding.reason {
        Reason::WithinLimit => "the limit is not crossed",
        Reason::OverThreshold => match report.decide {
            Decide::Threshold => {
                "the limit is crossed, and the policy requires no more (decide: threshold)"
            }
            Decide::Evidence => "the limit is crossed, and chance is an unlikely explanation",
            Decide::Confirmed => "the limit is crossed, and several new runs show it",
        },
        Reason::MeasureAgain => "suspicious but not conclusive: another run would settle it",
        Reason::WithinNoise => "the limit is crossed, but chance explains it",
        Reason::BelowResolution => {
            "the limit is crossed, but only within the rounding of the source"
        }
        Reason::WholeRun => "what all endpoints share cannot tell slow code from a slow machine",
        Reason::AlreadyOnMain => {
            "the nearest baseline commit is just as bad: the change was merged before"
        }
        Reason::WarnOnly => "the policy only warns here",
        Reason::Accepted => "a commit accepts the change, up to this size",
        Reason::Control => {
            "this endpoint is a control: the change cannot touch it, so the machine differs"
        }
        Reason::Removed(_) => "the baseline has the endpoint, this run does not",
        Reason::TooNoisy => {
            "a change near the limit would not be visible: measure longer, send more requests, or ignore it"
        }
        Reason::Missing(_) | Reason::ZeroBaseline | Reason::NewEndpoint => {
            "there was nothing to compare"
        }
    }
}
