//! What the other endpoints of a run say about it, for each test: the reading behind [`super::Shared`].

use super::matrix::{Matrix, middle, variance};
use super::ranked::Ranked;
use super::witness::{Cleared, Shift, Witness};
use std::collections::BTreeSet;

/// Fewest endpoints that a change can touch for controls to be no more than some of many.
const FEWEST_TO_OUTVOTE_CONTROLS: usize = 5;
/// Fewest others that say what they share, unless they are controls.
const FEWEST_OTHERS: usize = 2;
/// Share of what the typical other endpoint moved that stays in doubt with one of them, as a standard deviation; with more it
/// shrinks by the root of their number. Measured on unchanged repeats of real runs (`cargo bench --bench repeats`): with it
/// their distances are as wide as those of calm ones.
const DOUBT: f64 = 1.4;
/// The same where those that tell cannot be touched by any change, so that the shift is known and only its size is not.
const DOUBT_OF_CONTROLS: f64 = 0.25;
/// By how much the others of an ordinary run may move more than those of the typical one.
const ORDINARY: f64 = 1.5;
/// Fewest runs, or others, that show what is typical of them.
const FEWEST_TO_SHOW: usize = 3;
/// The quartiles of the others: what three quarters of them share is beyond the lower or the upper one.
const LOWER_QUARTILE: f64 = 0.25;
const UPPER_QUARTILE: f64 = 0.75;
/// Logarithm of the largest factor by which a run is explained: more is no slow machine.
const MOST_OF_A_FACTOR: f64 = 2.0;
/// The least that is left of a value when an amount is taken from it.
const LEAST_LEFT: f64 = 0.2;
/// Ratio of a median absolute deviation to a standard deviation.
const MEDIAN_DEVIATION: f64 = 0.6745;

/// What the others did in one run, seen from the level: for both readings and each test the quartiles of their offsets, and how
/// much the typical one of them moved.
pub(super) struct Read {
    offsets: [Vec<f64>; 2],
    low: [Vec<f64>; 2],
    high: [Vec<f64>; 2],
    moved: [Vec<f64>; 2],
}

/// What the others say about one run: for each test the shared part in both readings, and how much the typical other moved.
pub(super) struct Row {
    shared: [Vec<f64>; 2],
    moved: [Vec<f64>; 2],
    pub(super) shift: Shift,
}

/// Who tells what a run shares, for tests of one kind.
struct Group {
    /// Tests, one of each endpoint: those whose values are times, and with them those that only know factors.
    members: [Vec<usize>; 2],
    /// How many it takes.
    fewest: usize,
}

/// The endpoints of a comparison, each of which tells what the rest of the run did.
pub(super) struct Others<'a> {
    tests: &'a [Witness],
    /// Level of each test: median of the baseline, in natural units.
    levels: Vec<f64>,
    groups: Vec<Group>,
    /// The group of each test.
    group_of: Vec<usize>,
    endpoints: usize,
    /// How many others tell about each test, in both readings.
    counts: [Vec<usize>; 2],
    /// Whether those that tell are all controls.
    pub(super) only_controls: bool,
    /// How many times as much as expected the typical test varies, at least once; from three runs on.
    wider: f64,
}

impl<'a> Others<'a> {
    pub(super) fn new(baseline: &Matrix, tests: &'a [Witness]) -> Self {
        let levels = baseline.per_test(|logs| middle(logs).exp());
        let endpoints = tests.iter().map(|t| t.endpoint + 1).max().unwrap_or(0);
        let of = |control: bool| -> BTreeSet<usize> {
            tests.iter().filter(|t| t.control == control).map(|t| t.endpoint).collect()
        };
        // Few that a change can touch, and it touches all of them: with a control among five they would outvote it.
        let only_controls = !of(true).is_empty() && of(false).len() < FEWEST_TO_OUTVOTE_CONTROLS;
        let fewest = if only_controls { 1 } else { FEWEST_OTHERS };
        let speaks = |j: usize| tests[j].control || !only_controls;
        let factors: Vec<usize> =
            (0..tests.len()).filter(|j| !tests[*j].is_time && tests[*j].control).collect();
        let one_each = |wanted: &dyn Fn(usize) -> bool| {
            let mut seen = BTreeSet::new();
            let mut of_endpoint = |j: &usize| wanted(*j) && seen.insert(tests[*j].endpoint);
            (0..tests.len()).filter(|j| speaks(*j) && of_endpoint(j)).collect::<Vec<_>>()
        };
        let group = |kind: usize| {
            let own = |j: usize| tests[j].kind == kind && !factors.contains(&j);
            let any = |j: usize| !factors.contains(&j);
            // Where hardly any endpoint has this statistic, another one tells as much.
            let mut members = one_each(&own);
            if members.len() <= fewest {
                members = one_each(&any);
            }
            // A single other one must at least be good enough for a verdict of its own.
            if members.len() <= 2 {
                members.retain(|j| tests[*j].judged || tests[*j].control);
            }
            let times = members.iter().copied().filter(|j| tests[*j].is_time).collect();
            members.extend(&factors);
            Group { members: [times, members], fewest }
        };
        let kinds: BTreeSet<usize> = tests.iter().map(|t| t.kind).collect();
        let kinds: Vec<usize> = kinds.into_iter().collect();
        let place = |t: &Witness| kinds.binary_search(&t.kind).unwrap_or_default();
        let mut others = Self {
            tests,
            levels,
            groups: kinds.iter().map(|kind| group(*kind)).collect(),
            group_of: tests.iter().map(place).collect(),
            endpoints,
            counts: Default::default(),
            only_controls,
            wider: wider(baseline, tests),
        };
        others.counts = [0, 1].map(|reading| {
            let ranked = others.ranked(reading, |_| 0.0);
            let count = |j: usize| ranked[others.group_of[j]].others(tests[j].endpoint);
            (0..tests.len()).map(count).collect()
        });
        others
    }

    /// Whether a test has others enough to be compared with in a reading.
    fn is_told(&self, reading: usize, j: usize) -> bool {
        self.counts[reading][j] >= self.groups[self.group_of[j]].fewest
    }

    /// Whether any test has.
    pub(super) fn knows_others(&self) -> bool {
        (0..self.tests.len()).any(|j| self.is_told(0, j) || self.is_told(1, j))
    }

    /// The members of each group by a number of theirs.
    fn ranked(&self, reading: usize, number: impl Fn(usize) -> f64) -> Vec<Ranked> {
        let of_group = |group: &Group| {
            let members = group.members[reading].iter();
            Ranked::new(members.map(|j| (self.tests[*j].endpoint, number(*j))), self.endpoints)
        };
        self.groups.iter().map(of_group).collect()
    }

    /// How far a run is from the level, in both readings.
    fn offsets(&self, run: &[f64]) -> [Vec<f64>; 2] {
        let factor: Vec<f64> =
            run.iter().zip(&self.levels).map(|(log, level)| log - level.ln()).collect();
        let amount = factor.iter().zip(&self.levels).map(|(f, level)| level * f.exp_m1()).collect();
        [amount, factor]
    }

    pub(super) fn read(&self, run: &[f64]) -> Read {
        let offsets = self.offsets(run);
        let count = run.len();
        let empty = || [vec![0.0; count], vec![0.0; count]];
        let (mut low, mut high, mut moved) = (empty(), empty(), empty());
        for reading in [0, 1] {
            let signed = self.ranked(reading, |j| offsets[reading][j]);
            let absolute = self.ranked(reading, |j| match reading {
                0 => self.beyond_own(j, offsets[0][j]),
                _ => offsets[1][j].abs(),
            });
            // What is no time has no milliseconds.
            let told = (0..count).filter(|j| reading == 1 || self.tests[*j].is_time);
            for j in told {
                let (group, endpoint) = (self.group_of[j], self.tests[j].endpoint);
                if self.is_told(reading, j) {
                    low[reading][j] = signed[group].quantile(endpoint, LOWER_QUARTILE);
                    high[reading][j] = signed[group].quantile(endpoint, UPPER_QUARTILE);
                }
                // Of one or two others, all must have moved.
                let typical = if self.counts[reading][j] < FEWEST_TO_SHOW { 0.0 } else { 0.5 };
                moved[reading][j] = absolute[group].quantile(endpoint, typical);
            }
        }
        Read { offsets, low, high, moved }
    }

    /// By how many milliseconds an endpoint moved beyond its own noise. Those of a slow one scatter by more than a fast one takes:
    /// they say nothing about it.
    fn beyond_own(&self, j: usize, moved: f64) -> f64 {
        let own = std::f64::consts::SQRT_2 * self.wider * self.levels[j] * self.tests[j].deviation;
        (moved.powi(2) - own.powi(2)).max(0.0).sqrt()
    }

    /// Where the quartiles of the others lie in an ordinary run, as far as three or more show it.
    pub(super) fn at_rest(&self, baseline: &[Read]) -> [[Vec<f64>; 2]; 2] {
        let typical = |of: fn(&Read, usize) -> &Vec<f64>| {
            [0, 1].map(|reading| {
                let rest = |j: usize| {
                    let seen: Vec<f64> = baseline.iter().map(|read| of(read, reading)[j]).collect();
                    if seen.len() < FEWEST_TO_SHOW { 0.0 } else { middle(&seen) }
                };
                (0..self.tests.len()).map(rest).collect()
            })
        };
        [typical(|read, i| &read.low[i]), typical(|read, i| &read.high[i])]
    }

    /// What the others share: by how much both of their quartiles are off from where they are at rest.
    pub(super) fn row(&self, read: Read, [low, high]: &[[Vec<f64>; 2]; 2]) -> Row {
        let shared = [0, 1].map(|i| {
            let own = |j: usize| both(read.low[i][j] - low[i][j], read.high[i][j] - high[i][j]);
            (0..self.tests.len()).map(own).collect::<Vec<_>>()
        });
        let shift = self.shift(&read.offsets, &shared);
        Row { shared, moved: read.moved, shift }
    }

    /// What the run as a whole shares, and how well either reading explains it.
    fn shift(&self, offsets: &[Vec<f64>; 2], shared: &[Vec<f64>; 2]) -> Shift {
        let judged = |i: usize| {
            let own = (0..self.tests.len()).filter(|j| self.tests[*j].judged);
            let list: Vec<f64> = own.map(|j| shared[i][j]).collect();
            if list.is_empty() { 0.0 } else { middle(&list) }
        };
        let mut loss = [0.0; 2];
        for (j, test) in self.tests.iter().enumerate().filter(|(_, test)| test.is_time) {
            let deviation = std::f64::consts::SQRT_2 * self.wider * self.levels[j] * test.deviation;
            let explained = [
                shared[0][j],
                self.levels[j] * shared[1][j].clamp(-MOST_OF_A_FACTOR, MOST_OF_A_FACTOR).exp_m1(),
            ];
            for (loss, explained) in loss.iter_mut().zip(explained) {
                *loss += ((offsets[0][j] - explained) / deviation).powi(2).ln_1p();
            }
        }
        // What is no time is read as a factor.
        if !self.tests.iter().any(|test| test.is_time) {
            loss[0] = f64::INFINITY;
        }
        Shift { by: [judged(0), judged(1)], loss }
    }

    /// How much the typical other moves in an ordinary run, for each test and reading: by the noise that is expected of it,
    /// and by what three and more baseline runs show.
    pub(super) fn ordinary(&self, baseline: &[Row]) -> [Vec<f64>; 2] {
        [0, 1].map(|reading| {
            // Of milliseconds, what is expected of each is taken off already.
            let expected = |j: usize| match reading {
                0 => 0.0,
                _ => MEDIAN_DEVIATION * std::f64::consts::SQRT_2 * self.tests[j].deviation,
            };
            let ranked = self.ranked(reading, expected);
            let of_test = |j: usize| {
                let expected = ranked[self.group_of[j]].quantile(self.tests[j].endpoint, 0.5);
                let seen: Vec<f64> = baseline.iter().map(|row| row.moved[reading][j]).collect();
                if seen.len() < FEWEST_TO_SHOW {
                    expected
                } else {
                    expected.max(ORDINARY * middle(&seen))
                }
            };
            (0..self.tests.len()).map(of_test).collect()
        })
    }

    /// The runs without what they share, each in the reading that explains it better.
    pub(super) fn clear(
        &self,
        side: &Matrix,
        rows: &[Row],
        ordinary: &[Vec<f64>; 2],
        least: [f64; 2],
    ) -> Cleared {
        let reading: Vec<usize> = rows.iter().map(|row| Shift::reading(&[row.shift])).collect();
        let shared = |r: usize, j: usize| rows[r].shared[reading[r]][j].max(least[reading[r]]);
        let left = |j: usize, log: f64, amount: f64| {
            let value = log.exp();
            (value - amount).max(LEAST_LEFT * value.min(self.levels[j]))
        };
        let logs = side.map(|r, j, log| match reading[r] {
            0 if shared(r, j) == 0.0 => log,
            0 => left(j, log, shared(r, j)).ln(),
            _ => log - shared(r, j),
        });
        let unsure = |i: usize, j: usize| match self.only_controls {
            true => DOUBT_OF_CONTROLS,
            false => DOUBT / (self.counts[i][j].max(1) as f64).sqrt(),
        };
        let doubt = side.map(|r, j, log| {
            let i = reading[r];
            let beyond = (rows[r].moved[i][j].powi(2) - ordinary[i][j].powi(2)).max(0.0).sqrt();
            let scale = if i == 0 { left(j, log, shared(r, j)).min(self.levels[j]) } else { 1.0 };
            (unsure(i, j) * beyond / scale).powi(2)
        });
        Cleared { logs, doubt }
    }
}

/// How many times as much as expected the typical test varies from run to run, at least once.
fn wider(baseline: &Matrix, tests: &[Witness]) -> f64 {
    if baseline.runs() < FEWEST_TO_SHOW {
        return 1.0;
    }
    let deviations = baseline.per_test(|logs| variance(logs).sqrt());
    let ratios: Vec<f64> = deviations.iter().zip(tests).map(|(own, t)| own / t.deviation).collect();
    middle(&ratios).max(1.0)
}

/// What lower and upper quartile have in common: nothing when they lie on different sides.
fn both(lower: f64, upper: f64) -> f64 {
    lower.min(upper).max(0.0) + lower.max(upper).min(0.0)
}
