//! What stands behind the comparison: budgets, the checklist, warnings, what was left out, and what the run is.

use super::figures::folded;
use super::head::commit_of;
use super::page::Page;
use crate::gate::{Report, Verdict};
use crate::model::{Raw, Resource, Run, Untrusted};
use crate::report::escape::harmless;
use crate::report::full::tool;
use crate::report::left_out::{gone, left_out};
use crate::report::number::{plural, significant};
use crate::report::shares::shares;
use crate::report::warnings::warning_text;
use crate::report::{budgets, checklist};
use maud::{Markup, html};

/// Lines of a list that are seen.
const SEEN: usize = 5;

/// The budgets: those that are kept are folded.
pub(super) fn budget_list(report: &Report) -> Markup {
    let plain = |text: &dyn Raw| harmless(text);
    let line = |budget: &&crate::gate::BudgetFinding| {
        let line = html! { li class=(budget.verdict().name()) { (budgets::line(budget, &plain)) } };
        (budget.verdict() == Verdict::Pass, line)
    };
    judged("Budgets", &budgets::kept(report), budgets::ordered(report).iter().map(line).collect())
}

/// The checklist of the policy: what is checked off is folded.
pub(super) fn item_list(report: &Report) -> Markup {
    let plain = |text: &dyn Raw| harmless(text);
    let line = |item: &crate::gate::CheckedItem| {
        let line =
            html! { li class=(item.verdict().name()) { (checklist::line(item, report, &plain)) } };
        (item.verdict() == Verdict::Pass, line)
    };
    judged("Checklist", &checklist::counts(report), report.checklist.iter().map(line).collect())
}

fn judged(what: &str, counts: &str, lines: Vec<(bool, Markup)>) -> Markup {
    let (fine, open): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(fine, _)| *fine);
    let list = |lines: &[(bool, Markup)]| {
        html! { @if !lines.is_empty() { ul.plain { @for (_, line) in lines { (line) } } } }
    };
    html! {
        @if !(fine.is_empty() && open.is_empty()) {
            section {
                h2 { (what) ": " (counts) }
                (list(&open))
                (folded(&format!("{} fine", fine.len()), &list(&fine)))
            }
        }
    }
}

/// Warnings, and what the run lacks.
pub(super) fn warnings(report: &Report) -> Markup {
    let plain = |text: &dyn Raw| harmless(text);
    let mut lines: Vec<String> = gone(report, &plain)
        .iter()
        .map(|name| format!("in the baseline but not in this run: {name}"))
        .collect();
    lines.extend(report.warnings.iter().map(|warning| {
        let place = warning.place.as_ref().map(|place| match place.line {
            Some(line) => format!("{}, line {line}: ", harmless(&place.file)),
            None => format!("{}: ", harmless(&place.file)),
        });
        place.unwrap_or_default() + &harmless(&warning_text(&warning.kind))
    }));
    let (seen, more) = lines.split_at(SEEN.min(lines.len()));
    html! { @if !lines.is_empty() { section.warnings {
        h2 { "Warnings" }
        (list(seen))
        (folded(&plural(more.len(), "more warning"), &list(more)))
    } } }
}

fn list(lines: &[String]) -> Markup {
    html! { @if !lines.is_empty() { ul { @for line in lines { li { (line) } } } } }
}

/// What was not compared.
pub(super) fn not_compared(report: &Report) -> Markup {
    list(&left_out(report, &|text: &dyn Raw| harmless(text)))
}

/// What the run is.
pub(super) fn facts(page: Page<'_>) -> Markup {
    let Some(run) = page.current.first() else { return html! {} };
    let facts: [(&str, Option<Untrusted>); 10] = [
        ("tool", Some(tool(&run.tool))),
        ("commit", commit_of(page).map(|id| id.to_string().into())),
        ("suite", page.report.current.suite.clone()),
        ("profile", run.profile.clone()),
        ("environment", run.environment.clone()),
        (
            "started",
            run.started_at.map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string().into()),
        ),
        ("duration", run.duration_s.map(|s| format!("{} s", significant(s)).into())),
        ("users", run.load.users.map(|n| n.to_string().into())),
        ("target", run.load.target.clone()),
        ("requests", run.total.requests.map(|n| n.to_string().into())),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let labels = run.labels.iter().map(|(name, value)| (harmless(name), value.clone()));
    html! { dl.facts { @for (name, value) in facts.chain(labels) {
        dt { (name) } dd { (harmless(&value).trim()) }
    } } }
}

/// Where the time of the mean request went, for each endpoint.
pub(super) fn time_spent(page: Page<'_>) -> Markup {
    let Some(run) = page.current.first() else { return html! {} };
    let shares = shares(run, &|text: &dyn Raw| harmless(text));
    html! { @if !shares.is_empty() {
        div.scroll tabindex="0" role="region" aria-label="Where the time went" { table {
            thead { tr { th scope="col" { "endpoint" } th scope="col" { "parts of the mean request" } } }
            tbody { @for (name, parts) in &shares { tr { td.name { (harmless(name)) } td.name { (parts) } } } }
        } }
    } }
}

/// What the machine used, beside the same of the baseline.
pub(super) fn resources(page: Page<'_>) -> Markup {
    let Some(run) = page.current.first() else { return html! {} };
    let number = |value: Option<f64>| value.map(significant).unwrap_or_default();
    let before = |name: &Untrusted| -> Option<&Resource> {
        page.baseline.first().and_then(|run: &Run| run.resources.get(name))
    };
    html! { @if !run.resources.is_empty() {
        div.scroll tabindex="0" role="region" aria-label="Resources" { table.numbers.of-resources {
            thead { tr {
                @for head in ["resource", "mean", "baseline", "max", "baseline", "per hour"] { th scope="col" { (head) } }
            } }
            tbody { @for (name, own) in &run.resources { tr {
                td { (harmless(name)) }
                td { (number(own.mean)) } td { (number(before(name).and_then(|own| own.mean))) }
                td { (number(own.max)) } td { (number(before(name).and_then(|own| own.max))) }
                td { (number(own.slope_per_hour)) }
            } } }
        } }
    } }
}
