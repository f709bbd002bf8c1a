//! Measuring a commit: checked out and built once, then started and loaded as often as it takes.

use super::line::Line;
use crate::cli::args::BisectArgs;
use crate::cli::commands::driving::{Attempt, Rig, run_once};
use crate::cli::commands::versions::{Repository, build, serve};
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::driver::WorkTree;
use crate::model::Run;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What came of measuring a commit.
pub(super) enum Measured {
    Run(Box<Run>),
    /// It cannot be built, started or loaded, and why.
    Broken(CliError),
}

/// Where commits are measured.
pub(super) struct Bench<'a> {
    args: &'a BisectArgs,
    rig: &'a Rig<'a>,
    repository: Repository<'a>,
    pub(super) line: &'a Line,
    /// Commits that are checked out and built; they go with this value.
    built: BTreeMap<usize, (WorkTree, PathBuf)>,
    /// What was measured, in its order.
    pub(super) runs: Vec<Run>,
    /// Measurements that were begun.
    begun: usize,
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        args: &'a BisectArgs,
        rig: &'a Rig<'a>,
        repository: Repository<'a>,
        line: &'a Line,
    ) -> Self {
        let (built, runs) = (BTreeMap::new(), Vec::new());
        Self { args, rig, repository, line, built, runs, begun: 0 }
    }

    /// How many measurements there are.
    pub(super) fn count(&self) -> usize {
        self.runs.len()
    }

    /// Measures a commit of the line. An interrupt is an error; anything else that goes wrong is the commit's.
    pub(super) fn measure(
        &mut self,
        at: usize,
        session: &mut Session<'_>,
    ) -> Result<Measured, CliError> {
        self.begun += 1;
        let measured = self.try_measure(at, session);
        self.rig.refuse_interrupted()?;
        match measured {
            Ok(run) => {
                self.runs.push(run.clone());
                Ok(Measured::Run(Box::new(run)))
            }
            Err(error) => Ok(Measured::Broken(error)),
        }
    }

    fn try_measure(&mut self, at: usize, session: &mut Session<'_>) -> Result<Run, CliError> {
        let commit = self.line.commits[at].id;
        let name = commit.short();
        if !self.built.contains_key(&at) {
            let tree = self.repository.tree(&name, commit, false)?;
            let folder = self.repository.folder_in(&tree, &name)?;
            build(&self.args.versions, (&name, &folder), Some(&tree), self.rig, session)?;
            self.built.insert(at, (tree, folder));
        }
        let folder = self.built.get(&at).map(|(_, folder)| folder.as_path());
        let mut command = self.args.command.clone();
        // It runs as long as this value lives.
        let mut running = None;
        if let (Some(folder), true) = (folder, self.args.versions.serve.is_some()) {
            let (service, place) = serve(&self.args.versions, &name, folder, self.rig)?;
            command = place.fill(&command);
            running = Some(service);
        }
        let results = format!("{:02}-{name}", self.begun);
        // The load of a service is that of today; what is no service measures itself.
        let at = if running.is_some() { None } else { folder };
        let run = run_once(
            self.rig,
            Attempt { at, ..Attempt::whole(self.rig, &command, &results) },
            session,
        );
        if let Some(mut running) = running {
            running.refuse_ended(&name)?;
        }
        Ok(Run { commit: Some(commit), ..run? })
    }
}
