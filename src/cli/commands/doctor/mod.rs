//! `perfgate doctor`: checks that everything the gate needs is set up.
//!
//! Each line says what was found. What would stop a gate says what to do, and makes the exit code 2; what would weaken it is a
//! hint.

mod cadence;
mod checkup;
mod documents;
mod records;

use crate::cli::args::DoctorArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::open_store::open_store;
use crate::cli::policy::{LoadedPolicy, load_policy};
use crate::cli::results::expand;
use crate::cli::session::Session;
use crate::cli::under_test::pull_request;
use crate::forge::Forge;
use crate::ingest::{Source, recognise};
use crate::report::plural;
use checkup::Checkup;
use records::StoreCheck;
use std::collections::BTreeMap;

pub(super) fn run(args: &DoctorArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let mut checkup = Checkup::default();
    match load_policy(session) {
        Ok(loaded) => {
            policy(&loaded, &mut checkup, session);
            documents::documents(&loaded, &mut checkup);
            results(&loaded, &mut checkup, session);
            let network = args.network();
            match open_store(&loaded, network, session) {
                Ok(store) => {
                    StoreCheck { store, loaded: &loaded, network, session }.run(&mut checkup);
                }
                Err(error) => checkup.wrong("repository", &error),
            }
        }
        Err(error) => checkup.wrong("policy", &error),
    }
    ci(&mut checkup, session);
    checkup.write(session)?;
    Ok(if checkup.problems() > 0 { Exit::CouldNotRun } else { Exit::Pass })
}

fn policy(loaded: &LoadedPolicy, checkup: &mut Checkup, session: &Session<'_>) {
    match loaded.file() {
        Some(file) => {
            let file = file.strip_prefix(session.folder()).unwrap_or(file);
            checkup.fine("policy", file.display().to_string());
        }
        None => checkup.hint(
            "policy",
            "there is no perfgate.yaml: the defaults hold; perfgate init writes one",
        ),
    }
}

fn results(loaded: &LoadedPolicy, checkup: &mut Checkup, session: &Session<'_>) {
    let names = &loaded.policy.results;
    if names.is_empty() {
        return checkup.fine("results", "none are named: give the files to each command");
    }
    let paths = match expand(names, &loaded.folder, session) {
        Ok(paths) => paths,
        Err(error) => {
            if names.iter().any(|name| glob::Pattern::new(name).is_err()) {
                return checkup.wrong("results", &error);
            }
            let help = "run the load test, or correct `results` in perfgate.yaml";
            return checkup.hint("results", format!("{error}: {help}"));
        }
    };
    let mut formats: BTreeMap<&str, usize> = BTreeMap::new();
    for path in &paths {
        match Source::open(path).and_then(recognise) {
            Ok(format) => *formats.entry(format.name).or_default() += 1,
            Err(error) => return checkup.wrong("results", &error.into()),
        }
    }
    let formats: Vec<String> =
        formats.into_iter().map(|(format, n)| format!("{n} {format}")).collect();
    checkup.fine("results", format!("{} ({})", plural(paths.len(), "file"), formats.join(", ")));
}

/// The CI around us, if there is one.
fn ci(checkup: &mut Checkup, session: &Session<'_>) {
    let Some(forge) = Forge::detected(&session.environment) else { return };
    let name = forge.title;
    if let Err(error) = pull_request(session) {
        return checkup.wrong("ci", &error);
    }
    let names = forge.tokens;
    match names.iter().find(|name| session.environment.get(name).is_some()) {
        Some(token) => checkup.fine("ci", format!("{name}, with a token in {token}")),
        None => {
            let names = names.join(" or ");
            let text = format!("{name}, without a token: for comments set {names} for this step");
            checkup.hint("ci", text);
        }
    }
}
