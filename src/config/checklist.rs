//! `checklist`: what must hold before a result counts. Some items perfgate can check; the others are for people.

use super::choices::Severity;
use crate::model::{Named as _, names};

/// An item of a checklist, as the policy means it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecklistItem {
    /// As it is written.
    pub text: String,
    /// What perfgate checks; none: it is for people.
    pub key: Option<KnownItem>,
    /// The worst that it may do.
    pub severity: Severity,
}

/// An item that perfgate can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownItem {
    /// Every endpoint of the run is in the baseline.
    BaselineForAllEndpoints,
    /// Baseline and run state the same environment.
    EnvironmentMatches,
    /// The load that profile and budgets ask for was there.
    LoadReached,
    /// Every alert of the policy was evaluated, and none would have fired.
    NoAlerts,
    /// Every measurement was compared.
    Coverage,
    /// No measurement is worse than its threshold allows.
    NoRegressions,
    /// Every budget is kept.
    AllBudgetsKept,
}

names!(KnownItem {
    BaselineForAllEndpoints => "baseline_for_all_endpoints",
    EnvironmentMatches => "environment_matches",
    LoadReached => "load_reached",
    NoAlerts => "no_alerts",
    Coverage => "coverage",
    NoRegressions => "no_regressions",
    AllBudgetsKept => "all_budgets_kept",
});

/// What people write for each item, without the words that say nothing.
const SPELLINGS: [(KnownItem, &[&str]); 7] = [
    (
        KnownItem::BaselineForAllEndpoints,
        &[
            "baseline for all endpoints",
            "baseline taken for all endpoints",
            "baseline recorded for all endpoints",
            "all endpoints have baseline",
        ],
    ),
    (
        KnownItem::EnvironmentMatches,
        &[
            "environment matches",
            "environment matches baseline",
            "same environment",
            "same environment as baseline",
        ],
    ),
    (KnownItem::LoadReached, &["load reached", "target load reached", "planned load reached"]),
    (KnownItem::NoAlerts, &["no alerts", "no alerts fired", "no alert", "no alert fired"]),
    (KnownItem::Coverage, &["coverage", "full coverage", "all measurements compared"]),
    (
        KnownItem::NoRegressions,
        &[
            "no regressions",
            "no regression",
            "no performance regressions",
            "no performance regression",
        ],
    ),
    (
        KnownItem::AllBudgetsKept,
        &["all budgets kept", "budgets kept", "all budgets met", "budgets met", "within budget"],
    ),
];
/// Words that change nothing about what an item says.
const EMPTY: [&str; 10] = ["a", "an", "the", "is", "are", "was", "were", "has", "have", "been"];

impl KnownItem {
    /// The item that this text names; letters, punctuation at the end and words such as `the` and `was` do not count.
    pub fn of(text: &str) -> Option<Self> {
        let text = plain(text);
        let named = |(_, spellings): &&(Self, &[&str])| {
            spellings.iter().any(|spelling| plain(spelling) == text)
        };
        let keyed = || Self::ALL.iter().copied().find(|item| plain(item.name()) == text);
        SPELLINGS.iter().find(named).map(|(item, _)| *item).or_else(keyed)
    }

    /// Every way to write one of the items.
    pub fn spellings() -> impl Iterator<Item = &'static str> {
        SPELLINGS.iter().flat_map(|(_, spellings)| spellings.iter().copied())
    }

    /// Whether it is about a comparison, and not about the run alone.
    pub fn needs_baseline(self) -> bool {
        match self {
            Self::BaselineForAllEndpoints
            | Self::EnvironmentMatches
            | Self::Coverage
            | Self::NoRegressions => true,
            Self::LoadReached | Self::NoAlerts | Self::AllBudgetsKept => false,
        }
    }
}

fn plain(text: &str) -> String {
    let lower = text.to_lowercase().replace(['_', '-'], " ");
    let words = lower.trim_end_matches(['.', '!', ' ']).split_whitespace();
    words.filter(|word| !EMPTY.contains(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_known_by_its_key_and_by_what_people_write() {
        for item in KnownItem::ALL {
            assert_eq!(KnownItem::of(item.name()), Some(*item));
        }
        for (item, spellings) in SPELLINGS {
            for text in spellings {
                assert_eq!(KnownItem::of(text), Some(item), "{text}");
            }
        }
        let baseline = Some(KnownItem::BaselineForAllEndpoints);
        assert_eq!(KnownItem::of("Baseline was taken for all endpoints."), baseline);
        assert_eq!(KnownItem::of("The environment matches"), Some(KnownItem::EnvironmentMatches));
    }

    #[test]
    fn what_says_something_else_is_for_people() {
        for text in ["Reviewed by the DBA", "environment matches production", "alerts fired", ""] {
            assert_eq!(KnownItem::of(text), None, "{text}");
        }
    }
}
