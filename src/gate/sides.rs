//! The two sides of a comparison.

/// Something of the baseline beside the same of the run under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sides<T> {
    /// The baseline's.
    pub baseline: T,
    /// The current run's.
    pub current: T,
}

impl<T> Sides<T> {
    /// Applies a function to each side.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Sides<U> {
        Sides { baseline: f(self.baseline), current: f(self.current) }
    }

    /// References to each side.
    pub fn as_ref(&self) -> Sides<&T> {
        Sides { baseline: &self.baseline, current: &self.current }
    }

    /// Pairs each side with the same side of another.
    pub fn zip<U>(self, other: Sides<U>) -> Sides<(T, U)> {
        Sides { baseline: (self.baseline, other.baseline), current: (self.current, other.current) }
    }

    /// Both sides, the baseline first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        [&self.baseline, &self.current].into_iter()
    }
}

impl<T> Sides<Option<T>> {
    /// Both values, unless one is missing.
    pub fn both(self) -> Option<Sides<T>> {
        Some(Sides { baseline: self.baseline?, current: self.current? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_stays_where_it_is() {
        let sides = Sides { baseline: 1, current: 2 };
        let text = sides.map(|n| n.to_string());
        assert_eq!((text.baseline.as_str(), text.current.as_str()), ("1", "2"));
        let zipped = text.as_ref().zip(sides);
        assert_eq!((zipped.baseline.1, zipped.current.1), (1, 2));
        assert_eq!(sides.iter().copied().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn both_takes_two_values_and_nothing_less() {
        let sides = |baseline, current| Sides { baseline, current }.both();
        assert_eq!(sides(Some(1), Some(2)), Some(Sides { baseline: 1, current: 2 }));
        assert_eq!(sides(None, Some(2)), None);
        assert_eq!(sides(Some(1), None), None);
    }
}
