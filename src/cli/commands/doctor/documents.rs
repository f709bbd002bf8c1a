//! Whether the policy still says what its documents say.

use super::checkup::Checkup;
use crate::cli::documents::read_documents;
use crate::cli::error::CliError;
use crate::cli::policy::LoadedPolicy;
use crate::document::{Difference, Held, Reading, differences, read};
use crate::report::plural;
use std::path::PathBuf;

const HEAD: &str = "documents";

/// Compares the policy with the documents that it names.
pub(super) fn documents(loaded: &LoadedPolicy, checkup: &mut Checkup) {
    let names = &loaded.policy.documents;
    let (Some((file, text)), false) = (loaded.written(), names.is_empty()) else { return };
    let file = file.file_name().unwrap_or_default().display().to_string();
    match compare(loaded, text) {
        Err(error) => checkup.hint(HEAD, format!("{error}: the policy names it under `documents`")),
        Ok((reading, found)) if found.is_empty() => {
            let statements = plural(reading.statements(), "statement");
            let unread = match reading.unread.len() {
                0 => String::new(),
                n => format!("; {n} not understood, perfgate init --from lists them"),
            };
            checkup
                .fine(HEAD, format!("{}: {statements}, all in {file}{unread}", names.join(", ")));
        }
        Ok((_, found)) => {
            found.iter().for_each(|difference| checkup.hint(HEAD, sentence(difference, &file)));
        }
    }
}

fn compare(loaded: &LoadedPolicy, text: &str) -> Result<(Reading, Vec<Difference>), CliError> {
    let names = &loaded.policy.documents;
    let paths: Vec<PathBuf> = names.iter().map(|name| loaded.folder.join(name)).collect();
    let reading = read(&read_documents(&loaded.folder, &paths)?);
    let found = differences(&reading, text)?;
    Ok((reading, found))
}

/// What differs, and what to do.
fn sentence(difference: &Difference, file: &str) -> String {
    let Difference { place, says, under, held } = difference;
    match held {
        Held::Other { written, line } => format!(
            "{place} says {says}; {file}:{line} says {written}\nchange the one that is out of date"
        ),
        Held::Nothing => {
            let under = if under.is_empty() { file.to_owned() } else { format!("`{under}`") };
            format!("{place} says {says}; {file} does not\nadd it to {under}, or drop it there")
        }
    }
}
