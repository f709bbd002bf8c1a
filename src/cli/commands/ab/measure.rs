//! Slices in turn, until the pairs have decided or the budget is spent.

use super::side::Sides;
use crate::cli::args::AbArgs;
use crate::cli::commands::driving::{Attempt, Rig, run_once};
use crate::cli::comparison::{BaselineSource, Request};
use crate::cli::error::CliError;
use crate::cli::histograms::Histograms;
use crate::cli::session::Session;
use crate::driver::{Numbers, PairOrder};
use crate::gate::{PairedInfo, PairedLook, Pairing, Report, Verdict};
use crate::model::{CommitId, Field, Run, harmless};
use crate::report::plural;
use crate::stats::FEWEST_PAIRS;
use std::collections::BTreeSet;
use std::time::Instant;

/// Share of the requests of a slice that fail where more slices tell nothing about response times.
const HOPELESS: f64 = 0.5;
/// What the slices are called that nobody counts.
const WARM_UP: &str = "warm-up";
/// Fewest requests that say so.
const FEWEST_REQUESTS: u64 = 10;

/// How to measure.
pub(super) struct Plan<'a> {
    pub(super) args: &'a AbArgs,
    pub(super) rig: &'a Rig<'a>,
    pub(super) seed: u64,
    /// Length of a slice, in seconds, where the load command takes it.
    pub(super) slice_s: Option<f64>,
}

/// What was measured, and the verdict.
pub(super) struct Measured {
    pub(super) base: Vec<Run>,
    pub(super) head: Vec<Run>,
    pub(super) report: Report,
}

/// Measures both sides in turn. Every second pair is followed by a look.
pub(super) fn measure(
    plan: &Plan<'_>,
    sides: &mut Sides,
    session: &mut Session<'_>,
) -> Result<Measured, CliError> {
    let begin = Instant::now();
    let mut order = PairOrder::new(plan.seed);
    for head in [false, true] {
        // What fails here fails again.
        slice(plan, sides, head, WARM_UP, session)?;
    }
    let mut pairs = Pairs::default();
    loop {
        let head_second = order.is_head_second();
        let number = (pairs.head_second.len() + 1).to_string();
        let mut hopeless = false;
        for head in [!head_second, head_second] {
            let run = slice_or_another(plan, sides, head, &number, session)?;
            hopeless |= refuse_broken_base(&run, head, plan)?;
            if head { pairs.head.push(run) } else { pairs.base.push(run) }
        }
        pairs.head_second.push(head_second);
        if let Some(report) =
            pairs.look(plan, sides, begin.elapsed().as_secs_f64(), hopeless, session)?
        {
            return Ok(Measured { base: pairs.base, head: pairs.head, report });
        }
    }
}

/// The numbers of the load of a slice.
pub(super) fn slice_numbers(args: &AbArgs, rig: &Rig<'_>) -> Numbers {
    Numbers { duration_s: Some(args.slice.as_secs_f64()), ..rig.numbers }
}

/// A slice; where nothing can be read of it, as on a machine that is busy for a moment, another one in its place.
fn slice_or_another(
    plan: &Plan<'_>,
    sides: &mut Sides,
    head: bool,
    number: &str,
    session: &mut Session<'_>,
) -> Result<Run, CliError> {
    let error = match slice(plan, sides, head, number, session) {
        Ok(run) => return Ok(run),
        Err(error) => error,
    };
    plan.rig.refuse_interrupted()?;
    sides.refuse_ended()?;
    let name = sides.side(head).name;
    session.say(&format!("slice {number} of {name} is measured again: {error}"))?;
    slice(plan, sides, head, &format!("{number}-again"), session)
}

fn slice(
    plan: &Plan<'_>,
    sides: &mut Sides,
    head: bool,
    number: &str,
    session: &mut Session<'_>,
) -> Result<Run, CliError> {
    let side = sides.side(head);
    let numbers = slice_numbers(plan.args, plan.rig);
    let folder = format!("{}-{number}", side.name);
    let attempt = Attempt {
        numbers,
        slice: number != WARM_UP,
        ..Attempt::whole(plan.rig, &side.command, &folder)
    };
    let run = run_once(plan.rig, attempt, session);
    // A tool that complains of a service that is gone says less than that it is gone.
    plan.rig.refuse_interrupted()?;
    sides.refuse_ended()?;
    // Tools count their requests' time in whole seconds, which would be different loads in short slices.
    let run = run?;
    Ok(Run { duration_s: plan.slice_s.or(run.duration_s), ..run })
}

/// Whether most requests of the head failed, which more slices do not mend; of the base, an error.
fn refuse_broken_base(run: &Run, head: bool, plan: &Plan<'_>) -> Result<bool, CliError> {
    let Some((failures, of)) = run.total.failure_counts() else { return Ok(false) };
    if of < FEWEST_REQUESTS || (failures as f64) < HOPELESS * of as f64 {
        return Ok(false);
    }
    if head {
        return Ok(true);
    }
    let kind = run
        .total
        .failure_kinds
        .first()
        .or_else(|| run.endpoints.iter().flat_map(|endpoint| &endpoint.failure_kinds).next());
    let kind = kind.map(|kind| format!(", such as {}", harmless(&kind.message)));
    let problem = format!(
        "{failures} of {of} requests to the base failed{}: there is nothing to compare with",
        kind.unwrap_or_default()
    );
    let help =
        format!("does the load fit that version? Its results are in {}", plan.rig.out.display());
    Err(CliError::usage(problem, help))
}

/// The slices so far.
#[derive(Default)]
struct Pairs {
    base: Vec<Run>,
    head: Vec<Run>,
    head_second: Vec<bool>,
    /// Share of the budget that was spent at the look before.
    looked: f64,
}

impl Pairs {
    /// Looks after every second pair, once there are enough of them: the report, if it is decided, or the last one.
    fn look(
        &mut self,
        plan: &Plan<'_>,
        sides: &Sides,
        seconds: f64,
        hopeless: bool,
        session: &mut Session<'_>,
    ) -> Result<Option<Report>, CliError> {
        let pairs = self.head_second.len();
        if !hopeless && (pairs < FEWEST_PAIRS || pairs % 2 == 1) {
            return Ok(None);
        }
        let budget_s = plan.args.budget.as_secs_f64();
        // With the pair that warmed up.
        let per_pair = seconds / (pairs + 1) as f64;
        let last = hopeless || seconds + 2.0 * per_pair > budget_s;
        let now = if last { 1.0 } else { seconds / budget_s };
        let look = PairedLook { before: self.looked, now };
        self.looked = now;
        let info = PairedInfo {
            head_second: self.head_second.clone(),
            slice_s: plan.slice_s,
            seconds,
            budget_s,
            seed: plan.seed,
            open: false,
        };
        let pairing = Pairing { head_second: self.head_second.clone(), look, info };
        let report = self.judged(plan, sides, pairing)?;
        let open = report.pairs().is_some_and(|own| own.open);
        let so_far = format!("{} in {seconds:.0} of {budget_s} s", plural(pairs, "pair"));
        // The rest of the budget may still calm what no pair could compare.
        let blind = report.verdict == Verdict::NotCompared;
        if report.verdict == Verdict::Fail || !(open || blind) || last {
            session.say(&so_far)?;
            return Ok(Some(report));
        }
        session.say(&format!("{so_far}: not decided"))?;
        Ok(None)
    }

    fn judged(&self, plan: &Plan<'_>, sides: &Sides, pairing: Pairing) -> Result<Report, CliError> {
        let policies = &plan.rig.policies;
        let mut rules = plan.args.overrides().apply(policies.deciding.policy.rules.clone());
        rules.allow_different.extend(different(plan.args));
        let baseline = BaselineSource::Pairs {
            name: sides.base.title.clone(),
            commit: sides.base.commit,
            runs: of(&self.base, sides.base.commit),
            pairing: Box::new(pairing),
        };
        let request = Request {
            current: of(&self.head, sides.head.commit),
            baseline,
            skip: None,
            rules,
            histograms: Histograms::Omit,
            warnings: policies.warnings.clone(),
        };
        let mut report = request.run()?.report;
        report.current.commit = sides.head.commit;
        Ok(report)
    }
}

/// Runs with their commit.
fn of(runs: &[Run], commit: Option<CommitId>) -> Vec<Run> {
    runs.iter().map(|run| Run { commit, ..run.clone() }).collect()
}

/// What two versions may differ in: where they are, and where each has a command of its own, the load that it makes.
fn different(args: &AbArgs) -> BTreeSet<Field> {
    let place = [Field::Target];
    let load = [Field::Profile, Field::Users, Field::Duration];
    let own = args.command_a.is_some();
    place.into_iter().chain(load.into_iter().filter(|_| own)).collect()
}
