//! How likely each hypothesis is, and where another measurement would tell most.

use super::hypotheses::{Data, Evidence, Interval, TWO};

/// Probability that no series rises at all, before anything is measured.
const NONE: f64 = 0.1;
/// Least probability of a series for which two steps are looked for.
const LIKELY: f64 = 0.02;

/// What the measurements say.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// Probability that no series rises.
    pub none: f64,
    /// How much a measurement of each commit would tell, from the good one on; in no unit.
    pub worth: Vec<f64>,
    /// Each series' steps.
    steps: Vec<Steps>,
}

/// The steps of a series, by commit after the good one.
#[derive(Debug, Clone, PartialEq)]
struct Steps {
    /// Probability of a step.
    probability: Vec<f64>,
    /// Its size, times that.
    size: Vec<f64>,
}

/// One hypothesis about one series.
struct Hypothesis {
    series: usize,
    first: (f64, usize),
    second: Option<(f64, usize)>,
    /// Logarithm of prior and likelihood, and later the probability.
    weight: f64,
}

impl Posterior {
    pub(super) fn of(data: &Data) -> Self {
        let intervals = data.intervals();
        let evidence: Vec<Option<Evidence>> =
            (0..data.series.len()).map(|j| Evidence::of(data, j, &intervals)).collect();
        let mut all = Vec::new();
        for (j, own) in evidence.iter().enumerate() {
            all.extend(own.iter().flat_map(|own| one_step(j, own, &intervals, data)));
        }
        let likely = likely_series(&all, data.series.len());
        for (j, own) in evidence.iter().enumerate().filter(|(j, _)| likely[*j]) {
            all.extend(own.iter().flat_map(|own| two_steps(j, own, &intervals, data)));
        }
        let none = normalize(&mut all);
        let mut tally = Tally::new(data, &intervals, &evidence);
        all.iter().for_each(|own| tally.add(own));
        Self { none, worth: tally.worth(), steps: tally.steps() }
    }

    /// Probability that a step came with one of these commits, first and last.
    pub fn probability(&self, (first, last): (usize, usize)) -> f64 {
        self.steps.iter().flat_map(|own| &own.probability[first - 1..last]).sum()
    }

    /// The series that most likely rose with one of these commits, and by how much, as a logarithm.
    pub fn likeliest(&self, (first, last): (usize, usize)) -> Option<(usize, f64)> {
        let of = |values: &[f64]| values[first - 1..last].iter().sum::<f64>();
        let sums = self.steps.iter().map(|own| (of(&own.probability), of(&own.size))).enumerate();
        let (series, (probability, size)) =
            sums.max_by(|(_, (a, _)), (_, (b, _))| a.total_cmp(b))?;
        (probability > 0.0).then(|| (series, size / probability))
    }
}

/// The logarithm of the prior probability of a series, an interval and a size.
fn prior(interval: Interval, data: &Data) -> f64 {
    let share = interval.commits() / data.commits as f64;
    (share * (1.0 - NONE) / data.series.len() as f64 / data.sizes.len() as f64).ln()
}

fn one_step<'a>(
    series: usize,
    evidence: &'a Evidence,
    intervals: &'a [Interval],
    data: &'a Data,
) -> impl Iterator<Item = Hypothesis> + 'a {
    intervals.iter().enumerate().flat_map(move |(i, interval)| {
        let prior = prior(*interval, data);
        data.sizes.iter().map(move |size| {
            let first = (*size, i);
            let weight = prior + evidence.weight(first, None);
            Hypothesis { series, first, second: None, weight }
        })
    })
}

fn two_steps(
    series: usize,
    evidence: &Evidence,
    intervals: &[Interval],
    data: &Data,
) -> Vec<Hypothesis> {
    let mut all = Vec::new();
    for (i, early) in intervals.iter().enumerate() {
        for (k, late) in intervals.iter().enumerate().skip(i + 1) {
            let share = 2.0 * late.commits() / data.commits as f64 / data.sizes.len() as f64;
            let prior = prior(*early, data) + (TWO * share).ln();
            for (d, e) in data.sizes.iter().flat_map(|d| data.sizes.iter().map(|e| (*d, *e))) {
                let (first, second) = ((d, i), Some((e, k)));
                let weight = prior + evidence.weight(first, second);
                all.push(Hypothesis { series, first, second, weight });
            }
        }
    }
    all
}

/// Which series are likely enough for a closer look, by the hypotheses of one step.
fn likely_series(all: &[Hypothesis], series: usize) -> Vec<bool> {
    let top = all.iter().map(|own| own.weight).fold(NONE.ln(), f64::max);
    let mut sums = vec![0.0; series];
    for own in all {
        sums[own.series] += (own.weight - top).exp();
    }
    let total: f64 = sums.iter().sum::<f64>() + NONE * (-top).exp();
    sums.into_iter().map(|sum| sum >= LIKELY * total).collect()
}

/// Turns weights into probabilities, and gives that of no step.
fn normalize(all: &mut [Hypothesis]) -> f64 {
    let top = all.iter().map(|own| own.weight).fold(NONE.ln(), f64::max);
    let none = (NONE.ln() - top).exp();
    let total = none + all.iter().map(|own| (own.weight - top).exp()).sum::<f64>();
    all.iter_mut().for_each(|own| own.weight = (own.weight - top).exp() / total);
    none / total
}

/// Sums over hypotheses.
struct Tally<'a> {
    commits: usize,
    intervals: &'a [Interval],
    series: Vec<SeriesTally<'a>>,
}

/// Sums of one series. What a hypothesis expects to be seen is a level before its step, and more from there on.
struct SeriesTally<'a> {
    evidence: Option<&'a Evidence>,
    /// Mean and mean square of the level before any step.
    before: (f64, f64),
    /// What a step in each interval adds to both.
    added: Vec<(f64, f64)>,
    /// Probability of a step in each interval, and its size times that.
    step: Vec<(f64, f64)>,
    /// Squares that the steps explain.
    explained: f64,
}

impl<'a> Tally<'a> {
    fn new(data: &Data, intervals: &'a [Interval], evidence: &'a [Option<Evidence>]) -> Self {
        let zeros = || vec![(0.0, 0.0); intervals.len()];
        let series = evidence.iter().map(|own| SeriesTally {
            evidence: own.as_ref(),
            before: (0.0, 0.0),
            added: zeros(),
            step: zeros(),
            explained: 0.0,
        });
        Self { commits: data.commits, intervals, series: series.collect() }
    }

    fn add(&mut self, own: &Hypothesis) {
        let tally = &mut self.series[own.series];
        let Some(evidence) = tally.evidence else { return };
        let p = own.weight;
        let steps = [Some(own.first), own.second];
        let shift: f64 = steps.iter().flatten().map(|(d, i)| d * evidence.from[*i].0).sum();
        let mut level = -shift / evidence.count;
        tally.before.0 += p * level;
        tally.before.1 += p * level * level;
        for (size, i) in steps.into_iter().flatten() {
            tally.added[i].0 += p * size;
            tally.added[i].1 += p * ((level + size).powi(2) - level * level);
            tally.step[i].0 += p;
            let alone = own.second.is_none();
            tally.step[i].1 += p * if alone { evidence.best(i) } else { size };
            level += size;
            tally.explained += p * size * evidence.from[i].1;
        }
    }

    /// The variance among the hypotheses of what is seen at each commit, in units of the noise, over all series.
    fn worth(&self) -> Vec<f64> {
        let mut worth = vec![0.0; self.commits + 1];
        for own in &self.series {
            let Some(evidence) = own.evidence else { continue };
            let noise = evidence.variance(own.explained);
            let (mut level, mut square) = own.before;
            worth[0] += (square - level * level) / noise;
            for (interval, (add, add_square)) in self.intervals.iter().zip(&own.added) {
                let each = 1.0 / interval.commits();
                for slot in &mut worth[interval.first..=interval.last] {
                    level += add * each;
                    square += add_square * each;
                    *slot += (square - level * level) / noise;
                }
            }
        }
        worth
    }

    fn steps(self) -> Vec<Steps> {
        let spread = |values: Vec<f64>| -> Vec<f64> {
            let each = self.intervals.iter().zip(values);
            each.flat_map(|(own, sum)| (own.first..=own.last).map(move |_| sum / own.commits()))
                .collect()
        };
        let of = |own: &SeriesTally<'_>| Steps {
            probability: spread(own.step.iter().map(|(p, _)| *p).collect()),
            size: spread(own.step.iter().map(|(_, size)| *size).collect()),
        };
        self.series.iter().map(of).collect()
    }
}
