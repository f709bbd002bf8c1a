//! `perfgate merge`: the shards of one distributed load test become one run.

use crate::cli::args::MergeArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::histograms::Histograms;
use crate::cli::output::{say_warnings, write_runs};
use crate::cli::policy::load_policy;
use crate::cli::remote_files::{RemoteShards, is_address};
use crate::cli::results::{expand, read_one};
use crate::cli::session::Session;
use crate::ingest::ReadOptions;
use crate::model::{Merger, Warning, WarningKind};
use crate::trend::in_parallel;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(super) fn run(args: &MergeArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let (remote, local): (Vec<&String>, Vec<&String>) =
        args.runs.iter().partition(|name| is_address(name));
    let local: Vec<String> = local.into_iter().cloned().collect();
    let paths = expand(&local, session.folder(), session)?;
    let collapse = load_policy(session)?.policy.collapse.into();
    let options = ReadOptions { collapse, ..ReadOptions::default() };
    let mut sum = Sum { whole: Merger::new(1), shards: 0, warnings: Vec::new(), options };
    sum.warnings.extend(repeated(&paths, session.folder()));
    sum.add(&paths, session.folder())?;
    for address in remote {
        let shards = RemoteShards::open(address)?;
        shards.each_part(session, |paths, folder| sum.add(paths, folder))?;
    }
    let whole = sum.whole.finish()?;
    sum.warnings.extend(whole.warnings.into_iter().map(Warning::new));
    write_runs(&[whole.run], Histograms::Keep, args.output.as_deref(), session)?;
    say_warnings(&sum.warnings, session)?;
    Ok(Exit::Pass)
}

/// Shards that are added up.
struct Sum {
    whole: Merger,
    shards: usize,
    warnings: Vec<Warning>,
    options: ReadOptions,
}

impl Sum {
    /// Adds files, read on every processor; messages name them as they are seen from a folder.
    fn add(&mut self, paths: &[PathBuf], folder: &Path) -> Result<(), CliError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let size = paths.len().div_ceil(threads).max(1);
        let parts: Vec<(usize, &[PathBuf])> = paths
            .chunks(size)
            .enumerate()
            .map(|(i, part)| (self.shards + i * size, part))
            .collect();
        let options = &self.options;
        let read =
            in_parallel(&parts, |(first, part)| -> Result<(Merger, Vec<Warning>), CliError> {
                let mut merger = Merger::new(first + 1);
                let mut warnings = Vec::new();
                for path in *part {
                    let (shard, noticed) = read_one(path, folder, options, None)?;
                    merger.add(shard)?;
                    warnings.extend(noticed);
                }
                Ok((merger, warnings))
            });
        for part in read {
            let (merger, noticed) = part?;
            self.whole.absorb(merger)?;
            self.warnings.extend(noticed);
        }
        self.shards += paths.len();
        Ok(())
    }
}

/// Warnings about files that are given more than once.
fn repeated(paths: &[PathBuf], folder: &Path) -> Vec<Warning> {
    let mut seen = BTreeSet::new();
    let again = paths.iter().filter(|path| !seen.insert(path.canonicalize().ok()));
    let warning = |path: &PathBuf| {
        let shown = path.strip_prefix(folder).unwrap_or(path).display().to_string();
        Warning::at(WarningKind::RepeatedFile, &shown, None)
    };
    again.map(warning).collect()
}
