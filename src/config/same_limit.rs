//! Whether two limits are the same, however they are written.

use super::bound::Bound;
use crate::model::Direction;

/// Whether two limits mean the same: `< 1s` is `<1000 ms`.
pub fn same_limit(one: &str, other: &str) -> bool {
    // Without a sign, only the two together have a better side.
    let read = |text: &str| Bound::parse(text, Some(Direction::Lower)).ok();
    read(one).zip(read(other)).is_some_and(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::same_limit;

    #[test]
    fn the_number_the_unit_and_the_sign_count() {
        assert!(same_limit("< 1s", "<1000 ms") && same_limit("500ms", "0.5s"));
        assert!(!same_limit("< 1s", "<= 1s") && !same_limit("< 1s", "< 1%"));
        assert!(!same_limit("fast", "fast"));
    }
}
