//! `perfgate init --alerts`: alert rules that match the budgets.

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::write_file;
use crate::cli::policy::load_policy;
use crate::cli::session::Session;
use crate::config::Budget;
use crate::report::render_alerts;
use std::path::Path;

pub(super) fn alerts(file: &Path, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let loaded = load_policy(session)?;
    let rules = &loaded.policy.rules;
    let of_profiles = rules.profiles.iter().flat_map(|(name, profile)| {
        profile.budgets.iter().map(move |budget| (name.clone(), budget))
    });
    let everywhere = rules.budgets(None).into_iter().map(|budget| (String::new(), budget));
    let budgets: Vec<(String, &Budget)> = everywhere.chain(of_profiles).collect();
    if budgets.is_empty() {
        let help = "write `budgets:` or `profiles:` with `targets:` into perfgate.yaml";
        return Err(CliError::usage("the policy has no budgets to alert on", help));
    }
    let queries = &loaded.policy.prometheus;
    write_file(&session.path(file), |out| render_alerts(&budgets, rules, queries, out))?;
    session.say(&format!("wrote {}: replace the metric names with your own", file.display()))?;
    Ok(Exit::Pass)
}
