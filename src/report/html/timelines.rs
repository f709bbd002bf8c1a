//! What happened while the test ran: requests, response times, errors and resources, with the baseline's nearest run behind them.

use super::figures::figure;
use super::page::Page;
use crate::model::{Run, Timeline, Untrusted, Window};
use crate::report::escape::harmless;
use crate::report::number::significant;
use crate::report::plot::{Axis, Look, Plot};
use maud::{Markup, html};

const HEIGHT: f64 = 120.0;
/// What series are called, by their names in runs, in the order in which they are drawn.
const KNOWN: [(&str, &str, &str); 7] = [
    ("throughput_rps", "Requests", " /s"),
    ("p95_ms", "p95 of the response times", " ms"),
    ("errors_per_s", "Failed requests", " /s"),
    ("users", "Users", ""),
    ("cpu_percent", "Processor", " %"),
    ("memory_mb", "Memory", " MB"),
    ("generator_cpu_percent", "Processor of the load generator", " %"),
];
/// Units at the end of other names.
const UNITS: [(&str, &str); 6] = [
    ("_mb_per_s", " MB/s"),
    ("_per_s", " /s"),
    ("_percent", " %"),
    ("_mb", " MB"),
    ("_ms", " ms"),
    ("_s", " s"),
];

/// The series of the new run, those that everybody knows first.
pub(super) fn timelines(page: Page<'_>) -> Vec<Markup> {
    let Some(run) = page.current.first() else { return Vec::new() };
    let drawn = run.timeline.iter().filter(|(name, _)| !Window::is_named(name));
    let mut series: Vec<(&Untrusted, &Timeline)> = drawn.collect();
    let place = |name: &Untrusted| {
        KNOWN.iter().position(|(known, _, _)| *name == **known).unwrap_or(KNOWN.len())
    };
    series.sort_by_key(|(name, _)| place(name));
    series
        .into_iter()
        .filter_map(|(name, own)| of_series(name, own, page.baseline.first()))
        .collect()
}

fn of_series(name: &Untrusted, own: &Timeline, baseline: Option<&Run>) -> Option<Markup> {
    let before = baseline.and_then(|run| run.timeline.get(name));
    let [before, after] = [before.map(points).unwrap_or_default(), points(own)];
    if after.iter().filter(|(_, value)| value.is_finite()).count() < 2 {
        return None;
    }
    let (called, suffix) = titled(name);
    let all = || before.iter().chain(&after);
    let end = all().map(|(at, _)| *at).fold(0.0, f64::max);
    let y = Axis::from_zero(all().map(|(_, value)| *value), suffix, 2);
    let about = format!("{called} while the test ran");
    let mut plot = Plot::new(about, Axis::seconds(end), y, HEIGHT);
    let tip = |(at, value): &(f64, f64)| {
        let known = before.iter().find(|(other, value)| *other >= *at && value.is_finite());
        let base = known.map(|(_, v)| format!(", baseline {}{suffix}", significant(*v)));
        let text = format!("{} s: {}{suffix}", significant(*at), significant(*value));
        (*at, text + &base.unwrap_or_default())
    };
    plot.tips = after.iter().filter(|(_, value)| value.is_finite()).map(tip).collect();
    let mut key = Vec::new();
    if !before.is_empty() {
        key = vec![(Look::Base, "baseline"), (Look::Run, "this run")];
        plot.lines.push((Look::Base, before));
    }
    plot.lines.push((Look::Run, after));
    Some(figure(&html! { (called) }, &key, &plot))
}

/// Seconds and values; not a number where nothing was measured.
fn points(own: &Timeline) -> Vec<(f64, f64)> {
    let at =
        |(i, value): (usize, &Option<f64>)| (i as f64 * own.interval_s, value.unwrap_or(f64::NAN));
    own.values.iter().enumerate().map(at).collect()
}

/// What a series is called, and its unit with the blank in front.
fn titled(name: &Untrusted) -> (String, &'static str) {
    if let Some((_, called, suffix)) = KNOWN.iter().find(|(known, _, _)| *name == **known) {
        return ((*called).to_owned(), suffix);
    }
    let name = harmless(name);
    let unit = UNITS.iter().find(|(end, _)| name.ends_with(end));
    let (bare, suffix) = unit.map_or((name.as_str(), ""), |(end, unit)| {
        (name.strip_suffix(end).unwrap_or(&name), *unit)
    });
    (bare.replace('_', " "), suffix)
}
