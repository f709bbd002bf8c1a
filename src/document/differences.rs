//! Where a policy and the documents that it goes by differ.

use super::blocks::{normal, parts};
use super::entry::{Entry, Step, Value};
use super::merge::{merge, shown};
use super::reading::Reading;
use super::write::policy_text;
use crate::config::{Budget, ConfigError, Limited, Policy, Tree};

/// What a policy has in place of what a document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Nothing.
    Nothing,
    /// Something else, on this line.
    Other {
        /// As it is written.
        written: String,
        /// Its line, from 1.
        line: u64,
    },
}

/// A statement that a policy does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where the document says it: `docs/perf.md:42`.
    pub place: String,
    /// What it says, as a policy would: `error_rate: < 1%`.
    pub says: String,
    /// Where in a policy it belongs: `profiles.stress.targets`.
    pub under: String,
    /// What the policy has.
    pub held: Held,
}

/// The statements that this policy does not hold, in the order of the documents.
pub fn differences(reading: &Reading, policy: &str) -> Result<Vec<Difference>, ConfigError> {
    let mut written = Entry::empty();
    for (before, part) in parts(policy) {
        if part.lines().any(|line| !line.trim().is_empty() && !line.trim().starts_with('#')) {
            merge(&mut written, normal(Entry::of_tree(&Tree::parse("", &part)?, 1, 0, before)));
        }
    }
    let held = HeldPolicy { policy: Policy::parse("", &policy_text(&written, None))?, written };
    let mut found: Vec<(&Entry, Difference)> = Vec::new();
    for (way, leaf) in reading.policy.leaves() {
        // What is for people decides nothing.
        if way.last() == Some(&Step::Key("description".to_owned())) {
            continue;
        }
        if let Some(held) = reading.policy.only(&way).and_then(|own| held.instead_of(&own, &way)) {
            let says = format!("{}: {}", name(&way), shown(&leaf.value));
            let place = reading.place_of(leaf);
            found.push((leaf, Difference { place, says, under: under(&way), held }));
        }
    }
    found.sort_by_key(|(leaf, _)| leaf.origins.first().copied());
    Ok(found.into_iter().map(|(_, difference)| difference).collect())
}

struct HeldPolicy {
    policy: Policy,
    written: Entry,
}

impl HeldPolicy {
    /// What the policy has in place of a statement; none where it holds it.
    fn instead_of(&self, statement: &Entry, way: &[Step]) -> Option<Held> {
        // What stands only together with something else is compared there.
        let alone = Policy::parse("", &policy_text(statement, None)).ok()?;
        let profiles = alone.rules.profiles.iter().flat_map(|(name, profile)| {
            profile.budgets.iter().map(|budget| (Some(name.as_str()), budget))
        });
        let everywhere = alone.rules.budgets(None).into_iter().map(|budget| (None, budget));
        let budgets: Vec<_> = everywhere.chain(profiles).collect();
        if budgets.is_empty() {
            return (!self.means_the_same_with(statement, way)).then(|| self.written_at(way));
        }
        budgets.into_iter().find_map(|(profile, budget)| {
            // A page's budget may limit once more what `budgets` do.
            let own = self.budgets(profile, &budget.limited);
            let holds = own.iter().any(|own| {
                budget.tiers.iter().all(|tier| own.tiers.contains(tier))
                    && budget.tiers.is_empty() == own.tiers.is_empty()
            });
            let instead = || match own.first() {
                Some(own) => self.written_as(profile, &own.name, way),
                None => Held::Nothing,
            };
            (!holds).then(instead)
        })
    }

    fn budgets(&self, profile: Option<&str>, limited: &Limited) -> Vec<&Budget> {
        let mut budgets = self.policy.rules.budgets(profile);
        budgets.retain(|own| own.limited == *limited);
        budgets
    }

    /// Whether the policy would mean the same if the statement stood in it.
    fn means_the_same_with(&self, statement: &Entry, way: &[Step]) -> bool {
        let mut with = self.written.clone();
        match (with.find_mut(way), statement.find(way)) {
            (Some(own), Some(stated)) => own.value = stated.value.clone(),
            _ => drop(merge(&mut with, statement.clone())),
        }
        Policy::parse("", &policy_text(&with, None)).is_ok_and(|with| with == self.policy)
    }

    fn written_at(&self, way: &[Step]) -> Held {
        match self.written.find(way) {
            Some(entry) => Held::Other { written: shown(&entry.value), line: entry.line() },
            None => Held::Nothing,
        }
    }

    /// A budget that stands elsewhere, or under another name.
    fn written_as(&self, profile: Option<&str>, name: &str, way: &[Step]) -> Held {
        if let found @ Held::Other { .. } = self.written_at(way) {
            return found;
        }
        let of_profile =
            profile.and_then(|profile| self.written.get("profiles")?.get(profile)?.get("targets"));
        let lists = [of_profile, self.written.get("budgets")];
        let items = lists.into_iter().flatten().flat_map(|list| match &list.value {
            Value::List(items) => items.as_slice(),
            Value::Text(_) | Value::Map(_) => &[],
        });
        let found = items.into_iter().find(|item| {
            item.called()
                .is_some_and(|called| name == called || name.starts_with(&format!("{called} ")))
        });
        found.map_or(Held::Nothing, |item| Held::Other {
            written: shown(&item.value),
            line: item.line(),
        })
    }
}

/// What a statement limits: `POST /login p95`, `users`.
fn name(way: &[Step]) -> String {
    let is_tier = |key: &str| matches!(key, "target" | "acceptable" | "critical");
    let mut names: Vec<&str> = Vec::new();
    for step in way.iter().rev() {
        match step {
            Step::Key(key) => names.push(key),
            Step::Item(name) => {
                if names.last() != Some(&name.as_str()) {
                    names.push(name);
                }
                break;
            }
        }
        let of_list = way.iter().any(|step| matches!(step, Step::Item(_)));
        if !of_list && names.last().is_some_and(|name| !is_tier(name)) {
            break;
        }
    }
    names.reverse();
    names.join(" ")
}

/// The keys that lead to a statement.
fn under(way: &[Step]) -> String {
    let keys = way.iter().map_while(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Item(_) => None,
    });
    let keys: Vec<&str> = keys.collect();
    let has_items = way.iter().any(|step| matches!(step, Step::Item(_)));
    let shown = if has_items { keys.len() } else { keys.len().saturating_sub(1) };
    keys[..shown].join(".")
}
