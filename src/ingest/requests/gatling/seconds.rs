//! Good requests that begin in the same second, counted by endpoint and whole milliseconds. A long log has many that are alike, and
//! adding those together takes a fraction of the time of adding each.

/// Seconds that are counted at a time: requests come in the order in which they end, and nearly all began in that second or in the
/// one before.
const SECONDS: usize = 2;
/// Endpoints that are counted so. With these numbers, all cells fit into the cache of a processor.
const ENDPOINTS: usize = 64;
/// Milliseconds below which requests are counted so.
const MS: usize = 1_024;

/// Requests that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alike {
    /// The second in which they begin.
    pub(super) second: i64,
    /// The number of their endpoint.
    pub(super) endpoint: usize,
    /// How long each took.
    pub(super) ms: usize,
    /// How many they are.
    pub(super) n: u32,
}

/// A second that is being counted.
struct Second {
    second: i64,
    /// How many requests each cell has: one of an endpoint and a time.
    counts: Vec<u32>,
    /// The cells that have any.
    touched: Vec<u32>,
}

/// The seconds that are being counted.
pub(super) struct Seconds {
    all: [Second; SECONDS],
}

impl Seconds {
    pub(super) fn new() -> Self {
        let second = |_| Second { second: 0, counts: Vec::new(), touched: Vec::new() };
        Self { all: std::array::from_fn(second) }
    }

    /// Whether requests of this endpoint that take so long are counted here.
    pub(super) fn take(endpoint: usize, ms: usize) -> bool {
        endpoint < ENDPOINTS && ms < MS
    }

    /// Counts a request that [`Self::take`] takes; false, and nothing is counted, where another second has to make room first.
    pub(super) fn count(&mut self, second: i64, endpoint: usize, ms: usize) -> bool {
        let own = self.place(second);
        if own.second != second || own.counts.is_empty() {
            if !own.touched.is_empty() {
                return false;
            }
            own.second = second;
            own.counts.resize(ENDPOINTS * MS, 0);
        }
        let cell = endpoint * MS + ms;
        let Some(count) = own.counts.get_mut(cell) else { return false };
        if *count == 0 {
            own.touched.push(cell as u32);
        }
        *count += 1;
        true
    }

    /// What was counted in the second that is in the way of this one; it has room then.
    pub(super) fn make_room(&mut self, second: i64) -> impl Iterator<Item = Alike> {
        self.place(second).drain()
    }

    /// What was counted and is still here.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Alike> {
        self.all.iter_mut().flat_map(Second::drain)
    }

    fn place(&mut self, second: i64) -> &mut Second {
        &mut self.all[second.rem_euclid(SECONDS as i64) as usize]
    }
}

impl Second {
    fn drain(&mut self) -> impl Iterator<Item = Alike> {
        let (second, counts) = (self.second, &mut self.counts);
        self.touched.drain(..).map(move |cell| {
            let n = std::mem::take(&mut counts[cell as usize]);
            let (endpoint, ms) = (cell as usize / MS, cell as usize % MS);
            Alike { second, endpoint, ms, n }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_request_is_counted_once_in_whatever_order_seconds_come() {
        let mut seconds = Seconds::new();
        let mut counted: BTreeMap<(i64, usize, usize), u32> = BTreeMap::new();
        let mut expected = counted.clone();
        let mut add = |own: Alike| {
            *counted.entry((own.second, own.endpoint, own.ms)).or_default() += own.n;
        };
        for i in 0..20_000_i64 {
            // Mostly this second or the one before, now and then one long ago.
            let second = i / 500 - i % 2 - if i % 97 == 0 { 7 } else { 0 };
            let (endpoint, ms) = ((i % 64) as usize, (i * 31 % 1_024) as usize);
            assert!(Seconds::take(endpoint, ms));
            if !seconds.count(second, endpoint, ms) {
                seconds.make_room(second).for_each(&mut add);
                assert!(seconds.count(second, endpoint, ms));
            }
            *expected.entry((second, endpoint, ms)).or_default() += 1;
        }
        seconds.drain().for_each(&mut add);
        assert_eq!(seconds.drain().next(), None);
        assert_eq!(counted, expected);
    }

    #[test]
    fn others_are_not_taken() {
        assert!(Seconds::take(ENDPOINTS - 1, MS - 1));
        assert!(!Seconds::take(ENDPOINTS, 0));
        assert!(!Seconds::take(0, MS));
    }
}
