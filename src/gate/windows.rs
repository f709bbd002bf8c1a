//! Budgets that hold for windows of the load: in every one of them, or broken only where a value stays beyond its limit.

use super::budget_value::BudgetValue;
use super::budget_verdict::finding;
use super::finding::{BudgetFinding, TimeSpan};
use super::lack::Lack;
use super::verdict::{Missing, Verdict};
use crate::config::{Budget, Severity, Span};
use crate::model::{
    Direction, Metric, Quantile, Run, Statistic, Timeline, Unit, Untrusted, WINDOW_S, Window,
};

/// Share of the most users at once from which on the load is there: what a ramp leads up to.
const STEADY: f64 = 0.9;

/// The worst that the windows of a run show.
struct Worst {
    value: f64,
    at: TimeSpan,
}

/// Why the windows of a run cannot be judged.
struct Unjudged {
    missing: Missing,
    lack: Option<Lack>,
}

impl From<Lack> for Unjudged {
    fn from(lack: Lack) -> Self {
        Self { missing: Missing::NotMeasured, lack: Some(lack) }
    }
}

/// What is judged.
struct Judged<'a> {
    metric: &'a Metric,
    statistic: Statistic,
    span: Span,
    lower: bool,
}

/// Judges each run by its worst windows: one run that breaks the limit is enough.
pub(super) fn windows(
    budget: &Budget,
    (metric, statistic, span): (&Metric, Statistic, Span),
    runs: &[Run],
) -> BudgetFinding {
    let lower = budget
        .tiers
        .first()
        .is_none_or(|(_, bound)| bound.comparison.direction() == Direction::Lower);
    let judged = Judged { metric, statistic, span, lower };
    let (unit, name) = match metric {
        Metric::Latency => (Unit::Milliseconds, statistic.to_string()),
        Metric::ErrorRate => (Unit::Ratio, "error rate".to_owned()),
        Metric::Throughput | Metric::Custom(_) => (Unit::PerSecond, "throughput".to_owned()),
    };
    let length = f64::from(span.windows()) * WINDOW_S;
    let word = if matches!(span, Span::For(_)) { "for" } else { "every" };
    let subject: Untrusted = format!("total {name} {word} {length} s").into();
    let of_value = |value: Result<f64, Missing>| {
        let (subject, unit) = (subject.clone(), unit.clone());
        let found = finding(budget, BudgetValue { subject, unit, value, severity: Severity::Fail });
        BudgetFinding { endpoint: Some("total".into()), ..found }
    };
    let mut worst: Option<Worst> = None;
    let mut unjudged: Option<Unjudged> = None;
    for run in runs {
        let (found, why) = judged.of_run(run);
        unjudged = unjudged.or(why);
        if let Some(found) = found
            && worst.as_ref().is_none_or(|known| judged.is_worse(found.value, known.value))
        {
            worst = Some(found);
        }
    }
    let found = worst.map(|own| BudgetFinding { at: Some(own.at), ..of_value(Ok(own.value)) });
    match (found, unjudged) {
        (Some(found), why) if why.is_none() || found.verdict() == Verdict::Fail => found,
        (_, Some(Unjudged { missing, lack })) => BudgetFinding { lack, ..of_value(Err(missing)) },
        (_, None) => of_value(Err(Missing::NotMeasured)),
    }
}

impl Judged<'_> {
    fn is_worse(&self, a: f64, b: f64) -> bool {
        if self.lower { a > b } else { a < b }
    }

    /// The worst of a run, as far as it can be judged, and what keeps the rest from it.
    fn of_run(&self, run: &Run) -> (Option<Worst>, Option<Unjudged>) {
        let values = match self.values(run) {
            Ok(values) => values,
            Err(why) => return (None, Some(why.into())),
        };
        let first = values.iter().position(|own| *own != Known::NoLoad);
        let last = values.iter().rposition(|own| *own != Known::NoLoad);
        let (Some(first), Some(last)) = (first, last) else {
            return (None, Some(Lack::NoWindow.into()));
        };
        let windows = self.span.windows() as usize;
        let all = &values[first..=last];
        if all.len() < windows {
            return (None, Some(Lack::NoWindow.into()));
        }
        let mut worst: Option<(usize, f64)> = None;
        for (i, own) in all.windows(windows).enumerate() {
            let Some(value) = self.together(own) else { continue };
            if worst.is_none_or(|(_, known)| self.is_worse(value, known)) {
                worst = Some((i, value));
            }
        }
        let few = all.contains(&Known::Few).then(|| Unjudged {
            missing: match self.statistic {
                Statistic::Quantile(level) => {
                    Missing::TooFewRequests { needs: level.requests_needed() }
                }
                _ => Missing::NoData,
            },
            lack: None,
        });
        let start = run.started_at.map_or(0.0, |at| at.as_duration().as_secs_f64());
        let at = |i: usize| TimeSpan {
            start_s: ((first + i) as f64 * WINDOW_S - start.rem_euclid(WINDOW_S)).max(0.0),
            seconds: windows as f64 * WINDOW_S,
        };
        (worst.map(|(i, value)| Worst { value, at: at(i) }), few)
    }

    /// What windows in a row come to: of `every` their mean, of `for` the best of them, beyond which none of them stayed.
    fn together(&self, windows: &[Known]) -> Option<f64> {
        let numbers: Option<Vec<(f64, f64)>> = windows.iter().map(|own| own.number()).collect();
        let numbers = numbers?;
        Some(match self.span {
            Span::Every(_) => {
                let sum = |of: fn(&(f64, f64)) -> f64| numbers.iter().map(of).sum::<f64>();
                sum(|own| own.0) / sum(|own| own.1)
            }
            Span::For(_) => {
                let each = numbers.iter().map(|(value, weight)| value / weight);
                each.reduce(|a, b| if self.is_worse(a, b) { b } else { a })?
            }
        })
    }

    /// A value and its weight for each window.
    fn values(&self, run: &Run) -> Result<Vec<Known>, Lack> {
        let series = |window: Window| run.timeline.get(window.series());
        let requests = series(Window::Requests).ok_or(Lack::Windows)?;
        if requests.interval_s > WINDOW_S {
            return Err(Lack::LongWindows { seconds: requests.interval_s });
        }
        if requests.values.iter().all(Option::is_none) {
            return Err(Lack::NoWindow);
        }
        let of = |known: Option<&Timeline>, i: usize| known.and_then(|own| *own.values.get(i)?);
        let latency = match self.statistic {
            Statistic::Quantile(level) => {
                Some(series(of_level(level)).ok_or(Lack::WindowPercentiles)?)
            }
            _ => None,
        };
        let failures = match self.metric {
            Metric::ErrorRate => Some(series(Window::Failures).ok_or(Lack::Windows)?),
            _ => None,
        };
        let needs = match self.statistic {
            Statistic::Quantile(level) => level.requests_needed() as f64,
            _ => 1.0,
        };
        let steady = steady(series(Window::Users));
        let window = |(i, requests): (usize, &Option<f64>)| {
            let Some(requests) = *requests else { return Known::NoLoad };
            match self.metric {
                Metric::Throughput if !steady(i) => Known::NoLoad,
                Metric::Throughput => Known::Number(requests, WINDOW_S),
                _ if requests < needs => Known::Few,
                Metric::ErrorRate => Known::Number(of(failures, i).unwrap_or_default(), requests),
                _ => of(latency, i).map_or(Known::Few, |ms| Known::Number(ms, 1.0)),
            }
        };
        Ok(requests.values.iter().enumerate().map(window).collect())
    }
}

/// What is known of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Known {
    /// The load was not there all the time.
    NoLoad,
    /// Too few requests.
    Few,
    /// A value, and what it is divided by.
    Number(f64, f64),
}

impl Known {
    fn number(&self) -> Option<(f64, f64)> {
        match self {
            Self::Number(value, weight) => Some((*value, *weight)),
            Self::NoLoad | Self::Few => None,
        }
    }
}

fn of_level(level: Quantile) -> Window {
    match level {
        Quantile::P50 => Window::P50,
        Quantile::P95 => Window::P95,
        _ => Window::P99,
    }
}

/// Whether a window lies between the first and the last one in which the users were there all the time; where nobody counted
/// them, every one does.
fn steady(users: Option<&Timeline>) -> impl Fn(usize) -> bool {
    let all = users.map_or(&[][..], |own| &own.values);
    let peak = all.iter().flatten().copied().fold(0.0, f64::max);
    let there = |own: &Option<f64>| own.is_some_and(|users| users >= STEADY * peak);
    let (first, last) = (all.iter().position(there), all.iter().rposition(there));
    move |i| match (first, last) {
        (Some(first), Some(last)) => (first..=last).contains(&i),
        _ => true,
    }
}
