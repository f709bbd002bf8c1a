//! How a version is built and started.

use super::values::duration;
use clap::Args;
use std::time::Duration;

#[derive(Debug, Args)]
#[command(next_help_heading = "Versions")]
pub(in crate::cli) struct VersionArgs {
    /// Command that builds a version, in its folder (no shell: use `sh -c '…'`)
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::cli) build: Option<String>,
    /// Command that starts a version and stays in the foreground; its port is `{port}`, and PORT in its environment
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::cli) serve: Option<String>,
    /// URL or path that responds with 2xx or 3xx once a version is ready [default: its port accepts a connection]
    #[arg(long, value_name = "URL|PATH")]
    pub(in crate::cli) ready: Option<String>,
    /// Time limit for a version to be ready
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "60s")]
    pub(in crate::cli) ready_within: Duration,
    /// Time limit for a build
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30m")]
    pub(in crate::cli) build_within: Duration,
}
