//! What a load test exercised: the key by which two runs are joined.

use super::credentials::without_credentials;
use super::named::names;
use super::untrusted::{Raw, Untrusted};

/// What sort of thing an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An HTTP request.
    Http,
    /// A WebSocket connection or message.
    Websocket,
    /// A gRPC call.
    Grpc,
    /// A page load in a browser.
    Page,
    /// A group of requests that a script names (k6 groups).
    Group,
    /// A whole scenario of a script (k6 scenarios).
    Scenario,
    /// Anything else that a load test timed.
    Task,
    /// A benchmark.
    Bench,
}

names!(Kind {
    Http => "http",
    Websocket => "websocket",
    Grpc => "grpc",
    Page => "page",
    Group => "group",
    Scenario => "scenario",
    Task => "task",
    Bench => "bench",
});

impl Kind {
    /// Whether it is a part of a load: benchmarks and pages are measured one by one, and have no total.
    pub fn is_load(self) -> bool {
        !matches!(self, Self::Bench | Self::Page)
    }
}

/// What was exercised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndpointKey {
    /// The whole run.
    Total,
    /// One endpoint of it.
    Named {
        /// What sort of endpoint it is.
        kind: Kind,
        /// HTTP method or the tool's own type, where the file knows it.
        method: Option<Untrusted>,
        /// The name, as the file has it but for credentials.
        name: Untrusted,
    },
}

impl EndpointKey {
    /// What requests are called to which their tool gave no name.
    pub const UNNAMED: &str = "(unnamed)";

    /// An endpoint of this kind, method and name. Passwords and tokens in the name are left out. An empty name would be no key:
    /// such requests are [`Self::UNNAMED`].
    pub fn named(kind: Kind, method: Option<&str>, name: &str) -> Self {
        let name = if name.is_empty() { Self::UNNAMED } else { name };
        let name = without_credentials(name).into_owned();
        Self::Named { kind, method: method.map(Into::into), name: name.into() }
    }

    /// What sort of endpoint it is; none of the total.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Total => None,
            Self::Named { kind, .. } => Some(*kind),
        }
    }

    /// What people call it: `POST /api/chat`, `/api/chat` where the method is unknown, `total`.
    pub fn text(&self) -> Untrusted {
        match self {
            Self::Total => "total".into(),
            Self::Named { method: Some(method), name, .. } => method.join(" ", name),
            Self::Named { kind: kind @ (Kind::Group | Kind::Scenario), name, .. } => {
                name.map(|name| format!("{kind} {name}"))
            }
            Self::Named { name, .. } => name.clone(),
        }
    }

    /// A text that no other endpoint of the run has: kind, method (`-` where it is unknown) and name.
    pub fn unique_name(&self) -> Untrusted {
        match self {
            Self::Total => self.text(),
            Self::Named { kind, method, name } => {
                let method = method.as_ref().map_or("-", Raw::raw);
                name.map(|name| format!("{kind} {method} {name}"))
            }
        }
    }

    /// Whether a person who writes `METHOD NAME`, or the name alone, means this endpoint.
    pub fn is_called(&self, text: &str) -> bool {
        match self {
            Self::Total => text == "total",
            Self::Named { name, .. } => self.text() == text || *name == text,
        }
    }

    /// The same endpoint under another name, `METHOD NAME` or the name alone.
    #[must_use]
    pub fn called(&self, text: &str) -> Self {
        let Self::Named { kind, method, .. } = self else { return self.clone() };
        let word = |c: char| c.is_ascii_uppercase();
        match text.split_once(' ') {
            Some((new, name)) if method.is_some() && new.chars().all(word) => {
                Self::named(*kind, Some(new), name)
            }
            _ => Self::named(*kind, method.as_ref().map(Raw::raw), text),
        }
    }

    /// Whether both name the same endpoint when one side does not know the method.
    pub fn same_without_method(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Named { kind, method, name },
                Self::Named { kind: other_kind, method: other_method, name: other_name },
            ) => {
                kind == other_kind
                    && name == other_name
                    && (method.is_none() || other_method.is_none())
            }
            _ => self == other,
        }
    }
}
