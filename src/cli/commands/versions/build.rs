//! Building a version.

use super::serve::{how_ended, with_output};
use super::split;
use crate::cli::args::VersionArgs;
use crate::cli::codes;
use crate::cli::commands::driving::Rig;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::driver::{Ended, Job, WorkTree, run as run_job};
use std::path::Path;

/// Builds a version, unless its tree was kept with its build.
pub(in crate::cli) fn build(
    args: &VersionArgs,
    (name, folder): (&str, &Path),
    tree: Option<&WorkTree>,
    rig: &Rig<'_>,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let Some(text) = &args.build else { return Ok(()) };
    rig.refuse_interrupted()?;
    if tree.is_some_and(|tree| tree.is_built_by(text)) {
        return session.say(&format!("{name} was built before"));
    }
    session.say(&format!("building {name}"))?;
    let log = rig.out.join(format!("build-{name}.log"));
    let command = split(text)?;
    let pass = &rig.load.pass_env;
    let job = Job { command: &command, folder, log: &log, limit: args.build_within, pass };
    let ended = run_job(&job, &rig.interrupts, |_| (), |_| true)
        .map_err(|source| CliError::File { path: log.clone(), source })?;
    match ended {
        Ended::Exited(0) => {}
        Ended::Interrupted => rig.refuse_interrupted()?,
        ended => {
            let problem = format!("the build of {name} {}", how_ended(ended));
            return Err(with_output(&codes::BUILD, problem, &log));
        }
    }
    let noted = tree.map_or(Ok(()), |tree| tree.set_built_by(text));
    noted.map_err(|error| CliError::usage(error.to_string(), "leave out --keep-trees"))
}
