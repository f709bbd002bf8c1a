//! `perfgate baseline restore`: what was removed comes back.

use crate::cli::args::RestoreArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::open_store::open_store;
use crate::cli::policy::{LoadedPolicy, Network};
use crate::cli::session::Session;
use crate::report::plural;
use crate::store::{RunStore as _, kept_states, restore as restore_state};
use std::io::Write as _;

pub(super) fn restore(
    args: &RestoreArgs,
    loaded: &LoadedPolicy,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let store = open_store(loaded, Network::Online, session)?;
    let Some(git) = store.git() else {
        let help = if store.shared().is_some() {
            "a bucket that keeps versions still has the objects: copy them to a folder, and perfgate baseline import records them again"
        } else {
            "what was removed from it may be in a backup or in git"
        };
        let problem = format!(
            "the store is {}, which does not keep removed records",
            store.records().describe()
        );
        return Err(CliError::usage(problem, help));
    };
    let Some(name) = &args.name else {
        let kept = kept_states(git)?;
        let kept: Vec<_> = kept.into_iter().filter(|state| state.runs > 0).collect();
        if kept.is_empty() {
            session.say("nothing was removed from this clone in the last 90 days")?;
        }
        session.print(|out| {
            kept.iter().try_for_each(|state| {
                writeln!(out, "{}  {}", state.name, plural(state.runs, "run"))
            })
        })?;
        return Ok(Exit::Pass);
    };
    let runs = restore_state(git, name)?;
    session.say(&format!("restored {}", plural(runs, "run")))?;
    if runs > 0 && store.history.remote().is_some() {
        session.say("  perfgate baseline push restores them on the remote as well")?;
    }
    git.make_present(&git.entries()?)?;
    Ok(Exit::Pass)
}
