use super::*;

/// Values of eight series, of which the fourth has this level.
fn run(level: f64, shared: f64) -> Vec<Option<f64>> {
    // Small differences that are the same each time, so that no series is without noise.
    let noise = |j: usize| 0.01 * ((j * 7 % 5) as f64 - 2.0) * (shared * 100.0).sin();
    (0..8).map(|j| Some(shared + noise(j) + if j == 3 { level } else { 0.0 })).collect()
}

/// Measures where it tells most, until a group of commits is named. The step comes with commit `at`.
fn search(commits: usize, at: usize, broken: &[usize]) -> ((usize, usize), usize) {
    let mut search = Bisection::new(commits, 8, 0.05);
    for measured in 0..40 {
        let posterior = search.posterior();
        if let Some(named) = search.named(&posterior, 0.95) {
            assert_eq!(posterior.likeliest(named).unwrap().0, 3);
            return (named, measured);
        }
        let next = search.next(&posterior).unwrap();
        if broken.contains(&next) {
            search.set_broken(next);
        } else {
            let level = if next >= at { 0.3 } else { 0.0 };
            search.add(next, run(level, 0.02 * measured as f64));
        }
    }
    panic!("nothing was named");
}

#[test]
fn the_commit_of_a_step_is_named() {
    for at in [1, 2, 20, 63, 64] {
        assert_eq!(search(64, at, &[]).0, (at, at));
    }
}

#[test]
fn each_measurement_is_where_it_tells_most() {
    // Four at both ends, and not many more than the six halvings of 64.
    assert!(search(64, 23, &[]).1 <= 4 + 10);
}

#[test]
fn a_commit_that_cannot_be_measured_is_named_with_the_next() {
    assert_eq!(search(16, 9, &[8, 9]).0, (8, 10));
    assert_eq!(search(16, 10, &[8, 9]).0, (8, 10));
    assert_eq!(search(16, 11, &[8, 9]).0, (11, 11));
}

#[test]
fn a_line_of_one_commit_needs_both_ends_alone() {
    assert_eq!(search(1, 1, &[]), ((1, 1), 4));
}

#[test]
fn what_did_not_change_has_no_step() {
    let mut search = Bisection::new(8, 8, 0.05);
    for measured in 0..12 {
        search.add(if measured % 2 == 0 { 0 } else { 8 }, run(0.0, 0.02 * f64::from(measured)));
    }
    let posterior = search.posterior();
    assert!(posterior.none > 0.5, "{}", posterior.none);
    assert_eq!(search.named(&posterior, 0.95), None);
}

#[test]
fn a_change_of_everything_is_a_step_of_what_all_have_in_common() {
    let mut search = Bisection::new(2, 8, 0.05);
    for measured in 0..18 {
        let commit = measured % 3;
        let level = if commit == 2 { 0.4 } else { 0.0 };
        search.add(commit, run(0.0, level + 0.01 * measured as f64));
    }
    let posterior = search.posterior();
    assert_eq!(search.named(&posterior, 0.95), Some((2, 2)));
    let (series, size) = posterior.likeliest((2, 2)).unwrap();
    assert_eq!(series, 8);
    assert!((size - 0.4).abs() < 0.05, "{size}");
}

#[test]
fn nothing_measured_says_nothing() {
    let search = Bisection::new(4, 2, 0.05);
    let posterior = search.posterior();
    assert!((posterior.none - 1.0).abs() < 1e-9, "no hypothesis has a measurement");
    assert_eq!(search.named(&posterior, 0.5), None);
    assert_eq!(search.next(&posterior), Some(4));
}
