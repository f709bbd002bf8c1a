//! `perfgate baseline verify` and `repair`: what is broken, and what can be saved.

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::open_store::open_store;
use crate::cli::policy::{LoadedPolicy, Network};
use crate::cli::session::Session;
use crate::config::StorePlace;
use crate::report::{escape_terminal, harmless, plural};
use crate::store::{GitStore, History, Repaired, Verified, repair as repair_store};

/// Broken records that are named; more are counted.
const NAMED: usize = 50;

pub(super) fn verify(loaded: &LoadedPolicy, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let store = open_store(loaded, Network::Online, session)?;
    let verified = store.verify()?;
    for line in lines(&verified) {
        session.say(&line)?;
    }
    if verified.broken.is_empty() {
        return Ok(Exit::Pass);
    }
    session.say(match store.git() {
        Some(_) => "  perfgate baseline repair takes good copies from the remote, and keeps what was not pushed yet",
        None => "  restore these files, or remove them: perfgate baseline prune --broken",
    })?;
    Ok(Exit::CouldNotRun)
}

/// What was found, a line each.
fn lines(verified: &Verified) -> Vec<String> {
    let mut head = format!("{} as written", plural(verified.good, "record"));
    if verified.elsewhere > 0 {
        head += &format!(", {} not fetched yet", verified.elsewhere);
    }
    if verified.newer > 0 {
        head += &format!(", {} of a newer perfgate", verified.newer);
    }
    if !verified.broken.is_empty() {
        head += &format!(", {} broken:", verified.broken.len());
    }
    let broken = verified.broken.iter().take(NAMED);
    let mut lines: Vec<String> = std::iter::once(head)
        .chain(
            broken.map(|broken| format!("  {}: {}", harmless(&broken.what), harmless(&broken.why))),
        )
        .collect();
    if verified.broken.len() > NAMED {
        lines.push(format!("  and {} more", verified.broken.len() - NAMED));
    }
    lines
}

pub(super) fn repair(loaded: &LoadedPolicy, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let place = match &loaded.policy.store.place {
        StorePlace::Git => None,
        StorePlace::Directory(_) => Some("a folder".to_owned()),
        StorePlace::Object(url) => Some(escape_terminal(url)),
    };
    if let Some(place) = place {
        let problem = format!("the store is {place}, and there is no other copy of it");
        let help = "perfgate baseline verify names what is broken in it, perfgate baseline prune --broken removes that";
        return Err(CliError::usage(problem, help));
    }
    let history = History::open(session.folder(), loaded.reach(Network::Online))?;
    // What is not damaged stays as it is. A store that cannot even be opened is.
    let opened = GitStore::open(history.common_dir(), history.remote().cloned());
    if opened.is_ok_and(|store| crate::store::verify(&store).broken.is_empty()) {
        session.say("nothing is broken: nothing was changed")?;
        return Ok(Exit::Pass);
    }
    let repaired = repair_store(history.common_dir(), history.remote().cloned())?;
    say_repaired(&repaired, session)
}

fn say_repaired(repaired: &Repaired, session: &Session<'_>) -> Result<Exit, CliError> {
    let (runs, rescued) = (plural(repaired.runs, "run"), plural(repaired.rescued, "run"));
    session
        .say(&format!("the store was rebuilt: {runs}, of which {rescued} could be read here"))?;
    session.say(&format!("  the damaged one is kept as {}", repaired.aside.display()))?;
    if let Some(error) = &repaired.unreachable {
        session.say(&format!("  the remote did not help: {}", harmless(&error.to_string())))?;
    }
    if repaired.lost.is_empty() {
        return Ok(Exit::Pass);
    }
    session.say(&format!("{} could not be saved:", plural(repaired.lost.len(), "run")))?;
    for entry in repaired.lost.iter().take(NAMED) {
        session.say(&format!("  {} of {}", entry.id, entry.commit.short()))?;
    }
    session.say("  to restore them, run perfgate baseline push in a clone that still has them")?;
    Ok(Exit::CouldNotRun)
}
