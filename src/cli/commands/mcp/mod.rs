//! `perfgate mcp`: what agents ask perfgate, in the Model Context Protocol over standard input and output.

mod answer;
mod next;
mod program;
mod server;
mod tools;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use program::Program;
use rmcp::ServiceExt as _;
use rmcp::transport::stdio;
use server::Server;

/// Answers until standard input ends.
pub(super) fn run(session: &Session<'_>) -> Result<Exit, CliError> {
    let program = Program {
        path: std::env::current_exe().map_err(CliError::Output)?,
        folder: session.folder().to_owned(),
        policy: session.policy_file.clone(),
    };
    let server = Server::new(program);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CliError::Output)?;
    runtime.block_on(async {
        let failed = |error: String| {
            let help =
                "an agent's program starts this command: docs/agents.md shows how to set it up";
            CliError::usage(error, help)
        };
        let running = server.serve(stdio()).await.map_err(|error| failed(error.to_string()))?;
        running.waiting().await.map_err(|error| failed(error.to_string()))
    })?;
    // A read that waits for more input would keep the process.
    runtime.shutdown_background();
    Ok(Exit::Pass)
}
