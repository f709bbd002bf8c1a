//! What all runs of one `perfgate run` share.

use crate::cli::args::DriveArgs;
use crate::cli::error::CliError;
use crate::cli::labels::RunLabels;
use crate::cli::policy::Policies;
use crate::driver::{Interrupts, Kernel, Numbers, Watched};
use std::path::PathBuf;

/// What every run of a session shares.
pub(super) struct Plan<'a> {
    pub(super) numbers: Numbers,
    /// The environment that the profile runs in.
    pub(super) environment: Option<String>,
    pub(super) watched: Option<Watched>,
    pub(super) interrupts: Interrupts,
    pub(super) out: PathBuf,
    pub(super) kernel: Kernel,
    /// What the command line says of the runs.
    pub(super) labels: RunLabels,
    pub(super) args: &'a DriveArgs,
    pub(super) policies: Policies,
}

/// After an interrupt, nothing is run or recorded any more.
pub(super) fn refuse_interrupted(plan: &Plan<'_>) -> Result<(), CliError> {
    if plan.interrupts.came() {
        let help = format!("what was measured is in {}", plan.out.display());
        return Err(CliError::usage("interrupted: nothing was recorded", help));
    }
    Ok(())
}
