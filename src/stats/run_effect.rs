//! What all endpoints of a run share: a slow machine slows every one of them.
//!
//! The shared part is estimated for each test from the *other* endpoints, as what at least three quarters of them share,
//! and taken out. A median would be unsafe: a change that improves half of the endpoints would make the rest look slower.

use super::matrix::{Matrix, mean, middle, quantile, variance};
use std::collections::BTreeSet;

/// Fewest endpoints that a change can touch and that say by themselves what they share.
const FEWEST: usize = 5;
/// Prior standard deviation of the shared part, and the runs that it counts as.
const PRIOR: (f64, f64) = (0.05, 4.0);

/// The shared part of baseline and new runs.
#[derive(Debug, Clone)]
pub struct RunEffect {
    baseline: Matrix,
    new: Matrix,
    /// How much of the shared part the tests follow, from 0 to 1.
    follow: f64,
    /// Standard deviation of the shared part of each test.
    deviation: Vec<f64>,
    /// Whether the endpoints of the new runs lie so far apart that nothing can be called shared, for each number of new
    /// runs looked at.
    apart: Vec<bool>,
}

impl RunEffect {
    /// From baseline and new values (logarithms, worse up), the endpoint of each test (from 0), and the endpoints that no
    /// change can touch. With fewer than five others these controls alone say what a run does to them; without any, nothing
    /// does.
    pub fn of(
        baseline: &Matrix,
        new: &Matrix,
        endpoints: &[usize],
        controls: &BTreeSet<usize>,
    ) -> Option<Self> {
        let count = endpoints.iter().max().map_or(0, |last| last + 1);
        // Few that a change can touch, and it touches all of them: with a control among five they would outvote it.
        let many = count - controls.len() >= FEWEST;
        if !many && controls.is_empty() {
            return None;
        }
        let others = |e: usize| -> Vec<usize> {
            (0..count).filter(|o| *o != e && (many || controls.contains(o))).collect()
        };
        let others: Vec<Vec<usize>> = (0..count).map(others).collect();
        let s0 = middle(&baseline.per_test(variance)).sqrt();
        let medians = baseline.per_test(middle);
        let centre = |j: usize| {
            let clipped: Vec<f64> = baseline
                .test(j)
                .iter()
                .map(|v| v.clamp(medians[j] - 3.0 * s0, medians[j] + 3.0 * s0))
                .collect();
            mean(&clipped)
        };
        let centres: Vec<f64> = (0..baseline.tests()).map(centre).collect();
        let old = Shifts::of(&baseline.map(|_, j, v| v - centres[j]), endpoints, &others);
        let fresh = Shifts::of(&new.map(|_, j, v| v - centres[j]), endpoints, &others);
        let (low, high) = (old.lower.per_test(middle), old.upper.per_test(middle));
        let shared = |shifts: &Shifts| {
            shifts.lower.map(|r, j, l| both(l - low[j], shifts.upper.run(r)[j] - high[j]))
        };
        let (gb, gy) = (shared(&old), shared(&fresh));
        let clip = |v: f64| v.clamp(-4.0 * s0, 4.0 * s0);
        let (mut products, mut squares) = (0.0, 1e-12);
        // Controls follow each other, whatever the tests do.
        let judged: Vec<usize> =
            (0..baseline.tests()).filter(|j| !controls.contains(&endpoints[*j])).collect();
        for r in 0..baseline.runs() {
            for j in &judged {
                let g = clip(gb.run(r)[*j]);
                products += clip(baseline.run(r)[*j] - centres[*j]) * g;
                squares += g * g;
            }
        }
        let k = baseline.runs() as f64;
        let (prior, weight) = PRIOR;
        let deviation = gb.per_test(|g| {
            ((weight * prior * prior + (k - 1.0) * variance(g)) / (weight + k - 1.0)).sqrt()
        });
        let wide = (1.0 + 3.3 / (count as f64).sqrt())
            * ((k + 1.0) / (k - 1.0)).sqrt()
            * middle(&old.spread);
        let apart = (1..=new.runs()).map(|m| mean(&fresh.spread[..m]) > wide).collect();
        let follow = (products / squares).clamp(0.0, 1.0);
        Some(Self { baseline: gb, new: gy, follow, deviation, apart })
    }

    /// How much of the shared part the tests follow, from 0 to 1.
    pub fn follow(&self) -> f64 {
        self.follow
    }

    /// What was found shared by the first `m` new runs, for test `j`: the mean of their logarithms.
    pub fn shared(&self, j: usize, m: usize) -> f64 {
        mean(&self.new.first(m).test(j))
    }

    /// Whether a shared part can be told at the first `m` new runs.
    pub fn is_shared(&self, m: usize) -> bool {
        !self.apart[m - 1]
    }

    /// The baseline without its shared part.
    pub fn without(&self, baseline: &Matrix) -> Matrix {
        baseline.map(|r, j, v| v - self.follow * self.baseline.run(r)[j])
    }

    /// The first `m` new runs without their shared part. A slow run's is taken out whole; downwards, no more is taken out
    /// than the baseline's noise explains, so that a shared improvement does not hide one endpoint's change.
    pub fn without_new(&self, new: &Matrix, m: usize) -> Matrix {
        let k = self.baseline.runs() as f64;
        let runs = self.new.first(m);
        let limit: Vec<f64> = (0..new.tests())
            .map(|j| {
                let reach = 1.5 * self.deviation[j] * (1.0 / m as f64 + 1.0 / k).sqrt();
                (mean(&runs.test(j)) + reach).min(0.0)
            })
            .collect();
        new.first(m).map(|r, j, v| {
            let g = self.new.run(r)[j];
            let follow = if g > 3.0 * self.deviation[j] { 1.0 } else { self.follow };
            v - follow * g + self.follow * limit[j]
        })
    }
}

/// What lower and upper quartile have in common: nothing when they lie on different sides.
fn both(lower: f64, upper: f64) -> f64 {
    lower.min(upper).max(0.0) + lower.max(upper).min(0.0)
}

/// Quartiles of the other endpoints' shifts, for each run and test.
struct Shifts {
    lower: Matrix,
    upper: Matrix,
    /// Interquartile range over all endpoints, for each run.
    spread: Vec<f64>,
}

impl Shifts {
    fn of(deviations: &Matrix, endpoints: &[usize], others: &[Vec<usize>]) -> Self {
        let count = others.len();
        let shift = |r: usize, e: usize| {
            let row = deviations.run(r);
            let own: Vec<f64> =
                row.iter().zip(endpoints).filter(|(_, at)| **at == e).map(|(v, _)| *v).collect();
            middle(&own)
        };
        let shifts: Vec<Vec<f64>> =
            (0..deviations.runs()).map(|r| (0..count).map(|e| shift(r, e)).collect()).collect();
        // An endpoint without others (the only control) shares nothing.
        let quartile = |r: usize, e: usize, p: f64| {
            let list: Vec<f64> = others[e].iter().map(|other| shifts[r][*other]).collect();
            if list.is_empty() { 0.0 } else { quantile(&list, p) }
        };
        let quartiles = |p: f64| -> Vec<Vec<f64>> {
            (0..shifts.len()).map(|r| (0..count).map(|e| quartile(r, e, p)).collect()).collect()
        };
        let (low, high) = (quartiles(0.25), quartiles(0.75));
        Self {
            lower: deviations.map(|r, j, _| low[r][endpoints[j]]),
            upper: deviations.map(|r, j, _| high[r][endpoints[j]]),
            spread: shifts.iter().map(|run| quantile(run, 0.75) - quantile(run, 0.25)).collect(),
        }
    }
}
