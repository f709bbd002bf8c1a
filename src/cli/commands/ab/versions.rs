//! Two commits of the repository, each built and started in a folder of its own.

use super::side::{Running, Side, Sides, how_ended, log_of};
use super::targets::{Place, refuse_no_place, split};
use crate::cli::args::AbArgs;
use crate::cli::commands::driving::{Rig, tail};
use crate::cli::error::CliError;
use crate::cli::policy::Network;
use crate::cli::session::Session;
use crate::cli::under_test::under_test;
use crate::driver::{
    Ended, Job, NotReady, Probe, Service, WorkTree, WorkTreeError, await_ready, free_port,
    run as run_job,
};
use crate::model::CommitId;
use crate::store::History;
use std::path::{Path, PathBuf};

/// How often a service that ended because somebody took its port gets another one.
const TRIES: usize = 3;

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
    build(args, ("base", &base_folder), trees.first(), rig, session)?;
    build(args, ("head", &head_folder), None, rig, session)?;
    let mut running = Vec::new();
    let mut commands = Vec::new();
    for (name, folder) in [("base", &base_folder), ("head", &head_folder)] {
        let (own, place) = serve(args, name, folder, rig)?;
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

struct Repository<'a> {
    history: &'a History,
    /// The folder that the command was called in.
    folder: PathBuf,
}

impl Repository<'_> {
    fn tree(&self, name: &str, commit: CommitId, keep: bool) -> Result<WorkTree, CliError> {
        if !self.history.is_here(commit) {
            let problem = format!("{name}: the files of {} are not in this clone", commit.short());
            let help =
                "fetch them first: git fetch --unshallow, or fetch-depth: 0 of actions/checkout";
            return Err(CliError::usage(problem, help));
        }
        let (root, common) = (self.history.root(), self.history.common_dir());
        WorkTree::add(&root, common, &commit.to_string(), keep).map_err(|error| {
            let help = match &error {
                WorkTreeError::InUse => "wait for it, or leave out --keep-trees",
                WorkTreeError::Git(_) | WorkTreeError::Io { .. } => "nothing was measured",
            };
            CliError::usage(format!("{name}: {error}"), help)
        })
    }

    /// The folder of a tree that is the one that the command was called in.
    fn folder_in(&self, tree: &WorkTree, revision: &str) -> Result<PathBuf, CliError> {
        let root = self.history.root();
        let [root, own] =
            [root.as_path(), &self.folder].map(|path| path.canonicalize().unwrap_or(path.into()));
        let inside = own.strip_prefix(&root).unwrap_or(Path::new(""));
        let folder = tree.path().join(inside);
        if folder.is_dir() {
            return Ok(folder);
        }
        let problem = format!("{revision} has no folder {}", inside.display());
        Err(CliError::usage(problem, "call perfgate from a folder that both versions have"))
    }
}

/// Builds a version, unless its tree was kept with its build.
fn build(
    args: &AbArgs,
    (name, folder): (&str, &Path),
    tree: Option<&WorkTree>,
    rig: &Rig<'_>,
    session: &mut Session<'_>,
) -> Result<(), CliError> {
    let Some(text) = &args.build else { return Ok(()) };
    rig.refuse_interrupted()?;
    if tree.is_some_and(|tree| tree.is_built_by(text)) {
        return session.say(&format!("{name} was built before"));
    }
    session.say(&format!("building {name}"))?;
    let log = rig.out.join(format!("build-{name}.log"));
    let command = split(text)?;
    let pass = &rig.load.pass_env;
    let job = Job { command: &command, folder, log: &log, limit: args.build_within, pass };
    let ended = run_job(&job, &rig.interrupts, |_| (), |_| true)
        .map_err(|source| CliError::File { path: log.clone(), source })?;
    match ended {
        Ended::Exited(0) => {}
        Ended::Interrupted => rig.refuse_interrupted()?,
        ended => {
            let problem = format!("the build of {name} {}", how_ended(ended));
            return Err(CliError::usage(problem, log_of(&log)));
        }
    }
    let noted = tree.map_or(Ok(()), |tree| tree.set_built_by(text));
    noted.map_err(|error| CliError::usage(error.to_string(), "leave out --keep-trees"))
}

/// Starts a version on a free port, and waits until it responds.
fn serve(
    args: &AbArgs,
    name: &str,
    folder: &Path,
    rig: &Rig<'_>,
) -> Result<(Running, Place), CliError> {
    let text = args.serve.as_deref().unwrap_or_default();
    let mut last = None;
    for attempt in 1..=TRIES {
        rig.refuse_interrupted()?;
        let port = free_port().map_err(CliError::Output)?;
        let place = Place::local(port);
        let probe = match &args.ready {
            Some(ready) => place.probe(ready)?,
            None => Probe::port(port),
        };
        let log = rig.out.join(format!("serve-{name}-{attempt}.log"));
        let command = place.fill(&split(text)?);
        let pass = &rig.load.pass_env;
        let job = Job { command: &command, folder, log: &log, limit: args.ready_within, pass };
        let wrap = |source| CliError::File { path: log.clone(), source };
        let mut service = Service::start(&job, port).map_err(wrap)?;
        let found = await_ready(&probe, args.ready_within, &rig.interrupts, || service.ended());
        match found.map_err(wrap)? {
            None => return Ok((Running { service, log }, place)),
            Some(why) => {
                drop(service);
                rig.refuse_interrupted()?;
                let again = matches!(why, NotReady::Ended(_)) && is_port_taken(&log);
                last = Some(not_ready(name, why, port, args, &log));
                if !again {
                    break;
                }
            }
        }
    }
    Err(last.unwrap_or_else(|| CliError::usage("no port is free", "try again")))
}

/// Whether a service says that somebody took its port in the meantime.
fn is_port_taken(log: &Path) -> bool {
    let text = tail(log).to_lowercase();
    text.contains("address already in use") || text.contains("eaddrinuse")
}

fn not_ready(name: &str, why: NotReady, port: u16, args: &AbArgs, log: &Path) -> CliError {
    let within = args.ready_within.as_secs_f64();
    let problem = match why {
        NotReady::Ended(ended) => {
            format!("the service of {name} {} before it responded on port {port}", how_ended(ended))
        }
        NotReady::Status(status) => {
            format!("the service of {name} responds with status {status} after {within} s")
        }
        NotReady::Silent | NotReady::Interrupted => {
            format!("the service of {name} does not respond on port {port} after {within} s")
        }
    };
    CliError::usage(problem, log_of(log))
}
