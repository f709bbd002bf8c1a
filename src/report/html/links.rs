//! Addresses of a repository's pages on its forge.

use crate::model::{CommitId, Untrusted};
use crate::report::escape::harmless;
use maud::{Markup, html};

/// The addresses of a repository's pages; of none where nobody knows where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links(Option<String>);

impl Links {
    /// Of the repository whose page has this address, `https://host/owner/name`; of none where that is no plain address of the web.
    pub fn of(address: &str) -> Self {
        let address = address.trim_end_matches('/');
        Self(is_web(address).then(|| address.to_owned()))
    }

    pub(super) fn repository(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The page of a pull request.
    pub(super) fn pull_request(&self, number: u64) -> Option<String> {
        let at = self.0.as_ref()?;
        let part = match at {
            own if own.contains("gitlab") => "-/merge_requests",
            own if own.contains("bitbucket.org") => "pull-requests",
            own if own.contains("github") => "pull",
            _ => "pulls",
        };
        Some(format!("{at}/{part}/{number}"))
    }

    fn commit(&self, commit: CommitId) -> Option<String> {
        let at = self.0.as_ref()?;
        let part = match at {
            own if own.contains("gitlab") => "-/commit",
            own if own.contains("bitbucket.org") => "commits",
            // Forges that are like GitHub; GitLab knows this address as well.
            _ => "commit",
        };
        Some(format!("{at}/{part}/{commit}"))
    }

    /// A commit as people write it, which leads to its page.
    pub(super) fn short(&self, commit: CommitId) -> Markup {
        link(self.commit(commit).as_deref(), &html! { code { (commit.short()) } })
    }
}

/// Whether this is an address of the web in which nothing is hidden.
pub fn is_web(address: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/".contains(c);
    let host = ["https://", "http://"].iter().find_map(|scheme| address.strip_prefix(scheme));
    host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric()))
        && address.chars().all(plain)
}

/// Something that leads to an address, where there is one.
pub(super) fn link(address: Option<&str>, what: &Markup) -> Markup {
    html! {
        @match address {
            Some(address) => { a href=(address) rel="noreferrer" { (what) } }
            None => { (what) }
        }
    }
}

/// Text that leads to an address, where there is one.
pub(super) fn text_link(address: Option<&str>, what: &Untrusted) -> Markup {
    link(address, &html! { (harmless(what)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_of_the_web_are_links() {
        assert!(is_web("https://git.example.org:8443/o/r") && is_web("http://localhost:3000/o/r"));
        for wrong in [
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "https://x/\" onclick=",
            "https://user@host/x",
            "https://x/?a=b",
            "//host/x",
        ] {
            assert!(!is_web(wrong), "{wrong}");
            assert_eq!(Links::of(wrong), Links::default());
        }
    }

    #[test]
    fn each_forge_has_its_own_address_of_a_commit() {
        let id = CommitId::from_bytes([0xab; 20]);
        let of =
            |address: &str| Links::of(address).commit(id).unwrap().replace(&id.to_string(), "ID");
        assert_eq!(of("https://github.com/o/r/"), "https://github.com/o/r/commit/ID");
        assert_eq!(of("https://gitlab.com/g/s/r"), "https://gitlab.com/g/s/r/-/commit/ID");
        assert_eq!(of("https://bitbucket.org/o/r"), "https://bitbucket.org/o/r/commits/ID");
    }
}
