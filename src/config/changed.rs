//! What differs between two policies, by top-level key.

use super::file::is_of_profile;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Keys that say where results and documents lie, what to ask about a run, and what a history shows; every other key decides
/// something.
const OF_THE_CHECKOUT: [&str; 4] = ["results", "documents", "prometheus", "trend"];

/// The top-level keys that decide something and differ between two policies, sorted. Comments, order and spelling
/// (`{ a: 1 }` or lines) do not count. Both texts must be policies.
pub fn changed_keys(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (keys(before), keys(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differs = |name: &&&String| {
        !OF_THE_CHECKOUT.contains(&name.as_str()) && before.get(**name) != after.get(**name)
    };
    names.iter().filter(differs).map(|name| (*name).clone()).collect()
}

/// The value of each key, by the profile whose document it stands in.
type Values = BTreeMap<String, BTreeMap<String, Value>>;

fn keys(text: &str) -> Values {
    let documents: Vec<BTreeMap<String, Value>> =
        serde_saphyr::from_multiple(text).unwrap_or_default();
    let mut all = Values::new();
    for document in documents {
        let profile = document.get("profile").map(Value::to_string).unwrap_or_default();
        for (key, value) in document {
            let of = if is_of_profile(&key) { profile.clone() } else { String::new() };
            all.entry(key).or_default().insert(of, value);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::changed_keys;

    #[test]
    fn keys_that_decide_are_named_and_what_only_looks_different_is_not() {
        let before = "gate: { decide: evidence }\nresults: [a.csv]\nstore: { kind: git }\n";
        let after =
            "# a comment\nstore:\n  kind: git\nresults: [b.csv]\ngate: { decide: threshold }\n";
        assert_eq!(changed_keys(before, after), ["gate"]);
        assert_eq!(
            changed_keys("", "baseline: { window: 1 }\nprometheus: { a: up }\n"),
            ["baseline"]
        );
        assert_eq!(changed_keys("collapse: [\"/a/*\"]\n", "# nothing\n"), ["collapse"]);
        assert!(changed_keys("", "").is_empty());
    }

    #[test]
    fn what_stands_in_another_document_is_the_same_and_another_profile_is_not() {
        let two = "profile: a\nusers: 1\n---\nprofile: b\nusers: 2\ngate: { decide: evidence }\n";
        let other =
            "gate: { decide: evidence }\n---\nprofile: b\nusers: 2\n---\nprofile: a\nusers: 1\n";
        assert!(changed_keys(two, other).is_empty());
        let swapped = two
            .replace("users: 1", "users: 3")
            .replace("users: 2", "users: 1")
            .replace("users: 3", "users: 2");
        assert_eq!(changed_keys(two, &swapped), ["users"]);
        assert_eq!(changed_keys(two, "profile: a\nusers: 1\n"), ["gate", "profile", "users"]);
    }
}
