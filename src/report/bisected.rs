//! What a search for a commit came to.

use super::escape::terminal;
use super::number::{Scale, plural, signed_percent, signed_points};
use super::trend::heading;
use crate::model::Metric;
use crate::store::CommitInfo;
use crate::trend::Column;
use std::io::{self, Write};

/// Commits that are shown beside the likeliest.
const OTHERS: usize = 3;
/// The least probability of a commit that is shown.
const LEAST: f64 = 0.005;

/// What a search came to.
#[derive(Debug, Clone)]
pub struct Bisected {
    /// Whether a commit is as likely as was asked for.
    pub named: bool,
    /// The commits that may have made something slower, likeliest first.
    pub suspects: Vec<Suspect>,
    /// Probability that nothing changed.
    pub none: f64,
    /// How much was measured: "12 measurements of 9 commits, 13 recorded runs, 8 min".
    pub effort: String,
}

/// Commits that may have made something slower: one, or several that cannot be told apart.
#[derive(Debug, Clone)]
pub struct Suspect {
    /// The commits, oldest first. Only the last can be measured.
    pub commits: Vec<CommitInfo>,
    /// Its probability.
    pub probability: f64,
    /// What got slower.
    pub change: Option<Shift>,
    /// The command that shows it.
    pub command: String,
}

/// A change of a measurement.
#[derive(Debug, Clone)]
pub struct Shift {
    /// The measurement; none: what all have in common.
    pub column: Option<Column>,
    /// Size of the change, as a logarithm, worse up.
    pub size: f64,
    /// Its median before and after, where both were measured.
    pub levels: Option<[f64; 2]>,
}

/// Writes the answer: the first line says it all.
pub fn render(bisected: &Bisected, out: &mut impl Write) -> io::Result<()> {
    let shown: Vec<&Suspect> =
        bisected.suspects.iter().filter(|own| own.probability >= LEAST).collect();
    let Some((first, others)) = shown.split_first().filter(|_| is_change(bisected)) else {
        writeln!(out, "no change was seen ({} likely)", percent(bisected.none))?;
        return writeln!(out, "  {}", bisected.effort);
    };
    let others: Vec<String> = others
        .iter()
        .take(OTHERS)
        .map(|own| format!("{} ({})", names(own), percent(own.probability)))
        .collect();
    let rest = match (bisected.named, others.is_empty()) {
        (_, true) => String::new(),
        (true, false) => format!(", else {}", others.join(", ")),
        (false, false) => format!(", or {}", others.join(", ")),
    };
    let change = first.change.as_ref().map(|own| format!(" {}", size(own))).unwrap_or_default();
    let doubt = if bisected.named { "" } else { "not sure yet: " };
    writeln!(out, "{doubt}{}{change} ({}){rest}", names(first), percent(first.probability))?;
    if let Some(levels) = first.change.as_ref().and_then(levels) {
        writeln!(out, "  {levels}")?;
    }
    for commit in &first.commits {
        let (date, author) = (commit.date.strftime("%Y-%m-%d"), terminal(&commit.author));
        writeln!(out, "  {} {date} {author}: {}", commit.id.short(), terminal(&commit.subject))?;
    }
    if first.commits.len() > 1 {
        let broken = first.commits.len() - 1;
        writeln!(out, "  {} of them cannot be measured", plural(broken, "commit"))?;
    }
    writeln!(out, "  {}", bisected.effort)?;
    writeln!(out, "\nsee it:\n  {}", first.command)
}

/// Whether a change is likelier than none.
fn is_change(bisected: &Bisected) -> bool {
    bisected.named || bisected.none < 0.5
}

fn names(suspect: &Suspect) -> String {
    let all: Vec<String> = suspect.commits.iter().map(|own| own.id.short()).collect();
    all.join(" or ")
}

fn percent(probability: f64) -> String {
    match probability {
        p if p > 0.995 => "over 99 %".to_owned(),
        p => format!("{:.0} %", 100.0 * p),
    }
}

/// `+14 % POST /api/chat p95`.
fn size(shift: &Shift) -> String {
    let Some(column) = &shift.column else {
        return format!("{} everywhere", signed_percent(shift.size.exp_m1()));
    };
    let name = terminal(&heading(column));
    match (&column.key.metric, shift.levels) {
        (Metric::ErrorRate, Some([before, after])) => {
            format!("{} {name}", signed_points(after - before))
        }
        (Metric::ErrorRate, None) => name,
        _ => {
            let size = column.direction.worse_sign() * shift.size;
            format!("{} {name}", signed_percent(size.exp_m1()))
        }
    }
}

fn levels(shift: &Shift) -> Option<String> {
    let (column, [before, after]) = (shift.column.as_ref()?, shift.levels?);
    let scale = Scale::of(&column.unit, &[before, after]);
    let name = terminal(&heading(column));
    Some(format!("{name}: {} before, {} from there on", scale.show(before), scale.show(after)))
}
