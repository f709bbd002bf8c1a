//! How often a load is run, in the words of a document: `stress: Nightly`.

use std::fmt;

/// How often a profile is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cadence {
    /// The profile.
    pub profile: String,
    /// How often.
    pub when: When,
}

/// How often something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// On every pull request.
    PullRequest,
    /// On every push.
    Push,
    /// Every day.
    Nightly,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// When somebody asks for it.
    OnDemand,
    /// As a cron expression says: minute, hour, day of the month, month, day of the week.
    Cron(String),
}

/// The words for each, after `every`, `each`, `on` and the like are gone.
const WORDS: [(When, &[&str]); 6] = [
    (When::PullRequest, &["pr", "prs", "pull request", "pull requests", "merge request", "mr"]),
    (When::Push, &["push", "commit", "merge", "change", "build"]),
    (When::Nightly, &["nightly", "daily", "night", "day"]),
    (When::Weekly, &["weekly", "week"]),
    (When::Monthly, &["monthly", "month"]),
    (
        When::OnDemand,
        &["on demand", "on request", "demand", "request", "manual", "manually", "release"],
    ),
];
/// What may stand in front.
const FRONT: [&str; 10] =
    ["before", "once a", "for", "every", "each", "per", "on", "a", "the", "once per"];

/// How cron calls the days of the week.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl When {
    /// What is allowed, for messages.
    pub(super) const KNOWN: [&'static str; 7] = [
        "every pr",
        "every push",
        "nightly",
        "weekly",
        "monthly",
        "on demand",
        "a cron expression",
    ];

    /// Reads `Every PR`, `nightly`, `once a week`, `0 2 * * *`; none where it means nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let words = text.to_lowercase().replace(['-', '_'], " ");
        let mut rest = words.trim();
        loop {
            if let Some((when, _)) = WORDS.iter().find(|(_, words)| words.contains(&rest)) {
                return Some(when.clone());
            }
            let shorter = FRONT.iter().find_map(|word| rest.strip_prefix(word)?.strip_prefix(' '));
            match shorter {
                Some(shorter) => rest = shorter.trim_start(),
                None => return is_cron(text.trim()).then(|| Self::Cron(text.trim().to_owned())),
            }
        }
    }

    /// The days within which it is done at least once, where it has to do with days.
    pub fn days(&self) -> Option<u32> {
        match self {
            Self::PullRequest | Self::Push | Self::OnDemand => None,
            Self::Nightly => Some(1),
            Self::Weekly => Some(7),
            Self::Monthly => Some(31),
            Self::Cron(text) => {
                let fields: Vec<&str> = text.split_whitespace().collect();
                let every = |at: usize| fields.get(at).is_some_and(|field| *field == "*");
                match (every(2), every(3), every(4)) {
                    (true, true, true) => Some(1),
                    (true, true, false) => Some(7),
                    (false, true, _) => Some(31),
                    (_, false, _) => Some(366),
                }
            }
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PullRequest => "every pr",
            Self::Push => "every push",
            Self::Nightly => "nightly",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::OnDemand => "on demand",
            Self::Cron(text) => text,
        })
    }
}

/// Whether these are the five fields of a cron expression.
fn is_cron(text: &str) -> bool {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let is_field = |field: &&str| {
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'*' | b'/' | b',' | b'-');
        let day = DAYS.iter().any(|day| field.to_lowercase().starts_with(day));
        field.bytes().all(known) && (day || field.bytes().any(|b| b.is_ascii_digit() || b == b'*'))
    };
    fields.len() == 5 && fields.iter().all(is_field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_documents_say_how_often() {
        for (text, when, days) in [
            ("Every PR", When::PullRequest, None),
            ("on every pull request", When::PullRequest, None),
            ("Every push", When::Push, None),
            ("Nightly", When::Nightly, Some(1)),
            ("every night", When::Nightly, Some(1)),
            ("Weekly", When::Weekly, Some(7)),
            ("once a week", When::Weekly, Some(7)),
            ("monthly", When::Monthly, Some(31)),
            ("on-demand", When::OnDemand, None),
            ("before each release", When::OnDemand, None),
            ("0 2 * * *", When::Cron("0 2 * * *".to_owned()), Some(1)),
            ("0 3 * * MON", When::Cron("0 3 * * MON".to_owned()), Some(7)),
            ("0 3 1 * *", When::Cron("0 3 1 * *".to_owned()), Some(31)),
        ] {
            let read = When::parse(text);
            assert_eq!(read.as_ref(), Some(&when), "{text}");
            assert_eq!(read.and_then(|when| when.days()), days, "{text}");
        }
        for wrong in ["", "sometimes", "every", "every full moon", "0 2 * *", "a b c d e"] {
            assert_eq!(When::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for (when, _) in WORDS {
            assert_eq!(When::parse(&when.to_string()), Some(when));
        }
    }
}
