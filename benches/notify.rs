//! How often people are told right: ninety nights of sixty series with three changes that are taken back, and nights without a
//! change; and how many nights it takes.
//!
//! ```sh
//! cargo bench --bench notify -- 100     # so many histories of each kind, 20 by default
//! ```
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it prints a table")]

#[path = "../tests/integration/support/nights.rs"]
mod nights;
#[path = "../tests/integration/support/random.rs"]
mod random;

use nights::{Nights, replay};
use perfgate::stats::median;

const NIGHTS: usize = 90;
const SERIES: usize = 60;
/// Where the histories without a change begin.
const OTHER_SEEDS: u64 = 1000;

fn main() {
    let seeds: u64 = std::env::args().filter_map(|own| own.parse().ok()).next().unwrap_or(20);
    let (mut exact, mut delays, mut ends) = (0, Vec::new(), Vec::new());
    for seed in 1..=seeds {
        let nights = Nights::with_three_changes(seed);
        let told = replay(&nights);
        if !told.is_exact() {
            let counts = [&told.opened, &told.closed, &told.reopened, &told.gone].map(Vec::len);
            let [opened, closed, reopened, gone] = counts;
            println!(
                "seed {seed}: {opened} opened, {closed} closed, {reopened} reopened, {gone} gone"
            );
            continue;
        }
        exact += 1;
        for (change, (opened, closed)) in
            nights.changes.iter().zip(told.opened.iter().zip(&told.closed))
        {
            delays.push((opened - change.nights.start) as f64);
            ends.push((closed - change.nights.end) as f64);
        }
    }
    println!(
        "three changes: exactly three opened and three closed in {exact} of {seeds} histories"
    );
    let middle = |nights: &[f64]| median(nights).unwrap_or_default();
    println!(
        "opened on night {} of a change, closed on night {} after it (medians)",
        middle(&delays),
        middle(&ends)
    );
    let opened = |seed| replay(&Nights::new(NIGHTS, SERIES, Vec::new(), seed)).opened.len();
    let alarms: usize = (1..=seeds).map(|seed| opened(OTHER_SEEDS + seed)).sum();
    println!("no change: {alarms} opened in {seeds} histories");
}
