//! How often a budget on the p95 of few calls, and a comparison of them, fails although the limit is kept, and passes although it is
//! not, by simulation.
//!
//! ```sh
//! cargo bench --bench few_calls                # 10 000 budgets a cell
//! cargo bench --bench few_calls -- --draws 500
//! ```
//!
//! The response times are log-normal (a deviation of 0.6), of two modes (one call in ten is slow), or have the tail of a power
//! law (exponent 1.5). A cell shows the worst of the three, and the range of those that stay open. The seed is fixed: two runs print the same.
#![expect(clippy::print_stdout, reason = "it prints a table")]

#[path = "../tests/integration/support/calls.rs"]
mod calls;
#[path = "../tests/integration/support/random.rs"]
mod random;

use calls::{Compared, Shape, Tally, once, until_decided};

const TIMES: [f64; 4] = [0.7, 0.9, 1.1, 1.5];
const CALLS: [u64; 8] = [3, 5, 10, 20, 30, 59, 75, 99];
/// Calls of each run that is compared.
const COMPARED: [u64; 4] = [5, 10, 30, 99];
/// Calls of each run, and of all runs at most.
const UNTIL: [(u64, u64); 3] = [(10, 60), (10, 100), (20, 200)];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().skip_while(|a| *a != "--draws").nth(1);
    let draws: usize = given.and_then(|n| n.parse().ok()).unwrap_or(10_000);
    println!("p95 < limit, judged once, {draws} budgets a cell\n");
    print_head("calls", "true p95 at");
    for calls in CALLS {
        print_row(&calls.to_string(), |shape, times| once(shape, calls, times, draws, 1), false);
    }
    println!("\nThe same with runs until they decide\n");
    print_head("calls", "true p95 at");
    for (calls, most) in UNTIL {
        let name = format!("{calls} a run, at most {most}");
        // Each of them is judged many times.
        let draws = draws / 10;
        print_row(&name, |shape, times| until_decided(shape, (calls, most), times, draws, 2), true);
    }
    for level in ["p50", "p95"] {
        println!("\n{level} within +20 % of five baseline runs, on machines 3 % apart\n");
        print_head("calls a run", "truth at");
        for calls in COMPARED {
            let tally = |shape, times| {
                let compared = Compared { level, shape, calls, baseline_runs: 5, machine: 0.03 };
                compared.tally(times, draws, 3)
            };
            print_row(&calls.to_string(), tally, false);
        }
    }
}

fn print_head(first: &str, what: &str) {
    let head: Vec<String> = TIMES.iter().map(|times| format!("{what} {times}")).collect();
    println!("| {first} | {} |", head.join(" | "));
    println!("| --- {}|", "| --- ".repeat(TIMES.len()));
}

/// The worst of all shapes: those that are judged wrongly, how many stay open, and the calls that it takes on average.
fn print_row(name: &str, tally: impl Fn(Shape, f64) -> Tally, shows_calls: bool) {
    let cell = |times: f64| {
        let all = Shape::ALL.map(|shape| tally(shape, times));
        let most = |of: fn(&Tally) -> f64| all.iter().map(of).fold(0.0, f64::max);
        let least = |of: fn(&Tally) -> f64| all.iter().map(of).fold(100.0, f64::min);
        let open = |own: &Tally| own.percent(own.all - own.failed - own.passed);
        let (wrong, how) = match times < 1.0 {
            true => (most(|own| own.percent(own.failed)), "fail"),
            false => (most(|own| own.percent(own.passed)), "pass"),
        };
        let calls = most(|own| own.calls as f64 / own.all as f64);
        let calls = if shows_calls { format!(", {calls:.0} calls") } else { String::new() };
        let [low, high] = [least(open), most(open)].map(|share| format!("{share:.0}"));
        let open = if low == high { low } else { format!("{low} to {high}") };
        format!("{wrong:.1} % {how}, {open} % open{calls}")
    };
    let cells: Vec<String> = TIMES.map(cell).into();
    println!("| {name} | {} |", cells.join(" | "));
}
