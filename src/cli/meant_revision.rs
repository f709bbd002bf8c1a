//! A revision that is given where a result file is wanted: `compare main results.csv`.

use super::session::Session;
use crate::report::escape_shell;
use crate::store::{History, Patience, Reach};
use std::time::Duration;

/// What to write instead, where a name that no file has is a revision of the repository.
pub(super) fn revision_hint(name: &str, session: &Session<'_>) -> Option<String> {
    let reach = Reach { remote: None, offline: true, patience: Patience::new(Duration::ZERO) };
    History::open(session.folder(), reach).ok()?.resolve(name).ok()?;
    let revision = escape_shell(name);
    Some(format!("{revision} is a revision: write --baseline {revision}"))
}
