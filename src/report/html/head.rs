//! The head of the page: the verdict, how many measurements have which, and where the run comes from.

use super::links::{link, text_link};
use super::page::{Masthead, Page};
use crate::gate::{Finding, Report, ReportReason, Verdict};
use crate::model::{CommitId, Raw, Untrusted};
use crate::report::cells::Scales;
use crate::report::escape::harmless;
use crate::report::headline::headline;
use crate::report::mark::mark;
use crate::report::number::plural;
use crate::report::provenance::{anchored, provenance, searched};
use maud::{Markup, html};

/// The verdict in a word or two.
pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "Pass",
        Verdict::Warn => "Pass with warnings",
        Verdict::Fail => "Fail",
        Verdict::Inconclusive => "Measure again",
        Verdict::NotCompared => "No verdict",
    }
}

/// The sign of a measurement: what was not compared is no question.
pub(super) fn bare_sign(verdict: Verdict) -> &'static str {
    if verdict == Verdict::NotCompared { "–" } else { mark(verdict) }
}

/// The same in its color.
pub(super) fn sign(verdict: Verdict) -> Markup {
    html! { span class={ "sign " (verdict.name()) } { (bare_sign(verdict)) } }
}

/// The head of the page.
pub(super) fn head(page: Page<'_>, scales: &Scales) -> Markup {
    let report = page.report;
    let plain = |text: &dyn Raw| harmless(text);
    let verdict = report.verdict;
    html! {
        header class={ "verdict " (verdict.name()) } {
            (place(page))
            h1 { span.sign aria-hidden="true" { (mark(verdict)) } " " (word(verdict)) }
            p.headline { (kept_together(&sentence(&headline(report, scales, &plain)))) }
            (counts(report))
        }
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// A number and its unit stay in one line.
fn kept_together(text: &str) -> String {
    text.replace(" %", "\u{a0}%").replace(" ms", "\u{a0}ms")
}

/// Repository, branch, and which test it is.
fn place(page: Page<'_>) -> Markup {
    let Masthead { repository, branch, pull_request, links, .. } = page.masthead;
    let run = page.current.first();
    let named =
        |what: &str, name: Option<&Untrusted>| name.map(|own| format!("{what} {}", harmless(own)));
    let suite = named("suite", page.report.current.suite.as_ref());
    let profile = named("profile", run.and_then(|run| run.profile.as_ref()));
    let environment = named("environment", run.and_then(|run| run.environment.as_ref()));
    html! {
        p.place {
            b {
                @match repository {
                    Some(repository) => { (text_link(links.repository(), repository)) }
                    None => "Performance",
                }
            }
            @if let Some(branch) = branch { span { "branch " (harmless(branch)) } }
            @if let Some(number) = pull_request {
                span { (link(links.pull_request(*number).as_deref(), &html! { "pull request " (number) })) }
            }
            @for part in [suite, profile, environment].into_iter().flatten() { span { (part) } }
        }
    }
}

/// How many measurements have which verdict; nothing for none.
fn counts(report: &Report) -> Markup {
    let of =
        |wanted: &dyn Fn(&Finding) -> bool| report.all_findings().filter(|f| wanted(f)).count();
    let has = |verdict: Verdict| of(&|f| f.verdict() == verdict && !f.is_chance());
    let all = [
        (Verdict::Fail, has(Verdict::Fail), "failed"),
        (Verdict::Inconclusive, has(Verdict::Inconclusive), "to measure again"),
        (Verdict::Warn, has(Verdict::Warn), "with a warning"),
        (Verdict::Warn, of(&Finding::is_chance), "within noise"),
        (Verdict::Pass, has(Verdict::Pass), "within limits"),
        (Verdict::NotCompared, has(Verdict::NotCompared), "not compared"),
    ];
    html! {
        @if !report.findings.is_empty() {
            ul.counts { @for (verdict, count, what) in all {
                @if count > 0 {
                    li { (sign(verdict)) " " b { (count) } " " (what) }
                }
            } }
        }
    }
}

/// Commit, author, date, job, and what the run was held against, or where a baseline was searched in vain.
pub(super) fn facts(page: Page<'_>) -> Markup {
    let report = page.report;
    let plain = |text: &dyn Raw| harmless(text);
    let Masthead { subject, author, job, site, links, .. } = page.masthead;
    let started = page.current.first().and_then(|run| run.started_at);
    let minute = |at: jiff::Timestamp| at.strftime("%-d %b %Y, %H:%M UTC").to_string();
    html! {
        dl.facts {
            @if let Some(commit) = commit_of(page) {
                dt { "Commit" }
                dd {
                    (links.short(commit))
                    @if let Some(subject) = subject { " " (harmless(subject)) }
                    @if let Some(author) = author { span.soft { " by " (harmless(author)) } }
                    @if let Some(date) = report.current.date { span.soft { ", " (minute(date)) } }
                }
            }
            @if let Some(started) = started { dt { "Measured" } dd { (minute(started)) } }
            @if let Some(job) = job { dt { "Job" } dd { (link(Some(job.as_str()), &html! { "CI job" })) } }
            @if let Some(site) = site { dt { "History" } dd { (link(Some(site.as_str()), &html! { "all commits" })) } }
            @if let Some(baseline) = report.baseline() {
                dt { "Baseline" } dd { (provenance(baseline, report, &plain)) }
                @if let Some(anchor) = report.anchor() { dt { "Anchor" } dd { (anchored(anchor, report, &plain)) } }
                dt { "Compared" }
                dd { (report.coverage.compared) " of " (plural(report.coverage.total, "measurement")) ", exit code " (report.exit.code()) }
            }
        }
        @if report.reason == ReportReason::NoBaseline {
            ul.searched { @for line in searched(report, &plain) { li { (line) } } }
        }
    }
}

/// The commit that was measured.
pub(super) fn commit_of(page: Page<'_>) -> Option<CommitId> {
    page.report.current.commit.or_else(|| page.current.first()?.commit)
}
