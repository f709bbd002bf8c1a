//! Result files in object storage, brought here a part at a time.

use super::error::CliError;
use super::session::Session;
use crate::report::escape_terminal;
use crate::store::{Patience, RemoteFiles};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The addresses of object storage.
const SCHEMES: [&str; 4] = ["s3://", "gs://", "az://", "file:///"];
/// How long a service may be silent.
const SILENCE: Duration = Duration::from_secs(60);
/// Files that are here at a time.
const AT_ONCE: usize = 64;

/// Whether an argument is an address of object storage.
pub(super) fn is_address(name: &str) -> bool {
    SCHEMES.iter().any(|scheme| name.starts_with(scheme))
}

/// How long a service may be silent, where no policy says.
pub(super) fn patience() -> Patience {
    Patience::new(SILENCE)
}

/// The shards at an address: a file, a folder, or a pattern at the end.
pub(super) struct RemoteShards {
    files: RemoteFiles,
    names: Vec<String>,
}

impl RemoteShards {
    /// Lists the files. No file is an error: a result that is not there must not be passed over.
    pub(super) fn open(address: &str) -> Result<Self, CliError> {
        let wrong = |why: &str| {
            let help = "give a folder, a file, or a pattern such as s3://BUCKET/run-7/*.json";
            CliError::no_results(format!("{}: {why}", escape_terminal(address)), help)
        };
        let (folder, pattern) = match address.find(['*', '?', '[']) {
            Some(at) => address.split_at(address[..at].rfind('/').map_or(at, |slash| slash + 1)),
            None => (address, ""),
        };
        let files = RemoteFiles::open(folder, patience())?;
        let mut names = files.names()?;
        if !pattern.is_empty() {
            let pattern = glob::Pattern::new(pattern).map_err(|error| wrong(&error.to_string()))?;
            names.retain(|name| pattern.matches(name));
        } else if names.is_empty()
            && let Some((folder, name)) = address.trim_end_matches('/').rsplit_once('/')
        {
            let files = RemoteFiles::open(folder, patience())?;
            if files.names()?.iter().any(|own| own == name) {
                return Ok(Self { files, names: vec![name.to_owned()] });
            }
        }
        if names.is_empty() {
            Err(wrong("there is no such file"))
        } else {
            Ok(Self { files, names })
        }
    }

    /// Hands on the files, some at a time, and the folder that they are in for as long.
    pub(super) fn each_part(
        &self,
        session: &Session<'_>,
        mut work: impl FnMut(&[PathBuf], &Path) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let bar = self.bar(session);
        for part in self.names.chunks(AT_ONCE) {
            let failed = |source| CliError::File { path: std::env::temp_dir(), source };
            let folder = tempfile::tempdir().map_err(failed)?;
            work(&self.files.copy(part, folder.path())?, folder.path())?;
            bar.inc(part.len() as u64);
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn bar(&self, session: &Session<'_>) -> ProgressBar {
        if !session.terminal_err {
            return ProgressBar::hidden();
        }
        let style =
            ProgressStyle::with_template("merging {bar:30} {pos} of {len} shards, {eta} left");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(self.names.len() as u64).with_style(style)
    }
}
