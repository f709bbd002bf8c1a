//! `perfgate init`: a policy and a workflow for the repository as it is, or alert rules that match the budgets.

mod alerts;
mod cadence;
mod plan;
mod steps;
mod workflow;

use crate::cli::args::{CiChoice, InitArgs};
use crate::cli::codes;
use crate::cli::documents::read_documents;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::write_file;
use crate::cli::repository::{Ci, Found, detect_ci, look};
use crate::cli::session::Session;
use crate::config::Policy;
use crate::document::{Head, Reading, read};
use crate::model::yaml;
use crate::report::plural;
use crate::store::{Surroundings, is_untracked, surroundings};
use plan::Plan;
use std::path::{Path, PathBuf};
use workflow::Workflow;

/// The policy that is written: every line of it is either a default or a comment.
const POLICY: &str = include_str!("policy.yaml");
const NAME: &str = "perfgate.yaml";
/// Tables of baselines of a document.
const BASELINE: &str = "perfgate-baseline.json";
/// Lines of documents that are shown; all of them stand in the policy.
const MOST_SHOWN: usize = 20;

pub(super) fn run(args: &InitArgs, session: &mut Session<'_>) -> Result<Exit, CliError> {
    if let Some(file) = &args.alerts {
        return alerts::alerts(file, session);
    }
    let file = session.policy_file.clone().unwrap_or_else(|| NAME.into());
    let path = session.path(&file);
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let reading = documents(args, &folder, session)?;
    let setup = Setup::of(&folder, session);
    let text = setup.policy_text(reading.as_ref());
    if args.stdout {
        session.print(|out| out.write_all(text.as_bytes()))?;
        reading.iter().try_for_each(|reading| say_unread(reading, session))?;
        return Ok(Exit::Pass);
    }
    // A workflow may be asked for later than the policy.
    let keeps = args.ci.is_some() && reading.is_none() && exists(&path);
    let planned = setup.workflow(args.ci, &text)?;
    let baselines = reading.as_ref().and_then(Reading::baselines);
    let baseline = folder.join(BASELINE);
    let mut new = vec![(!keeps).then_some(&path), baselines.as_ref().map(|_| &baseline)];
    let workflow = planned.as_ref().map(|workflow| setup.root().join(&workflow.file));
    new.push(workflow.as_ref().filter(|_| args.ci.is_some()));
    new.into_iter().flatten().try_for_each(|path| refuse_existing(path, session))?;
    if keeps {
        session.say(&format!("kept {}", file.display()))?;
    } else {
        write_file(&path, |out| out.write_all(text.as_bytes()))?;
        session.say(&setup.about_policy(&file, reading.as_ref()))?;
    }
    if let (Some(reading), Some(text)) = (&reading, baselines) {
        write_file(&baseline, |out| out.write_all(text.as_bytes()))?;
        session.say(&format!(
            "wrote {BASELINE}: its tables are a baseline: perfgate compare --baseline-file {BASELINE} RESULTS; names that differ from those in the results go under `rename`"
        ))?;
        say_unread(reading, session)?;
    } else if let Some(reading) = &reading {
        say_unread(reading, session)?;
    }
    setup.say_found(session)?;
    match (planned, workflow) {
        (Some(planned), Some(path)) if !exists(&path) => {
            write_file(&path, |out| out.write_all(planned.text.as_bytes()))?;
            session.say(&format!("wrote {}: {}", planned.file, planned.about))?;
        }
        (Some(planned), _) => session.say(&format!("{} exists: left as it is", planned.file))?,
        (None, _) => session.say(&setup.no_workflow(args.ci))?,
    }
    session.say("next: read what was written, then perfgate doctor")?;
    Ok(Exit::Pass)
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn refuse_existing(path: &Path, session: &Session<'_>) -> Result<(), CliError> {
    if !exists(path) {
        return Ok(());
    }
    let shown = path.strip_prefix(session.folder()).unwrap_or(path).display();
    Err(CliError::coded(
        &codes::IN_THE_WAY,
        format!("{shown} already exists"),
        "nothing was changed; perfgate init --stdout prints the policy that it would write",
    ))
}

/// What the documents of the arguments say; none without one.
fn documents(
    args: &InitArgs,
    folder: &Path,
    session: &Session<'_>,
) -> Result<Option<Reading>, CliError> {
    if args.from.is_empty() {
        return Ok(None);
    }
    let paths: Vec<PathBuf> = args.from.iter().map(|path| session.path(path)).collect();
    let reading = read(&read_documents(folder, &paths)?);
    if reading.statements() == 0 && reading.baselines().is_none() {
        say_unread(&reading, session)?;
        let names: Vec<String> = args.from.iter().map(|path| path.display().to_string()).collect();
        return Err(CliError::usage(
            format!("{}: nothing in it is a limit, a profile or a query", names.join(", ")),
            "docs/documents.md shows what is read; perfgate init without --from writes the defaults",
        ));
    }
    Ok(Some(reading))
}

/// Lists what was not understood.
fn say_unread(reading: &Reading, session: &Session<'_>) -> Result<(), CliError> {
    let unread = &reading.unread;
    if unread.is_empty() {
        return Ok(());
    }
    session.say(&format!("not understood, and so not judged: {}", plural(unread.len(), "line")))?;
    for own in unread.iter().take(MOST_SHOWN) {
        session.say(&own.to_string())?;
    }
    match unread.len().saturating_sub(MOST_SHOWN) {
        0 => Ok(()),
        n => session.say(&format!("  … and {n} more, at the end of the policy")),
    }
}

/// The repository, as far as it matters here.
struct Setup {
    folder: PathBuf,
    around: Option<Surroundings>,
    found: Found,
}

impl Setup {
    fn of(folder: &Path, session: &Session<'_>) -> Self {
        let folder = if folder.is_dir() { folder } else { session.folder() };
        let (around, found) = (surroundings(folder), look(folder));
        Self { folder: folder.to_owned(), around, found }
    }

    fn root(&self) -> &Path {
        self.around.as_ref().map_or(&self.folder, |around| &around.root)
    }

    fn is_root(&self) -> bool {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        real(self.root()) == real(&self.folder)
    }

    fn branch(&self) -> Option<&str> {
        self.around.as_ref()?.default_branch.as_deref()
    }

    fn ci(&self, choice: Option<CiChoice>) -> Option<Ci> {
        match choice {
            Some(CiChoice::Github) => Some(Ci::Github),
            Some(CiChoice::Gitlab) => Some(Ci::Gitlab),
            Some(CiChoice::Gitea) => Some(Ci::Gitea),
            Some(CiChoice::Jenkins) => Some(Ci::Jenkins),
            Some(CiChoice::Azure) => Some(Ci::Azure),
            Some(CiChoice::None) => None,
            None => {
                let around = self.around.as_ref()?;
                detect_ci(&around.root, around.origin.as_deref())
            }
        }
    }

    /// The result files that are there; else the one that the load test will write as the workflow calls it.
    fn results(&self) -> Vec<String> {
        let found = self.found.results.iter().map(|(name, _)| name.clone());
        let planned = || self.found.load_test.iter().map(|load| load.result().to_owned());
        if self.found.results.is_empty() { planned().collect() } else { found.collect() }
    }

    fn policy_text(&self, reading: Option<&Reading>) -> String {
        let results = self.results();
        let branch = self.branch().map(str::to_owned);
        if let Some(reading) = reading {
            return reading.policy_text(&Head { branch, results });
        }
        let list: Vec<String> = results.iter().map(yaml).collect();
        let text = POLICY.replace("results: []", &format!("results: [{}]", list.join(", ")));
        match branch {
            Some(branch) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-');
                let is_plain = branch.starts_with(|c: char| c.is_ascii_alphabetic())
                    && branch.chars().all(plain);
                let branch = if is_plain { branch } else { yaml(&branch) };
                text.replace("branch: main ", &format!("branch: {branch} "))
            }
            None => text,
        }
    }

    fn about_policy(&self, file: &Path, reading: Option<&Reading>) -> String {
        let branch =
            self.branch().map(|name| format!(", compares with {name}")).unwrap_or_default();
        let what = match reading {
            Some(reading) => format!("{} from documents", plural(reading.statements(), "value")),
            None => "the defaults".to_owned(),
        };
        format!("wrote {}: {what}{branch}", file.display())
    }

    fn say_found(&self, session: &Session<'_>) -> Result<(), CliError> {
        if let Some(load) = &self.found.load_test {
            session.say(&format!("found a load test: {} ({})", load.script, load.tool.title()))?;
        }
        for (name, format) in &self.found.results {
            session.say(&format!("found results: {name} ({format})"))?;
        }
        if let (Some(load), true) = (&self.found.load_test, self.found.results.is_empty()) {
            let (command, result) = (load.command(), load.result());
            session.say(&format!("expects results in {result}: {command}"))?;
        }
        let mut files = self.found.load_test.iter().map(|load| load.artifact().to_owned());
        let wanted = files.next().or_else(|| self.found.results.first().map(|own| own.0.clone()));
        match wanted.filter(|file| is_untracked(&self.folder, &file.replace('*', "stats"))) {
            Some(file) => session
                .say(&format!("hint: results belong to no commit: echo '{file}' >> .gitignore")),
            None => Ok(()),
        }
    }

    /// The workflow to write; an error where one is asked for and cannot be made.
    fn workflow(
        &self,
        choice: Option<CiChoice>,
        policy: &str,
    ) -> Result<Option<Workflow>, CliError> {
        let (Some(ci), Some(load)) = (self.ci(choice), &self.found.load_test) else {
            return match choice {
                Some(own) if own != CiChoice::None => Err(CliError::usage(
                    "there is no load test to run: no file of Locust, k6, JMeter or Artillery was found",
                    "nothing was changed; write the load test first, or copy a workflow from examples/workflows of perfgate",
                )),
                _ => Ok(None),
            };
        };
        if !self.is_root() {
            return Ok(None);
        }
        let branch = self.branch().unwrap_or("main");
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
        if !branch.chars().all(plain) {
            return Ok(None);
        }
        let policy = Policy::parse(NAME, policy)?;
        let compose = self.found.compose;
        Ok(workflow::workflow(ci, &Plan { load, branch, compose, policy: &policy }))
    }

    /// Why no workflow was written.
    fn no_workflow(&self, choice: Option<CiChoice>) -> String {
        let why = match (choice, self.ci(choice), &self.found.load_test) {
            (Some(CiChoice::None), ..) => return "no workflow, as asked".to_owned(),
            (_, None, _) => "no CI was found: perfgate init --ci github writes one",
            (_, _, None) => "no load test was found; perfgate init --ci writes one when there is",
            _ if !self.is_root() => "this is not the root of the repository",
            _ => "there is no template for this CI; docs/github.md shows the commands",
        };
        format!("no workflow: {why}")
    }
}
