//! How often the 95 % interval of a percentile holds the true one, by simulation.
//!
//! ```sh
//! cargo bench --bench intervals               # 4 000 samples a cell; a minute or two
//! ```
//!
//! Five shapes of response times; 100 to 100 000 requests; the percentile read off all samples, off a histogram of three
//! digits, and off a grid of percentiles rounded to two digits, as Locust writes them. Ends with exit code 1 if a cell lies below 94 %.
#![expect(clippy::print_stdout, reason = "it prints a table and judges it")]

#[expect(dead_code, reason = "only the uniform numbers are used")]
#[path = "../tests/integration/support/random.rs"]
mod random;

use perfgate::gate::quantile_interval;
use perfgate::model::{Distribution, Latency, Quantile, Rounding};
use random::Random;
use std::collections::BTreeMap;
use std::process::ExitCode;

const LOWEST: f64 = 0.94;
const GRID: [f64; 11] = [50.0, 66.0, 75.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.9, 99.99, 100.0];

/// A shape: its name, its values in milliseconds, and its true quantiles.
struct Shape {
    name: &'static str,
    /// The value at a fraction.
    at: fn(f64) -> f64,
}

/// Every shape by its quantile function, so that the truth is known and a sample is one of uniform numbers.
const SHAPES: [Shape; 5] = [
    Shape { name: "exponential, 40 ms", at: |p| -40.0 * (1.0 - p).ln() },
    Shape { name: "power law, exponent 3", at: |p| 20.0 * (1.0 - p).powf(-1.0 / 3.0) },
    Shape { name: "Weibull, shape 0.5", at: |p| 15.0 * (-(1.0 - p).ln()).powi(2) },
    Shape { name: "uniform, 20 to 90 ms", at: |p| 20.0 + 70.0 * p },
    // Nine in ten from a cache, the rest twelve times as slow.
    Shape { name: "two modes, 90 and 10 %", at: two_modes },
];

fn two_modes(p: f64) -> f64 {
    if p < 0.9 { 8.0 + 4.0 * p / 0.9 } else { 100.0 + 60.0 * (p - 0.9) / 0.1 }
}

/// The sorted values as each source has them.
fn sources(sorted: &[f64]) -> [Latency; 3] {
    let counts = sorted.iter().map(|v| (*v, 1)).collect();
    let samples = Latency::from_counts(counts).unwrap_or_default();
    let mut histogram = Distribution::new();
    for value in sorted {
        // Every shape lies far within the range of a histogram.
        let _ = histogram.record_n(*value, 1);
    }
    let rounded = |v: f64| match v {
        v if v < 100.0 => v.round(),
        v if v < 1_000.0 => (v / 10.0).round() * 10.0,
        v if v < 10_000.0 => (v / 100.0).round() * 100.0,
        v => (v / 1_000.0).round() * 1_000.0,
    };
    let at = |percent: f64| {
        let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
        rounded(sorted[rank.clamp(1, sorted.len()) - 1])
    };
    let quantiles: BTreeMap<Quantile, f64> = GRID
        .iter()
        .filter_map(|percent| Some((Quantile::from_percent(*percent)?, at(*percent))))
        .collect();
    let grid = Latency {
        count: Some(sorted.len() as u64),
        min: sorted.first().copied(),
        max: sorted.last().copied(),
        quantiles,
        rounding: Some(Rounding::TwoSignificantDigits),
        ..Latency::default()
    };
    [samples, Latency::from_distribution(histogram), grid]
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().skip_while(|a| *a != "--samples").nth(1);
    let most: usize = given.and_then(|n| n.parse().ok()).unwrap_or(4_000);
    let mut random = Random::new(3);
    let mut lowest = 1.0_f64;
    println!("share of 95 % intervals that hold the true percentile");
    println!(
        "  {:24} {:>8} {:>6}  {:>8} {:>10} {:>12}",
        "shape", "requests", "", "samples", "histogram", "rounded grid"
    );
    for shape in &SHAPES {
        for (n, of) in [(100, 1), (1_000, 1), (10_000, 2), (100_000, 10)] {
            let times = (most / of).max(1);
            for percent in [95.0, 99.0] {
                // Fewer than five requests beyond a percentile: it is not judged.
                let Some(level) = Quantile::from_percent(percent) else { continue };
                if n < level.requests_needed() {
                    continue;
                }
                let truth = (shape.at)(percent / 100.0);
                let mut held = [0_usize; 3];
                for _ in 0..times {
                    let mut sorted: Vec<f64> =
                        (0..n).map(|_| (shape.at)(random.uniform())).collect();
                    sorted.sort_by(f64::total_cmp);
                    for (held, latency) in held.iter_mut().zip(sources(&sorted)) {
                        let holds = quantile_interval(&latency, level)
                            .is_some_and(|i| i.low <= truth && truth <= i.high);
                        *held += usize::from(holds);
                    }
                }
                let share = held.map(|held| held as f64 / times as f64);
                // Three standard deviations of the simulation itself.
                let slack = 3.0 * (0.05 * 0.95 / times as f64).sqrt();
                lowest = share.iter().fold(lowest, |low, s| low.min(s + slack));
                println!(
                    "  {:24} {n:>8} {:>6}  {:>7.1}% {:>9.1}% {:>11.1}%",
                    shape.name,
                    format!("p{percent}"),
                    100.0 * share[0],
                    100.0 * share[1],
                    100.0 * share[2]
                );
            }
        }
    }
    if lowest < LOWEST {
        println!("a cell lies below {:.0} %", 100.0 * LOWEST);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
