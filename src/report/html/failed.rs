//! The endpoints that ask for attention, each with what stands behind its numbers.

use super::bars::{Bar, bars};
use super::distribution::{density, percentiles, samples};
use super::figures::folded;
use super::head::sign;
use super::page::Page;
use crate::gate::{Finding, Report, Sides};
use crate::model::{EndpointKey, Raw, Untrusted};
use crate::report::cells::{Row, Scales};
use crate::report::escape::harmless;
use crate::report::number::{grouped, plural, signed, significant};
use crate::report::ranking::attention;
use crate::report::reasons::part;
use maud::{Markup, html};

/// Endpoints that have a section.
const MOST: usize = 12;
/// Sections that are open.
const OPEN: usize = 3;
/// Kinds of failure, or parts of a request, that are drawn.
const MOST_BARS: usize = 8;

/// The endpoints that have a section, worst first.
pub(super) struct Sections(Vec<EndpointKey>);

impl Sections {
    pub(super) fn of(report: &Report) -> Self {
        let mut keys: Vec<EndpointKey> = Vec::new();
        for finding in attention(report) {
            if keys.len() < MOST && !keys.contains(&finding.endpoint) {
                keys.push(finding.endpoint.clone());
            }
        }
        Self(keys)
    }

    /// Where the section of an endpoint is.
    pub(super) fn anchor(&self, key: &EndpointKey) -> Option<String> {
        let place = self.0.iter().position(|own| own == key)?;
        Some(format!("e{}", place + 1))
    }

    pub(super) fn keys(&self) -> &[EndpointKey] {
        &self.0
    }

    /// All sections: the worst are open.
    pub(super) fn drawn(&self, page: Page<'_>, scales: &Scales) -> Markup {
        let all: Vec<Markup> = self.0.iter().map(|key| self.section(key, page, scales)).collect();
        let (open, closed) = all.split_at(OPEN.min(all.len()));
        html! {
            @for section in open { (section) }
            (folded(&plural(closed.len(), "more endpoint"), &html! { @for section in closed { (section) } }))
        }
    }

    fn section(&self, key: &EndpointKey, page: Page<'_>, scales: &Scales) -> Markup {
        let report = page.report;
        let own: Vec<&Finding> =
            attention(report).into_iter().filter(|f| f.endpoint == *key).collect();
        let samples = samples(page, key);
        let name = match key {
            EndpointKey::Total => "The whole run".to_owned(),
            EndpointKey::Named { .. } => harmless(&key.text()),
        };
        html! {
            article id=[self.anchor(key)] {
                h3 { (name) }
                ul.findings { @for finding in &own { (line(finding, report, scales)) } }
                div.plots {
                    @if let Some(samples) = &samples {
                        (density(page, key, samples))
                        (percentiles(key, samples))
                    }
                    (parts(&own))
                    (kinds(&own))
                }
            }
        }
    }
}

/// A finding in words.
fn line(finding: &Finding, report: &Report, scales: &Scales) -> Markup {
    let plain = |text: &dyn Raw| harmless(text);
    let row = Row::new(finding, report, scales, &plain);
    let verdict = finding.verdict();
    html! {
        li {
            (sign(verdict))
            span { b { (row.metric) } " " (row.baseline) " → " (row.current) }
            b class=(verdict.name()) { (row.change) }
            span.soft {
                @if !row.interval.is_empty() { "95 % interval " (row.interval) ", " }
                "limit " (row.limit)
            }
            span { (row.verdict) }
        }
    }
}

/// Where the time inside the requests goes.
fn parts(own: &[&Finding]) -> Markup {
    let known = own.iter().find(|f| !f.working.parts.is_empty());
    let Some(finding) = known else { return html! {} };
    let bar = |(name, ms): &(Untrusted, Sides<f64>)| Bar {
        name: harmless(&part(name)),
        values: *ms,
        texts: Sides {
            baseline: significant(ms.baseline),
            current: format!("{} ms", significant(ms.current)),
        },
        change: format!("{} ms", signed_three(ms.current - ms.baseline)),
    };
    let mut all: Vec<&(Untrusted, Sides<f64>)> = finding.working.parts.iter().collect();
    all.sort_by(|a, b| b.1.current.total_cmp(&a.1.current));
    let all: Vec<Bar> = all.into_iter().take(MOST_BARS).map(bar).collect();
    bars("Time inside a request", &all)
}

/// A difference with its sign, of three significant digits.
fn signed_three(value: f64) -> String {
    let size = significant(value.abs());
    match value {
        v if size == "0" || v == 0.0 => signed(0.0, 0),
        v if v > 0.0 => format!("+{size}"),
        _ => format!("\u{2212}{size}"),
    }
}

/// How often each kind of failure came.
fn kinds(own: &[&Finding]) -> Markup {
    let known = own.iter().find(|f| !f.working.kinds.is_empty());
    let Some(finding) = known else { return html! {} };
    let requests = finding.counts.map(|counts| counts.requests.unwrap_or(1).max(1) as f64);
    let bar = |(name, n): &(Untrusted, Sides<u64>)| {
        let share = n.zip(requests).map(|(n, requests)| 100.0 * n as f64 / requests);
        Bar {
            name: harmless(name),
            values: share,
            texts: n
                .zip(share)
                .map(|(n, share)| format!("{} ({} %)", grouped(n), significant(share))),
            change: String::new(),
        }
    };
    let all: Vec<Bar> = finding.working.kinds.iter().take(MOST_BARS).map(bar).collect();
    bars("Kinds of failure, as a share of the requests", &all)
}
