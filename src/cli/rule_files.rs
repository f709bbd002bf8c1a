//! Files of rules for Prometheus that a policy names.

use super::error::CliError;
use crate::config::{ConfigError, Policy};
use crate::store::{CommitFiles, FileAt};
use std::path::Path;

/// The policy with the alerts of every file that it names. `read` gives the text of a file, none where there is no such file.
/// The inner error is about the policy or its files, the outer one about reading them.
pub(super) fn with_rule_files(
    mut policy: Policy,
    read: impl Fn(&str) -> Result<Option<String>, CliError>,
) -> Result<Result<Policy, ConfigError>, CliError> {
    for file in std::mem::take(&mut policy.rule_files) {
        let added = match read(&file)? {
            Some(text) => policy.add_rule_file(&file, &text),
            None => {
                Err(ConfigError::whole(&file, "no such file; the policy names it under `alerts`"))
            }
        };
        if let Err(error) = added {
            return Ok(Err(error));
        }
    }
    Ok(Ok(policy))
}

/// The text of such a file as a commit has it: on a pull request, alerts are those of the base.
pub(super) fn rule_file_of(files: &CommitFiles, path: &Path) -> Result<Option<String>, CliError> {
    Ok(match files.find(path)? {
        FileAt::File(text) => Some(String::from_utf8_lossy(&text).into_owned()),
        FileAt::Nothing | FileAt::Folder(_) | FileAt::Elsewhere => None,
    })
}
