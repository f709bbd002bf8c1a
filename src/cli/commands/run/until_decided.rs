//! `--until-decided`: another run only while the comparison or a budget asks for one, and calls and money last.

use super::plan::Plan;
use super::quiet::Tries;
use super::several::keep;
use super::spending::{Allowance, Spent};
use crate::cli::commands::driving::{Attempt, run_once};
use crate::cli::comparison::{PreparedLookup, RecordedSpec, Request};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::histograms::Histograms;
use crate::cli::policy::Network;
use crate::cli::rule_overrides::RuleOverrides;
use crate::cli::session::Session;
use crate::gate::{BudgetFinding, Finding, Report, Verdict};
use crate::model::Run;
use crate::report::plural;

/// Runs until the verdict is clear, or the next run would exceed what is allowed.
pub(super) fn until_decided(plan: &Plan<'_>, session: &mut Session<'_>) -> Result<Exit, CliError> {
    refuse_no_question(plan)?;
    let allowed = Allowance::of(plan);
    let mut tries = Tries::for_runs(allowed.tries, plan);
    let (mut spent, mut looks, mut runs) = (Spent::default(), Vec::new(), Vec::new());
    let mut made = 0;
    let report = loop {
        made += 1;
        let name = format!("run-{made}");
        let run =
            run_once(&plan.rig, Attempt::whole(&plan.rig, &plan.args.command, &name), session)?;
        spent.add(&run);
        if allowed.exceeded_by_next(&spent, runs.len()).is_none()
            && tries.replace(&run, &name, session)?
        {
            continue;
        }
        runs.push(run);
        let end = allowed.exceeded_by_next(&spent, runs.len());
        looks.push(if end.is_some() { 1.0 } else { allowed.share(&spent, runs.len()) });
        let report = judged(plan, runs.clone(), &looks, session)?;
        if is_decided(&report) {
            break report;
        }
        let so_far = format!("{}{}", plural(runs.len(), "run"), allowed.text(&spent));
        if let Some(end) = end {
            session.say(&format!("not decided after {so_far}: {end}"))?;
            break report;
        }
        allowed.refuse_unknown(&spent)?;
        session.say(&format!("not decided after {so_far}: measuring again"))?;
    };
    keep(plan, runs, session)?;
    plan.args.output.output().write(&report, session)?;
    Ok(report.exit.into())
}

/// Whether another run would change nothing. What is rarely called beside the rest, or what a baseline has too few calls of, is not
/// worth one.
fn is_decided(report: &Report) -> bool {
    let open = |budget: &BudgetFinding| budget.few.is_some() && budget.reason.missing().is_some();
    let more = |finding: &Finding| {
        finding.verdict() == Verdict::NotCompared
            && finding.few.is_some_and(|few| few.more.is_some())
    };
    let open_budget = report.budgets.iter().any(open);
    match report.verdict {
        Verdict::Fail => true,
        Verdict::Inconclusive => false,
        Verdict::Pass | Verdict::Warn => !open_budget,
        Verdict::NotCompared => !open_budget && !report.findings.iter().any(more),
    }
}

/// Without a baseline and without a budget there is nothing to decide, which is better said before the load than after it.
fn refuse_no_question(plan: &Plan<'_>) -> Result<(), CliError> {
    if compares(plan) || has_budgets(plan) {
        return Ok(());
    }
    let help = "name a revision (--baseline main), or write budgets into perfgate.yaml";
    Err(CliError::usage("there is nothing to decide: no baseline and no budget", help))
}

fn compares(plan: &Plan<'_>) -> bool {
    plan.args.baseline.is_some() || plan.rig.policies.deciding.policy.baseline.branch.is_some()
}

fn has_budgets(plan: &Plan<'_>) -> bool {
    let profile = plan.rig.labels.test.profile.as_deref();
    !plan.rig.policies.deciding.policy.rules.budgets(profile).is_empty()
}

/// The runs that are made so far, compared with the recorded ones; without a baseline, by their budgets alone.
fn judged(
    plan: &Plan<'_>,
    current: Vec<Run>,
    looks: &[f64],
    session: &Session<'_>,
) -> Result<Report, CliError> {
    let mut policies = plan.rig.policies.clone();
    policies.deciding.policy.rules.looks = looks.to_vec();
    if !compares(plan) {
        let rules = policies.deciding.policy.rules;
        return Ok(Request::check(current, None, rules, policies.warnings).run()?.report);
    }
    let revision = plan.args.baseline.clone();
    let recorded = RecordedSpec { revision, max_distance: None, network: Network::Online };
    let prepared = PreparedLookup::new(&recorded, &RuleOverrides::default(), policies, session)?;
    Ok(prepared.request(current, Histograms::Omit).run()?.report)
}
