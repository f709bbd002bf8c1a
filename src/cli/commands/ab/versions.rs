//! Two commits of the repository, each built and started in a folder of its own.

use super::side::{Side, Sides};
use crate::cli::args::AbArgs;
use crate::cli::commands::driving::Rig;
use crate::cli::commands::versions::{Repository, build, refuse_no_place, serve};
use crate::cli::error::CliError;
use crate::cli::policy::Network;
use crate::cli::session::Session;
use crate::cli::under_test::under_test;
use crate::model::CommitId;
use crate::store::History;
use std::path::PathBuf;

/// Checks out, builds and starts both versions.
pub(super) fn start(
    args: &AbArgs,
    revision: &str,
    rig: &Rig<'_>,
    session: &mut Session<'_>,
) -> Result<Sides, CliError> {
    refuse_no_place(&args.command)?;
    let reach = rig.policies.checkout.reach(Network::Online);
    let history = History::open(session.folder(), reach)?;
    let under_test = under_test(&history, rig.policies.pull_request.as_ref())?;
    let (head, shown) = match &args.head {
        Some(own) => (history.resolve(own)?, None),
        None => (under_test.head, Some(under_test.commit)),
    };
    let base = history.merge_base(revision, head)?;
    std::fs::create_dir_all(&rig.out)
        .map_err(|source| CliError::File { path: rig.out.clone(), source })?;
    let repository = Repository { history: &history, folder: session.folder().to_owned() };
    let mut trees = Vec::new();
    let mut folder = |name: &str, commit: CommitId, keep: bool| {
        let tree = repository.tree(name, commit, keep)?;
        let folder = repository.folder_in(&tree, revision)?;
        trees.push(tree);
        Ok::<PathBuf, CliError>(folder)
    };
    let base_folder = folder("base", base, args.keep_trees)?;
    let head_folder = match &args.head {
        Some(_) => folder("head", head, false)?,
        None => session.folder().to_owned(),
    };
    let what = args.head.as_deref().unwrap_or("the working tree");
    session.say(&format!("base {} ({revision}), head {what}", base.short()))?;
    build(&args.versions, ("base", &base_folder), trees.first(), rig, session)?;
    build(&args.versions, ("head", &head_folder), None, rig, session)?;
    let mut running = Vec::new();
    let mut commands = Vec::new();
    for (name, folder) in [("base", &base_folder), ("head", &head_folder)] {
        let (own, place) = serve(&args.versions, name, folder, rig)?;
        commands.push(place.fill(&args.command));
        running.push(own);
    }
    let [base_command, head_command] = [commands.remove(0), commands.remove(0)];
    let base = Side {
        name: "base",
        title: revision.to_owned(),
        commit: Some(base),
        command: base_command,
    };
    let commit = Some(shown.unwrap_or(head));
    let head = Side { name: "head", title: what.to_owned(), commit, command: head_command };
    Ok(Sides { base, head, running, trees })
}
