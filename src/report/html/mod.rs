//! The report as one page that needs nothing else: no network, no other file. It opens from a folder, an artifact or a mail.
//!
//! Every text goes through the template, which escapes it; the page's own policy forbids it to load anything.

mod page;
mod pairs;
mod plots;
mod site;

pub use page::Page;
pub use site::Site;

use super::budgets;
use super::cells::{Row, Scales};
use super::checklist;
use super::escape::harmless;
use super::full::tool;
use super::headline::headline;
use super::left_out::{gone, left_out};
use super::mark::mark;
use super::number::{plural, significant};
use super::provenance::{anchored, provenance, searched};
use super::ranking::closeness;
use super::shares::shares;
use super::warnings::warning_text;
use crate::gate::{Finding, Report, ReportReason, Verdict};
use crate::model::{Raw, Untrusted};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::io::{self, Write};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// The page loads nothing, and nothing that stands in a name could make it.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// Writes the page.
pub fn render(page: Page<'_>, out: &mut impl Write) -> io::Result<()> {
    let report = page.report;
    let plain = |text: &dyn Raw| harmless(text);
    let scales = Scales::of(report);
    let title = match &report.current.suite {
        Some(suite) => format!("Performance of {}", harmless(suite)),
        None => "Performance".to_owned(),
    };
    let (sides, changes) = pairs::plots(report)?;
    let windows = plots::windows(report)?;
    let timelines = plots::timelines(page)?;
    let distributions = plots::distributions(page)?;
    let history = page.history.map(plots::history).transpose()?.unwrap_or_default();
    let body = html! {
        header {
            h1 class=(report.verdict.name()) {
                (mark(report.verdict)) " " (title) ": " (report.verdict.name().replace('_', " "))
            }
            p.headline { (sentence(&headline(report, &scales, &plain))) }
            (from(report))
        }
        main {
            (budget_list(report))
            (item_list(report))
            (findings(report, &scales))
            @for (heading, figures) in [
                ("Changes, pair by pair", changes),
                ("Both sides, pair by pair", sides),
                ("Response times, baseline and this run", distributions),
                ("History", history),
                ("Compared runs", windows),
                ("During the test", timelines),
            ] {
                @if !figures.is_empty() {
                    h2 { (heading) }
                    div.plots { @for figure in &figures { (figure) } }
                }
            }
            (rest(report))
            (runs(page))
        }
        (script())
    };
    let page = document(&format!("{} {title}", mark(report.verdict)), &body);
    out.write_all(page.into_string().as_bytes())
}

/// A whole page of this title.
fn document(title: &dyn Raw, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (harmless(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

/// What sorts and filters the page's table.
fn script() -> Markup {
    html! { script { (PreEscaped(SCRIPT)) } }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// What the run was held against, and how much of it.
fn from(report: &Report) -> Markup {
    let plain = |text: &dyn Raw| harmless(text);
    let (compared, total) = (report.coverage.compared, report.coverage.total);
    html! {
        @if let Some(baseline) = report.baseline() {
            p.soft {
                "Baseline " (provenance(baseline, report, &plain)) ". "
                @if let Some(anchor) = report.anchor() { "Anchor " (anchored(anchor, report, &plain)) ". " }
                (compared) " of " (plural(total, "measurement")) " compared. Exit code " (report.exit.code()) "."
            }
        }
        @if report.reason == ReportReason::NoBaseline {
            ul { @for line in searched(report, &plain) { li { (line) } } }
        }
    }
}

/// The budgets, those that ask for attention first.
fn budget_list(report: &Report) -> Markup {
    let plain = |text: &dyn Raw| harmless(text);
    html! {
        @if !report.budgets.is_empty() {
            h2 { "Budgets: " (budgets::kept(report)) }
            ul.plain { @for budget in budgets::ordered(report) {
                li class=(budget.verdict().name()) { (budgets::line(budget, &plain)) }
            } }
        }
    }
}

/// The checklist of the policy.
fn item_list(report: &Report) -> Markup {
    let plain = |text: &dyn Raw| harmless(text);
    html! {
        @if !report.checklist.is_empty() {
            h2 { "Checklist: " (checklist::counts(report)) }
            ul.plain { @for item in &report.checklist {
                li class=(item.verdict().name()) { (checklist::line(item, report, &plain)) }
            } }
        }
    }
}

/// The table of findings, with its controls.
fn findings(report: &Report, scales: &Scales) -> Markup {
    if report.findings.is_empty() {
        return html! {};
    }
    let mut rows: Vec<&Finding> = report.all_findings().collect();
    rows.sort_by(|a, b| {
        let rank = b.verdict().rank().cmp(&a.verdict().rank());
        rank.then(closeness(b).total_cmp(&closeness(a)))
    });
    let head = |text: &str, number: bool| {
        let label = (text.is_empty()).then_some("severity");
        html! { th.number[number] scope="col" { button type="button" aria-label=[label] { (text) } } }
    };
    let verdicts =
        [Verdict::Fail, Verdict::Inconclusive, Verdict::Warn, Verdict::Pass, Verdict::NotCompared];
    html! {
        h2 { "Findings" }
        div.controls {
            label { "Filter " input type="search" id="filter" placeholder="words of an endpoint, metric or verdict"; }
            label { "Verdict " select id="verdict" {
                option value="" { "all" }
                @for verdict in verdicts {
                    option value=(verdict.name()) { (verdict.name().replace('_', " ")) }
                }
            } }
            span.soft id="count" aria-live="polite" {}
        }
        div.scroll {
            table id="findings" {
                thead { tr {
                    (head("", false)) (head("endpoint", false)) (head("metric", false)) (head("baseline", true))
                    (head("this run", true)) (head("change", true)) (head("95 % interval", true))
                    (head("limit", true)) (head("verdict", false))
                } }
                tbody { @for finding in rows { (row(finding, report, scales)) } }
            }
        }
        p { button.more type="button" id="more" hidden { "Show more" } }
    }
}

fn row(finding: &Finding, report: &Report, scales: &Scales) -> Markup {
    let plain = |text: &dyn Raw| harmless(text);
    let row = Row::new(finding, report, scales, &plain);
    let sorted = |value: Option<f64>| value.map_or("NaN".to_owned(), |v| v.to_string());
    let size = finding.change().map(|change| change.relative.unwrap_or(change.absolute));
    let verdict = finding.verdict().name();
    html! {
        tr data-verdict=(verdict) {
            td class=(verdict) data-value=(finding.verdict().rank()) { (row.mark) }
            td.name { (row.endpoint) }
            td { (row.metric) }
            td.number data-value=(sorted(finding.values.baseline)) { (row.baseline) }
            td.number data-value=(sorted(finding.values.current)) { (row.current) }
            td class={ "number " (verdict) } data-value=(sorted(size)) { (row.change) }
            td.number { (row.interval) }
            td.number { (row.limit) }
            td.name class=(verdict) { (row.verdict) }
        }
    }
}

/// Warnings, what is gone, and what was not compared.
fn rest(report: &Report) -> Markup {
    let plain = |text: &dyn Raw| harmless(text);
    let (gone, left_out) = (gone(report, &plain), left_out(report, &plain));
    let list = |heading: &str, lines: &[String]| {
        html! { @if !lines.is_empty() { h2 { (heading) } ul { @for line in lines { li { (line) } } } } }
    };
    let warnings: Vec<String> = report
        .warnings
        .iter()
        .map(|warning| {
            let place = warning.place.as_ref().map(|place| match place.line {
                Some(line) => format!("{}, line {line}: ", harmless(&place.file)),
                None => format!("{}: ", harmless(&place.file)),
            });
            place.unwrap_or_default() + &harmless(&warning_text(&warning.kind))
        })
        .collect();
    html! {
        (list("Warnings", &warnings))
        (list("In the baseline but not in this run", &gone))
        (list("Not compared", &left_out))
    }
}

/// What the runs are, and what the machine used meanwhile.
fn runs(page: Page<'_>) -> Markup {
    let Some(run) = page.current.first() else { return html! {} };
    let facts: [(&str, Option<Untrusted>); 10] = [
        ("tool", Some(tool(&run.tool))),
        ("commit", page.report.current.commit.or(run.commit).map(|id| id.to_string().into())),
        ("suite", page.report.current.suite.clone()),
        ("profile", run.profile.clone()),
        ("environment", run.environment.clone()),
        ("started", run.started_at.map(|at| at.to_string().into())),
        ("duration", run.duration_s.map(|s| format!("{} s", significant(s)).into())),
        ("users", run.load.users.map(|n| n.to_string().into())),
        ("target", run.load.target.clone()),
        ("requests", run.total.requests.map(|n| n.to_string().into())),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let labels = run.labels.iter().map(|(name, value)| (harmless(name), value.clone()));
    html! {
        h2 { "This run" }
        dl {
            @for (name, value) in facts.chain(labels) {
                dt { (name) } dd { (harmless(&value).trim()) }
            }
        }
        @let shares = shares(run, &|text: &dyn Raw| harmless(text));
        @if !shares.is_empty() {
            h2 { "Where the time went" }
            div.scroll { table {
                thead { tr { th { "endpoint" } th { "parts of the mean request" } } }
                tbody { @for (name, parts) in &shares { tr {
                    td.name { (harmless(name)) } td { (parts) }
                } } }
            } }
        }
        @if !run.resources.is_empty() {
            h2 { "Resources" }
            div.scroll { table {
                thead { tr { th { "resource" } th.number { "mean" } th.number { "max" } th.number { "per hour" } } }
                tbody { @for (name, own) in &run.resources { tr {
                    td { (harmless(name)) }
                    @for value in [own.mean, own.max, own.slope_per_hour] {
                        td.number { (value.map(significant).unwrap_or_default()) }
                    }
                } } }
            } }
        }
    }
}
