//! What a file says of one request, and of a transaction.

use super::transactions::{Held, Time};
use crate::model::{Kind, Part};

/// What was requested.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) kind: Kind,
    pub(super) method: &'a str,
    pub(super) name: &'a str,
}

/// One request of a file.
pub(super) struct Request<'a> {
    /// None where the file does not say.
    pub(super) name: Option<Name<'a>>,
    /// Nanoseconds since 1970, or since the start of the test.
    pub(super) start: i64,
    /// Response time in milliseconds; none where what was counted has none.
    pub(super) ms: Option<f64>,
    /// What the failure is called, where it is one.
    pub(super) failure: Option<&'a str>,
    /// Times of parts of the request.
    pub(super) parts: &'a [(Part, f64)],
}

/// One transaction of a file: a time that holds requests.
pub(super) struct Transaction<'a> {
    pub(super) name: &'a str,
    pub(super) time: Time,
    pub(super) failed: bool,
    /// How many requests it holds.
    pub(super) samples: u64,
    /// Where they are.
    pub(super) held: Held,
    /// Who made it, where the file says so.
    pub(super) thread: Option<&'a str>,
}
