//! The time of day.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::time::SystemTime;

/// Now; [`Timestamp::MAX`], in the year 9999, where the clock is beyond what can be written down.
pub fn now() -> Timestamp {
    within(SystemTime::now())
}

/// Today, where we are.
pub fn today() -> Date {
    now().to_zoned(TimeZone::system()).date()
}

fn within(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_clock_in_the_year_ten_thousand_stands_still() {
        let at = |seconds: u64| within(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(1_796_083_200).to_string(), "2026-12-01T00:00:00Z");
        assert_eq!(at(253_402_300_800 + 86_400), Timestamp::MAX);
    }
}
