//! Profiles that are skipped, because an environment variable that they require is not set.

use super::labels::TestNames;
use super::policy::Policies;
use super::session::Session;
use crate::config::Rules;
use crate::gate::{CurrentInfo, Report, ReportReason, skipped};
use crate::model::{Untrusted, Warning};
use crate::report::escape_shell;

/// A profile that cannot be run here.
pub(super) struct Skip {
    profile: String,
    /// The variables that are not set.
    missing: Vec<String>,
}

impl Skip {
    /// The profile of a test, if it is to be skipped: by the policy that decides, so that a pull request skips none but its own.
    pub(super) fn of(test: &TestNames, policies: &Policies, session: &Session<'_>) -> Option<Self> {
        let name = test.profile.as_deref()?;
        let [deciding, checkout] =
            [&policies.deciding, &policies.checkout].map(|loaded| &loaded.policy.rules);
        let profile = deciding.profile(name).or_else(|| checkout.profile(name))?;
        let is_missing = |name: &&String| !session.environment.is_set(name);
        let missing: Vec<String> = profile.requires.iter().filter(is_missing).cloned().collect();
        (!missing.is_empty()).then(|| Self { profile: name.to_owned(), missing })
    }

    /// The report, which judges nothing.
    pub(super) fn report(&self, rules: &Rules, warnings: Vec<Warning>) -> Report {
        let profile = Untrusted::from(self.profile.as_str());
        let arguments = format!(" --profile {}", escape_shell(&profile));
        let info = CurrentInfo { arguments: arguments.into(), ..CurrentInfo::default() };
        let missing = self.missing.iter().map(|name| name.as_str().into()).collect();
        skipped(info, ReportReason::Skipped { profile, missing }, rules, warnings)
    }
}
