//! The command that looks for the commit of a step.

use super::escape::shell;
use crate::model::{CommitId, Untrusted};
use crate::trend::Column;

/// The command, but for the load, which no history knows. `arguments` selects the test, with a blank in front.
pub fn bisect_command(
    (good, bad): (CommitId, CommitId),
    column: &Column,
    arguments: &Untrusted,
) -> Untrusted {
    let (good, bad) = (good.short(), bad.short());
    let measurement = shell(&column.key.text());
    arguments.map(|test| {
        format!("perfgate bisect {good} {bad} --measurement {measurement}{test} -- LOAD_COMMAND")
    })
}
