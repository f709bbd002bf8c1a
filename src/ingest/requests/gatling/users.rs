//! How many users are active: the log says when each one starts and ends.

use crate::ingest::requests::aggregate::RequestAggregate;

const NS_PER_SECOND: i64 = 1_000_000_000;
/// Seconds between two times at which users are told: no window of the timeline is shorter.
const STEP: usize = 10;
/// Seconds after the first event within which they are told: a month.
const LONGEST: i64 = 31 * 24 * 3600;

/// The users that are active, from one event to the next.
#[derive(Default)]
pub(super) struct ActiveUsers {
    active: u64,
    /// The seconds of the first event and of the last one so far.
    seconds: Option<(i64, i64)>,
}

impl ActiveUsers {
    /// Notes that a user starts or ends. Between two events, there are as many as after the first.
    pub(super) fn event(&mut self, starts: bool, time: i64, requests: &mut RequestAggregate) {
        let second = time.div_euclid(NS_PER_SECOND);
        let (first, last) = self.seconds.unwrap_or((second, second));
        let end = second.min(first.saturating_add(LONGEST));
        let before_end = (end > last).then_some(end);
        for between in (last.saturating_add(1)..end).step_by(STEP).chain(before_end) {
            requests.users(between.saturating_mul(NS_PER_SECOND), self.active);
        }
        self.seconds = Some((first, last.max(second)));
        self.active = if starts { self.active + 1 } else { self.active.saturating_sub(1) };
        requests.users(time, self.active);
    }
}
