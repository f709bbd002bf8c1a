//! The settings of the user's clone that reaching its remote needs, handed on to git by environment variables.
//!
//! The private repository has no remote settings of its own: a token that a checkout action put into the clone's
//! `http.….extraheader`, a credential helper, `url.….insteadOf` and `core.sshCommand` all come from the clone. They
//! travel as `GIT_CONFIG_COUNT` variables, never on a command line, where other users of the machine could read them.

use super::error::StoreError;
use git2::{ConfigLevel, Repository};

/// Settings as key and value, in the order in which git would read them.
pub(super) type Settings = Vec<(String, String)>;

/// Sections whose settings decide how a remote is reached.
const SECTIONS: [&str; 6] =
    ["http.", "credential.", "url.", "protocol.", "ssh.", "core.sshcommand"];

/// The settings of the clone itself. What the user or the system sets, git reads in any repository.
pub(super) fn settings(repository: &Repository) -> Result<Settings, StoreError> {
    let wrap = || StoreError::git("reading the clone's configuration");
    let config = repository.config().and_then(|mut config| config.snapshot()).map_err(wrap())?;
    let mut settings = Settings::new();
    let mut entries = config.entries(None).map_err(wrap())?;
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(wrap())?;
        let own = !matches!(
            entry.level(),
            ConfigLevel::ProgramData | ConfigLevel::System | ConfigLevel::XDG | ConfigLevel::Global
        );
        if let (Ok(name), Ok(value)) = (entry.name(), entry.value())
            && own
            && SECTIONS.iter().any(|section| name.to_lowercase().starts_with(section))
        {
            settings.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(settings)
}

/// The variables for these settings, behind those that the environment has already (`count` of them).
pub(super) fn variables(settings: &Settings, count: usize) -> Vec<(String, String)> {
    let mut variables = vec![("GIT_CONFIG_COUNT".to_owned(), (count + settings.len()).to_string())];
    for (i, (key, value)) in settings.iter().enumerate() {
        variables.push((format!("GIT_CONFIG_KEY_{}", count + i), key.clone()));
        variables.push((format!("GIT_CONFIG_VALUE_{}", count + i), value.clone()));
    }
    variables
}
