//! Every measurement in one table, with what filters and sorts it.

use super::head::bare_sign;
use crate::gate::{Finding, Report, Verdict};
use crate::model::Raw;
use crate::report::cells::{Row, Scales};
use crate::report::escape::harmless;
use crate::report::ranking::closeness;
use maud::{Markup, html};

const VERDICTS: [Verdict; 5] =
    [Verdict::Fail, Verdict::Inconclusive, Verdict::Warn, Verdict::Pass, Verdict::NotCompared];
const HEADS: [&str; 9] = [
    "",
    "endpoint",
    "metric",
    "baseline",
    "this run",
    "change",
    "95 % interval",
    "limit",
    "verdict",
];

/// The columns of numbers.
const NUMBERS: std::ops::RangeInclusive<usize> = 3..=7;

/// The table; nothing without a finding.
pub(super) fn table(report: &Report, scales: &Scales) -> Markup {
    if report.findings.is_empty() {
        return html! {};
    }
    let mut rows: Vec<&Finding> = report.all_findings().collect();
    rows.sort_by(|a, b| {
        let rank = b.verdict().rank().cmp(&a.verdict().rank());
        rank.then(closeness(b).total_cmp(&closeness(a)))
    });
    html! {
        div.controls {
            label { "Filter " input type="search" id="filter" placeholder="endpoint, metric, verdict"; }
            label { "Verdict " select id="verdict" {
                option value="" { "all" }
                @for verdict in VERDICTS {
                    option value=(verdict.name()) { (verdict.name().replace('_', " ")) }
                }
            } }
            span.soft id="count" role="status" {}
        }
        div.scroll tabindex="0" role="region" aria-label="All measurements" {
            table.numbers id="findings" {
                thead { tr { @for (i, head) in HEADS.into_iter().enumerate() { (sortable(head, NUMBERS.contains(&i))) } } }
                tbody { @for finding in rows { (row(finding, report, scales)) } }
            }
        }
        p { button.more type="button" id="more" hidden { "Show more" } }
    }
}

/// The field that filters an index by words, and how many rows are left.
pub(super) fn filter(words: &str) -> Markup {
    html! {
        div.controls {
            label { "Filter " input type="search" id="filter" placeholder=(words); }
            span.soft id="count" role="status" {}
        }
    }
}

/// The head of a column that can be sorted by.
pub(super) fn sortable(text: &str, number: bool) -> Markup {
    let label = text.is_empty().then_some("severity");
    html! { th.number[number] scope="col" { button type="button" aria-label=[label] { (text) } } }
}

/// A number to sort by; not one where there is none.
pub(super) fn sorted_by(value: Option<f64>) -> String {
    value.map_or_else(|| "NaN".to_owned(), |value| format!("{value:.7e}"))
}

fn row(finding: &Finding, report: &Report, scales: &Scales) -> Markup {
    let plain = |text: &dyn Raw| harmless(text);
    let row = Row::new(finding, report, scales, &plain);
    let size = finding.change().map(|change| change.relative.unwrap_or(change.absolute));
    let verdict = finding.verdict();
    html! {
        tr data-verdict=(verdict.name()) {
            td data-value=(verdict.rank()) { (bare_sign(verdict)) }
            td { (row.endpoint) }
            td { (row.metric) }
            td data-value=(sorted_by(finding.values.baseline)) { (row.baseline) }
            td data-value=(sorted_by(finding.values.current)) { (row.current) }
            td data-value=(sorted_by(size)) { (row.change) }
            td { (row.interval) }
            td { (row.limit) }
            td { (row.verdict) }
        }
    }
}
