//! A branch that is watched every night: people are told of what changed, of nothing else, and once.

use crate::support::nights::{Nights, replay};

#[test]
fn three_changes_in_ninety_nights_of_sixty_series_are_three_causes_that_end() {
    let nights = Nights::with_three_changes(1);
    let told = replay(&nights);
    assert!(told.is_exact(), "{told:?}");
    for (change, (opened, closed)) in
        nights.changes.iter().zip(told.opened.iter().zip(&told.closed))
    {
        assert!(change.nights.contains(&(opened - 1)), "{change:?}: {told:?}");
        assert!(*closed > change.nights.end, "{change:?}: {told:?}");
    }
}

#[test]
fn of_ninety_nights_without_a_change_nobody_is_told_anything() {
    let told = replay(&Nights::new(90, 60, Vec::new(), 1));
    let all = [told.opened, told.closed, told.reopened, told.gone].concat();
    assert!(all.is_empty(), "{all:?}");
}
