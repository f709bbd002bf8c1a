//! What one `perfgate run` is to do.

use crate::cli::args::DriveArgs;
use crate::cli::commands::driving::Rig;

/// What every part of a command shares.
pub(super) struct Plan<'a> {
    /// What every run shares.
    pub(super) rig: Rig<'a>,
    pub(super) args: &'a DriveArgs,
}
