//! The forges that comments are posted to. A new one is a module that describes itself in a static `FORGE`, and a line here.

use super::definition::{Forge, Variables};
use super::{bitbucket, gitea, github, gitlab};

/// The forges, in the order in which they are recognized: Gitea and Forgejo set GitHub's variables as well.
pub static FORGES: &[&Forge] = &[&gitea::FORGE, &github::FORGE, &gitlab::FORGE, &bitbucket::FORGE];

impl Forge {
    /// The forge of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORGES.iter().find(|forge| forge.name == name).copied()
    }

    /// The forge whose CI this is.
    pub fn detected(variables: &dyn Variables) -> Option<&'static Self> {
        let is_set = |name: &&str| variables.get(name).is_some();
        FORGES.iter().find(|forge| forge.detected_by.iter().any(is_set)).copied()
    }

    /// Every variable that is read on any forge.
    pub fn all_variables() -> impl Iterator<Item = &'static str> {
        let of = |forge: &&'static Self| [forge.detected_by, forge.tokens, forge.variables];
        let event = FORGES.iter().filter_map(|forge| forge.event);
        FORGES.iter().flat_map(of).flatten().copied().chain(event)
    }
}
