//! Everything that some documents say, put together.

use super::blocks::{BASELINES, Content, read_block, take_baselines};
use super::claim::Claim;
use super::entry::{Entry, Origin, Step, Value};
use super::lines::{Said, read_lines};
use super::markdown::{Block, Line, Piece, pieces};
use super::merge::{Contradiction, merge, shown};
use super::reading::{Reading, Unread};
use super::resolve::{KnownProfile, resolve};
use super::subject::Subject;
use super::tables::read_table;
use super::write::policy_text;
use crate::config::{ConfigError, Policy, same_limit};
use crate::model::{is_same_metric, limits};

/// A document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its path, as messages have it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Reads documents, which are one policy together.
pub fn read(documents: &[Document]) -> Reading {
    let mut gathering = Gathering::new(documents);
    let mut rest: Vec<(usize, Vec<Line>, Vec<Said>)> = Vec::new();
    for (document, own) in documents.iter().enumerate() {
        let (mut lines, mut said) = (Vec::new(), Vec::new());
        for piece in pieces(&own.text) {
            match piece {
                Piece::Block(block) => gathering.block(&block, document),
                Piece::Table(table) => said.extend(read_table(&table)),
                Piece::Line(line) => lines.push(line),
            }
        }
        rest.push((document, lines, said));
    }
    for entry in std::mem::take(&mut gathering.cadence) {
        gathering.insert(&entry, None);
    }
    // Blocks first: they say which profiles there are.
    for (document, lines, mut said) in rest {
        said.extend(read_lines(&lines));
        said.sort_by_key(Said::line);
        gathering.said(said, document);
    }
    gathering.end()
}

struct Gathering {
    reading: Reading,
    unread: Vec<(Origin, String, String)>,
    contradictions: Vec<Contradiction>,
    statements: usize,
    /// How often profiles are to be run: it names them, so that they come first.
    cadence: Vec<Entry>,
}

/// The key for the limits of a page.
const PAGE_BUDGET: &str = "performance_budget";
/// The key for how often profiles are to be run.
const CADENCE: &str = "performance_tests";

impl Gathering {
    fn new(documents: &[Document]) -> Self {
        let documents = documents.iter().map(|own| own.name.clone()).collect();
        let (policy, baselines) = (Entry::empty(), Entry::empty());
        let reading = Reading { documents, policy, baselines, unread: Vec::new(), left_out: 0 };
        let (unread, contradictions, cadence) = (Vec::new(), Vec::new(), Vec::new());
        Self { reading, unread, contradictions, statements: 0, cadence }
    }

    fn block(&mut self, block: &Block, document: usize) {
        match read_block(block, document) {
            Content::Code => self.reading.left_out += 1,
            Content::Broken { line, why } => {
                let said = format!("a block of {}", block.language);
                self.unread.push((Origin { document, line }, said, why));
            }
            Content::Data(parts) => {
                let known: usize = parts.into_iter().map(|part| self.data(part)).sum();
                self.reading.left_out += usize::from(known == 0);
            }
        }
    }

    /// Takes what is the policy's, or a table of baselines, out of a block; how many of its keys that are.
    fn data(&mut self, mut part: Entry) -> usize {
        let tables = take_baselines(&mut part);
        let mut known = tables.len();
        for (name, table) in tables {
            let found = merge(&mut self.reading.baselines, Entry::of_key(name, table));
            self.contradictions.extend(found);
        }
        let Value::Map(entries) = part.value else { return known };
        let (own, foreign): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|(key, _)| is_key_of_policy(key));
        known += own.len();
        for (key, entry) in own {
            let entry = Entry::of_key(&key, entry);
            match key.as_str() {
                CADENCE => self.cadence.push(entry),
                _ => self.insert(&entry, None),
            }
        }
        // A block with no key of the policy is of something else.
        for (key, entry) in foreign.into_iter().filter(|_| known > 0) {
            if let Some(origin) = entry.origins.first() {
                let said = format!("{key}: {}", shown(&entry.value));
                self.unread.push((*origin, said, "no policy has this key".to_owned()));
            }
        }
        known
    }

    fn said(&mut self, all: Vec<Said>, document: usize) {
        let (mut claims, mut no_leak) = (Vec::new(), None);
        for said in all {
            match said {
                Said::Claim(claim) => claims.push(*claim),
                Said::Query { line, name, promql } => {
                    let query = Entry::text(Origin { document, line }, promql.clone());
                    let entry = Entry::of_key("prometheus", Entry::of_key(name, query));
                    self.insert(&entry, Some(&promql));
                }
                Said::NoLeak { line } => no_leak = Some(Origin { document, line }),
                Said::Unread { line, said, why } => {
                    self.unread.push((Origin { document, line }, said, why));
                }
            }
        }
        let profiles = self.profiles();
        let mut entries = Vec::new();
        for (claim, entry) in resolve(&claims, document, &profiles) {
            match entry {
                Ok(_) if self.says_more_exactly(claim, document) => {}
                Ok(entry) => entries.push((entry, claim.said.as_str())),
                Err(why) => {
                    let origin = Origin { document, line: claim.line };
                    self.unread.push((origin, claim.said.clone(), why));
                }
            }
        }
        self.insert_all(&entries);
        if let Some(origin) = no_leak {
            let item = Entry::of_key("memory_leak", Entry::text(origin, "none"));
            let entry = Entry::of_key("budgets", Entry::of_item(item));
            self.insert(&entry, Some("no memory leaks"));
        }
    }

    /// Whether a claim repeats a number of the page's budget, which has no sign: then the claim's counts.
    fn says_more_exactly(&mut self, claim: &Claim, document: usize) -> bool {
        let (Subject::Known(metric), None) = (&claim.subject, &claim.statistic) else {
            return false;
        };
        let way = [Step::Key(PAGE_BUDGET.to_owned())];
        let Some(Value::Map(limits)) = self.reading.policy.find_mut(&way).map(|own| &mut own.value)
        else {
            return false;
        };
        let is_whole = |name: &str| {
            metric.name == "page_load" && matches!(name.to_lowercase().as_str(), "total" | "load")
        };
        let own =
            limits.iter_mut().find(|(name, _)| is_whole(name) || is_same_metric(name, metric.name));
        let Some((_, own)) = own else { return false };
        let Value::Text(number) = &own.value else { return false };
        let unit = if metric.unit == "ms" { "ms" } else { "" };
        let is_same = same_limit(&format!("< {number}{unit}"), &claim.bound)
            || same_limit(number, &claim.bound);
        if is_same {
            own.value = Value::Text(claim.bound.clone());
            own.origins.push(Origin { document, line: claim.line });
        }
        is_same
    }

    fn profiles(&self) -> Vec<KnownProfile> {
        let profiles = self.reading.policy.get("profiles").map_or(&[][..], Entry::map);
        let words = |(name, profile): &(String, Entry)| {
            let description = profile.get("description").map(|own| shown(&own.value));
            let words = format!("{name} {}", description.unwrap_or_default());
            KnownProfile { name: name.clone(), words }
        };
        profiles.iter().map(words).collect()
    }

    /// Adds entries, with what was said. Most are right: whatever makes a policy together need not be tried one by one.
    fn insert_all(&mut self, entries: &[(Entry, &str)]) {
        if let [] | [_] = entries {
            entries.iter().for_each(|(entry, said)| self.insert(entry, Some(said)));
            return;
        }
        let statements: usize = entries.iter().map(|(entry, _)| entry.leaves().len()).sum();
        let mut policy = self.reading.policy.clone();
        let found: Vec<_> =
            entries.iter().flat_map(|(entry, _)| merge(&mut policy, entry.clone())).collect();
        if self.statements + statements <= limits::STATEMENTS && accepts(&policy).is_ok() {
            self.statements += statements;
            self.reading.policy = policy;
            self.contradictions.extend(found);
            return;
        }
        let (front, back) = entries.split_at(entries.len() / 2);
        self.insert_all(front);
        self.insert_all(back);
    }

    /// Adds what makes a policy together with what is there; of the rest, what is wrong with it.
    fn insert(&mut self, entry: &Entry, said: Option<&str>) {
        let leaves = entry.leaves();
        if self.statements + leaves.len() > limits::STATEMENTS {
            let why = format!("there are more than {} statements", limits::STATEMENTS);
            return self.refuse(entry, said, why);
        }
        let mut policy = self.reading.policy.clone();
        let found = merge(&mut policy, entry.clone());
        match accepts(&policy) {
            Ok(()) => {
                self.statements += leaves.len();
                self.reading.policy = policy;
                self.contradictions.extend(found);
            }
            Err(error) if leaves.len() < 2 => self.refuse(entry, said, error.problem),
            Err(_) => {
                for (way, _) in leaves {
                    let own = entry.only(&way);
                    own.iter().for_each(|own| self.insert(own, said));
                }
            }
        }
    }

    fn refuse(&mut self, entry: &Entry, said: Option<&str>, why: String) {
        for (way, leaf) in entry.leaves().into_iter().take(1) {
            let key = way.iter().rev().find_map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                Step::Item(_) => None,
            });
            let own = || format!("{}: {}", key.unwrap_or_default(), shown(&leaf.value));
            let origin = leaf.origins.first().copied();
            let said = said.map_or_else(own, str::to_owned);
            self.unread.extend(origin.map(|origin| (origin, said, why.clone())));
        }
    }

    fn end(mut self) -> Reading {
        for Contradiction { way, first, second } in std::mem::take(&mut self.contradictions) {
            let of_table = |step: &Step| matches!(step, Step::Key(key) if key.ends_with(BASELINES));
            match way.first().is_some_and(of_table) {
                true => self.reading.baselines.remove(&way),
                false => self.reading.policy.remove(&way),
            }
            for (own, other) in [(&first, &second), (&second, &first)] {
                let place = self.reading.place(other.0);
                let why = format!("{place} says {}: which one?", other.1);
                let told = (own.0, own.1.clone(), why);
                if !self.unread.contains(&told) {
                    self.unread.push(told);
                }
            }
        }
        self.unread.sort_by_key(|(origin, ..)| *origin);
        let name = |at: usize| self.reading.documents.get(at).cloned().unwrap_or_default();
        let unread = self.unread.iter().map(|(origin, said, why)| Unread {
            document: name(origin.document),
            line: origin.line,
            said: limits::shown(said).into(),
            why: limits::shown(why).into(),
        });
        self.reading.unread = unread.collect();
        self.reading
    }
}

/// Whether a policy may be this.
pub(super) fn accepts(policy: &Entry) -> Result<(), ConfigError> {
    Policy::parse("", &policy_text(policy, None)).map(|_| ())
}

/// Whether a policy has this key at its top.
fn is_key_of_policy(key: &str) -> bool {
    let entry = Entry::of_key(key, Entry::empty());
    accepts(&entry).err().is_none_or(|error| error.word != key || error.known.is_empty())
}
