//! Steps for the worse of many services, in a table, as Markdown and as JSON.

use crate::model::{CommitId, MeasurementKey, Metric, Raw, Unit, Untrusted};
use crate::report::escape::{markdown_code, markdown_text, shell, terminal};
use crate::report::grid::{Cell, Column, lines};
use crate::report::number::{Scale, plural, signed_percent, signed_points};
use crate::report::paper::{Ink, Paper};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Services that are named before they are only counted.
const NAMED: usize = 5;

/// How a step stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The level is still worse, beyond doubt.
    Worse,
    /// The same, and noise may have made it.
    Unsure,
    /// The level came back.
    Back,
    /// A commit accepts it.
    Accepted,
}

impl Standing {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Unsure => "unsure",
            Self::Back => "back",
            Self::Accepted => "accepted",
        }
    }

    fn sign(self) -> (&'static str, Ink) {
        match self {
            Self::Worse => ("✗", Ink::Red),
            Self::Unsure => ("?", Ink::Magenta),
            Self::Back | Self::Accepted => ("✓", Ink::Dim),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Worse => "still worse",
            Self::Unsure => "may be noise",
            Self::Back => "back since",
            Self::Accepted => "accepted",
        }
    }
}

/// A step for the worse in a service.
#[derive(Debug, Clone)]
pub struct FleetStep {
    /// The service.
    pub service: Untrusted,
    /// Which of its loads.
    pub load: Untrusted,
    /// The measurement that tells it most clearly.
    pub key: MeasurementKey,
    /// The unit of its values.
    pub unit: Unit,
    /// Other measurements that moved with it.
    pub others: Vec<MeasurementKey>,
    /// The level before.
    pub before: f64,
    /// The level after.
    pub after: f64,
    /// The date of the first commit of the new level.
    pub date: jiff::Timestamp,
    /// That commit.
    pub commit: CommitId,
    /// The first line of its message, where it is known.
    pub subject: Untrusted,
    /// p of the step.
    pub p: f64,
    /// How it stands.
    pub standing: Standing,
}

impl FleetStep {
    /// Relative change of the level; infinite from zero.
    pub fn change(&self) -> f64 {
        (self.after - self.before) / self.before.abs()
    }
}

/// Why a load of a service says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unjudged {
    /// Its newest run is older than what was asked for.
    Stale,
    /// It has too few commits for a step to be seen.
    Few,
    /// In all of its runs the load generator could not keep up.
    Overloaded,
    /// It could not be read.
    Unread,
}

impl Unjudged {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stale => "no run in that time",
            Self::Few => "too few commits for a step to be seen",
            Self::Overloaded => "the load generator could not keep up",
            Self::Unread => "could not be read",
        }
    }
}

/// What many services tell of a time.
#[derive(Debug)]
pub struct Steps {
    /// The day from which on steps are shown.
    pub since: jiff::civil::Date,
    /// How many services were looked at.
    pub services: usize,
    /// How many series.
    pub series: usize,
    /// The steps, in the order in which they are shown.
    pub steps: Vec<FleetStep>,
    /// Steps that are not shown, because noise may have made them, or because they are over.
    pub left_out: usize,
    /// The services of which nothing can be said, and why.
    pub unjudged: Vec<(Untrusted, Unjudged)>,
}

const COLUMNS: [Column<'_>; 8] = [
    Column::new("", false),
    Column::new("service", false).shortens(10),
    Column::new("what", false).shortens(14),
    Column::new("before → now", true).leaves(1),
    Column::new("change", true),
    Column::new("since", false).leaves(1),
    Column::new("commit", false).leaves(3),
    Column::new("", false).leaves(0),
];

impl Steps {
    /// The answer in one sentence.
    fn answer(&self) -> String {
        let worse = self.steps.iter().filter(|step| step.standing == Standing::Worse);
        let services: BTreeSet<&Untrusted> = worse.clone().map(|step| &step.service).collect();
        let judged = self.services.saturating_sub(self.unjudged.len());
        let (since, series) = (self.since, self.series);
        match (services.len(), judged) {
            (_, 0) => format!(
                "nothing can be said: none of {} was judged",
                plural(self.services, "service")
            ),
            (0, _) => {
                format!(
                    "nothing got worse since {since} in {}, {series} series",
                    plural(judged, "service")
                )
            }
            (n, _) => {
                let steps = plural(worse.count(), "step");
                format!(
                    "{n} of {} got worse since {since}: {steps} in {series} series",
                    plural(judged, "service")
                )
            }
        }
    }

    /// What was not judged, a line for each reason.
    fn gaps(&self, show: &dyn Fn(&dyn Raw) -> String) -> Vec<String> {
        let mut reasons: BTreeMap<Unjudged, Vec<&Untrusted>> = BTreeMap::new();
        for (service, why) in &self.unjudged {
            reasons.entry(*why).or_default().push(service);
        }
        let line = |(why, services): (Unjudged, Vec<&Untrusted>)| {
            let named: Vec<String> = services.iter().take(NAMED).map(|own| show(*own)).collect();
            let more = services.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("not judged, {}: {}{more}", why.name(), named.join(", "))
        };
        reasons.into_iter().map(line).collect()
    }

    /// Writes a table for a terminal.
    pub fn render(&self, paper: Paper, out: &mut impl Write) -> io::Result<()> {
        let worse = self.steps.iter().any(|step| step.standing == Standing::Worse);
        let sign = match (worse, self.unjudged.len() < self.services) {
            (true, _) => paper.painted("✗", Ink::Red),
            (false, true) => paper.painted("✓", Ink::Green),
            (false, false) => paper.painted("?", Ink::Magenta),
        };
        writeln!(out, "{sign} {}", paper.folded(&self.answer(), 2))?;
        if !self.steps.is_empty() {
            writeln!(out)?;
            let rows: Vec<Vec<Cell>> = self.steps.iter().map(row).collect();
            lines(&COLUMNS, &rows, 0, paper).iter().try_for_each(|line| writeln!(out, "{line}"))?;
        }
        let mut notes = self.gaps(&|text| terminal(text));
        if self.left_out > 0 {
            let steps = plural(self.left_out, "more step");
            notes.push(format!(
                "{steps} of that time: noise, over, or accepted (perfgate fleet steps)"
            ));
        }
        if !notes.is_empty() || !self.steps.is_empty() {
            writeln!(out)?;
        }
        notes.iter().try_for_each(|note| writeln!(out, "  {}", paper.folded(note, 4)))?;
        let Some(step) = self.steps.first() else { return Ok(()) };
        // A line to copy: nothing breaks it.
        let (service, column) = (terminal(&step.service), shell(&step.key.text()));
        writeln!(out, "  {}", paper.folded(&format!("next, in a clone of {service}:"), 4))?;
        writeln!(out, "    perfgate trend --column {column}")
    }

    /// Writes Markdown, for a chat or an issue.
    pub fn render_markdown(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "**{}**\n", self.answer())?;
        if !self.steps.is_empty() {
            writeln!(out, "| | service | what | before → now | change | since | commit |")?;
            writeln!(out, "| --- | --- | --- | ---: | ---: | --- | --- |")?;
        }
        for step in &self.steps {
            let (sign, _) = step.standing.sign();
            writeln!(
                out,
                "| {sign} | {} | {}{} | {} | {} | {} | {} |",
                markdown_text(&step.service),
                markdown_code(&step.key.text()),
                others(step),
                levels(step),
                change(step),
                step.date.strftime("%Y-%m-%d"),
                markdown_code(&step.commit.short()),
            )?;
        }
        let gaps = self.gaps(&|text| markdown_text(text));
        if !gaps.is_empty() {
            writeln!(out)?;
        }
        gaps.iter().try_for_each(|gap| writeln!(out, "* {gap}"))
    }
}

fn row(step: &FleetStep) -> Vec<Cell> {
    let (sign, ink) = step.standing.sign();
    let plain = |text: String| (text, None);
    vec![
        (sign.to_owned(), Some(ink)),
        plain(terminal(&step.service)),
        plain(format!("{}{}", terminal(&step.key.text()), others(step))),
        plain(levels(step)),
        (change(step), Some(ink)),
        plain(step.date.strftime("%Y-%m-%d").to_string()),
        plain(step.commit.short()),
        (outcome(step), Some(Ink::Dim)),
    ]
}

/// How it stands, and what the commit says of itself where that is known.
fn outcome(step: &FleetStep) -> String {
    let word = step.standing.word();
    match terminal(&step.subject) {
        subject if subject.is_empty() => word.to_owned(),
        subject => format!("{word}: {subject}"),
    }
}

fn others(step: &FleetStep) -> String {
    match step.others.len() {
        0 => String::new(),
        n => format!(", and {n} more"),
    }
}

fn levels(step: &FleetStep) -> String {
    let scale = Scale::of(&step.unit, &[step.before, step.after]);
    format!("{} → {}", scale.bare(step.before), scale.show(step.after))
}

fn change(step: &FleetStep) -> String {
    if step.key.metric == Metric::ErrorRate {
        return signed_points(step.after - step.before);
    }
    match step.change() {
        change if change.is_finite() => signed_percent(change),
        _ => "from 0".to_owned(),
    }
}
