//! How much a measurement varies, and what it shares with the rest of its run: the steps of an explanation between limit and verdict.

use super::cells::limit_of;
use super::explain_row::row;
use super::number::{plural, probability, significant};
use super::reasons::ANY;
use crate::gate::{Finding, NoiseWorking, RUNS_FOR_NOISE};
use crate::model::{Direction, Metric};
use std::io::{self, Write};

/// The logarithm of a deviation as the percentage that it stands for.
fn percent(log: f64) -> String {
    format!("{} %", significant(log.exp_m1() * 100.0))
}

/// The logarithm of a change, worse being positive, as the change of the value: a third of the time is `66.7 % better`.
fn change_of(log: f64, direction: Direction) -> String {
    let change = match direction {
        Direction::Lower => log.exp_m1(),
        Direction::Higher => (-log).exp_m1(),
    };
    let how = if log < 0.0 { "better" } else { "worse" };
    format!("{} % {how}", significant(change.abs() * 100.0))
}

pub(super) fn write_noise(
    finding: &Finding,
    noise: &NoiseWorking,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "\n  3. What does the run share with all endpoints?")?;
    let own = &noise.own;
    match noise.whole_run {
        Some((moved, p)) => write_shared(finding, noise, (moved, p), out)?,
        None => {
            row(out, "shared", "unknown: too few other endpoints to tell, so nothing is removed")?
        }
    }
    writeln!(out, "\n  4. How much does it vary when nothing changes?")?;
    row(out, "deviation", &format!("{} from run to run", percent(own.spread)))?;
    if finding.working.per_run.baseline.len() < RUNS_FOR_NOISE {
        let text = "fewer than three baseline runs: estimated from requests, rounding and a typical machine";
        row(out, "", &format!("({text})"))?;
    }
    let text = format!(
        "{} standard error of the change, with {} for the level",
        percent(own.error),
        plural(own.level, "baseline run")
    );
    row(out, "error", &text)?;
    let text = format!(
        "the change is {} standard errors from zero: {}",
        significant(own.change / own.error),
        probability(own.p)
    );
    row(out, "distance", &text)?;
    row(out, "", &format!("(Student's t; {} degrees of freedom)", significant(own.freedom)))?;
    if own.tail > own.p {
        let text = format!("baseline values are as far out: {}", probability(own.tail));
        row(out, "tail", &text)?;
    }
    match finding.visible {
        Some(visible) if visible > ANY => {
            row(out, "visible", "not even a tenfold change would have failed")
        }
        Some(visible) => {
            let text =
                format!("changes below {} % would not have failed", significant(visible * 100.0));
            row(out, "visible", &text)
        }
        None => Ok(()),
    }
}

/// What the endpoints of a run have in common, and what is left of this one without it: the numbers in the order in which they
/// are taken from each other.
fn write_shared(
    finding: &Finding,
    noise: &NoiseWorking,
    (moved, p): (bool, f64),
    out: &mut impl Write,
) -> io::Result<()> {
    let change = |log: f64| change_of(log, finding.direction);
    let shared = noise.raw - noise.own.change;
    let nothing = shared.abs() < 5e-4;
    row(out, "measured", &format!("{} in all", change(noise.raw)))?;
    let text = if nothing {
        "nothing that three quarters of the other endpoints have in common".to_owned()
    } else {
        format!("{}: three quarters of the other endpoints have this in common", change(shared))
    };
    row(out, "shared", &text)?;
    let beyond = if noise.own.change > noise.limit { "beyond" } else { "within" };
    let text = format!("{} on its own, {beyond} the limit", change(noise.own.change));
    row(out, "left", &text)?;
    let how = if moved { "the whole run moved" } else { "the whole run did not move" };
    row(out, "whole run", &format!("{how} ({} by chance alone)", probability(p)))
}

pub(super) fn write_assumed(finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n  3. How much does it vary when nothing changes?")?;
    let p = finding.p.map(probability).unwrap_or_default();
    match finding.metric {
        Metric::ErrorRate => {
            row(
                out,
                "chance",
                &format!(
                    "{p} for as many failures or more by chance (Fisher's exact test; if three or"
                ),
            )?;
            row(out, "", "more baseline runs vary by more than chance, p includes their variance)")
        }
        _ => {
            row(
                out,
                "noise",
                "not every run has it: estimated from requests and a typical machine",
            )?;
            row(out, "chance", &format!("{p} with this noise"))
        }
    }
}

/// Why a run that moved as a whole decides nothing, with the numbers.
pub(super) fn whole_run(finding: &Finding, noise: &NoiseWorking) -> String {
    let shared = change_of(noise.raw - noise.own.change, finding.direction);
    let left = change_of(noise.own.change, finding.direction);
    let runs = match finding.working.per_run.current.len() {
        0 | 1 => "in this run".to_owned(),
        n => format!("in these {n} runs"),
    };
    format!(
        "most endpoints are {shared} {runs}, and this one is {left} beyond that: the limit of {} is crossed by both together, and \
         that alone cannot tell slow code from a slow machine",
        limit_of(finding)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_that_of_the_value_whichever_way_is_better() {
        let third = (1.0_f64 / 3.0).ln();
        assert_eq!(change_of(third, Direction::Lower), "66.7 % better");
        assert_eq!(change_of(-third, Direction::Lower), "200 % worse");
        assert_eq!(change_of(-third, Direction::Higher), "66.7 % worse");
        assert_eq!(change_of(third, Direction::Higher), "200 % better");
    }
}
