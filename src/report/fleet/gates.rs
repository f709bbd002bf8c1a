//! How the gates of many services stand.

use crate::model::{CommitId, Raw, Run, Untrusted};
use crate::report::escape::{markdown_text, terminal};
use crate::report::grid::{Cell, Column, lines};
use crate::report::number::{plural, signed_percent};
use crate::report::paper::{Ink, Paper};
use std::io::{self, Write};

/// Whether a gate can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateState {
    /// It sees changes near its limits in too few measurements.
    Blind,
    /// It has too few runs to know the noise.
    NoBaseline,
    /// Nothing was recorded lately.
    Stale,
    /// Most of its commits fail: limits that are too narrow, or regressions that nobody mends.
    FailsOften,
    /// It does its work.
    Fine,
}

impl GateState {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blind => "blind",
            Self::NoBaseline => "no_baseline",
            Self::Stale => "stale",
            Self::FailsOften => "fails_often",
            Self::Fine => "fine",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Blind => "blind",
            Self::NoBaseline => "no baseline",
            Self::Stale => "no new run",
            Self::FailsOften => "fails often",
            Self::Fine => "fine",
        }
    }

    fn ink(self) -> (&'static str, Ink) {
        match self {
            Self::Blind | Self::NoBaseline => ("✗", Ink::Red),
            Self::Stale | Self::FailsOften => ("!", Ink::Orange),
            Self::Fine => ("✓", Ink::Dim),
        }
    }

    /// What to do about it.
    fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Blind => Some(
                "blind: most response times are too noisy for a change near their limit to be seen: measure longer, or on a calmer machine \
                 (perfgate selftest says what helps)",
            ),
            Self::NoBaseline => Some(
                "no baseline: fewer than three comparable runs before the newest: record every commit of the main branch",
            ),
            Self::Stale => Some("no new run: the job may be off, or fail before it records"),
            Self::FailsOften => Some(
                "fails often: more than half of the replayed commits: see perfgate trend there, and accept or mend what it shows",
            ),
            Self::Fine => None,
        }
    }
}

/// How the gate of one load of a service stands.
#[derive(Debug, Clone)]
pub struct GateRow {
    /// The service.
    pub service: Untrusted,
    /// Its suite.
    pub suite: Untrusted,
    /// Its profile.
    pub profile: Option<Untrusted>,
    /// Where it ran.
    pub environment: Option<Untrusted>,
    /// When the newest commit with a run was made; none without any.
    pub newest: Option<jiff::Timestamp>,
    /// That commit.
    pub commit: Option<CommitId>,
    /// Comparable runs before it, as many as the window takes.
    pub baseline: usize,
    /// The median of the smallest changes of response times that would fail; none where the noise is not known.
    pub sees: Option<f64>,
    /// Commits whose gate was replayed.
    pub replayed: usize,
    /// How many of them fail.
    pub failed: usize,
    /// How many of them have no verdict.
    pub unclear: usize,
    /// Whether it can be trusted.
    pub state: GateState,
}

impl GateRow {
    /// The gate of a service of which nothing is recorded.
    pub fn nothing(service: &str) -> Self {
        Self {
            service: service.into(),
            suite: Run::DEFAULT_SUITE.into(),
            profile: None,
            environment: None,
            newest: None,
            commit: None,
            baseline: 0,
            sees: None,
            replayed: 0,
            failed: 0,
            unclear: 0,
            state: GateState::NoBaseline,
        }
    }

    /// What of a service it is: suite, profile and environment, where they are named.
    fn load(&self, show: &dyn Fn(&dyn Raw) -> String) -> String {
        let suite = Some(&self.suite).filter(|own| **own != Run::DEFAULT_SUITE);
        let named = [suite, self.profile.as_ref(), self.environment.as_ref()];
        named.into_iter().flatten().map(|own| show(own)).collect::<Vec<_>>().join(" ")
    }
}

/// The gates of many services.
#[derive(Debug)]
pub struct Gates {
    /// How many services were looked at.
    pub services: usize,
    /// A row for each load, the worst first.
    pub rows: Vec<GateRow>,
    /// The services that could not be read.
    pub unread: Vec<Untrusted>,
}

const COLUMNS: [Column<'_>; 8] = [
    Column::new("", false),
    Column::new("service", false).shortens(10),
    Column::new("load", false).shortens(8),
    Column::new("gate", false),
    Column::new("sees", true).leaves(4),
    Column::new("baseline", true).leaves(3),
    Column::new("fails", true).leaves(2),
    Column::new("newest", false).leaves(1),
];

impl Gates {
    fn answer(&self) -> String {
        let fine = self.rows.iter().filter(|row| row.state == GateState::Fine).count();
        let loads = plural(self.rows.len(), "gate");
        let services = plural(self.services, "service");
        match self.rows.len() - fine {
            0 if self.rows.is_empty() => format!("no gate in {services}: nothing is recorded"),
            0 if self.rows.len() == 1 => format!("the gate of {services} can be trusted"),
            0 => format!("all {loads} of {services} can be trusted"),
            n => format!("{n} of {loads} of {services} cannot be trusted"),
        }
    }

    fn remedies(&self) -> Vec<&'static str> {
        let mut states: Vec<GateState> = self.rows.iter().map(|row| row.state).collect();
        states.sort_unstable();
        states.dedup();
        states.into_iter().filter_map(GateState::remedy).collect()
    }

    /// Writes a table for a terminal: the gates that cannot be trusted, or all.
    pub fn render(&self, all: bool, paper: Paper, out: &mut impl Write) -> io::Result<()> {
        let fine =
            !self.rows.is_empty() && self.rows.iter().all(|row| row.state == GateState::Fine);
        let sign =
            if fine { paper.painted("✓", Ink::Green) } else { paper.painted("!", Ink::Orange) };
        writeln!(out, "{sign} {}", paper.folded(&self.answer(), 2))?;
        let shown = self.rows.iter().filter(|row| all || row.state != GateState::Fine);
        let rows: Vec<Vec<Cell>> = shown.map(row).collect();
        if !rows.is_empty() {
            writeln!(out)?;
            lines(&COLUMNS, &rows, 0, paper).iter().try_for_each(|line| writeln!(out, "{line}"))?;
        }
        let mut notes: Vec<String> = self.remedies().into_iter().map(str::to_owned).collect();
        if !rows.is_empty() {
            notes.push(
                "sees: the median of the smallest changes of response times that would fail"
                    .to_owned(),
            );
            notes.push("fails: of the newest commits, replayed by today's policy".to_owned());
        }
        if rows.len() < self.rows.len() {
            let hidden = self.rows.len() - rows.len();
            notes.push(match rows.len() {
                0 => "--all lists them".to_owned(),
                _ => format!("{} that can be trusted: --all lists them", plural(hidden, "gate")),
            });
        }
        if !self.unread.is_empty() {
            let named: Vec<String> = self.unread.iter().map(terminal).collect();
            notes.push(format!("could not be read: {}", named.join(", ")));
        }
        if !notes.is_empty() {
            writeln!(out)?;
        }
        notes.iter().try_for_each(|note| writeln!(out, "  {}", paper.folded(note, 4)))
    }

    /// Writes Markdown: the gates that cannot be trusted, or all.
    pub fn render_markdown(&self, all: bool, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "**{}**\n", self.answer())?;
        let shown = self.rows.iter().filter(|row| all || row.state != GateState::Fine);
        if shown.clone().count() > 0 {
            writeln!(out, "| | service | load | gate | sees | baseline | fails | newest |")?;
            writeln!(out, "| --- | --- | --- | --- | ---: | ---: | ---: | --- |")?;
        }
        for own in shown {
            let (sign, _) = own.state.ink();
            let load = own.load(&|text| markdown_text(text));
            let (service, word) = (markdown_text(&own.service), own.state.word());
            let [sees, baseline, fails, newest] = figures(own);
            writeln!(
                out,
                "| {sign} | {service} | {load} | {word} | {sees} | {baseline} | {fails} | {newest} |"
            )?;
        }
        let remedies = self.remedies();
        if !remedies.is_empty() {
            writeln!(out)?;
        }
        remedies.iter().try_for_each(|remedy| writeln!(out, "* {remedy}"))
    }
}

/// What it sees, its baseline, how often it fails, and the day of its newest run.
fn figures(row: &GateRow) -> [String; 4] {
    let runs = plural(row.baseline, "run");
    let unclear =
        if row.unclear > 0 { format!(", {} unclear", row.unclear) } else { String::new() };
    [
        row.sees.map_or_else(|| "–".to_owned(), signed_percent),
        runs,
        format!("{} of {}{unclear}", row.failed, row.replayed),
        row.newest.map_or_else(|| "never".to_owned(), |at| at.strftime("%Y-%m-%d").to_string()),
    ]
}

fn row(own: &GateRow) -> Vec<Cell> {
    let (sign, ink) = own.state.ink();
    let [sees, baseline, fails, newest] = figures(own);
    vec![
        (sign.to_owned(), Some(ink)),
        (terminal(&own.service), None),
        (own.load(&|text| terminal(text)), None),
        (own.state.word().to_owned(), Some(ink)),
        (sees, None),
        (baseline, None),
        (fails, None),
        (newest, None),
    ]
}
