//! The page of the CI job that runs perfgate.

use super::session::Environment;
use crate::report::is_web;

/// The page of this job, where the CI says enough of it.
pub(super) fn job_page(environment: &Environment) -> Option<String> {
    let get = |name| environment.get(name);
    let page = match get("GITHUB_SERVER_URL") {
        Some(server) => {
            format!("{server}/{}/actions/runs/{}", get("GITHUB_REPOSITORY")?, get("GITHUB_RUN_ID")?)
        }
        None => format!("{}/-/jobs/{}", get("CI_PROJECT_URL")?, get("CI_JOB_ID")?),
    };
    is_web(&page).then_some(page)
}
