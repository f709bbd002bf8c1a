//! Versions that somebody else runs: two URLs, or two load commands.

use super::side::{Side, Sides};
use crate::cli::args::AbArgs;
use crate::cli::codes;
use crate::cli::commands::driving::Rig;
use crate::cli::commands::versions::{Place, refuse_no_place, split};
use crate::cli::error::CliError;
use crate::driver::{NotReady, Probe, await_ready};

/// `--target-a` and `--target-b`.
pub(super) fn of_urls(args: &AbArgs, rig: &Rig<'_>) -> Result<Sides, CliError> {
    refuse_no_place(&args.command)?;
    let side = |name: &'static str, url: Option<&String>| {
        let url = url.map(String::as_str).unwrap_or_default();
        let place = Place::of_url(url).ok_or_else(|| {
            CliError::usage(format!("`{url}` is no URL"), "write it like http://127.0.0.1:8731")
        })?;
        if let Some(ready) = &args.versions.ready {
            refuse_silent(&place.probe(ready)?, url, args, rig)?;
        }
        Ok::<Side, CliError>(Side {
            name,
            title: url.to_owned(),
            commit: None,
            command: place.fill(&args.command),
        })
    };
    Ok(Sides::of_others(
        side("base", args.target_a.as_ref())?,
        side("head", args.target_b.as_ref())?,
    ))
}

fn refuse_silent(probe: &Probe, url: &str, args: &AbArgs, rig: &Rig<'_>) -> Result<(), CliError> {
    let found = await_ready(probe, args.versions.ready_within, &rig.interrupts, || Ok(None));
    let Some(why) = found.map_err(CliError::Output)? else { return Ok(()) };
    rig.refuse_interrupted()?;
    let why = match why {
        NotReady::Status(status) => format!("responds with status {status}"),
        NotReady::Silent | NotReady::Ended(_) | NotReady::Interrupted => {
            "does not respond".to_owned()
        }
    };
    let within = args.versions.ready_within.as_secs_f64();
    let problem = format!("{url} {why} after {within} s");
    Err(CliError::coded(
        &codes::NOT_READY,
        problem,
        "start it before perfgate, or name another URL",
    ))
}

/// `--command-a` and `--command-b`.
pub(super) fn of_commands(args: &AbArgs) -> Result<Sides, CliError> {
    let side = |name: &'static str, text: Option<&String>| {
        let text = text.map(String::as_str).unwrap_or_default();
        Ok::<Side, CliError>(Side {
            name,
            title: name.to_owned(),
            commit: None,
            command: split(text)?,
        })
    };
    Ok(Sides::of_others(
        side("base", args.command_a.as_ref())?,
        side("head", args.command_b.as_ref())?,
    ))
}
