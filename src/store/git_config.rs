//! The settings of the user's clone that reaching its remote needs, handed on to git by environment variables.
//!
//! The private repository has no remote settings of its own: a token that a checkout action put into the clone's
//! `http.….extraheader`, a credential helper, `url.….insteadOf` and `core.sshCommand` all come from the clone. They
//! travel as `GIT_CONFIG_COUNT` variables, never on a command line, where other users of the machine could read them.

use super::error::StoreError;
use crate::model::Secrets;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use git2::{ConfigLevel, Repository};

/// Settings as key and value, in the order in which git would read them.
pub(super) type Settings = Vec<(String, String)>;

/// Sections whose settings decide how a remote is reached.
const SECTIONS: [&str; 6] =
    ["http.", "credential.", "url.", "protocol.", "ssh.", "core.sshcommand"];

/// The settings of the clone itself, and the secrets of all that git will read. What the user or the system sets, git
/// reads in any repository.
pub(super) fn settings(repository: &Repository) -> Result<(Settings, Secrets), StoreError> {
    let wrap = || StoreError::git("reading the clone's configuration");
    let config = repository.config().and_then(|mut config| config.snapshot()).map_err(wrap())?;
    let (mut settings, mut secrets) = (Settings::new(), of_environment());
    let mut entries = config.entries(None).map_err(wrap())?;
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(wrap())?;
        let own = !matches!(
            entry.level(),
            ConfigLevel::ProgramData | ConfigLevel::System | ConfigLevel::XDG | ConfigLevel::Global
        );
        if let (Ok(name), Ok(value)) = (entry.name(), entry.value())
            && SECTIONS.iter().any(|section| name.to_lowercase().starts_with(section))
        {
            add_secrets(&mut secrets, name, value);
            if own {
                settings.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    Ok((settings, secrets))
}

/// The secrets of the settings that the environment has.
fn of_environment() -> Secrets {
    let mut secrets = Secrets::default();
    for i in 0..count() {
        let get = |what: &str| std::env::var(format!("GIT_CONFIG_{what}_{i}")).ok();
        if let (Some(name), Some(value)) = (get("KEY"), get("VALUE")) {
            add_secrets(&mut secrets, &name, &value);
        }
    }
    secrets
}

/// How many settings the environment has.
pub(super) fn count() -> usize {
    std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// The secrets of one setting: a token in a header, a password in an address.
fn add_secrets(secrets: &mut Secrets, name: &str, value: &str) {
    if name.to_lowercase().ends_with("extraheader") {
        let credentials = value.rsplit(' ').next().unwrap_or_default();
        secrets.add(credentials);
        // `user:token`, as it is sent with the scheme `basic`.
        let decoded = STANDARD.decode(credentials).unwrap_or_default();
        if let Some((_, token)) = String::from_utf8_lossy(&decoded).split_once(':') {
            secrets.add(token);
        }
    }
    add_password(secrets, name);
    add_password(secrets, value);
}

/// The password of an address; without one the user, which then is a token.
pub(super) fn add_password(secrets: &mut Secrets, url: &str) {
    let authority = url.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    if let Some((user, _)) = authority.and_then(|authority| authority.rsplit_once('@')) {
        secrets.add(user.split_once(':').map_or(user, |(_, password)| password));
    }
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
