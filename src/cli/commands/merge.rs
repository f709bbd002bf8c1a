//! `perfgate merge`: the shards of one distributed load test become one run.

use crate::cli::args::MergeArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::histograms::Histograms;
use crate::cli::output::{say_warnings, write_runs};
use crate::cli::policy::load_policy;
use crate::cli::results::{expand, read_one};
use crate::cli::session::Session;
use crate::ingest::ReadOptions;
use crate::model::{Merger, Warning, WarningKind};
use crate::trend::in_parallel;
use std::collections::BTreeSet;
use std::path::PathBuf;

pub(super) fn run(args: &MergeArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let paths = expand(&args.runs, session.folder(), session)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let size = paths.len().div_ceil(threads).max(1);
    let parts: Vec<(usize, &[PathBuf])> =
        paths.chunks(size).enumerate().map(|(i, part)| (i * size, part)).collect();
    let folder = session.folder();
    let collapse = load_policy(session)?.policy.collapse.into();
    let options = ReadOptions { collapse, ..ReadOptions::default() };
    let read = in_parallel(&parts, |(first, part)| -> Result<(Merger, Vec<Warning>), CliError> {
        let mut merger = Merger::new(first + 1);
        let mut warnings = Vec::new();
        for path in *part {
            let (shard, noticed) = read_one(path, folder, &options, None)?;
            merger.add(shard)?;
            warnings.extend(noticed);
        }
        Ok((merger, warnings))
    });
    let mut whole = Merger::new(1);
    let mut warnings = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths.iter().filter(|path| !seen.insert(path.canonicalize().ok())) {
        let shown = path.strip_prefix(folder).unwrap_or(path).display().to_string();
        warnings.push(Warning::at(WarningKind::RepeatedFile, &shown, None));
    }
    for part in read {
        let (merger, noticed) = part?;
        whole.absorb(merger)?;
        warnings.extend(noticed);
    }
    let whole = whole.finish()?;
    warnings.extend(whole.warnings.into_iter().map(Warning::new));
    write_runs(&[whole.run], Histograms::Keep, args.output.as_deref(), session)?;
    say_warnings(&warnings, session)?;
    Ok(Exit::Pass)
}
