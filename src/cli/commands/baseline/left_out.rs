//! The recorded runs that a baseline leaves out, each reason once, with what would let them in.

use crate::model::{Difference, Field, NotTaken, Raw as _, Visited};
use crate::report::{escape_shell, escape_terminal, plural};

/// Records that are named for one reason before they are only counted.
const MOST_NAMED: usize = 4;

/// Runs that were left out for one reason.
struct Group<'a> {
    why: &'a NotTaken,
    /// Their ids, and the commit of each.
    runs: Vec<(&'a str, String)>,
}

/// Two lines for each reason: which runs and why, and what would let them in.
pub(super) fn left_out(visited: &[Visited]) -> Vec<[String; 2]> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for commit in visited {
        for run in &commit.passed_over {
            let own = (run.run.as_str(), commit.commit.short());
            match groups.iter_mut().find(|group| *group.why == run.why) {
                Some(group) => group.runs.push(own),
                None => groups.push(Group { why: &run.why, runs: vec![own] }),
            }
        }
    }
    groups.iter().map(|group| [group.reason(), group.way_in()]).collect()
}

impl Group<'_> {
    fn reason(&self) -> String {
        let named: Vec<String> =
            self.runs.iter().take(MOST_NAMED).map(|(id, of)| format!("{id} of {of}")).collect();
        let more = match self.runs.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let why = match self.why {
            NotTaken::OtherVersion => "recorded by a newer perfgate".to_owned(),
            NotTaken::SameMeasurement { of } => {
                format!("the measurement recorded for {}, which counts once", of.short())
            }
            NotTaken::NotComparable { differences } => {
                let each: Vec<String> = differences.iter().map(told).collect();
                each.join("; ")
            }
        };
        format!("{} ({}{more}): {why}", plural(self.runs.len(), "run"), named.join(", "))
    }

    fn way_in(&self) -> String {
        match self.why {
            NotTaken::OtherVersion => "update perfgate".to_owned(),
            NotTaken::SameMeasurement { .. } => {
                let id = self.runs.first().map_or("ID", |(id, _)| *id);
                format!(
                    "run the load test for the commit and record that; perfgate baseline prune --run {id} removes the copy"
                )
            }
            NotTaken::NotComparable { differences } => of_differences(differences),
        }
    }
}

/// One difference, both sides of it: `duration 48.0 s, this run 60.0 s`.
pub(super) fn told(d: &Difference) -> String {
    format!(
        "{} {}, this run {}",
        d.field,
        escape_terminal(&d.baseline),
        escape_terminal(&d.current)
    )
}

/// What would make runs with these differences comparable.
fn of_differences(differences: &[Difference]) -> String {
    let is_name =
        |d: &&Difference| matches!(d.field, Field::Suite | Field::Profile | Field::Environment);
    let (named, others): (Vec<_>, Vec<_>) = differences.iter().partition(is_name);
    let options: Vec<String> = named.iter().map(|d| option(d)).collect();
    let fields: Vec<String> =
        others.iter().map(|d| format!("--allow-different {}", d.field)).collect();
    if named.is_empty() {
        let same: Vec<String> = others.iter().map(|d| of_load(d)).collect();
        return format!("{}, or compare anyway: {}", same.join(" and "), fields.join(" "));
    }
    let all = [options, fields].concat();
    format!("if these results are of the same test: {}", all.join(" "))
}

/// The option that gives the new results the name that the recorded ones have.
fn option(d: &Difference) -> String {
    if d.baseline.raw() == "none" {
        return format!("no --{}", d.field);
    }
    format!("--{} {}", d.field, escape_shell(&d.baseline))
}

/// What has to be the same.
fn of_load(d: &Difference) -> String {
    let baseline = escape_terminal(&d.baseline);
    match d.field {
        Field::Tool => format!("measure with {baseline}"),
        Field::Users => format!("measure with {baseline} users"),
        Field::Connections => format!("measure with {baseline} connections"),
        Field::Duration => format!("measure for {baseline}"),
        Field::Target => format!("measure {baseline}"),
        Field::Runner => format!("measure on {baseline}"),
        Field::Generator => "measure with a load generator that keeps up".to_owned(),
        Field::Suite | Field::Profile | Field::Environment | Field::ToolVersion | Field::Script => {
            "measure the same test".to_owned()
        }
    }
}
