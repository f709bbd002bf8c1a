//! Whether the loads that the policy wants often are run that often.

use super::checkup::Checkup;
use crate::cli::error::CliError;
use crate::cli::open_store::OpenStore;
use crate::config::Cadence;
use crate::model::{CommitId, Raw as _, now};
use crate::report::plural;
use crate::store::{load_known, recorded_line};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What to do about a profile that is late.
const RUN_IT: &str = "see that its CI job runs";
const SECONDS_PER_DAY: i64 = 86_400;

/// Says of each profile whether its last record is as new as the policy wants.
pub(super) fn check(
    wanted: &[Cadence],
    store: &OpenStore,
    line: (&str, CommitId),
    most: usize,
    checkup: &mut Checkup,
) -> Result<(), CliError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let last = last_records(store, line, most)?;
    for Cadence { profile, when } in wanted {
        let head = format!("{profile} is to run {when}");
        let Some(at) = last.get(profile) else {
            let text = format!("{head}; it has no record among the last {most} commits: {RUN_IT}");
            checkup.hint("cadence", text);
            continue;
        };
        // A day more than the longest gap: a night may be late.
        let allowed = when.days().map(|days| i64::from(days) + 1);
        let age = (now().as_second() - at.as_second()).max(0) / SECONDS_PER_DAY;
        let days = plural(usize::try_from(age).unwrap_or_default(), "day");
        let text = format!("{head}; its last record is {days} old");
        if allowed.is_some_and(|allowed| age > allowed) {
            checkup.hint("cadence", format!("{text}: {RUN_IT}"));
        } else {
            checkup.fine("cadence", text);
        }
    }
    Ok(())
}

/// When each profile was last recorded: when its load started or, where that is not known, when its commit was made.
fn last_records(
    store: &OpenStore,
    line: (&str, CommitId),
    most: usize,
) -> Result<BTreeMap<String, Timestamp>, CliError> {
    let records = store.records();
    let mut last: BTreeMap<String, Timestamp> = BTreeMap::new();
    let line = store.history.line(line, most, Vec::new())?.commits;
    for (commit, entries) in recorded_line(records, line)? {
        records.make_present(&entries)?;
        for entry in &entries {
            let Some(stored) = load_known(records, entry, false)? else { continue };
            let Some(profile) = &stored.run.profile else { continue };
            let at = stored.run.started_at.unwrap_or(commit.date);
            // A part of a profile (`spike:recovery`) is of the profile.
            let profile = profile.raw().split(':').next().unwrap_or_default().to_owned();
            let known = last.entry(profile).or_insert(at);
            *known = at.max(*known);
        }
    }
    Ok(last)
}
