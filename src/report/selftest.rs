//! How a selftest of the gate went, in a terminal.

use super::escape::terminal;
use super::grid::{Column, write_grid};
use super::number::{limit, plural, signed};
use super::paper::Paper;
use super::selftest_advice::advice;
use crate::gate::{Outcomes, Replayed, Rule, Selftest, Unseen};
use crate::model::{Direction, Metric, Statistic};
use std::io::{self, Write};

/// Measurements that are named as unseen before they are only counted.
const MOST_UNSEEN: usize = 6;

const INJECTED: [Column<'_>; 6] = [
    Column::new("rule", false).shortens(16),
    Column::new("injected", true).leaves(2),
    Column::new("fail", true),
    Column::new("measure again", true),
    Column::new("warn", true),
    Column::new("pass", true),
];
const REPLAYED: [Column<'_>; 5] = [
    Column::new("rule", false).shortens(12),
    Column::new("judged", true).leaves(1),
    Column::new("plain comparison fails", true),
    Column::new("gate fails", true),
    Column::new("measure again", true).leaves(2),
];

/// Writes what the gate saw, and what it said where nothing changed. `of` says which runs they were.
pub fn render(test: &Selftest, of: &str, paper: Paper, out: &mut impl Write) -> io::Result<()> {
    let (seen, all) = test.seen();
    let sign = if test.works() { "✓" } else { "✗" };
    writeln!(out, "{sign} the gate detects {seen} of {}", plural(all, "injected change"))?;
    let text = format!(
        "  {} times the limit worse than the baseline, one measurement at a time, in {of}, compared with {}:",
        test.times,
        plural(test.baseline_runs, "run")
    );
    writeln!(out, "\n{}\n", paper.folded(&text, 2))?;
    if test.itself {
        let text = "  There is only one run, so it is compared with itself: the run-to-run noise is unknown.";
        writeln!(out, "{}\n", paper.folded(text, 2))?;
    }
    let rows: Vec<Vec<String>> = test.injected.iter().map(injected).collect();
    write_grid(&INJECTED, &rows, paper, out)?;
    write_unseen("missed", &test.unseen, paper, out)?;
    write_unseen("too noisy", &test.blind, paper, out)?;
    write_replay(test, paper, out)?;
    for (i, line) in advice(test).iter().enumerate() {
        let gap = if i == 0 { "\n" } else { "" };
        writeln!(out, "{gap}{}", paper.note("next", line))?;
    }
    Ok(())
}

/// Measurements of which the gate does not see enough, under this head.
fn write_unseen(head: &str, list: &[Unseen], paper: Paper, out: &mut impl Write) -> io::Result<()> {
    for (i, own) in list.iter().take(MOST_UNSEEN).enumerate() {
        let sign = own.direction.worse_sign();
        let least = own
            .visible
            .map(|d| format!(" (changes below {} % are noise)", signed(sign * d * 100.0, 0)));
        let (gap, head) = if i == 0 { ("\n", head) } else { ("", "") };
        let text = format!("{}{}", terminal(&own.key.text()), least.unwrap_or_default());
        writeln!(out, "{gap}{}", paper.note(head, &text))?;
    }
    if let Some(more) = list.len().checked_sub(MOST_UNSEEN).filter(|more| *more > 0) {
        writeln!(out, "            and {more} more")?;
    }
    Ok(())
}

fn write_replay(test: &Selftest, paper: Paper, out: &mut impl Write) -> io::Result<()> {
    let Replayed { judged, crossed, fail, again } = test.runs;
    if judged == 0 {
        let text = "  Nothing was replayed: that takes at least two recorded runs, and three to measure noise.";
        return writeln!(out, "\n{}", paper.folded(text, 2));
    }
    let runs = plural(judged, "run");
    let text = format!("  {runs} in which nothing changed, each compared with the runs before it:");
    writeln!(out, "\n{}\n", paper.folded(&text, 2))?;
    let rows: Vec<Vec<String>> = test.replayed.iter().map(replayed).collect();
    write_grid(&REPLAYED, &rows, paper, out)?;
    let text = format!(
        "  Of {runs}, this gate would have failed {fail} and asked to repeat {again}; \
         a plain comparison with the run before would have failed {crossed}."
    );
    writeln!(out, "\n{}", paper.folded(&text, 2))
}

fn injected((rule, outcomes): &(Rule, Outcomes)) -> Vec<String> {
    let counts = [outcomes.total(), outcomes.fail, outcomes.again, outcomes.warn, outcomes.pass];
    std::iter::once(name(rule)).chain(counts.iter().map(ToString::to_string)).collect()
}

fn replayed((rule, r): &(Rule, Replayed)) -> Vec<String> {
    let share = |n: usize| match n {
        0 => "0".to_owned(),
        n => format!("{n} ({} %)", super::number::significant(100.0 * n as f64 / r.judged as f64)),
    };
    vec![name(rule), r.judged.to_string(), share(r.crossed), share(r.fail), share(r.again)]
}

/// `p95 +20 %`, `error rate +0.1 pp`.
fn name(rule: &Rule) -> String {
    let what = match (&rule.metric, rule.statistic) {
        (Metric::Latency, statistic) => statistic.to_string(),
        (Metric::ErrorRate, _) => "error rate".to_owned(),
        (Metric::Throughput, _) => "throughput".to_owned(),
        (Metric::Custom(name), Statistic::Value) => terminal(name),
        (Metric::Custom(name), statistic) => format!("{} {statistic}", terminal(name)),
    };
    let higher = rule.direction == Direction::Higher;
    format!("{what} {}", limit(rule.threshold, &rule.metric, &rule.unit, higher))
}
