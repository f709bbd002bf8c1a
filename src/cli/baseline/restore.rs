//! `perfgate baseline restore`: what was removed comes back.

use crate::cli::args::RestoreArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::place::open_place;
use crate::cli::policy::Loaded;
use crate::cli::session::Session;
use crate::report::plural;
use crate::store::{RunStore as _, kept_states, restore as restore_state};
use std::io::Write as _;

pub(super) fn restore(
    args: &RestoreArgs,
    loaded: &Loaded,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let place = open_place(loaded, false, session)?;
    let Some(store) = place.git() else {
        let help = "what was removed from it may be in a backup or in git";
        let problem =
            format!("the store is {}, which keeps nothing back", place.store().describe());
        return Err(CliError::usage(problem, help));
    };
    let Some(name) = &args.name else {
        let kept = kept_states(store)?;
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
    let runs = restore_state(store, name)?;
    session.say(&format!("brought back {}", plural(runs, "run")))?;
    if runs > 0 && place.history.remote().is_some() {
        session.say("  perfgate baseline push brings them back on the remote as well")?;
    }
    store.make_present(&store.entries()?)?;
    Ok(Exit::Pass)
}
