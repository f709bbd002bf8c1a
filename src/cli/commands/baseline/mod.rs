//! `perfgate baseline`: the stored runs. One file per subcommand.

mod exchange;
mod explain;
mod import;
mod left_out;
mod list;
mod prune;
mod repair;
mod restore;

use crate::cli::args::{BaselineArgs, BaselineCommand};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::policy::load_policy;
use crate::cli::session::Session;

pub(super) fn run(args: &BaselineArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let loaded = load_policy(session)?;
    match &args.command {
        BaselineCommand::List(args) => list::list(args, &loaded, session),
        BaselineCommand::Show(args) => list::show(args, &loaded, session),
        BaselineCommand::Explain(args) => explain::explain(args, loaded, session),
        BaselineCommand::Import(args) => import::import(args, &loaded, session),
        BaselineCommand::Export(args) => exchange::export(args, &loaded, session),
        BaselineCommand::Push => exchange::push(&loaded, session),
        BaselineCommand::Fetch => exchange::fetch(&loaded, session),
        BaselineCommand::Prune(args) => prune::prune(args, &loaded, session),
        BaselineCommand::Restore(args) => restore::restore(args, &loaded, session),
        BaselineCommand::Verify => repair::verify(&loaded, session),
        BaselineCommand::Repair => repair::repair(&loaded, session),
    }
}
