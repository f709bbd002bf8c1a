//! When the shards of a load test ran: at the same time, as those of one distributed test do, or one after another.

use super::run::Run;

/// Share of a shard's time, at both of its ends, in which others do not count as running beside it: no two start to the second.
const EDGE: f64 = 0.05;
/// Share of the shortest shard's time that all of them must have in common to have run at the same time.
const TOGETHER: f64 = 0.5;
const NS_PER_SECOND: f64 = 1e9;

/// When one shard ran, in nanoseconds since 1970, and with what load.
#[derive(Debug, Clone, Copy)]
struct Shard {
    start: i128,
    end: i128,
    users: Option<u64>,
    spawn_rate: Option<f64>,
}

impl Shard {
    fn length(&self) -> i128 {
        self.end - self.start
    }
}

/// When all shards ran.
#[derive(Debug, Default)]
pub(super) struct ShardTimes {
    known: Vec<Shard>,
    /// Shards that do not say when they ran, or for how long.
    unknown: usize,
}

impl ShardTimes {
    /// The times of one shard.
    pub(super) fn of(run: &Run) -> Self {
        match (run.started_at, run.duration_s) {
            (Some(start), Some(seconds)) => {
                let start = start.as_nanosecond();
                let end = start + (seconds * NS_PER_SECOND) as i128;
                let (users, spawn_rate) = (run.load.users, run.load.spawn_rate);
                Self { known: vec![Shard { start, end, users, spawn_rate }], unknown: 0 }
            }
            _ => Self { known: Vec::new(), unknown: 1 },
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.known.extend(other.known);
        self.unknown += other.unknown;
    }

    pub(super) fn shards(&self) -> usize {
        self.known.len() + self.unknown
    }

    /// Whether every shard says when it ran.
    pub(super) fn are_known(&self) -> bool {
        self.unknown == 0 && !self.known.is_empty()
    }

    /// When the last shard ended, in nanoseconds since 1970, where all say so.
    pub(super) fn end(&self) -> Option<i128> {
        self.are_known().then(|| self.known.iter().map(|own| own.end).max()).flatten()
    }

    /// Seconds from the start of the first to the end of the last.
    pub(super) fn span_s(&self) -> f64 {
        let start = self.known.iter().map(|own| own.start).min().unwrap_or_default();
        (self.end().unwrap_or(start) - start) as f64 / NS_PER_SECOND
    }

    /// Seconds in which at least one was running.
    pub(super) fn loaded_s(&self) -> f64 {
        let mut sorted = self.known.clone();
        sorted.sort_by_key(|own| own.start);
        let mut seen = i128::MIN;
        let mut loaded = 0;
        for own in sorted {
            loaded += (own.end - own.start.max(seen)).max(0);
            seen = seen.max(own.end);
        }
        loaded as f64 / NS_PER_SECOND
    }

    /// Whether no time is common to all of them that is worth the name.
    pub(super) fn are_apart(&self) -> bool {
        let start = self.known.iter().map(|own| own.start).max().unwrap_or_default();
        let end = self.known.iter().map(|own| own.end).min().unwrap_or_default();
        let shortest = self.known.iter().map(Shard::length).min().unwrap_or_default();
        ((end - start) as f64) < TOGETHER * shortest as f64
    }

    /// The most users at a time; none where a shard does not know its own.
    pub(super) fn users(&self) -> Option<u64> {
        self.most(|own| own.users.map(|users| users as f64)).map(|users| users as u64)
    }

    /// The most users started per second at a time; none where a shard does not know its own.
    pub(super) fn spawn_rate(&self) -> Option<f64> {
        self.most(|own| own.spawn_rate)
    }

    /// The largest sum of what the shards have that run at one time.
    fn most(&self, of: impl Fn(&Shard) -> Option<f64>) -> Option<f64> {
        let mut changes = Vec::new();
        for own in &self.known {
            let (value, edge) = (of(own)?, (own.length() as f64 * EDGE) as i128);
            changes.push((own.start + edge, value));
            changes.push((own.end - edge, -value));
        }
        // Who ends makes room for who starts.
        changes.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut now = 0.0;
        changes
            .into_iter()
            .map(|(_, change)| {
                now += change;
                now
            })
            .reduce(f64::max)
    }
}
