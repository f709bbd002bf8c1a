//! `perfgate doctor`: is everything here that a gate needs?
//!
//! Each line says what was found. What would stop a gate says what to do, and makes the exit code 2; what would weaken it is a
//! hint.

use super::args::{DoctorArgs, ForgeChoice};
use super::commit::pull_request;
use super::error::CliError;
use super::exit::Exit;
use super::place::{Place, open_place};
use super::policy::{Loaded, load};
use super::publish::{detect, token_names};
use super::results::expand;
use super::session::Session;
use super::sight::sight_of;
use crate::ingest::{Source, recognise};
use crate::model::Run;
use crate::report::{escape_terminal, plural};
use crate::store::{Remote, git_version, nearest_run, recorded_line};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

/// Baseline runs that show the noise from run to run.
const RUNS_FOR_NOISE: usize = crate::gate::RUNS_FOR_NOISE;

/// What a check came to.
enum Mark {
    Fine,
    Hint,
    Wrong,
}

/// The lines of the report.
#[derive(Default)]
struct Checkup {
    lines: Vec<(Mark, &'static str, String)>,
}

impl Checkup {
    fn fine(&mut self, head: &'static str, text: impl Into<String>) {
        self.lines.push((Mark::Fine, head, text.into()));
    }

    fn hint(&mut self, head: &'static str, text: impl Into<String>) {
        self.lines.push((Mark::Hint, head, text.into()));
    }

    fn wrong(&mut self, head: &'static str, error: &CliError) {
        let help = error.help().map(|help| format!("\n{help}")).unwrap_or_default();
        self.lines.push((Mark::Wrong, head, format!("{error}{help}")));
    }
}

pub(super) fn run(args: &DoctorArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    let mut checkup = Checkup::default();
    match load(session) {
        Ok(loaded) => {
            policy(&loaded, &mut checkup, session);
            results(&loaded, &mut checkup, session);
            match open_place(&loaded, args.offline, session) {
                Ok(place) => records(&place, (&loaded, session), args.offline, &mut checkup),
                Err(error) => checkup.wrong("repository", &error),
            }
        }
        Err(error) => checkup.wrong("policy", &error),
    }
    ci(&mut checkup, session);
    write(&checkup, session)?;
    let wrong = checkup.lines.iter().any(|(mark, ..)| matches!(mark, Mark::Wrong));
    Ok(if wrong { Exit::CouldNotRun } else { Exit::Pass })
}

fn policy(loaded: &Loaded, checkup: &mut Checkup, session: &Session<'_>) {
    match loaded.file() {
        Some(file) => {
            let file = file.strip_prefix(session.folder()).unwrap_or(file);
            checkup.fine("policy", file.display().to_string());
        }
        None => checkup.hint(
            "policy",
            "there is no perfgate.yaml: the defaults hold; perfgate init writes one",
        ),
    }
}

fn results(loaded: &Loaded, checkup: &mut Checkup, session: &Session<'_>) {
    let names = &loaded.policy.results;
    if names.is_empty() {
        return checkup.fine("results", "the policy names none: give the files to each command");
    }
    let paths = match expand(names, &loaded.folder, session) {
        Ok(paths) => paths,
        Err(error) => {
            if names.iter().any(|name| glob::Pattern::new(name).is_err()) {
                return checkup.wrong("results", &error);
            }
            return checkup.hint("results", format!("{error}: nothing was measured yet?"));
        }
    };
    let mut formats: BTreeMap<String, usize> = BTreeMap::new();
    for path in &paths {
        match Source::open(path).and_then(recognise) {
            Ok(format) => *formats.entry(format.to_string()).or_default() += 1,
            Err(error) => return checkup.wrong("results", &error.into()),
        }
    }
    let formats: Vec<String> =
        formats.into_iter().map(|(format, n)| format!("{n} {format}")).collect();
    checkup.fine("results", format!("{} ({})", plural(paths.len(), "file"), formats.join(", ")));
}

/// The repository, its remote, and what is recorded.
fn records(
    place: &Place,
    (loaded, session): (&Loaded, &Session<'_>),
    offline: bool,
    checkup: &mut Checkup,
) {
    let head = match place.history.head() {
        Ok(head) => head,
        Err(error) => return checkup.wrong("repository", &error.into()),
    };
    let branch = place.history.branch().unwrap_or_else(|| "no branch".to_owned());
    checkup.fine("repository", format!("{} at {}", escape_terminal(&branch), head.short()));
    if place.history.is_shallow() {
        let text = "it is shallow: the commits that are missing are asked from the remote";
        checkup.hint("history", text);
    }
    match git_version() {
        Some(version) => checkup.fine("git", version),
        None => checkup.hint("git", "the program is not here: no remote can be reached without it"),
    }
    if loaded.directory().is_none() && !remote(place, offline, checkup, session) {
        return;
    }
    if let Err(error) = baseline(place, loaded, checkup) {
        checkup.wrong("baseline", &error);
    }
}

/// Whether the records of the remote are here as far as can be.
fn remote(place: &Place, offline: bool, checkup: &mut Checkup, session: &Session<'_>) -> bool {
    if offline {
        checkup.hint("remote", "not asked (--offline)");
        return true;
    }
    let Some(name) = place.history.remote().map(Remote::name) else {
        checkup.hint("remote", "there is none: what is recorded stays in this clone");
        return true;
    };
    asked(&escape_terminal(name), place.fetch(session), checkup)
}

/// What came of asking the remote; whether the records are worth a look.
fn asked(name: &str, fetched: Result<(), CliError>, checkup: &mut Checkup) -> bool {
    match fetched {
        Ok(()) => checkup.fine("remote", format!("{name} answers")),
        // The remote was not even asked: there is no place for what it would send.
        Err(CliError::Store(error)) if error.is_read_only() => {
            checkup.wrong("repository", &error.into());
        }
        Err(error) => {
            checkup.wrong("remote", &error);
            return false;
        }
    }
    true
}

/// The records, and those of the baseline's branch.
fn baseline(place: &Place, loaded: &Loaded, checkup: &mut Checkup) -> Result<(), CliError> {
    let entries = place.store().entries()?;
    let commits: BTreeSet<_> = entries.iter().map(|entry| entry.commit).collect();
    if entries.is_empty() {
        let remote = loaded.directory().is_none() && place.history.remote().is_some();
        let push = if remote { " --push" } else { "" };
        let text = "nothing is recorded yet; after a load test on the branch: perfgate record";
        checkup.hint("records", format!("{text}{push} RESULTS"));
        return Ok(());
    }
    let counted = |runs: usize, commits: usize| {
        format!("{} of {}", plural(runs, "run"), plural(commits, "commit"))
    };
    let verified = place.verify()?;
    if let Some(broken) = verified.broken.first() {
        let runs = plural(verified.broken.len(), "record");
        let problem = format!("{runs} cannot be read: {}: {}", broken.what, broken.why);
        let help = "perfgate baseline verify names them all, perfgate baseline repair mends what can be mended";
        return Err(CliError::usage(problem, help));
    }
    checkup.fine("records", counted(entries.len(), commits.len()));
    if verified.newer > 0 {
        let text =
            format!("{} of a newer perfgate are passed over: update this one", verified.newer);
        checkup.hint("records", text);
    }
    let Some(branch) = &loaded.policy.baseline.branch else {
        let text = "the policy names no branch (baseline: { branch: main }): every compare needs --baseline";
        checkup.hint("baseline", text);
        return Ok(());
    };
    let head = place.history.resolve(branch)?;
    let most = loaded.policy.baseline.max_distance;
    let mut line = recorded_line(place.store(), &place.history, (branch, head), most)?;
    // A run is never held against one of its own commit.
    let under_test = place.history.head()?;
    line.retain(|(commit, _)| commit.id != under_test);
    let runs: usize = line.iter().map(|(_, entries)| entries.len()).sum();
    let shown = escape_terminal(branch);
    let recorded = counted(runs, line.len());
    let text = format!("{shown}: {recorded} recorded before this one, among the last {most}");
    match runs {
        0 => checkup.hint("baseline", format!("{text}; a compare ends with exit code 3")),
        _ if runs < RUNS_FOR_NOISE => {
            let more = "from three on, the noise from run to run is measured";
            checkup.hint("baseline", format!("{text}; {more}"));
        }
        _ => checkup.fine("baseline", text),
    }
    let any = |_: &Run| true;
    let newest = nearest_run(place.store(), &place.history, (branch, head), most, &any)?;
    for line in
        newest.map_or(Ok(Vec::new()), |own| sight_of(place, loaded, (branch, head), &own.run))?
    {
        if line.starts_with("too noisy") {
            checkup.hint("sight", line);
        } else {
            checkup.fine("sight", line);
        }
    }
    Ok(())
}

/// The CI around us, if there is one.
fn ci(checkup: &mut Checkup, session: &Session<'_>) {
    let forge = detect(&session.environment);
    let name = match forge {
        ForgeChoice::None => return,
        ForgeChoice::Github => "GitHub",
        ForgeChoice::Gitea => "Gitea or Forgejo",
        ForgeChoice::Gitlab => "GitLab",
        ForgeChoice::Bitbucket => "Bitbucket",
    };
    if let Err(error) = pull_request(session) {
        return checkup.wrong("ci", &error);
    }
    let names = token_names(forge);
    match names.iter().find(|name| session.environment.get(name).is_some()) {
        Some(token) => checkup.fine("ci", format!("{name}, with a token in {token}")),
        None => {
            let names = names.join(" or ");
            let text = format!("{name}, without a token: for comments set {names} for this step");
            checkup.hint("ci", text);
        }
    }
}

fn write(checkup: &Checkup, session: &mut Session<'_>) -> Result<(), CliError> {
    let count = |of: fn(&Mark) -> bool| checkup.lines.iter().filter(|(mark, ..)| of(mark)).count();
    let wrong = count(|mark| matches!(mark, Mark::Wrong));
    let hints = count(|mark| matches!(mark, Mark::Hint));
    session.print(|out| {
        for (mark, head, text) in &checkup.lines {
            let mark = match mark {
                Mark::Fine => "✓",
                Mark::Hint => "!",
                Mark::Wrong => "✗",
            };
            let mut lines = text.lines().map(crate::report::harmless);
            writeln!(out, "{mark} {head:<11} {}", lines.next().unwrap_or_default())?;
            lines.try_for_each(|line| writeln!(out, "{:14}{line}", ""))?;
        }
        writeln!(out)?;
        match (wrong, hints) {
            (0, 0) => writeln!(out, "everything that a gate needs is here"),
            (0, n) => {
                writeln!(out, "a gate can run; {} above to make more of it", plural(n, "hint"))
            }
            (n, _) => writeln!(out, "{} that would stop a gate", plural(n, "thing")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use std::io;

    fn heads(error: StoreError) -> (bool, Vec<&'static str>) {
        let mut checkup = Checkup::default();
        let goes_on = asked("origin", Err(error.into()), &mut checkup);
        (goes_on, checkup.lines.iter().map(|(_, head, _)| *head).collect())
    }

    #[test]
    fn a_repository_that_cannot_be_written_is_no_fault_of_the_remote() {
        let read_only = |kind: io::ErrorKind| StoreError::Io {
            path: ".git/perfgate.git".into(),
            source: kind.into(),
        };
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
            assert_eq!(heads(read_only(kind)), (true, vec!["repository"]));
        }
        let silent = StoreError::Silent { remote: "origin".to_owned(), seconds: 60 };
        assert_eq!(heads(silent), (false, vec!["remote"]));
    }
}
