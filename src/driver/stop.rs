//! When a load is not worth its time any more: a condition on the requests so far, watched while the tool runs.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Fewest requests in the time of a condition that say anything.
const FEWEST_REQUESTS: u64 = 10;
/// How long a condition must hold, unless it says so.
const USUAL: Duration = Duration::from_secs(10);

/// A condition that ends a load: `error_rate > 50% for 10s`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StopRule {
    /// The share of requests that may fail, in [0, 1).
    share: f64,
    /// The time over which they are counted.
    time: Duration,
}

/// Why a text is no condition.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write it like `error_rate > 50% for 10s`")]
pub struct NoStopRule;

impl FromStr for StopRule {
    type Err = NoStopRule;

    fn from_str(text: &str) -> Result<Self, NoStopRule> {
        let (condition, time) = match text.split_once(" for ") {
            Some((condition, time)) => (condition, duration(time.trim()).ok_or(NoStopRule)?),
            None => (text, USUAL),
        };
        let (name, limit) = condition.split_once('>').ok_or(NoStopRule)?;
        let percent = limit.trim().strip_suffix('%').ok_or(NoStopRule)?;
        let share = percent.trim().parse::<f64>().map_err(|_| NoStopRule)? / 100.0;
        let possible = name.trim() == "error_rate" && (0.0..1.0).contains(&share);
        if possible { Ok(Self { share, time }) } else { Err(NoStopRule) }
    }
}

fn duration(text: &str) -> Option<Duration> {
    let own: Duration = text.parse::<jiff::SignedDuration>().ok()?.try_into().ok()?;
    Some(own).filter(|own| !own.is_zero())
}

impl fmt::Display for StopRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (percent, seconds) = (self.share * 100.0, self.time.as_secs_f64());
        write!(f, "error_rate > {percent}% for {seconds}s")
    }
}

/// What made a condition hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hopeless {
    /// Failures within the time of the condition.
    pub failures: u64,
    /// Requests within that time.
    pub requests: u64,
}

/// A condition and the counts so far.
#[derive(Debug, Clone)]
pub struct StopWatch {
    rule: StopRule,
    /// When counts were seen, and how many requests and failures there were.
    seen: VecDeque<(Duration, u64, u64)>,
}

impl StopWatch {
    /// A watch on a load that begins now.
    pub fn new(rule: StopRule) -> Self {
        Self { rule, seen: VecDeque::from([(Duration::ZERO, 0, 0)]) }
    }

    /// Looks at the requests and failures after this time; they never become fewer. Says if the condition has held for as long
    /// as it must.
    pub fn look(&mut self, elapsed: Duration, requests: u64, failures: u64) -> Option<Hopeless> {
        // Tools write now and then: nothing new is no news.
        if self.seen.back().is_none_or(|(_, known, _)| *known < requests) {
            self.seen.push_back((elapsed, requests, failures));
        }
        let (last, ..) = *self.seen.back()?;
        // The last count that is old enough is where the time begins.
        while self.seen.get(1).is_some_and(|(at, ..)| *at + self.rule.time <= last) {
            self.seen.pop_front();
        }
        let (at, known, failed) = *self.seen.front()?;
        let hopeless = Hopeless {
            failures: failures.saturating_sub(failed),
            requests: requests.saturating_sub(known),
        };
        let enough = last >= at + self.rule.time && hopeless.requests >= FEWEST_REQUESTS;
        let holds = hopeless.failures as f64 > self.rule.share * hopeless.requests as f64;
        (enough && holds).then_some(hopeless)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_a_share_of_failures_and_a_time() {
        let rule = |text: &str| text.parse::<StopRule>().map(|own| own.to_string());
        assert_eq!(rule("error_rate > 50% for 10s").unwrap(), "error_rate > 50% for 10s");
        assert_eq!(rule("error_rate>2.5%").unwrap(), "error_rate > 2.5% for 10s");
        for refused in [
            "",
            "p95 > 50%",
            "error_rate < 5%",
            "error_rate > 5",
            "error_rate > 100%",
            "error_rate > 1% for",
        ] {
            assert_eq!(rule(refused), Err(NoStopRule), "{refused}");
        }
    }

    #[test]
    fn it_holds_after_its_time_and_not_for_what_came_before() {
        let mut watch = StopWatch::new("error_rate > 50% for 10s".parse().unwrap());
        let mut look = |second: u64, requests, failures| {
            watch.look(Duration::from_secs(second), requests, failures)
        };
        // Half a minute in which everything is well.
        assert_eq!(look(10, 1000, 0), None);
        assert_eq!(look(30, 3000, 0), None);
        // Five seconds in which everything fails: not yet ten.
        assert_eq!(look(35, 3500, 500), None);
        assert_eq!(look(40, 4000, 1000), Some(Hopeless { failures: 1000, requests: 1000 }));
    }

    #[test]
    fn a_tool_that_writes_nothing_for_a_while_is_not_hopeless() {
        let mut watch = StopWatch::new("error_rate > 50% for 10s".parse().unwrap());
        let mut look = |second: u64, requests, failures| {
            watch.look(Duration::from_secs(second), requests, failures)
        };
        assert_eq!(look(1, 100, 100), None);
        assert_eq!(look(60, 100, 100), None, "a second's worth of requests");
        assert_eq!(look(61, 5000, 100), None);
    }
}
