//! What happened in each step of time. A long load has longer steps, and never more than so many.

use std::collections::BTreeMap;

/// What is counted in a step.
pub(super) trait Counted: Default {
    /// Adds what another step counted.
    fn merge(&mut self, other: &Self);
}

/// Steps of time, the first of which begins where time does.
pub(super) struct Steps<C> {
    /// Seconds of a step.
    width: i64,
    /// Steps that are kept; with more, two become one.
    most: usize,
    closed: BTreeMap<i64, C>,
    /// The step that is being filled, kept out of the map while samples of it come in a row.
    open: Option<Open<C>>,
}

/// A step with its number.
struct Open<C> {
    at: i64,
    /// Its seconds: the first, and the first behind it. Comparing is quicker than dividing.
    seconds: (i64, i64),
    own: C,
}

impl<C: Counted> Steps<C> {
    /// Fewer than so many steps of so many seconds.
    pub(super) fn new(width: i64, most: usize) -> Self {
        Self { width, most, closed: BTreeMap::new(), open: None }
    }

    /// The number of the step that this second is in.
    pub(super) fn of(&self, second: i64) -> i64 {
        second.div_euclid(self.width)
    }

    /// The step that this second is in.
    pub(super) fn at(&mut self, second: i64) -> &mut C {
        let is_open = |open: &Open<C>| open.seconds.0 <= second && second < open.seconds.1;
        if !self.open.as_ref().is_some_and(is_open) {
            self.close();
        }
        let (width, closed) = (self.width, &mut self.closed);
        let open = self.open.get_or_insert_with(|| {
            let at = second.div_euclid(width);
            let start = at.saturating_mul(width);
            let own = closed.remove(&at).unwrap_or_default();
            Open { at, seconds: (start, start.saturating_add(width)), own }
        });
        &mut open.own
    }

    /// The seconds of a step, and all steps in which anything happened, by their number.
    pub(super) fn all(&mut self) -> (i64, &BTreeMap<i64, C>) {
        self.close();
        (self.width, &self.closed)
    }

    /// Puts the open step where the others are.
    fn close(&mut self) {
        self.put_back();
        while self.closed.len() >= self.most {
            self.widen();
        }
    }

    fn put_back(&mut self) {
        self.closed.extend(self.open.take().map(|open| (open.at, open.own)));
    }

    /// Makes one step of two.
    pub(super) fn widen(&mut self) {
        // The open step would keep the number that it had.
        self.put_back();
        self.width *= 2;
        for (at, own) in std::mem::take(&mut self.closed) {
            self.closed.entry(at.div_euclid(2)).or_default().merge(&own);
        }
    }

    /// Adds what other steps counted, which began as these did.
    pub(super) fn merge(&mut self, mut other: Self) {
        self.close();
        other.close();
        let width = self.width.max(other.width);
        for side in [&mut *self, &mut other] {
            while side.width < width {
                side.widen();
            }
        }
        for (at, own) in other.closed {
            self.closed.entry(at).or_default().merge(&own);
        }
        self.close();
    }
}
