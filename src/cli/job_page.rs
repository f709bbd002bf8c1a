//! The pages around a report: that of the CI job that runs perfgate, and where the job puts its own.

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

/// Where the page of this report (`report --html`) is published, by the variable `PERFGATE_PAGE_URL`.
pub(super) fn report_page(environment: &Environment) -> Option<String> {
    address(environment, "PERFGATE_PAGE_URL")
}

/// Where the site of the history (`report --site`) is published, by the variable `PERFGATE_SITE_URL`.
pub(super) fn history_site(environment: &Environment) -> Option<String> {
    address(environment, "PERFGATE_SITE_URL")
}

/// What is no plain address of the web is linked to by nobody.
fn address(environment: &Environment, variable: &str) -> Option<String> {
    environment.get(variable).filter(|page| is_web(page)).map(str::to_owned)
}
