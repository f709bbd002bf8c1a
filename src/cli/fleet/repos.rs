//! Clones of git repositories, each with the policy and the records that it has.

use crate::cli::error::CliError;
use crate::cli::history::BranchHistory;
use crate::cli::policy::{Network, load_policy};
use crate::cli::screen::Stream;
use crate::cli::session::Session;
use std::io;
use std::path::Path;

/// A clone.
pub(in crate::cli) struct Clone<'a> {
    pub(in crate::cli) path: &'a Path,
    pub(in crate::cli) offline: bool,
}

/// Does something with the recorded history of a clone, as if it were done there.
pub(in crate::cli) fn in_clone<T>(
    clone: &Clone<'_>,
    session: &Session<'_>,
    work: impl FnOnce(BranchHistory<'_>) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let folder = session.folder().join(clone.path);
    if !folder.is_dir() {
        let problem = format!("{}: there is no such folder", clone.path.display());
        return Err(CliError::usage(problem, "give the folder of a clone"));
    }
    let streams = [Stream::Pipe; 2];
    let (out, err) = (Box::new(io::sink()), Box::new(io::sink()));
    let inside = Session::new(folder, session.environment.clone(), out, err, streams);
    let loaded = load_policy(&inside)?;
    let network = if clone.offline { Network::Offline } else { Network::Online };
    work(BranchHistory::open(None, network, &loaded, &inside)?)
}
