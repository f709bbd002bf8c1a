//! Quantiles of a list without one of its members, for every member, by sorting once.

/// Values of different owners, in ascending order.
#[derive(Debug)]
pub(super) struct Ranked {
    sorted: Vec<f64>,
    /// The place of each owner's value; none for owners that have none.
    places: Vec<Option<usize>>,
}

impl Ranked {
    /// Of (owner, value) pairs, at most one for each owner, and owners from 0 up to `owners`.
    pub(super) fn new(values: impl Iterator<Item = (usize, f64)>, owners: usize) -> Self {
        let mut pairs: Vec<(usize, f64)> = values.collect();
        pairs.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut places = vec![None; owners];
        for (place, (owner, _)) in pairs.iter().enumerate() {
            places[*owner] = Some(place);
        }
        Self { sorted: pairs.into_iter().map(|(_, value)| value).collect(), places }
    }

    /// How many values there are without the owner's.
    pub(super) fn others(&self, owner: usize) -> usize {
        self.sorted.len() - usize::from(self.places[owner].is_some())
    }

    /// The quantile of the others' values, linear between ranks; 0 where there are none.
    pub(super) fn quantile(&self, owner: usize, p: f64) -> f64 {
        let Some(last) = self.others(owner).checked_sub(1) else { return 0.0 };
        let out = self.places[owner].unwrap_or(usize::MAX);
        let at = |rank: usize| self.sorted[rank + usize::from(rank >= out)];
        let position = p * last as f64;
        let (below, above) = (position.floor() as usize, position.ceil() as usize);
        at(below) + (at(above) - at(below)) * (position - below as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::matrix::quantile;
    use super::*;

    #[test]
    fn the_others_are_what_is_left_without_the_owner() {
        let values = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0];
        let ranked = Ranked::new(values.iter().copied().enumerate(), 7);
        for owner in 0..7 {
            let others: Vec<f64> = (0..6).filter(|i| *i != owner).map(|i| values[i]).collect();
            assert_eq!(ranked.others(owner), others.len());
            for p in [0.0, 0.25, 0.5, 0.75, 1.0] {
                assert_eq!(ranked.quantile(owner, p), quantile(&others, p), "{owner} {p}");
            }
        }
        assert_eq!(Ranked::new([(0, 2.0)].into_iter(), 1).quantile(0, 0.5), 0.0);
    }
}
