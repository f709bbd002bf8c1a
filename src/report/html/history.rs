//! The recorded history of measurements, with the run under test at its end.

use super::figures::figure;
use super::head::sign;
use super::links::Links;
use super::page::Page;
use crate::gate::Finding;
use crate::model::{MeasurementKey, Raw};
use crate::report::cells::metric;
use crate::report::escape::harmless;
use crate::report::history_plot::of_column;
use crate::report::number::signed_percent;
use crate::report::plot::Look;
use crate::report::ranking::attention;
use crate::report::trend::{arrow, heading};
use crate::trend::{Found, Table};
use maud::{Markup, html};

/// Commits that are drawn.
pub(super) const LAST: usize = 200;
/// Steps that are told below a plot.
const MOST_STEPS: usize = 3;
const HEIGHT: f64 = 150.0;

/// The history of what is judged: what asks for attention comes first, as the table has it.
pub(super) fn of_page(page: Page<'_>) -> Vec<Markup> {
    let Some(table) = page.history else { return Vec::new() };
    let finding = |key: &MeasurementKey| page.report.all_findings().find(|f| f.key() == *key);
    let asks: Vec<MeasurementKey> = attention(page.report).iter().map(|f| f.key()).collect();
    let place = |key: &MeasurementKey| asks.iter().position(|own| own == key).unwrap_or(asks.len());
    let mut columns: Vec<(usize, &MeasurementKey)> =
        table.columns.iter().map(|column| &column.key).enumerate().collect();
    columns.sort_by_key(|(_, key)| place(key));
    let links = &page.masthead.links;
    let plots = columns.into_iter().filter_map(|(c, key)| column(table, c, finding(key), links));
    plots.collect()
}

/// The last values of these columns.
pub(super) fn of_columns(table: &Table, columns: &[usize], links: &Links) -> Vec<Markup> {
    columns.iter().filter_map(|c| column(table, *c, None, links)).collect()
}

fn column(table: &Table, c: usize, finding: Option<&Finding>, links: &Links) -> Option<Markup> {
    let plot = of_column(table, c, LAST, finding, HEIGHT)?;
    let name = match finding {
        Some(finding) => named(finding),
        None => harmless(&heading(&table.columns[c])),
    };
    let caption =
        html! { span { @if let Some(finding) = finding { (sign(finding.verdict())) " " } (name) } };
    let mut key = vec![(Look::Run, "recorded commits"), (Look::Level, "level")];
    if finding.is_some() {
        key.push((Look::Limit, "limit"));
    }
    let steps = &table.steps[c];
    let newest = steps.iter().rev().take(MOST_STEPS);
    Some(html! {
        div.history {
            (figure(&caption, &key, &plot))
            @if !steps.is_empty() { ul.steps { @for found in newest { li { (step(table, found, links)) } } } }
        }
    })
}

/// `total error rate`, `POST /api/chat p95`.
pub(super) fn named(finding: &Finding) -> String {
    let metric = metric(finding, &|text: &dyn Raw| harmless(text));
    format!("{} {metric}", harmless(&finding.endpoint.text()))
}

/// A step: how large, and the commit that it came with.
pub(super) fn step(table: &Table, found: &Found, links: &Links) -> Markup {
    let row = &table.rows[found.step.index];
    let size = found.step.size;
    let size = if size.is_finite() { signed_percent(size) } else { "from 0".to_owned() };
    html! {
        (arrow(found.step.size)) " " b { (size) } " at " (links.short(row.commit)) " " (harmless(&row.subject))
        span.soft { ", " (row.date.strftime("%-d %b %Y")) @if !found.step.confirmed { ", not yet confirmed" } }
    }
}
