//! Text that came from outside, as a type that no message can hold by accident.

use std::borrow::Borrow;

/// Text that somebody else wrote: a label, a unit, a suite, the words of a failure, the reason in a commit message.
///
/// It has no `Display`, so that `format!` does not take it: a renderer writes it through the escape of its place. Its text as
/// it is, [`raw`](Raw::raw), is for keys, for comparisons and for files that programs read.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Untrusted(String);

impl Untrusted {
    /// The text as it is, owned.
    pub fn into_raw(self) -> String {
        self.0
    }

    /// This text and another with something between them.
    #[must_use]
    pub fn join(&self, between: &str, other: &Self) -> Self {
        Self(format!("{}{between}{}", self.0, other.0))
    }

    /// Text made from this one, which is no more trustworthy.
    #[must_use]
    pub fn map(&self, change: impl FnOnce(&str) -> String) -> Self {
        Self(change(&self.0))
    }
}

/// What an escape takes: text that may hold anything.
pub trait Raw {
    /// The text as it is.
    fn raw(&self) -> &str;
}

impl Raw for Untrusted {
    fn raw(&self) -> &str {
        &self.0
    }
}

impl Raw for String {
    fn raw(&self) -> &str {
        self
    }
}

impl Raw for str {
    fn raw(&self) -> &str {
        self
    }
}

impl Raw for &str {
    fn raw(&self) -> &str {
        self
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl PartialEq<str> for Untrusted {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Untrusted {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// A map with such keys is asked by plain text.
impl Borrow<str> for Untrusted {
    fn borrow(&self) -> &str {
        &self.0
    }
}
