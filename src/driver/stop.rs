//! When a load is not worth its time any more: a condition on the requests so far, watched while the tool runs.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Fewest requests in the time of a condition that say anything.
const FEWEST_REQUESTS: u64 = 10;
/// How long a condition must hold, unless it says so.
const USUAL: Duration = Duration::from_secs(10);

/// A condition that ends a load: `error_rate > 50% for 10s`, or `response_time > 5s for 10s`, which shows that a queue grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StopRule {
    limit: Limit,
    /// The time over which requests are counted.
    time: Duration,
}

/// What is too much.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Limit {
    /// The share of requests that may fail, in [0, 1).
    Failures(f64),
    /// The mean response time.
    Time(Duration),
}

/// Why a text is no condition.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write it like `error_rate > 50% for 10s` or `response_time > 5s for 10s`")]
pub struct NoStopRule;

impl FromStr for StopRule {
    type Err = NoStopRule;

    fn from_str(text: &str) -> Result<Self, NoStopRule> {
        let (condition, time) = match text.split_once(" for ") {
            Some((condition, time)) => (condition, duration(time).ok_or(NoStopRule)?),
            None => (text, USUAL),
        };
        let (name, limit) = condition.split_once('>').ok_or(NoStopRule)?;
        let limit = match name.trim() {
            "error_rate" => share(limit).map(Limit::Failures),
            "response_time" => duration(limit).map(Limit::Time),
            _ => None,
        };
        Ok(Self { limit: limit.ok_or(NoStopRule)?, time })
    }
}

/// A percentage below 100 %.
fn share(text: &str) -> Option<f64> {
    let percent: f64 = text.trim().strip_suffix('%')?.trim().parse().ok()?;
    Some(percent / 100.0).filter(|share| (0.0..1.0).contains(share))
}

fn duration(text: &str) -> Option<Duration> {
    let own: Duration = text.trim().parse::<jiff::SignedDuration>().ok()?.try_into().ok()?;
    Some(own).filter(|own| !own.is_zero())
}

impl fmt::Display for StopRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Limit::Failures(share) => write!(f, "error_rate > {}%", share * 100.0)?,
            Limit::Time(most) => write!(f, "response_time > {}s", most.as_secs_f64())?,
        }
        write!(f, " for {}s", self.time.as_secs_f64())
    }
}

/// How a load goes: counts since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SoFar {
    /// Requests that have ended.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// How long all of them took together, in milliseconds.
    pub total_ms: f64,
}

/// What made a condition hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hopeless {
    /// So many of so many requests failed within the time of the condition.
    Failures(u64, u64),
    /// The mean response time of so many requests within that time, in milliseconds.
    Time(f64, u64),
}

impl fmt::Display for Hopeless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failures(failures, requests) => {
                write!(f, "{failures} of the last {requests} requests failed")
            }
            Self::Time(ms, requests) => {
                let seconds = ms / 1000.0;
                write!(f, "the last {requests} requests took {seconds:.1} s in the mean")
            }
        }
    }
}

/// A condition and the counts so far.
#[derive(Debug, Clone)]
pub struct StopWatch {
    rule: StopRule,
    /// When counts were seen.
    seen: VecDeque<(Duration, SoFar)>,
}

impl StopWatch {
    /// A watch on a load that begins now.
    pub fn new(rule: StopRule) -> Self {
        Self { rule, seen: VecDeque::from([(Duration::ZERO, SoFar::default())]) }
    }

    /// Looks at the counts after this time; they never become fewer. Says if the condition has held for as long as it must.
    pub fn look(&mut self, elapsed: Duration, so_far: SoFar) -> Option<Hopeless> {
        // Tools write now and then: nothing new is no news.
        if self.seen.back().is_none_or(|(_, known)| known.requests < so_far.requests) {
            self.seen.push_back((elapsed, so_far));
        }
        let (last, _) = *self.seen.back()?;
        // The last count that is old enough is where the time begins.
        while self.seen.get(1).is_some_and(|(at, _)| *at + self.rule.time <= last) {
            self.seen.pop_front();
        }
        let (at, before) = *self.seen.front()?;
        let requests = so_far.requests.saturating_sub(before.requests);
        if last < at + self.rule.time || requests < FEWEST_REQUESTS {
            return None;
        }
        let failures = so_far.failures.saturating_sub(before.failures);
        let mean_ms = (so_far.total_ms - before.total_ms) / requests as f64;
        match self.rule.limit {
            Limit::Failures(share) if failures as f64 > share * requests as f64 => {
                Some(Hopeless::Failures(failures, requests))
            }
            Limit::Time(most) if mean_ms > most.as_secs_f64() * 1000.0 => {
                Some(Hopeless::Time(mean_ms, requests))
            }
            Limit::Failures(_) | Limit::Time(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_a_limit_and_a_time() {
        let rule = |text: &str| text.parse::<StopRule>().map(|own| own.to_string());
        assert_eq!(rule("error_rate > 50% for 10s").unwrap(), "error_rate > 50% for 10s");
        assert_eq!(rule("error_rate>2.5%").unwrap(), "error_rate > 2.5% for 10s");
        assert_eq!(rule("response_time > 800ms for 5s").unwrap(), "response_time > 0.8s for 5s");
        for refused in [
            "",
            "p95 > 50%",
            "error_rate < 5%",
            "error_rate > 5",
            "error_rate > 100%",
            "error_rate > 1% for",
            "response_time > 5",
            "response_time > 5%",
        ] {
            assert_eq!(rule(refused), Err(NoStopRule), "{refused}");
        }
    }

    #[test]
    fn it_holds_after_its_time_and_not_for_what_came_before() {
        let mut watch = StopWatch::new("error_rate > 50% for 10s".parse().unwrap());
        let mut look = |second: u64, requests, failures| {
            let so_far = SoFar { requests, failures, total_ms: 0.0 };
            watch.look(Duration::from_secs(second), so_far)
        };
        // Half a minute in which everything is well.
        assert_eq!(look(10, 1000, 0), None);
        assert_eq!(look(30, 3000, 0), None);
        // Five seconds in which everything fails: not yet ten.
        assert_eq!(look(35, 3500, 500), None);
        assert_eq!(look(40, 4000, 1000), Some(Hopeless::Failures(1000, 1000)));
    }

    #[test]
    fn a_tool_that_writes_nothing_for_a_while_is_not_hopeless() {
        let mut watch = StopWatch::new("error_rate > 50% for 10s".parse().unwrap());
        let mut look = |second: u64, requests, failures| {
            let so_far = SoFar { requests, failures, total_ms: 0.0 };
            watch.look(Duration::from_secs(second), so_far)
        };
        assert_eq!(look(1, 100, 100), None);
        assert_eq!(look(60, 100, 100), None, "a second's worth of requests");
        assert_eq!(look(61, 5000, 100), None);
    }

    #[test]
    fn a_queue_that_grows_shows_in_the_mean_of_the_last_requests() {
        let mut watch = StopWatch::new("response_time > 2s for 10s".parse().unwrap());
        let mut look = |second: u64, requests, total_ms| {
            let so_far = SoFar { requests, failures: 0, total_ms };
            watch.look(Duration::from_secs(second), so_far)
        };
        // A thousand quick requests do not hide a hundred slow ones behind them.
        assert_eq!(look(10, 1000, 50_000.0), None);
        assert_eq!(look(15, 1050, 150_000.0), None);
        assert_eq!(look(20, 1100, 350_000.0), Some(Hopeless::Time(3000.0, 100)));
    }
}
