//! What comes out: the report in every form, and the records of both versions.

use super::measure::Measured;
use super::side::Side;
use crate::cli::args::AbArgs;
use crate::cli::commands::driving::Rig;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::masthead::masthead;
use crate::cli::open_store::{open_store, push_records};
use crate::cli::output::write_file;
use crate::cli::policy::Network;
use crate::cli::session::Session;
use crate::model::Run;
use crate::report::{Page, plural, render_html};
use crate::store::record;

/// Records both sides where that is asked for, and writes the report.
pub(super) fn write(
    args: &AbArgs,
    rig: &Rig<'_>,
    measured: Measured,
    sides: [Side; 2],
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let Measured { base, head, report } = measured;
    if args.record {
        let [of_base, of_head] = &sides;
        keep(args, rig, [(of_base, &base), (of_head, &head)], session)?;
    }
    if let Some(file) = &args.html {
        let masthead = masthead(report.current.commit, session);
        let (base, head) = (base.as_slice(), head.as_slice());
        let page = Page {
            report: &report,
            baseline: base,
            current: head,
            history: None,
            masthead: &masthead,
        };
        write_file(&session.path(file), |mut out| render_html(page, &mut out))?;
    }
    args.output.output().write(&report, session)?;
    Ok(report.exit.into())
}

/// Records the slices of each side as runs of its commit: percentiles of slices cannot be added up.
fn keep(
    args: &AbArgs,
    rig: &Rig<'_>,
    sides: [(&Side, &Vec<Run>); 2],
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let checkout = &rig.policies.checkout;
    let network = if args.push { Network::Online } else { Network::Offline };
    let store = open_store(checkout, network, session)?;
    for (side, slices) in sides {
        let Some(commit) = side.commit else {
            let problem = format!("nobody knows the commit of {}", side.name);
            return Err(CliError::usage(problem, "leave out --record, or compare two commits"));
        };
        let runs: Vec<Run> =
            slices.iter().map(|run| Run { commit: Some(commit), ..run.clone() }).collect();
        record(store.records(), &runs, checkout.policy.store.keep_histograms)?;
        let slices = plural(runs.len(), "slice");
        session.say(&format!("recorded for {}: {slices} of {}", commit.short(), side.name))?;
    }
    if args.push { push_records(&store, session) } else { Ok(()) }
}
