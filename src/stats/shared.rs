//! What all endpoints of a run share: a slow machine slows every one of them.
//!
//! There are two ways to be slow. A slower processor makes everything a few percent slower; a machine or a load generator
//! that is not given its time adds the same milliseconds to every response, which is nothing to an endpoint that takes a
//! second and doubles one that takes five milliseconds. So what a run shares is read in both ways, as a percentage and as
//! an amount of time, and of each run that reading counts which leaves less unexplained.
//!
//! The shared part is estimated for each test from the *other* endpoints, as what at least three quarters of them share,
//! and taken out. A median would be unsafe: a change that improves half of the endpoints would make the rest look slower.
//! How far off that may be grows with the disturbance: a part of what the others show stays in doubt.

use super::matrix::{Matrix, mean, middle};
use super::others::{Others, Read, Row};
use super::student::student_upper_tail;
use super::witness::{Cleared, PERCENT_IS_RARER, Shift, Witness};

/// What one run shares, as a standard deviation before any run is seen: milliseconds, and the logarithm of a factor; and
/// the runs that this counts as.
const PRIOR: [f64; 2] = [1.5, 0.05];
const PRIOR_WEIGHT: f64 = 2.0;
/// How many standard deviations of what runs share may be put back where a run is faster as a whole, so that an
/// improvement of most endpoints does not make the rest look slower.
const FASTER: f64 = 3.0;

/// What baseline and new runs share, taken out.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The baseline runs without it.
    pub baseline: Cleared,
    /// The new runs without it.
    pub new: Cleared,
    /// What each run shares, in both readings.
    shifts: [Vec<Shift>; 2],
    /// Standard deviations of what a run shares, in both readings.
    deviations: [f64; 2],
    /// Whether there are others at all.
    known: bool,
    /// Whether those that tell are all such as no change can touch.
    untouchable: bool,
}

impl Shared {
    /// From logarithms with worse up, of at least one run on both sides.
    pub fn of(baseline: &Matrix, new: &Matrix, tests: &[Witness]) -> Self {
        let others = Others::new(baseline, tests);
        let read = |side: &Matrix| -> Vec<Read> {
            (0..side.runs()).map(|r| others.read(side.run(r))).collect()
        };
        let (old, fresh) = (read(baseline), read(new));
        let rest = others.at_rest(&old);
        let rows = |side: Vec<Read>| -> Vec<Row> {
            side.into_iter().map(|read| others.row(read, &rest)).collect()
        };
        let (old, fresh) = (rows(old), rows(fresh));
        let shifts =
            [&old, &fresh].map(|side| side.iter().map(|row| row.shift).collect::<Vec<_>>());
        let deviations = [0, 1].map(|i| deviation(&shifts[0], i, PRIOR[i]));
        let ordinary = others.ordinary(&old);
        // Baseline runs are moved to their own centre, both ways; new ones no further down than machines explain.
        let least =
            |i: usize| -FASTER * deviations[i] * (1.0 + 1.0 / baseline.runs() as f64).sqrt();
        let clear = |side: &Matrix, rows: &[Row], least: [f64; 2]| {
            others.clear(side, rows, &ordinary, least)
        };
        Self {
            baseline: clear(baseline, &old, [f64::NEG_INFINITY; 2]),
            new: clear(new, &fresh, [least(0), least(1)]),
            shifts,
            deviations,
            known: others.knows_others(),
            untouchable: others.only_controls,
        }
    }

    /// Whether what is shared is the machine's doing beyond doubt, because no change can touch those that tell.
    pub fn is_the_machines(&self) -> bool {
        self.untouchable
    }

    /// Whether what the first `m` new runs share is clearly an amount of time, the same for quick and for slow endpoints: what a
    /// machine or a load generator does that is not given its time, for minutes on end.
    pub fn is_of_time(&self, m: usize) -> bool {
        self.known && Shift::advantage(&self.shifts[1][..m]) > PERCENT_IS_RARER
    }

    /// How probable it is that the first `m` new runs are slower as a whole by as much as they are when nothing changed;
    /// none where there are no other endpoints to tell.
    pub fn whole_run(&self, m: usize) -> Option<f64> {
        let new = &self.shifts[1][..m];
        let i = Shift::reading(new);
        let of = |runs: &[Shift]| runs.iter().map(|run| run.by[i]).collect::<Vec<_>>();
        let (old, new) = (of(&self.shifts[0]), of(new));
        let k = old.len() as f64;
        let error = self.deviations[i] * (1.0 / m as f64 + 1.0 / k).sqrt();
        let freedom = PRIOR_WEIGHT + k - 1.0;
        self.known.then(|| student_upper_tail((mean(&new) - middle(&old)) / error, freedom))
    }
}

/// Standard deviation of what runs share.
fn deviation(runs: &[Shift], reading: usize, prior: f64) -> f64 {
    let by: Vec<f64> = runs.iter().map(|run| run.by[reading]).collect();
    let centre = middle(&by);
    let squares: f64 = by.iter().map(|v| (v - centre).powi(2)).sum();
    ((PRIOR_WEIGHT * prior * prior + squares) / (PRIOR_WEIGHT + by.len() as f64 - 1.0)).sqrt()
}
