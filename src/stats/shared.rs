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

use super::matrix::{Matrix, mean, middle, variance};
use super::ranked::Ranked;
use super::student::student_upper_tail;
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
/// How much better (as a difference of log-likelihoods of Cauchy errors) a percentage must explain a run than an amount of
/// time, which is what disturbed machines show.
const PERCENT_IS_RARER: f64 = 3.0;
/// What one run shares, as a standard deviation before any run is seen: milliseconds, and the logarithm of a factor; and
/// the runs that this counts as.
const PRIOR: [f64; 2] = [1.5, 0.05];
const PRIOR_WEIGHT: f64 = 2.0;
/// How many standard deviations of what runs share may be put back where a run is faster as a whole, so that an
/// improvement of most endpoints does not make the rest look slower.
const FASTER: f64 = 3.0;
/// Ratio of a median absolute deviation to a standard deviation.
const MEDIAN_DEVIATION: f64 = 0.6745;

/// A test, as far as it says what a run shares.
#[derive(Debug, Clone, Copy)]
pub struct Witness {
    /// Its endpoint, from 0.
    pub endpoint: usize,
    /// Tests of one kind (one statistic) are read together.
    pub kind: usize,
    /// Standard deviation of its logarithm from run to run that is expected when nothing changes.
    pub deviation: f64,
    /// Whether the change under test cannot touch it.
    pub control: bool,
    /// Whether a verdict depends on it.
    pub judged: bool,
    /// Whether its values are times in milliseconds, which a disturbed machine adds to.
    pub is_time: bool,
}

/// Runs without what they share.
#[derive(Debug, Clone)]
pub struct Cleared {
    /// Logarithms of the values.
    pub logs: Matrix,
    /// Variance of each logarithm by which nobody knows whether it was all.
    pub doubt: Matrix,
}

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

/// What one run shares with the typical one.
#[derive(Debug, Clone, Copy)]
struct Shift {
    /// Milliseconds, and the logarithm of a factor; worse is positive.
    by: [f64; 2],
    /// How badly each reading explains the run.
    loss: [f64; 2],
}

impl Shift {
    /// Which reading explains these runs better: 0 for milliseconds, 1 for a factor.
    fn reading(runs: &[Self]) -> usize {
        let sum = |i: usize| runs.iter().map(|run| run.loss[i]).sum::<f64>();
        usize::from(sum(1) + PERCENT_IS_RARER * (runs.len() as f64) < sum(0))
    }
}

impl Shared {
    /// From logarithms with worse up, of at least one run on both sides.
    pub fn of(baseline: &Matrix, new: &Matrix, tests: &[Witness]) -> Self {
        let reader = Reader::new(baseline, tests);
        let rows = |side: &Matrix| -> Vec<Row> {
            (0..side.runs()).map(|r| reader.read(side.run(r))).collect()
        };
        let (old, fresh) = (rows(baseline), rows(new));
        let shifts =
            [&old, &fresh].map(|side| side.iter().map(|row| row.shift).collect::<Vec<_>>());
        let deviations = [0, 1].map(|i| deviation(&shifts[0], i, PRIOR[i]));
        let ordinary = reader.ordinary(&old);
        // Baseline runs are moved to their own centre, both ways; new ones no further down than machines explain.
        let least =
            |i: usize| -FASTER * deviations[i] * (1.0 + 1.0 / baseline.runs() as f64).sqrt();
        let clear = |side: &Matrix, rows: &[Row], least: [f64; 2]| {
            reader.clear(side, rows, &ordinary, least)
        };
        Self {
            baseline: clear(baseline, &old, [f64::NEG_INFINITY; 2]),
            new: clear(new, &fresh, [least(0), least(1)]),
            shifts,
            deviations,
            known: reader.knows_others(),
            untouchable: reader.only_controls,
        }
    }

    /// Whether what is shared is the machine's doing beyond doubt, because no change can touch those that tell.
    pub fn is_the_machines(&self) -> bool {
        self.untouchable
    }

    /// Whether what the first `m` new runs share is clearly an amount of time, the same for quick and for slow endpoints: what a
    /// machine or a load generator does that is not given its time, for minutes on end.
    pub fn is_of_time(&self, m: usize) -> bool {
        let sum = |i: usize| self.shifts[1][..m].iter().map(|run| run.loss[i]).sum::<f64>();
        self.known && sum(0) + PERCENT_IS_RARER * (m as f64) < sum(1)
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

/// What the others say about one run: for each test the shared part in both readings, and how much the typical other moved.
struct Row {
    shared: [Vec<f64>; 2],
    moved: [Vec<f64>; 2],
    shift: Shift,
}

/// Who tells what a run shares, for tests of one kind.
struct Group {
    /// Tests, one of each endpoint, whose values are times.
    times: Vec<usize>,
    /// The same, and those that only know factors.
    all: Vec<usize>,
    /// How many it takes.
    fewest: usize,
}

struct Reader<'a> {
    tests: &'a [Witness],
    /// Level of each test: median of the baseline, in natural units.
    levels: Vec<f64>,
    groups: Vec<Group>,
    /// The group of each test.
    group_of: Vec<usize>,
    endpoints: usize,
    only_controls: bool,
    /// How many times as much as expected the typical test varies, at least once; from three runs on.
    wider: f64,
}

impl<'a> Reader<'a> {
    fn new(baseline: &Matrix, tests: &'a [Witness]) -> Self {
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
            Group { times, all: members, fewest }
        };
        let kinds: BTreeSet<usize> = tests.iter().map(|t| t.kind).collect();
        let kinds: Vec<usize> = kinds.into_iter().collect();
        let place = |t: &Witness| kinds.binary_search(&t.kind).unwrap_or_default();
        Self {
            tests,
            levels,
            groups: kinds.iter().map(|kind| group(*kind)).collect(),
            group_of: tests.iter().map(place).collect(),
            endpoints,
            only_controls,
            wider: wider(baseline, tests),
        }
    }

    /// Whether any test has others to compare it with.
    fn knows_others(&self) -> bool {
        self.tests.iter().zip(&self.group_of).any(|(test, group)| {
            let group = &self.groups[*group];
            let others = |list: &[usize]| {
                list.iter().filter(|i| self.tests[**i].endpoint != test.endpoint).count()
            };
            others(&group.times).max(others(&group.all)) >= group.fewest
        })
    }

    /// How far a run is from the level, in both readings.
    fn offsets(&self, run: &[f64]) -> [Vec<f64>; 2] {
        let factor: Vec<f64> =
            run.iter().zip(&self.levels).map(|(log, level)| log - level.ln()).collect();
        let amount = factor.iter().zip(&self.levels).map(|(f, level)| level * f.exp_m1()).collect();
        [amount, factor]
    }

    fn read(&self, run: &[f64]) -> Row {
        let offsets = self.offsets(run);
        let count = run.len();
        let (mut shared, mut moved) =
            ([vec![0.0; count], vec![0.0; count]], [vec![0.0; count], vec![0.0; count]]);
        for reading in [0, 1] {
            let ranked: Vec<[Ranked; 2]> = self
                .groups
                .iter()
                .map(|group| self.ranked(group, reading, &offsets[reading]))
                .collect();
            for j in 0..count {
                let group = &self.groups[self.group_of[j]];
                let [signed, absolute] = &ranked[self.group_of[j]];
                let endpoint = self.tests[j].endpoint;
                if reading == 0 && !self.tests[j].is_time {
                    continue;
                }
                if signed.others(endpoint) >= group.fewest {
                    let quartile = |p: f64| signed.quantile(endpoint, p);
                    shared[reading][j] = both(quartile(0.25), quartile(0.75));
                }
                // Of one or two others, all must have moved.
                let typical = if absolute.others(endpoint) < 3 { 0.0 } else { 0.5 };
                moved[reading][j] = absolute.quantile(endpoint, typical);
            }
        }
        let shift = self.shift(&offsets, &shared);
        Row { shared, moved, shift }
    }

    /// The offsets of a group's members, as they are and without their sign.
    fn ranked(&self, group: &Group, reading: usize, offsets: &[f64]) -> [Ranked; 2] {
        let members = if reading == 0 { &group.times } else { &group.all };
        let of = |value: fn(f64) -> f64| {
            let pairs = members.iter().map(|j| (self.tests[*j].endpoint, value(offsets[*j])));
            Ranked::new(pairs, self.endpoints)
        };
        [of(|v| v), of(f64::abs)]
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
            let explained = [shared[0][j], self.levels[j] * shared[1][j].clamp(-2.0, 2.0).exp_m1()];
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
    fn ordinary(&self, baseline: &[Row]) -> [Vec<f64>; 2] {
        [0, 1].map(|reading| {
            let expected = |j: usize| {
                let scale = if reading == 0 { self.levels[j] } else { 1.0 };
                MEDIAN_DEVIATION * std::f64::consts::SQRT_2 * scale * self.tests[j].deviation
            };
            let ranked: Vec<Ranked> = self
                .groups
                .iter()
                .map(|group| {
                    let members = if reading == 0 { &group.times } else { &group.all };
                    let pairs = members.iter().map(|j| (self.tests[*j].endpoint, expected(*j)));
                    Ranked::new(pairs, self.endpoints)
                })
                .collect();
            let of_test = |j: usize| {
                let expected = ranked[self.group_of[j]].quantile(self.tests[j].endpoint, 0.5);
                let seen: Vec<f64> = baseline.iter().map(|row| row.moved[reading][j]).collect();
                if seen.len() < 3 { expected } else { expected.max(ORDINARY * middle(&seen)) }
            };
            (0..self.tests.len()).map(of_test).collect()
        })
    }

    /// The runs without what they share, each in the reading that explains it better.
    fn clear(
        &self,
        side: &Matrix,
        rows: &[Row],
        ordinary: &[Vec<f64>; 2],
        least: [f64; 2],
    ) -> Cleared {
        let reading: Vec<usize> = rows.iter().map(|row| Shift::reading(&[row.shift])).collect();
        let shared = |r: usize, j: usize| rows[r].shared[reading[r]][j].max(least[reading[r]]);
        // A fifth is the least that is left of a value.
        let left = |j: usize, log: f64, amount: f64| {
            let value = log.exp();
            (value - amount).max(0.2 * value.min(self.levels[j]))
        };
        let logs = side.map(|r, j, log| match reading[r] {
            0 if shared(r, j) == 0.0 => log,
            0 => left(j, log, shared(r, j)).ln(),
            _ => log - shared(r, j),
        });
        let doubt_of = |i: usize, j: usize| {
            let group = &self.groups[self.group_of[j]];
            let members = if i == 0 { &group.times } else { &group.all };
            let own = self.tests[j].endpoint;
            let others = members.iter().filter(|o| self.tests[**o].endpoint != own).count();
            if self.only_controls {
                DOUBT_OF_CONTROLS
            } else {
                DOUBT / (others.max(1) as f64).sqrt()
            }
        };
        let shares: Vec<[f64; 2]> =
            (0..self.tests.len()).map(|j| [doubt_of(0, j), doubt_of(1, j)]).collect();
        let doubt = side.map(|r, j, log| {
            let i = reading[r];
            let beyond = (rows[r].moved[i][j].powi(2) - ordinary[i][j].powi(2)).max(0.0).sqrt();
            let scale = if i == 0 { left(j, log, shared(r, j)).min(self.levels[j]) } else { 1.0 };
            (shares[j][i] * beyond / scale).powi(2)
        });
        Cleared { logs, doubt }
    }
}

/// How many times as much as expected the typical test varies from run to run, at least once.
fn wider(baseline: &Matrix, tests: &[Witness]) -> f64 {
    if baseline.runs() < 3 {
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
