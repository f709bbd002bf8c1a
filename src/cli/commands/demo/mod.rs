//! `perfgate demo`: a gate at work, on real result files, in a scratch repository.
//!
//! It runs the very commands that it prints, so that a newcomer can repeat them by hand.

mod story;

use crate::cli::args::DemoArgs;
use crate::cli::codes;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::write_file;
use crate::cli::screen::Stream;
use crate::cli::session::{Environment, Session};
use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::Command;
use story::{BRANCHES, Branch, FILES, MAIN, PROFILE, Step};

/// Runs the whole program in this process.
pub(super) type Program = fn(Vec<OsString>, &mut Session<'_>) -> Exit;

pub(super) fn run(
    args: &DemoArgs,
    program: Program,
    session: &mut Session<'_>,
) -> Result<Exit, CliError> {
    let folder = scratch_folder(args, session)?;
    for (name, content) in FILES {
        write_file(&folder.join("results").join(name), |out| out.write_all(content))?;
    }
    let mut demo = Demo { folder, program, session, commits: 0 };
    let place = demo.folder.display().to_string();
    demo.say("A shop API with a load test (Locust), and two pull requests. Nothing but the folder below is touched.")?;
    demo.say(&format!("\n$ cd {place}"))?;
    demo.git(&["init", "--quiet", "--initial-branch=main"])?;
    demo.say("\n# main: every commit was load-tested, and its results were recorded")?;
    for step in MAIN {
        demo.commit_and_record(step)?;
    }
    demo.say("\n# what is recorded now")?;
    demo.perfgate(&["baseline", "list"])?;
    for branch in BRANCHES {
        demo.gate(branch)?;
    }
    demo.say(&format!(
        "\nThat is the whole of it: `perfgate record` on main, `perfgate compare --baseline main` on a pull request.\n\
         The scratch repository stays in {place}; delete it when you have seen enough."
    ))?;
    Ok(Exit::Pass)
}

/// A new, empty folder.
fn scratch_folder(args: &DemoArgs, session: &Session<'_>) -> Result<PathBuf, CliError> {
    match &args.folder {
        Some(folder) => {
            let path = session.path(folder);
            let made = std::fs::create_dir(&path);
            made.map_err(|source| match source.kind() {
                ErrorKind::AlreadyExists => {
                    let problem = format!("{} already exists", folder.display());
                    CliError::coded(&codes::IN_THE_WAY, problem, "name a new folder")
                }
                _ => CliError::File { path: path.clone(), source },
            })?;
            Ok(path)
        }
        None => {
            let made = tempfile::Builder::new().prefix("perfgate-demo-").tempdir();
            let made =
                made.map_err(|source| CliError::File { path: std::env::temp_dir(), source })?;
            Ok(made.keep())
        }
    }
}

struct Demo<'a, 'b> {
    folder: PathBuf,
    program: Program,
    session: &'a mut Session<'b>,
    /// Commits made so far; each is a day after the one before.
    commits: usize,
}

impl Demo<'_, '_> {
    fn say(&mut self, text: &str) -> Result<(), CliError> {
        let paper = self.session.paper;
        let fit = |line: &str| {
            // Commands are copied as they are.
            if line.starts_with('$') { line.to_owned() } else { paper.folded(line, 2) }
        };
        let lines: Vec<String> = text.lines().map(fit).collect();
        self.session.print(|out| writeln!(out, "{}", lines.join("\n")))
    }

    fn commit_and_record(&mut self, step: &Step) -> Result<(), CliError> {
        self.git(&["commit", "--quiet", "--allow-empty", "-m", step.subject])?;
        self.perfgate(&["record", "--profile", PROFILE, step.results])?;
        Ok(())
    }

    fn gate(&mut self, branch: &Branch) -> Result<(), CliError> {
        self.say(&format!("\n# {}", branch.story))?;
        self.git(&["checkout", "--quiet", "-b", branch.name, "main"])?;
        self.git(&["commit", "--quiet", "--allow-empty", "-m", branch.step.subject])?;
        let results = branch.step.results;
        let exit =
            self.perfgate(&["compare", "--baseline", "main", "--profile", PROFILE, results])?;
        let meaning = match exit {
            Exit::Pass => "the job passes",
            Exit::Regression => "the job fails",
            Exit::CouldNotRun | Exit::NoVerdict => "the job stops",
        };
        self.say(&format!("# exit code {}: {meaning}", exit.code()))
    }

    /// Runs git, with fixed dates and without the user's settings, so that the demo is the same everywhere.
    fn git(&mut self, arguments: &[&str]) -> Result<(), CliError> {
        self.say(&format!("$ git {}", shell_words(arguments)))?;
        if arguments.first() == Some(&"commit") {
            self.commits += 1;
        }
        let date = format!("2026-11-{:02}T09:00:00Z", self.commits.max(1));
        let mut command = Command::new("git");
        command.current_dir(&self.folder).args(arguments);
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_COUNT"] {
            command.env_remove(variable);
        }
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", if cfg!(windows) { "NUL" } else { "/dev/null" }),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "Demo"),
            ("GIT_AUTHOR_EMAIL", "demo@example.com"),
            ("GIT_AUTHOR_DATE", &date),
            ("GIT_COMMITTER_NAME", "Demo"),
            ("GIT_COMMITTER_EMAIL", "demo@example.com"),
            ("GIT_COMMITTER_DATE", &date),
        ] {
            command.env(name, value);
        }
        let failed =
            |why: String| CliError::usage(format!("git failed: {why}"), "the demo needs git");
        let output = command.output().map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }

    /// Runs perfgate itself, in this process.
    fn perfgate(&mut self, arguments: &[&str]) -> Result<Exit, CliError> {
        self.say(&format!("$ perfgate {}", shell_words(arguments)))?;
        let all = std::iter::once("perfgate").chain(arguments.iter().copied()).map(OsString::from);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let environment = Environment::default();
        let (to, files) = ((Box::new(&mut out), Box::new(&mut err)), [Stream::File; 2]);
        let mut inner = Session::new(self.folder.clone(), environment, to.0, to.1, files);
        (inner.paper, inner.paper_err) = (self.session.paper, self.session.paper);
        let exit = (self.program)(all.collect(), &mut inner);
        drop(inner);
        self.session.print(|to| to.write_all(&err).and_then(|()| to.write_all(&out)))?;
        Ok(exit)
    }
}

/// The arguments as one would type them.
fn shell_words(arguments: &[&str]) -> String {
    let quoted = |word: &&str| {
        if word.contains(' ') { format!("\"{word}\"") } else { (*word).to_owned() }
    };
    arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")
}
