//! What lines and rows state, before it is known what the whole document says.

use super::subject::{Subject, has_words, is_empty};
use super::value::{Clause, NoClause};
use crate::config::{Comparison, QuantityKind};
use crate::model::Direction;

/// Which limit of a budget a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    Limit,
    Target,
    Acceptable,
    Critical,
    Expected,
}

/// One number that the document demands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claim {
    pub(super) line: u64,
    /// The words of the document.
    pub(super) said: String,
    pub(super) subject: Subject,
    pub(super) statistic: Option<String>,
    pub(super) tier: Tier,
    /// As a policy writes it.
    pub(super) bound: String,
    pub(super) kind: QuantityKind,
    /// Of which load it is said: `normal load`.
    pub(super) condition: Option<String>,
    /// What the policy does not say.
    pub(super) note: Option<&'static str>,
    /// Whether a heading gave the name.
    pub(super) from_heading: bool,
}

/// Where a number stands, and what is known from there.
pub(super) struct Context<'a> {
    pub(super) line: u64,
    pub(super) said: &'a str,
    /// Empty where the words in front of the number have to name it.
    pub(super) label: &'a str,
    pub(super) heading: &'a str,
    /// The statistics of the label or the column.
    pub(super) statistics: Vec<String>,
    pub(super) tier: Tier,
    /// Whether a number without a sign is a limit here: in a column of limits.
    pub(super) is_limit: bool,
}

/// Words around a number that add nothing.
const FILLERS: [&str; 9] =
    ["support", "supports", "must", "should", "be", "target", "at", "the", "of"];
const CONCURRENT: [&str; 5] =
    ["concurrent", "parallel", "simultaneous", "simultaneously", "online"];
const UTILIZATION: [&str; 3] = ["utilization", "utilisation", "usage"];

/// What a part of a value states; an error says why it has no single meaning.
pub(super) fn claim(clause: Clause, context: &Context<'_>) -> Result<Claim, String> {
    let before = without_fillers(&clause.before);
    let (mut after, condition, note) = qualifiers(&without_fillers(&clause.after));
    let (mut label, from_heading) = named(context, &before, &mut after)?;
    if let Some(word) = UTILIZATION.iter().find(|word| after == **word) {
        if !has_words(&label, word) {
            label = format!("{label} {word}");
        }
        after.clear();
    }
    let count = counted(&clause, &label, &after);
    if let Some(own) = &count {
        label.clone_from(own);
    } else if !after.is_empty() {
        return Err(format!("what does \"{after}\" mean here?"));
    }
    let subject = Subject::of(&label);
    let mut statistics = clause.statistics.clone();
    statistics.extend(context.statistics.iter().cloned());
    statistics.dedup();
    if statistics.len() > 1 {
        return Err(format!("which of {}?", statistics.join(", ")));
    }
    let sign = sign(&clause, &subject, context, count.is_some())?;
    Ok(Claim {
        line: context.line,
        said: context.said.to_owned(),
        statistic: statistics.pop(),
        tier: context.tier,
        bound: clause.bound(sign),
        kind: clause.quantity.kind,
        subject,
        condition,
        note,
        from_heading,
    })
}

/// What the number is about, by its label, by the words next to it, or by the heading; and whether it is the heading.
fn named(
    context: &Context<'_>,
    before: &str,
    after: &mut String,
) -> Result<(String, bool), String> {
    if !is_empty(context.label) {
        let own = || Ok((context.label.to_owned(), false));
        if before.is_empty() {
            return own();
        }
        return match (Subject::of(before), Subject::of(context.label)) {
            (Subject::Latency("response_time"), _) => own(),
            (first, second) if first == second => own(),
            (Subject::Other(_), _) => Err(format!("what does \"{before}\" mean here?")),
            (_, Subject::Other(label)) if !label.contains('/') => Ok((before.to_owned(), false)),
            _ => Err(format!("\"{}\" or \"{before}\"?", context.label)),
        };
    }
    let all = ["all ", "every ", "each ", "any "];
    if all.iter().any(|word| before.to_lowercase().starts_with(word)) {
        return Err(format!("which endpoints are \"{before}\"? name them by a pattern"));
    }
    match (before.is_empty(), after.is_empty()) {
        (false, _) => Ok((before.to_owned(), false)),
        (true, false) if !UTILIZATION.contains(&after.as_str()) && !has_count_words(after) => {
            Ok((std::mem::take(after), false))
        }
        _ if is_empty(context.heading) => Err("what is limited?".to_owned()),
        _ => Ok((context.heading.to_owned(), true)),
    }
}

fn has_count_words(text: &str) -> bool {
    text.split(' ').any(|word| CONCURRENT.contains(&word.to_lowercase().as_str()))
}

fn without_fillers(text: &str) -> String {
    let words = text.split_whitespace();
    let kept = words.filter(|word| !FILLERS.contains(&word.to_lowercase().as_str()));
    kept.collect::<Vec<_>>().join(" ")
}

/// The words behind a number without those that say when it holds; the load that they name, and what to remark.
fn qualifiers(after: &str) -> (String, Option<String>, Option<&'static str>) {
    let lower = after.to_lowercase();
    if let Some(load) = lower.strip_prefix("under ") {
        let condition = (load != "load").then(|| load.to_owned());
        return (String::new(), condition, None);
    }
    match lower.as_str() {
        "sustained" => (String::new(), None, Some("the mean; \"sustained\" for how long?")),
        _ => (after.to_owned(), None, None),
    }
}

/// What is counted, where a number without a unit counts what is there at once: `50 concurrent connections`.
fn counted(clause: &Clause, label: &str, after: &str) -> Option<String> {
    if clause.quantity.kind != QuantityKind::Number {
        return None;
    }
    let noise = ["execution", "virtual", "at", "once"];
    let words: Vec<String> = after.split_whitespace().map(str::to_lowercase).collect();
    let noun = words
        .iter()
        .filter(|word| !CONCURRENT.contains(&word.as_str()) && !noise.contains(&word.as_str()));
    let nouns: Vec<&String> = noun.collect();
    let at_once = has_count_words(after)
        || has_count_words(label)
        || clause.before.to_lowercase().starts_with("support");
    let [noun] = nouns.as_slice() else { return None };
    match Subject::of(noun) {
        _ if !at_once => None,
        Subject::Single("users" | "connections", _) => Some((*noun).clone()),
        _ if has_words(label, noun) => Some(label.to_owned()),
        _ => None,
    }
}

fn sign(
    clause: &Clause,
    subject: &Subject,
    context: &Context<'_>,
    is_count: bool,
) -> Result<Comparison, String> {
    let better = subject.direction();
    let written = clause.quantity.written.as_str();
    match (clause.sign, better) {
        (Some(sign), Some(better)) => {
            let fits = sign.direction() == better;
            // "Critical: > 2s" says from where on it is critical.
            if fits || context.tier == Tier::Critical {
                Ok(sign)
            } else {
                Err(format!("\"{}\" is the worse side", clause.bound(sign)))
            }
        }
        (Some(sign), None) => Ok(sign),
        (None, _) if is_count => Ok(Comparison::AtLeast),
        (None, Some(Direction::Lower)) if context.is_limit => Ok(Comparison::AtMost),
        (None, Some(Direction::Higher)) if context.is_limit => Ok(Comparison::AtLeast),
        (None, None) if context.is_limit && clause.quantity.kind == QuantityKind::Time => {
            Ok(Comparison::AtMost)
        }
        (None, _) => Err(format!("no comparison: < {written} or > {written}?")),
    }
}

/// Why a text states no number, in words.
pub(super) fn no_clause(text: &str, why: NoClause) -> String {
    match why {
        NoClause::NoNumber => format!("\"{text}\" is no number"),
        NoClause::Range => "a range: which number?".to_owned(),
        NoClause::Several => "several numbers in one".to_owned(),
    }
}
