//! How the response times of an endpoint are distributed, before and now.

use super::figures::figure;
use super::page::Page;
use crate::config::Threshold;
use crate::gate::{Finding, Sides};
use crate::model::{Distribution, EndpointKey, Metric, Quantile, Run, Statistic};
use crate::report::cells::limit_of;
use crate::report::escape::harmless;
use crate::report::number::significant;
use crate::report::plot::{Axis, Look, Plot, Rule};
use maud::{Markup, html};

/// Steps of a distribution's scale.
const BINS: usize = 60;
const HEIGHT: f64 = 170.0;
/// The percentiles that the axis of percentiles names, by how many nines they have.
const NAMED: [(f64, &str); 4] =
    [(std::f64::consts::LOG10_2, "p50"), (1.0, "p90"), (2.0, "p99"), (3.0, "p99.9")];
const SIDES: [(Look, &str); 2] = [(Look::Base, "baseline"), (Look::Run, "this run")];

/// All response times of an endpoint on both sides; none where a run has no samples.
pub(super) fn samples(page: Page<'_>, key: &EndpointKey) -> Option<Sides<Distribution>> {
    Some(Sides { baseline: merged(page.baseline, key)?, current: merged(page.current, key)? })
}

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

/// The share of requests in each step of a logarithmic scale, with p95 of both sides and its limit.
pub(super) fn density(page: Page<'_>, key: &EndpointKey, all: &Sides<Distribution>) -> Markup {
    let end = |of: fn(f64, f64) -> f64, p: f64, start: f64| {
        all.iter().filter_map(|own| own.at(p)).fold(start, of).max(1e-6)
    };
    let low = end(f64::min, 0.001, f64::INFINITY);
    let high = end(f64::max, 0.999, 0.0).max(low * 1.01);
    let step = (high.log10() - low.log10()) / BINS as f64;
    let at = |i: usize| low.log10() + step * i as f64;
    let line = |own: &Distribution| -> Vec<(f64, f64)> {
        let below = |x: f64| own.fraction_below(10_f64.powf(x));
        let share = |i: usize| (at(i) + step / 2.0, 100.0 * (below(at(i + 1)) - below(at(i))));
        (0..BINS).map(share).collect()
    };
    let lines = all.as_ref().map(line);
    let shares = lines.iter().flatten().map(|(_, share)| *share);
    let about =
        format!("{}: distribution of response times, baseline and this run", harmless(&key.text()));
    let y = Axis::from_zero(shares, " %", 3);
    let mut plot = Plot::new(about, Axis::logarithmic(low, high, " ms"), y, HEIGHT);
    plot.uprights = uprights(page, key, all);
    plot.tips = (0..BINS).map(|i| tip(i, &lines, (at(i), at(i + 1)))).collect();
    plot.lines = vec![(Look::Base, lines.baseline), (Look::Run, lines.current)];
    figure(&html! { "Response times, share of requests" }, &SIDES, &plot)
}

fn tip(i: usize, lines: &Sides<Vec<(f64, f64)>>, (from, to): (f64, f64)) -> (f64, String) {
    let [from, to] = [from, to].map(|x| significant(10_f64.powf(x)));
    let shares = lines.as_ref().map(|line| significant(line[i].1));
    let Sides { baseline, current } = shares;
    (
        lines.current[i].0,
        format!("{from} to {to} ms: {current} % of requests, baseline {baseline} %"),
    )
}

/// p95 of both sides, and the limit on it.
fn uprights(page: Page<'_>, key: &EndpointKey, all: &Sides<Distribution>) -> Vec<Rule> {
    let p95 = Statistic::Quantile(Quantile::P95);
    let is_p95 =
        |f: &&Finding| f.metric == Metric::Latency && f.statistic == p95 && f.endpoint == *key;
    let finding = page.report.findings.iter().find(is_p95);
    let judged = finding.and_then(|f| f.values.both());
    let values = judged.map_or_else(|| all.as_ref().map(|own| own.at(0.95)), |own| own.map(Some));
    let rule = |value: Option<f64>, look, label: &str| {
        let value = value.filter(|ms| *ms > 0.0)?;
        let label = format!("{label} {} ms", significant(value));
        Some(Rule { at: value.log10(), look, label })
    };
    let limit = finding.zip(values.baseline).and_then(|(finding, base)| {
        let at = match finding.threshold {
            Threshold::Relative(share) => base * (1.0 + share),
            Threshold::Absolute(ms) => base + ms,
        };
        rule(Some(at), Look::Limit, &format!("limit {}:", limit_of(finding)))
    });
    let base = rule(values.baseline, Look::Base, "p95 of the baseline");
    let all = [base, limit, rule(values.current, Look::Run, "p95")];
    let mut rules: Vec<Rule> = all.into_iter().flatten().collect();
    // The text of one goes over the ends of those behind it.
    rules.sort_by(|a, b| a.at.total_cmp(&b.at));
    rules
}

/// Response time by percentile, up to p99.9: the scale stretches the tail.
pub(super) fn percentiles(key: &EndpointKey, all: &Sides<Distribution>) -> Markup {
    let line = |own: &Distribution| -> Vec<(f64, f64)> {
        let at = |i: usize| {
            let x = 3.0 * i as f64 / 120.0;
            Some((x, own.at(1.0 - 10_f64.powf(-x))?))
        };
        (0..=120).filter_map(at).collect()
    };
    let lines = all.as_ref().map(line);
    let times = lines.iter().flatten().map(|(_, ms)| *ms);
    let about =
        format!("{}: response time by percentile, baseline and this run", harmless(&key.text()));
    let ticks = NAMED.map(|(x, name)| (x, name.to_owned())).to_vec();
    let y = Axis::from_zero(times, " ms", 3);
    let mut plot = Plot::new(about, Axis::places(3.0, ticks), y, HEIGHT);
    let both = lines.baseline.iter().zip(&lines.current);
    let tip = |((x, before), (_, after)): (&(f64, f64), &(f64, f64))| {
        let level = significant(100.0 - 10_f64.powf(2.0 - x));
        let [before, after] = [before, after].map(|ms| significant(*ms));
        (*x, format!("p{level}: {after} ms, baseline {before} ms"))
    };
    plot.tips = both.map(tip).collect();
    plot.lines = vec![(Look::Base, lines.baseline), (Look::Run, lines.current)];
    figure(&html! { "Response times by percentile" }, &SIDES, &plot)
}
