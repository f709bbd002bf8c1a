//! Alerts over the time of a run: when each would have fired, or why nobody knows.

use super::server::{NoAnswer, Series, Server, Window};
use crate::config::promql::{compared, selectors};
use crate::model::{Alert, AlertOutcome, AlertRule, Firing, Raw as _, limits};
use std::collections::BTreeMap;

/// Functions that give a value where there is no data: their silence is good news.
const ABSENT: [&str; 2] = ["absent(", "absent_over_time("];

/// Evaluates a rule over the time of a run; an error where the server cannot be asked at all.
pub(super) fn evaluate(
    rule: &AlertRule,
    server: &Server<'_>,
    window: Window,
) -> Result<Alert, String> {
    let evaluation = Evaluation { rule, server, window };
    let outcome = match evaluation.outcome() {
        Ok(outcome) => outcome,
        Err(NoAnswer::Query(why)) => AlertOutcome::Unknown(limits::shown(&why).into()),
        Err(NoAnswer::Server(why)) => return Err(why),
    };
    Ok(Alert { rule: rule.clone(), outcome })
}

struct Evaluation<'a> {
    rule: &'a AlertRule,
    server: &'a Server<'a>,
    window: Window,
}

/// A time during which the condition held for one series, in seconds since 1970, from the first point to the last.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Streak {
    from: f64,
    to: f64,
}

impl Evaluation<'_> {
    fn outcome(&self) -> Result<AlertOutcome, NoAnswer> {
        let condition = self.rule.condition.raw();
        let series = self.server.ask(condition, self.window)?;
        if let Some(firing) = self.firing(&series) {
            return Ok(AlertOutcome::Fired(firing));
        }
        let unknown = match series.iter().any(|own| !own.points.is_empty()) {
            true => self.pending(&series),
            false => self.no_data(condition)?,
        };
        Ok(unknown.map_or(AlertOutcome::Quiet, |why| AlertOutcome::Unknown(why.into())))
    }

    fn streaks(&self, series: &Series) -> Vec<Streak> {
        let mut all: Vec<Streak> = Vec::new();
        for (at, _) in &series.points {
            match all.last_mut() {
                Some(last) if at - last.to < self.window.step_s() * 1.5 => last.to = *at,
                _ => all.push(Streak { from: *at, to: *at }),
            }
        }
        all
    }

    /// When the alert would have fired: from the time on at which the condition had held for long enough, until it no longer
    /// did. Series that fire at the same time fire once.
    fn firing(&self, series: &[Series]) -> Option<Firing> {
        let mut fired: Vec<(Streak, &Series)> = Vec::new();
        for own in series {
            let started =
                |streak: Streak| Streak { from: streak.from + self.rule.holds_for_s, ..streak };
            let streaks = self.streaks(own).into_iter().map(started);
            fired.extend(streaks.filter(|s| s.from <= s.to).map(|streak| (streak, own)));
        }
        fired.sort_by(|a, b| a.0.from.total_cmp(&b.0.from));
        let (first, of) = fired.first()?;
        let at = jiff::Timestamp::from_millisecond((first.from * 1e3).round() as i64).ok()?;
        let (mut for_s, mut until) = (0.0, f64::NEG_INFINITY);
        for (streak, _) in &fired {
            // A point stands for the time up to the next one.
            let end = streak.to + self.window.step_s();
            for_s += (end - streak.from.max(until)).max(0.0);
            until = until.max(end);
        }
        Some(Firing { at, for_s, series: labels(of).map(Into::into) })
    }

    /// Why a condition that held says nothing: the run ended before the alert could have fired.
    fn pending(&self, series: &[Series]) -> Option<String> {
        let (needs, step) = (self.rule.holds_for_s, self.window.step_s());
        let last = |streak: &Streak| streak.to + step >= self.window.end;
        let held = series.iter().flat_map(|own| self.streaks(own)).filter(last);
        let held = held.map(|streak| streak.to - streak.from).reduce(f64::max)?;
        (needs >= self.window.duration_s()).then(|| {
            format!(
                "it held for the last {held:.0} s, and must hold for {needs:.0} s: run for longer"
            )
        })
    }

    /// Why a condition that never held says nothing: what it compares was not measured.
    fn no_data(&self, condition: &str) -> Result<Option<String>, NoAnswer> {
        let operands = compared(condition);
        if operands.is_empty() {
            let absent = ABSENT.iter().any(|name| condition.trim_start().starts_with(name));
            let why = "it compares nothing, so silence may mean no data: add a limit";
            return Ok((!absent).then(|| why.to_owned()));
        }
        for operand in operands {
            let series = self.server.ask(operand, self.window)?;
            let mut points = series.iter().flat_map(|own| &own.points);
            if points.any(|(_, value)| !value.is_nan()) {
                continue;
            }
            let shown = limits::shown(operand);
            if series.iter().any(|own| !own.points.is_empty()) {
                return Ok(Some(format!("no number (no requests?): {shown}")));
            }
            if let Some(why) = self.nothing_selected(operand)? {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }

    /// Why an expression gives nothing; none where that means zero: a metric was measured, and the part of it that the
    /// expression counts (`status=~"5.."`) never came.
    fn nothing_selected(&self, operand: &str) -> Result<Option<String>, NoAnswer> {
        let mut metrics: BTreeMap<&str, Vec<(&str, bool)>> = BTreeMap::new();
        for selector in selectors(operand) {
            let series = self.server.ask(&format!("count({})", selector.text), self.window)?;
            let measured = series.iter().any(|own| !own.points.is_empty());
            metrics.entry(selector.metric).or_default().push((selector.text, measured));
        }
        let unmeasured = |all: &&Vec<(&str, bool)>| all.iter().all(|(_, measured)| !measured);
        if let Some((text, _)) = metrics.values().find(unmeasured).and_then(|all| all.first()) {
            return Ok(Some(format!(
                "no series; for zero, add `or vector(0)`: {}",
                limits::shown(text)
            )));
        }
        if metrics.values().flatten().any(|(_, measured)| !measured) {
            return Ok(None);
        }
        Ok(Some(format!(
            "no value, but its metrics have some: do the labels match? {}",
            limits::shown(operand)
        )))
    }
}

/// The labels of a series, as PromQL has them: `handler="/api/chat"`.
fn labels(series: &Series) -> Option<String> {
    let own = series.labels.iter().filter(|(name, _)| *name != "__name__");
    let all: Vec<String> = own.map(|(name, value)| format!("{name}={value:?}")).collect();
    (!all.is_empty()).then(|| limits::shown(&all.join(", ")))
}
