//! A starved machine is not slow code: loads start on a quiet machine, and runs that were disturbed are made again.

use super::plan::Plan;
use crate::cli::codes;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::model::Run;
use std::time::{Duration, Instant};

/// How long the machine is looked at: long enough for a compiler or a backup, too short to annoy.
const LOOK: Duration = Duration::from_millis(1500);

/// Refuses to start while the machine is busy, or waits until it is quiet.
pub(super) fn await_quiet(plan: &Plan<'_>, session: &mut Session<'_>) -> Result<(), CliError> {
    if plan.args.busy_ok {
        return Ok(());
    }
    let begin = Instant::now();
    let mut waits = false;
    while let Some(why) = plan.rig.kernel.look(LOOK) {
        plan.rig.refuse_interrupted()?;
        let Some(limit) = plan.args.wait_for_quiet else {
            return Err(CliError::coded(
                &codes::BUSY,
                format!("the machine is busy ({why}): nothing was started"),
                "stop what else is running, wait with --wait-for-quiet 5m, or measure anyway with --busy-ok",
            ));
        };
        if begin.elapsed() >= limit {
            return Err(CliError::coded(
                &codes::BUSY,
                format!(
                    "the machine is still busy after {} s ({why}): nothing was started",
                    limit.as_secs()
                ),
                "stop what else is running, wait longer, or measure anyway with --busy-ok",
            ));
        }
        if !waits {
            session.say(&format!(
                "the machine is busy ({why}): waiting at most {} s for it",
                limit.as_secs()
            ))?;
            waits = true;
        }
    }
    if waits {
        session.say(&format!("the machine is quiet after {} s", begin.elapsed().as_secs()))?;
    }
    Ok(())
}

/// How often disturbed runs may be replaced.
pub(super) struct Tries {
    left: usize,
    any: bool,
}

impl Tries {
    /// As many as there are runs wanted: a machine that is never quiet takes twice the time, and not forever.
    pub(super) fn for_runs(wanted: usize, plan: &Plan<'_>) -> Self {
        let left = if plan.args.busy_ok { 0 } else { wanted };
        Self { left, any: left > 0 }
    }

    /// None: the run counts as it is.
    pub(super) fn none() -> Self {
        Self { left: 0, any: false }
    }

    /// Whether a run is to be made again, which uses up a try.
    pub(super) fn replace(
        &mut self,
        run: &Run,
        name: &str,
        session: &mut Session<'_>,
    ) -> Result<bool, CliError> {
        if !self.any || run.disturbance().is_none() {
            return Ok(false);
        }
        let Some(left) = self.left.checked_sub(1) else {
            session.say(&format!("{name} counts all the same: no tries are left"))?;
            return Ok(false);
        };
        self.left = left;
        let left = match left {
            0 => "for the last time".to_owned(),
            1 => "1 more try is left".to_owned(),
            more => format!("{more} more tries are left"),
        };
        session.say(&format!("{name} does not count: measuring again, {left}"))?;
        Ok(true)
    }
}
