//! How often gates are wrong on real repeats: ours in its three modes, and rules that others use, on the same files.
//!
//! ```sh
//! cargo bench --bench repeats               # the table of docs/accuracy.md
//! cargo bench --bench repeats -- --each     # with a row for each number of baseline runs
//! ```
//!
//! `benches/repeats/` holds the runs and says where they come from. Each run is held against the k unchanged runs before it
//! (k = 1, 2, 3, 5, 10), as a pull request would be. Nothing is random: two runs print the same.
#![expect(clippy::print_stdout, reason = "it prints a table")]
#![expect(clippy::unwrap_used, reason = "a benchmark on files of its own")]

#[expect(dead_code, reason = "only the uniform numbers are used")]
#[path = "../tests/integration/support/random.rs"]
mod random;

use flate2::read::GzDecoder;
use perfgate::config::{Policy, Rules};
use perfgate::gate::{Report, Verdict, judge_against};
use perfgate::model::{Run, Statistic};
use perfgate::schema::read_run;
use perfgate::stats::{mann_whitney, median, student_upper_tail, variance};
use random::Random;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};

const BASELINES: [usize; 5] = [1, 2, 3, 5, 10];
const MOST_RUNS: usize = 5;
/// p at which the rules of others fail.
const RARE: f64 = 0.01;

/// One run of `runs.ndjson.gz`.
struct Measured {
    label: String,
    number: u64,
    after: Option<u64>,
    run: Run,
}

/// The runs of one hour and tool.
struct Series(Vec<Measured>);

impl Series {
    /// Unchanged runs in the order of time.
    fn unchanged(&self) -> Vec<&Measured> {
        let mut all: Vec<&Measured> = self.0.iter().filter(|m| m.label == "aa").collect();
        all.sort_by_key(|m| m.number);
        all
    }

    /// The k unchanged runs before a run, nearest first, and the run with those of its kind that follow; none where there are
    /// fewer.
    fn case(&self, new: &Measured, k: usize) -> Option<(Vec<Run>, Vec<Run>)> {
        let last = new.after.unwrap_or(new.number.saturating_sub(1));
        let mut before: Vec<&Measured> =
            self.unchanged().into_iter().filter(|m| m.number <= last).collect();
        before.reverse();
        before.truncate(k);
        let mut fresh: Vec<&Measured> =
            self.0.iter().filter(|m| m.label == new.label && m.number >= new.number).collect();
        fresh.sort_by_key(|m| m.number);
        let runs = |list: &[&Measured]| list.iter().map(|m| m.run.clone()).collect::<Vec<_>>();
        let fresh = &fresh[..fresh.len().min(MOST_RUNS)];
        (before.len() == k).then(|| (runs(&before), runs(fresh)))
    }
}

/// What a rule says, and after how many new runs.
#[derive(Clone, Copy, PartialEq)]
enum Said {
    Fail,
    Again,
    Pass,
}

/// A rule: baseline runs, nearest first, and new runs, of which it looks at the first as a rule.
type Judge = Box<dyn Fn(&[Run], &[Run]) -> (Said, usize)>;

/// What a rule of others says about one number: baseline values, oldest first, and the new ones.
type Test = fn(&[f64], &[f64]) -> bool;

fn rules_of(policy: &str) -> Rules {
    Policy::parse("perfgate.yaml", policy).unwrap().rules
}

fn said(report: &Report) -> Said {
    match (report.verdict, report.exit.code()) {
        (Verdict::Fail, _) => Said::Fail,
        (_, 0) => Said::Pass,
        _ => Said::Again,
    }
}

/// perfgate with one new run.
fn ours(policy: &'static str) -> Judge {
    let rules = rules_of(policy);
    Box::new(move |old, new| (said(&judge_against(&new[..1], old, old.len(), &rules)), 1))
}

/// perfgate with as many new runs as it asks for.
fn confirmed() -> Judge {
    let rules = rules_of("gate: { decide: confirmed }\n");
    Box::new(move |old, new| {
        for m in 1..=new.len() {
            let said = said(&judge_against(&new[..m], old, old.len(), &rules));
            if said != Said::Again {
                return (said, m);
            }
        }
        (Said::Again, new.len())
    })
}

/// A test of every p95 and p99 that has requests enough and is beyond its limit, with so many new runs.
fn others(test: Test, runs: usize) -> Judge {
    Box::new(move |old, new| {
        let new = &new[..new.len().min(runs)];
        let endpoints = new[0].endpoints.iter();
        let worse = |key: &perfgate::model::EndpointKey, statistic: Statistic, limit: f64| {
            let value = |run: &Run| {
                let found = run.endpoints.iter().find(|e| e.key == *key)?;
                let Statistic::Quantile(level) = statistic else { return None };
                let enough = found.latency.as_ref()?.count? >= level.requests_needed().max(100);
                found.latency.as_ref()?.statistic(statistic).filter(|_| enough)
            };
            let before: Option<Vec<f64>> = old.iter().rev().map(value).collect();
            let now: Option<Vec<f64>> = new.iter().map(value).collect();
            let (Some(before), Some(now)) = (before, now) else { return false };
            let crossed = median(&now) > median(&before).map(|base| base * (1.0 + limit));
            crossed && test(&before, &now)
        };
        let [p95, p99] = ["p95", "p99"].map(|q| Statistic::Quantile(q.parse().unwrap()));
        let fails =
            endpoints.map(|e| &e.key).any(|key| worse(key, p95, 0.20) || worse(key, p99, 0.25));
        (if fails { Said::Fail } else { Said::Pass }, new.len())
    })
}

/// Student's t for a single new value: what a threshold of Bencher asks.
fn student(before: &[f64], now: &[f64]) -> bool {
    let k = before.len() as f64;
    let mean = before.iter().sum::<f64>() / k;
    let error = (variance(before) * (1.0 + 1.0 / k)).sqrt();
    before.len() > 1 && student_upper_tail((now[0] - mean) / error, k - 1.0) < RARE
}

/// More than four median absolute deviations off, as git-perf asks.
fn deviations(before: &[f64], now: &[f64]) -> bool {
    let centre = median(before).unwrap_or_default();
    let off: Vec<f64> = before.iter().map(|v| (v - centre).abs()).collect();
    before.len() > 1 && now[0] - centre > 4.0 * 1.4826 * median(&off).unwrap_or_default()
}

/// Worse than the best of the baseline by more than the limit, which it is beyond anyhow.
fn best_of(before: &[f64], now: &[f64]) -> bool {
    before.iter().all(|v| now[0] > *v)
}

/// The Mann–Whitney test of benchstat.
fn ranks(before: &[f64], now: &[f64]) -> bool {
    mann_whitney(before, now) < 0.05
}

/// Where a series splits best into two, by the energy distance of both parts (E-divisive, Matteson and James 2014), and how far
/// apart they are. Parts have at least two values.
fn best_split(series: &[f64]) -> (usize, f64) {
    let between = |a: &[f64], b: &[f64]| {
        let all: f64 = a.iter().flat_map(|x| b.iter().map(move |y| (x - y).abs())).sum();
        all / (a.len() * b.len()) as f64
    };
    let apart = |at: usize| {
        let (a, b) = series.split_at(at);
        let size = (a.len() * b.len()) as f64 / series.len() as f64;
        (at, size * (2.0 * between(a, b) - between(a, a) - between(b, b)))
    };
    let splits = 2..series.len().saturating_sub(1);
    splits.map(apart).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

/// E-divisive: the series splits where the new runs begin, further apart than in 95 of 100 shuffles.
fn divisive(before: &[f64], now: &[f64]) -> bool {
    const SHUFFLES: usize = 199;
    let series = [before, now].concat();
    let (at, found) = best_split(&series);
    let mut random = Random::new(1);
    let mut shuffled = series;
    let mut as_far = 1;
    for _ in 0..SHUFFLES {
        for i in (1..shuffled.len()).rev() {
            shuffled.swap(i, (random.uniform() * (i + 1) as f64) as usize);
        }
        as_far += usize::from(best_split(&shuffled).1 >= found);
    }
    at.abs_diff(before.len()) <= 1 && (as_far as f64) < 0.05 * (SHUFFLES + 1) as f64
}

/// Outcomes of one rule for one kind of run.
#[derive(Default, Clone, Copy)]
struct Tally {
    fail: usize,
    again: usize,
    all: usize,
    runs: usize,
}

impl Tally {
    fn add(&mut self, (said, runs): (Said, usize)) {
        self.fail += usize::from(said == Said::Fail);
        self.again += usize::from(said == Said::Again);
        self.all += 1;
        self.runs += runs;
    }

    fn share(&self, n: usize) -> String {
        format!("{:.1} %", 100.0 * n as f64 / self.all.max(1) as f64)
    }
}

fn read() -> BTreeMap<(String, String), Series> {
    let packed = include_bytes!("repeats/runs.ndjson.gz").as_slice();
    let mut series: BTreeMap<(String, String), Series> = BTreeMap::new();
    for line in BufReader::new(GzDecoder::new(packed)).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let run = read_run(line["run"].to_string().as_bytes()).unwrap().run;
        let number = line["number"].as_u64().unwrap();
        let measured =
            Measured { label: text("label"), number, after: line["after"].as_u64(), run };
        let key = (text("tool"), text("hour"));
        series.entry(key).or_insert_with(|| Series(Vec::new())).0.push(measured);
    }
    series
}

fn print_row(name: &str, tallies: &BTreeMap<&str, Tally>) {
    let [same, third, half] = ["aa", "x1.3", "x1.5"].map(|label| tallies[label]);
    println!(
        "| {name} | {} | {} | {} | {} | {} | {} | {:.2} |",
        same.share(same.fail),
        same.share(same.again),
        third.share(third.fail),
        third.share(third.all - third.fail - third.again),
        half.share(half.fail),
        half.share(half.all - half.fail - half.again),
        same.runs as f64 / same.all.max(1) as f64,
    );
}

fn main() {
    let each = std::env::args().any(|a| a == "--each");
    let series = read();
    let rules: [(&str, Judge); 10] = [
        ("the limit alone", ours("gate: { decide: threshold }\n")),
        ("Student's t", others(student, 1)),
        ("median and MAD", others(deviations, 1)),
        ("worse than the worst", others(best_of, 1)),
        ("Mann–Whitney", others(ranks, 1)),
        ("Mann–Whitney, five new runs", others(ranks, MOST_RUNS)),
        ("E-divisive, five new runs", others(divisive, MOST_RUNS)),
        ("`evidence`", ours("")),
        ("`confirmed`", confirmed()),
        ("`evidence`, errors off", ours("regression_thresholds: { error_rate: off }\n")),
    ];
    for tool in ["k6", "locust"] {
        println!("\n{tool}\n");
        println!(
            "| rule | false fails | asks again | ×1.3 fails | ×1.3 passes | ×1.5 fails | ×1.5 passes | new runs |"
        );
        println!("|---|--:|--:|--:|--:|--:|--:|--:|");
        for (name, judge) in &rules {
            let mut all: BTreeMap<&str, Tally> =
                ["aa", "x1.2", "x1.3", "x1.5"].map(|l| (l, Tally::default())).into();
            for k in BASELINES {
                let mut of_k = all.clone();
                of_k.values_mut().for_each(|tally| *tally = Tally::default());
                for own in series.iter().filter(|((of, _), _)| of == tool).map(|(_, own)| own) {
                    for new in &own.0 {
                        let Some((old, fresh)) = own.case(new, k) else { continue };
                        let outcome = judge(&old, &fresh);
                        for tallies in [&mut all, &mut of_k] {
                            if let Some(tally) = tallies.get_mut(new.label.as_str()) {
                                tally.add(outcome);
                            }
                        }
                    }
                }
                if each {
                    print_row(&format!("{name}, k = {k}"), &of_k);
                }
            }
            print_row(name, &all);
        }
    }
}
