//! Between which commits to look: those that are named, or those around a step of the recorded history.

use crate::cli::args::BisectArgs;
use crate::cli::error::CliError;
use crate::cli::history::{BranchHistory, ColumnSelection, Matching, Span};
use crate::cli::policy::{LoadedPolicy, Network};
use crate::cli::session::Session;
use crate::report::{escape_terminal, signed_percent};

/// A good and a bad revision, and the measurements that differ; none: those that are usual.
pub(super) struct Ends {
    pub(super) good: String,
    pub(super) bad: String,
    pub(super) measurements: Vec<String>,
}

impl Ends {
    /// Those of the arguments; without any, the newest step for the worse that is recorded.
    pub(super) fn of(
        args: &BisectArgs,
        loaded: &LoadedPolicy,
        session: &mut Session<'_>,
    ) -> Result<Self, CliError> {
        match (&args.good, &args.bad) {
            (Some(good), Some(bad)) => {
                let measurements = args.measurement.clone();
                Ok(Self { good: good.clone(), bad: bad.clone(), measurements })
            }
            _ => Self::of_newest_step(args, loaded, session),
        }
    }

    fn of_newest_step(
        args: &BisectArgs,
        loaded: &LoadedPolicy,
        session: &mut Session<'_>,
    ) -> Result<Self, CliError> {
        let history = BranchHistory::open(None, Network::Offline, loaded, session)?;
        let names = [&args.measurement, &loaded.policy.trend_columns];
        let selection = match names.map(Vec::as_slice) {
            [[], []] => ColumnSelection::Matching(Matching::default()),
            [[], of_policy] => ColumnSelection::OfPolicy(of_policy.to_vec()),
            [named, _] => ColumnSelection::Named(named.to_vec()),
        };
        let test = args.load.run.labels().test;
        let (table, _) = history.table(&test, &selection, Span::last(0), 0.0)?;
        let Some(worse) = table.newest_worse_step() else {
            let problem = "no step for the worse is recorded";
            let help = "name two commits (perfgate bisect GOOD BAD -- …), or look at the history: perfgate trend";
            return Err(CliError::usage(problem, help));
        };
        let (name, size) = (worse.column.key.text(), signed_percent(worse.size));
        let (shown, at) = (escape_terminal(&name), worse.from.short());
        session.say(&format!("looking for the newest step: {shown} {size} at {at}"))?;
        let [good, bad] = [worse.before, worse.from].map(|id| id.to_string());
        Ok(Self { good, bad, measurements: vec![name.into_raw()] })
    }
}
