//! The remote of the clone, reached through the `git` program in the private repository: it knows every transport,
//! proxy and credential helper that the user has.

use super::error::StoreError;
use super::git_config::{Settings, settings, variables};
use git2::{Oid, Repository};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The name that the remote has inside the private repository.
const NAME: &str = "perfgate";

/// A remote of the clone.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Its name in the clone, for messages.
    name: String,
    url: String,
    settings: Settings,
}

/// How a push of one ref ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PushOutcome {
    /// The remote took it.
    Accepted,
    /// Somebody else was faster, or the remote does not want it; what it says.
    Rejected(String),
}

impl Remote {
    /// The remote of a clone: the one that is asked for, else `origin`, else the one that the branch tracks, else the
    /// only one. `origin` goes first so that a branch which tracks a fork does not move the store there. None when the
    /// clone has none and none is asked for.
    pub(super) fn of(
        repository: &Repository,
        wanted: Option<&str>,
    ) -> Result<Option<Self>, StoreError> {
        let wrap = || StoreError::git("reading the clone's remotes");
        let names = repository.remotes().map_err(wrap())?;
        let names: Vec<&str> = names.iter().flatten().flatten().collect();
        let tracked = || {
            let head = repository.head().ok()?;
            let upstream = repository.branch_upstream_remote(head.name().ok()?).ok()?;
            upstream.as_str().ok().map(str::to_owned)
        };
        let name = match wanted {
            Some(name) if names.contains(&name) => name.to_owned(),
            Some(name) => return Err(StoreError::NoRemote { name: Some(name.to_owned()) }),
            None if names.contains(&"origin") => "origin".to_owned(),
            None => {
                match (tracked().filter(|name| names.contains(&name.as_str())), names.as_slice()) {
                    (Some(name), _) => name,
                    (None, [only]) => (*only).to_owned(),
                    (None, _) => return Ok(None),
                }
            }
        };
        let remote = repository.find_remote(&name).map_err(wrap())?;
        let url = remote.url().map_err(wrap())?.to_owned();
        let url = absolute(&url, repository.workdir().unwrap_or_else(|| repository.path()));
        Ok(Some(Self { name, url, settings: settings(repository)? }))
    }

    /// Its name in the clone.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Brings refs here, without the contents of records where the server can leave them out.
    pub(super) fn fetch_refs(&self, git_dir: &Path, refspec: &str) -> Result<(), StoreError> {
        let arguments = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--prune",
            "--filter=blob:none",
            NAME,
            refspec,
        ];
        self.reach(git_dir, &arguments, &[])
    }

    /// Brings these objects here in one go.
    pub(super) fn fetch_objects(&self, git_dir: &Path, objects: &[Oid]) -> Result<(), StoreError> {
        self.fetch_listed(git_dir, "--filter=blob:none", objects)
    }

    /// Brings the commits from these on here, without their trees.
    pub(super) fn fetch_graph(&self, git_dir: &Path, commits: &[Oid]) -> Result<(), StoreError> {
        self.fetch_listed(git_dir, "--filter=tree:0", commits)
    }

    fn fetch_listed(
        &self,
        git_dir: &Path,
        filter: &str,
        objects: &[Oid],
    ) -> Result<(), StoreError> {
        // Nothing that is here says anything about what is missing, so nothing is negotiated.
        let noop = ["-c", "fetch.negotiationAlgorithm=noop"];
        let fetch =
            ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", filter, "--stdin", NAME];
        let list: String = objects.iter().map(|id| format!("{id}\n")).collect();
        self.reach(git_dir, &[&noop[..], &fetch[..]].concat(), list.as_bytes())
    }

    /// A file of a commit, fetched with what leads to it; none when the commit has no such file.
    pub(super) fn file(
        &self,
        git_dir: &Path,
        commit: Oid,
        path: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        // The `--` keeps a path from being taken for an option; the object id behind it needs no such care.
        let listed = self.run(git_dir, &["ls-tree", &commit.to_string(), "--", path], &[])?;
        if !listed.status.success() {
            return Err(self.unreachable(&listed));
        }
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        let Some(blob) = text.split_whitespace().nth(2) else { return Ok(None) };
        let content = self.run(git_dir, &["cat-file", "blob", blob], &[])?;
        if content.status.success() {
            Ok(Some(content.stdout))
        } else {
            Err(self.unreachable(&content))
        }
    }

    /// The commit that a branch or tag of the remote points to.
    pub(super) fn resolve(
        &self,
        git_dir: &Path,
        revision: &str,
    ) -> Result<Option<Oid>, StoreError> {
        let branch = format!("refs/heads/{revision}");
        let tag = format!("refs/tags/{revision}");
        let peeled = format!("{tag}^{{}}");
        let output = self.run(git_dir, &["ls-remote", NAME, &branch, &tag, &peeled], &[])?;
        if !output.status.success() {
            return Err(self.unreachable(&output));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let find = |name: &str| {
            let line =
                text.lines().find(|line| line.split_once('\t').is_some_and(|(_, n)| n == name))?;
            Oid::from_str(line.split_once('\t')?.0).ok()
        };
        Ok(find(&branch).or_else(|| find(&peeled)).or_else(|| find(&tag)))
    }

    /// Pushes a commit to a ref (none deletes the ref), only if the remote still has the expected one there (none: no
    /// such ref).
    pub(super) fn push(
        &self,
        git_dir: &Path,
        name: &str,
        expected: Option<Oid>,
        new: Option<Oid>,
    ) -> Result<PushOutcome, StoreError> {
        let text = |id: Option<Oid>| id.map_or_else(String::new, |id| id.to_string());
        let lease = format!("--force-with-lease={name}:{}", text(expected));
        let refspec = format!("{}:{name}", text(new));
        let arguments = ["push", "--porcelain", "--no-verify", &lease, NAME, &refspec];
        let output = self.run(git_dir, &arguments, &[])?;
        if output.status.success() {
            return Ok(PushOutcome::Accepted);
        }
        // The porcelain form is made for programs: a line that begins with `!` is a ref that was not taken.
        let report = String::from_utf8_lossy(&output.stdout);
        if let Some(line) = report.lines().find(|line| line.starts_with('!')) {
            let said = line.rsplit('\t').next().unwrap_or(line).trim();
            return Ok(PushOutcome::Rejected(said.to_owned()));
        }
        Err(self.unreachable(&output))
    }

    fn reach(&self, git_dir: &Path, arguments: &[&str], input: &[u8]) -> Result<(), StoreError> {
        let output = self.run(git_dir, arguments, input)?;
        if output.status.success() { Ok(()) } else { Err(self.unreachable(&output)) }
    }

    fn unreachable(&self, output: &Output) -> StoreError {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
        let message = last.or_else(|| said.lines().next()).unwrap_or("git gave no reason");
        StoreError::Unreachable { remote: self.name.clone(), message: message.to_owned() }
    }

    /// Runs git in the private repository, with the clone's settings and without anything that points elsewhere.
    fn run(&self, git_dir: &Path, arguments: &[&str], input: &[u8]) -> Result<Output, StoreError> {
        let mut settings = vec![
            (format!("remote.{NAME}.url"), self.url.clone()),
            // What the filter left out may be asked for later.
            (format!("remote.{NAME}.promisor"), "true".to_owned()),
            (format!("remote.{NAME}.partialclonefilter"), "blob:none".to_owned()),
            // Git may tidy the private repository up now and then, but not behind our back.
            ("gc.autoDetach".to_owned(), "false".to_owned()),
            ("maintenance.autoDetach".to_owned(), "false".to_owned()),
        ];
        settings.extend(self.settings.iter().cloned());
        let count =
            std::env::var("GIT_CONFIG_COUNT").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
        let mut command = Command::new("git");
        command.arg(format!("--git-dir={}", git_dir.display())).args(arguments);
        for variable in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            "GIT_COMMON_DIR",
            "GIT_NAMESPACE",
            "GIT_PREFIX",
        ] {
            command.env_remove(variable);
        }
        command
            .envs(variables(&settings, count))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed = |error: std::io::Error| StoreError::GitProgram {
            what: "program",
            message: format!("cannot be started ({error}); it is needed to reach a remote"),
        };
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A git that fails early closes its input; what it says then is the error worth showing.
            drop(stdin.write_all(input));
        }
        child.wait_with_output().map_err(failed)
    }
}

/// The version of the `git` program, as it says itself; none where it cannot be started.
pub fn git_version() -> Option<String> {
    let said = Command::new("git").arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&said.stdout);
    Some(text.trim().trim_start_matches("git version ").to_owned()).filter(|v| !v.is_empty())
}

/// A remote that is a relative path is meant from the clone's work tree, not from the private repository.
fn absolute(url: &str, from: &Path) -> String {
    let relative = url.starts_with("./") || url.starts_with("../");
    if relative { PathBuf::from(from).join(url).display().to_string() } else { url.to_owned() }
}
