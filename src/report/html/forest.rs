//! The forest plot: a row for each measurement with its change, the interval of the change, no change, and the limit.
//!
//! Limits differ from row to row, in size and in unit, so that every change is drawn in limits of its own row: 0 is no change, 1 is the
//! limit, and worse is to the right. So both lines go through all rows, and what lies beyond the second one is seen at once.

use super::failed::Sections;
use crate::config::Threshold;
use crate::gate::{Finding, Report, Verdict};
use crate::model::{Metric, Raw};
use crate::report::cells::{Row, Scales};
use crate::report::escape::harmless;
use crate::report::mark::mark;
use crate::report::number::plural;
use crate::report::plot::{Shape, percent};
use crate::report::ranking::{attention, by_chance, closeness};
use maud::{Markup, html};

/// Rows that are drawn at most.
const MOST: usize = 40;
/// Rows that are drawn in any case, where there are as many.
const FEWEST: usize = 12;
/// Where the axis ends at most, in limits.
const FURTHEST: f64 = 4.0;

/// A change and its interval, in limits; worse is positive.
struct Place {
    at: f64,
    interval: Option<(f64, f64)>,
}

/// The axis of all rows, in limits.
struct Scope {
    low: f64,
    high: f64,
}

/// The plot of what asks for attention and of what is nearest to its limit.
pub(super) fn forest(report: &Report, scales: &Scales, sections: &Sections) -> Markup {
    let asks = attention(report);
    let shown = FEWEST.max(asks.len());
    let mut rows = asks;
    rows.extend(by_chance(report));
    let mut passed: Vec<&Finding> =
        report.all_findings().filter(|f| f.verdict() == Verdict::Pass).collect();
    passed.sort_by(|a, b| closeness(b).total_cmp(&closeness(a)));
    rows.extend(passed);
    rows.truncate(MOST);
    if rows.is_empty() {
        return html! {};
    }
    let scope = Scope::of(&rows);
    let (open, folded) = rows.split_at(shown.min(rows.len()));
    let row = |finding: &&Finding| row(finding, report, scales, sections, &scope);
    html! {
        section.forest {
            h2 { "Changes and their limits" }
            p.soft {
                "A line is the 95 % interval of a change. Each row is drawn in its own limit: what lies right of "
                b { "limit" } " is worse than allowed."
            }
            (axis(&scope))
            ol { @for finding in open { (row(finding)) } }
            @if !folded.is_empty() {
                details { summary { (plural(folded.len(), "more row")) } ol { @for finding in folded { (row(finding)) } } }
            }
        }
    }
}

fn row(
    finding: &Finding,
    report: &Report,
    scales: &Scales,
    sections: &Sections,
    scope: &Scope,
) -> Markup {
    let plain = |text: &dyn Raw| harmless(text);
    let row = Row::new(finding, report, scales, &plain);
    let verdict = finding.verdict();
    let name = html! { (row.endpoint) " " b { (row.metric) } };
    let values = format!("{} → {}", row.baseline, row.current);
    let interval = match row.interval.as_str() {
        "" => String::new(),
        interval => format!(", 95 % interval {interval}"),
    };
    let told = format!("{values}, {}{interval}, limit {}: {}", row.change, row.limit, row.verdict);
    html! {
        li title=(told) {
            span class={ "sign " (verdict.name()) } { (mark(verdict)) span.spoken { " " (verdict.name().replace('_', " ")) ": " } }
            span.name {
                @match sections.anchor(&finding.endpoint) {
                    Some(anchor) => { a href={ "#" (anchor) } { (name) } }
                    None => { (name) }
                }
            }
            (drawn(finding, scope))
            span.change { b class=(verdict.name()) { (row.change) } span.spoken { (interval) } }
            span.values { (values) }
            span.of { "limit " (row.limit) }
        }
    }
}

/// The names of the places along the axis.
fn axis(scope: &Scope) -> Markup {
    let tick = |at: i32| match at {
        0 => "no change".to_owned(),
        1 => "limit".to_owned(),
        at => format!("{at} ×").replace('-', "\u{2212}"),
    };
    html! {
        div.axis aria-hidden="true" {
            svg height="20" {
                @for at in scope.low.ceil() as i32..=scope.high.floor() as i32 {
                    text class=(if at == 0 || at == 1 { "said" } else { "tick" }) x=(scope.x(f64::from(at))) y="14"
                        text-anchor="middle" { (tick(at)) }
                }
            }
        }
    }
}

fn drawn(finding: &Finding, scope: &Scope) -> Markup {
    html! {
        svg.range aria-hidden="true" {
            rect.beyond x=(scope.x(1.0)) width=(percent(1.0 - scope.share(1.0))) y="0" height="100%" {}
            line.zero x1=(scope.x(0.0)) x2=(scope.x(0.0)) y1="0" y2="100%" {}
            line.limit x1=(scope.x(1.0)) x2=(scope.x(1.0)) y1="0" y2="100%" {}
            @if let Some(Place { at, interval }) = place(finding) {
                @if let Some((low, high)) = interval {
                    line.whisker x1=(scope.x(low)) x2=(scope.x(high)) y1="50%" y2="50%" {}
                    @for end in [low, high] { @if scope.holds(end) { (at_middle(&scope.x(end), &html! { path.whisker d="M0-4V4" {} })) } }
                }
                (at_middle(&scope.x(at), &Shape::of(finding.verdict()).drawn()))
                @if at > scope.high { (at_middle(&scope.x(at), &html! { path.off d="M10-5 16 0 10 5" {} })) }
                @if at < scope.low { (at_middle(&scope.x(at), &html! { path.off d="M-10-5-16 0-10 5" {} })) }
            }
        }
    }
}

/// Something around a place in the middle of a row.
fn at_middle(x: &str, what: &Markup) -> Markup {
    html! { svg x=(x) y="50%" overflow="visible" { (what) } }
}

impl Scope {
    fn of(rows: &[&Finding]) -> Self {
        let places = || rows.iter().filter_map(|finding| place(finding));
        let ends =
            |own: Place| [Some(own.at), own.interval.map(|i| i.0), own.interval.map(|i| i.1)];
        let all = || places().flat_map(ends).flatten();
        let high = all().fold(1.5, f64::max).min(FURTHEST);
        let low = all().fold(-1.0, f64::min).max(-0.75 * FURTHEST);
        // Marks at an end are drawn whole.
        Self { low: low - 0.2, high: high + 0.2 }
    }

    fn share(&self, at: f64) -> f64 {
        ((at - self.low) / (self.high - self.low)).clamp(0.02, 0.98)
    }

    fn x(&self, at: f64) -> String {
        percent(self.share(at))
    }

    fn holds(&self, at: f64) -> bool {
        (self.low..=self.high).contains(&at)
    }
}

/// Where a change lies; none where there is no change, or no limit to count in.
fn place(finding: &Finding) -> Option<Place> {
    let change = finding.change()?;
    let baseline = finding.values.baseline?;
    let worse = finding.direction.worse_sign();
    let of_rate = finding.metric == Metric::ErrorRate;
    // How many limits a change is that is given as a share of the baseline, or in the unit of the values.
    let (limit, at, of_interval) = match finding.threshold {
        Threshold::Relative(share) if of_rate => (share, change.relative?, 1.0 / baseline),
        Threshold::Relative(share) => (share, change.relative?, 1.0),
        Threshold::Absolute(amount) if of_rate => (amount, change.absolute, 1.0),
        Threshold::Absolute(amount) => (amount, change.absolute, baseline),
    };
    let in_limits = |value: f64| worse * value / limit;
    let interval = finding.interval.map(|own| {
        let [a, b] = [own.low, own.high].map(|end| in_limits(end * of_interval));
        (a.min(b), a.max(b))
    });
    let place = Place { at: in_limits(at), interval };
    (limit > 0.0 && place.at.is_finite()).then_some(place)
}
