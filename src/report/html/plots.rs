//! The plots of the page: distributions, percentile curves, the compared runs, and the recorded history.

use super::page::Page;
use crate::gate::{Finding, Report, Role, Sides, Verdict};
use crate::model::{Distribution, EndpointKey, Metric, Run, Untrusted, Window};
use crate::report::escape::harmless;
use crate::report::number::{Scale, significant};
use crate::report::ranking::{attention, largest};
use crate::report::svg::{Plot, draw, of_column, whole};
use crate::trend::Table;
use maud::{Markup, PreEscaped, html};
use std::collections::BTreeSet;
use std::io;

/// Endpoints whose distributions are drawn, and measurements whose runs are.
pub(super) const MOST: usize = 12;
/// Commits of the history that are drawn.
const LAST: usize = 200;
/// Steps of a distribution's scale.
const BINS: usize = 60;
const SIZE: (u32, u32) = (560, 240);

pub(super) fn figure(caption: &Untrusted, plot: &Plot, both: bool) -> io::Result<Markup> {
    let svg = draw(std::slice::from_ref(plot), SIZE)?;
    Ok(html! {
        figure role="img" aria-label=(harmless(caption)) {
            (PreEscaped(svg))
            figcaption {
                (harmless(caption))
                @if both {
                    span.key style="background:#8b949e" {} "baseline" span.key style="background:#2f81f7" {} "this run"
                }
            }
        }
    })
}

/// Distribution and percentile curve of the endpoints that ask for attention, and of the busiest.
pub(super) fn distributions(page: Page<'_>) -> io::Result<Vec<Markup>> {
    let mut keys: Vec<EndpointKey> = Vec::new();
    let asks = attention(page.report).into_iter().filter(|f| f.metric == Metric::Latency);
    let moved = largest(page.report).into_iter().filter(|f| f.metric == Metric::Latency);
    let mut seen = BTreeSet::new();
    for finding in asks.chain(moved) {
        if seen.insert(finding.endpoint.clone()) {
            keys.push(finding.endpoint.clone());
        }
    }
    let mut figures = Vec::new();
    for key in keys.into_iter().take(MOST) {
        let sides = [page.baseline, page.current].map(|runs| merged(runs, &key));
        let [Some(before), Some(after)] = sides else { continue };
        let name = key.text();
        figures.push(figure(
            &name.map(|name| format!("{name}: distribution")),
            &densities(&before, &after),
            true,
        )?);
        let caption = name.map(|name| format!("{name}: percentiles"));
        figures.push(figure(&caption, &percentiles(&before, &after), true)?);
    }
    Ok(figures)
}

/// All samples of an endpoint in these runs; none where a run has no samples.
fn merged(runs: &[Run], key: &EndpointKey) -> Option<Distribution> {
    let mut whole: Option<Distribution> = None;
    for run in runs {
        let mut all = run.all_endpoints();
        let own = all.find(|e| e.key == *key || e.key.same_without_method(key))?;
        let own = own.latency.as_ref()?.distribution.as_ref()?;
        match &mut whole {
            None => whole = Some(own.clone()),
            Some(whole) => whole.merge(own).ok()?,
        }
    }
    whole.filter(|all| all.count() > 1)
}

/// The share of requests in each step of a logarithmic scale.
fn densities(before: &Distribution, after: &Distribution) -> Plot {
    let end = |of: fn(f64, f64) -> f64, p: f64, start: f64| {
        [before, after].iter().filter_map(|d| d.at(p)).fold(start, of).max(1e-6)
    };
    let low = end(f64::min, 0.001, f64::INFINITY).log10();
    let high = end(f64::max, 0.999, 0.0).log10().max(low + 1e-3);
    let step = (high - low) / BINS as f64;
    let line = |all: &Distribution| -> Vec<(f64, f64)> {
        let below = |x: f64| all.fraction_below(10_f64.powf(x));
        let at = |i: usize| low + step * i as f64;
        let share = |i: usize| (at(i) + step / 2.0, 100.0 * (below(at(i + 1)) - below(at(i))));
        (0..BINS).map(share).collect()
    };
    Plot {
        title: "Distribution".into(),
        unit: "% of requests".to_owned(),
        lines: vec![(3, line(before)), (0, line(after))],
        points: Vec::new(),
        x: |x| significant(10_f64.powf(x)),
        x_title: "response time, ms (logarithmic)",
    }
}

/// Response time by percentile, up to p99.9: the scale stretches the tail.
fn percentiles(before: &Distribution, after: &Distribution) -> Plot {
    let line = |all: &Distribution| -> Vec<(f64, f64)> {
        let at = |i: usize| {
            let x = 3.0 * i as f64 / 120.0;
            Some((x, all.at(1.0 - 10_f64.powf(-x))?))
        };
        (0..=120).filter_map(at).collect()
    };
    Plot {
        title: "Percentiles".into(),
        unit: "ms".to_owned(),
        lines: vec![(3, line(before)), (0, line(after))],
        points: Vec::new(),
        x: |x| format!("p{}", significant(100.0 - 10_f64.powf(2.0 - x)).trim_end_matches(".0")),
        x_title: "percentile",
    }
}

/// The baseline's runs and the new ones, of what asks for attention and of the whole run.
pub(super) fn windows(report: &Report) -> io::Result<Vec<Markup>> {
    // Slices of both sides are drawn pair by pair.
    if report.pairs().is_some() {
        return Ok(Vec::new());
    }
    let total = |f: &&Finding| f.endpoint == EndpointKey::Total && f.verdict() == Verdict::Pass;
    let shown = attention(report).into_iter().chain(report.all_findings().filter(total));
    let mut figures = Vec::new();
    for finding in shown.filter(|f| f.role != Role::Drift).take(MOST) {
        let Sides { baseline: before, current: after } = &finding.working.per_run;
        if before.len() < 2 || after.is_empty() {
            continue;
        }
        let all: Vec<f64> = before.iter().rev().chain(after).copied().collect();
        let scale = Scale::of(&finding.unit, &all);
        let place = |i: usize| i as f64 - before.len() as f64 + 1.0;
        let points: Vec<(f64, f64)> =
            all.iter().enumerate().map(|(i, v)| (place(i) - 1.0, scale.number(*v))).collect();
        let color =
            if matches!(finding.verdict(), Verdict::Fail | Verdict::Inconclusive) { 1 } else { 2 };
        let plot = Plot {
            title: finding.key().text(),
            unit: scale.suffix().trim().to_owned(),
            points: points[before.len()..].iter().map(|point| (color, *point)).collect(),
            lines: vec![(0, points)],
            x: |x| match whole(x) {
                text if x >= -0.5 && !text.is_empty() => "new".to_owned(),
                text => text,
            },
            x_title: "baseline runs, and the new ones",
        };
        figures.push(figure(&finding.key().text(), &plot, false)?);
    }
    Ok(figures)
}

/// What happened while the new run went on: requests, response times, errors, resources.
pub(super) fn timelines(page: Page<'_>) -> io::Result<Vec<Markup>> {
    let Some(run) = page.current.first() else { return Ok(Vec::new()) };
    let mut figures = Vec::new();
    let drawn = run.timeline.iter().filter(|(name, _)| !Window::is_named(name));
    for (name, own) in drawn {
        let at = |(i, value): (usize, &Option<f64>)| Some((i as f64 * own.interval_s, (*value)?));
        let points: Vec<(f64, f64)> = own.values.iter().enumerate().filter_map(at).collect();
        if points.len() < 2 {
            continue;
        }
        let plot = Plot {
            title: name.map(|name| name.replace('_', " ")),
            unit: String::new(),
            lines: vec![(0, points)],
            points: Vec::new(),
            x: significant,
            x_title: "seconds from the start",
        };
        figures.push(figure(name, &plot, false)?);
    }
    Ok(figures)
}

/// The recorded history, with its steps.
pub(super) fn history(table: &Table) -> io::Result<Vec<Markup>> {
    columns(table, &(0..table.columns.len()).collect::<Vec<_>>(), LAST)
}

/// The last values of these columns, with their steps.
pub(super) fn columns(table: &Table, columns: &[usize], last: usize) -> io::Result<Vec<Markup>> {
    let plots = columns.iter().filter_map(|c| of_column(table, *c, last));
    plots.map(|plot| figure(&plot.title.clone(), &plot, false)).collect()
}
