//! perfgate itself, called in a process of its own: it ends when nobody waits for it any more.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;

/// Columns of a table.
const COLUMNS: &str = "100";

/// How to call perfgate.
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) policy: Option<PathBuf>,
}

/// How a call ended.
pub(super) struct Ended {
    /// None where a signal ended it.
    pub(super) code: Option<i32>,
    /// What it printed: its output, then what it said beside it.
    pub(super) printed: String,
}

impl Program {
    pub(super) async fn call(&self, arguments: &[String]) -> io::Result<Ended> {
        let mut command = Command::new(&self.path);
        if let Some(policy) = &self.policy {
            command.arg("--policy").arg(policy);
        }
        let ended = command
            .args(arguments)
            .current_dir(&self.folder)
            .env("COLUMNS", COLUMNS)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        let all = [text(&ended.stdout), text(&ended.stderr)];
        let all: Vec<String> = all.into_iter().filter(|own| !own.is_empty()).collect();
        Ok(Ended { code: ended.status.code(), printed: all.join("\n\n") })
    }
}
