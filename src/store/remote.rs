//! The remote of the clone, reached through the `git` program: it knows every transport, proxy and credential helper that
//! the user has.

use super::error::StoreError;
use super::git_config::{Settings, add_password, count, settings, variables};
use super::patience::{self, Patience, Silent, Waiting};
use super::talk::{INCOMING, Talk};
use super::web_page::web_page;
use crate::model::Secrets;
use git2::{Oid, Repository};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The name that the remote has in a talk.
pub(super) const NAME: &str = "perfgate";

/// Which remote is meant, and whether and how long it may be asked.
#[derive(Debug, Clone, Copy)]
pub struct Reach<'a> {
    /// Its name; none: found by itself.
    pub remote: Option<&'a str>,
    /// Whether it is never asked.
    pub offline: bool,
    /// How long it may be silent.
    pub patience: Patience,
}

/// A remote of the clone.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Its name in the clone, for messages.
    name: String,
    url: String,
    /// Where pushes go, if elsewhere.
    push_url: Option<String>,
    settings: Settings,
    /// What the other side must not be able to have printed.
    secrets: Secrets,
    patience: Patience,
}

impl Remote {
    /// The remote of a clone: the one that is asked for, else `origin`, else the one that the branch tracks, else the
    /// only one. `origin` goes first so that a branch which tracks a fork does not move the store there. None when the
    /// clone has none and none is asked for.
    pub(super) fn of(
        repository: &Repository,
        reach: Reach<'_>,
    ) -> Result<Option<Self>, StoreError> {
        let wrap = || StoreError::git("reading the clone's remotes");
        let names = repository.remotes().map_err(wrap())?;
        let names: Vec<&str> = names.iter().flatten().flatten().collect();
        let tracked = || {
            let head = repository.head().ok()?;
            let upstream = repository.branch_upstream_remote(head.name().ok()?).ok()?;
            upstream.as_str().ok().map(str::to_owned)
        };
        let name = match reach.remote {
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
        let from = repository.workdir().unwrap_or_else(|| repository.path());
        let url = absolute(remote.url().map_err(wrap())?, from);
        let push_url = remote.pushurl().map_err(wrap())?.map(|url| absolute(url, from));
        let (settings, mut secrets) = settings(repository)?;
        [Some(&url), push_url.as_ref()]
            .into_iter()
            .flatten()
            .for_each(|url| add_password(&mut secrets, url));
        Ok(Some(Self { name, url, push_url, settings, secrets, patience: reach.patience }))
    }

    /// Its name in the clone.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its page in the web, without a user or a password; none where it has none.
    pub fn web_page(&self) -> Option<String> {
        web_page(&self.url)
    }

    /// What identifies it, whatever its name: where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Whether what is pushed goes somewhere else than what is fetched comes from.
    pub(super) fn pushes_elsewhere(&self) -> bool {
        self.push_url.is_some()
    }

    /// Brings the refs of the store here, only the newest state of each, with all folders (`whole`) or only with those that
    /// lead to them; without the contents of records.
    pub(super) fn fetch_store(&self, talk: &Talk, whole: bool) -> Result<(), StoreError> {
        let refspec = format!("+refs/perfgate/*:{INCOMING}*");
        let filter = if whole { "--filter=blob:none" } else { "--filter=tree:3" };
        let fetch =
            ["fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--prune", "--depth=1"];
        let fetch = [&fetch[..], &[filter, NAME, &refspec]].concat();
        let output = self.run(talk, &fetch, &[])?;
        if output.status.success() {
            return Ok(());
        }
        // Where there is nothing to fetch, git fails with a depth, and says nothing.
        if self.listed(talk, &["refs/perfgate/*"])?.is_empty() {
            return Ok(());
        }
        self.reach(talk, &fetch, &[])
    }

    /// Brings these objects here in one go: blobs, or folders without what is in them.
    pub(super) fn fetch_objects(&self, private: &Path, objects: &[Oid]) -> Result<(), StoreError> {
        let talk = Talk::open(private, None)?;
        self.fetch_listed(&talk, "--filter=blob:none", objects)?;
        talk.keep()
    }

    /// Brings the commits from these on here, without their trees.
    pub(super) fn fetch_graph(&self, private: &Path, commits: &[Oid]) -> Result<(), StoreError> {
        let talk = Talk::open(private, None)?;
        self.fetch_listed(&talk, "--filter=tree:0", commits)?;
        talk.keep()
    }

    fn fetch_listed(&self, talk: &Talk, filter: &str, objects: &[Oid]) -> Result<(), StoreError> {
        // Nothing that is here says anything about what is missing, so nothing is negotiated.
        let noop = ["-c", "fetch.negotiationAlgorithm=noop"];
        let fetch =
            ["fetch", "--progress", "--no-tags", "--no-write-fetch-head", filter, "--stdin", NAME];
        let list: String = objects.iter().map(|id| format!("{id}\n")).collect();
        self.reach(talk, &[&noop[..], &fetch[..]].concat(), list.as_bytes())
    }

    /// The commit that a branch or tag of the remote points to.
    pub(super) fn resolve(
        &self,
        private: &Path,
        revision: &str,
    ) -> Result<Option<Oid>, StoreError> {
        let branch = format!("refs/heads/{revision}");
        let tag = format!("refs/tags/{revision}");
        let peeled = format!("{tag}^{{}}");
        let found = self.listed(&Talk::open(private, None)?, &[&branch, &tag, &peeled])?;
        let find = |name: &str| found.iter().find(|(own, _)| own == name).map(|(_, id)| *id);
        Ok(find(&branch).or_else(|| find(&peeled)).or_else(|| find(&tag)))
    }

    /// The refs of these names that the remote shows to readers.
    pub(super) fn listed(
        &self,
        talk: &Talk,
        names: &[&str],
    ) -> Result<Vec<(String, Oid)>, StoreError> {
        let output = self.run(talk, &[&["ls-remote", NAME], names].concat(), &[])?;
        if !output.status.success() {
            return Err(self.unreachable(&output));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        Ok(lines
            .filter_map(|(id, name)| Some((name.to_owned(), Oid::from_str(id).ok()?)))
            .collect())
    }

    fn reach(&self, talk: &Talk, arguments: &[&str], input: &[u8]) -> Result<(), StoreError> {
        let output = self.run(talk, arguments, input)?;
        if output.status.success() { Ok(()) } else { Err(self.unreachable(&output)) }
    }

    pub(super) fn unreachable(&self, output: &Output) -> StoreError {
        let said = String::from_utf8_lossy(&output.stderr);
        let lines = || said.split(['\n', '\r']).map(str::trim);
        let fatal = lines().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
        let message = fatal.or_else(|| lines().next()).filter(|line| !line.is_empty());
        StoreError::Unreachable {
            remote: self.name.clone(),
            message: message.unwrap_or("git gave no reason").to_owned(),
            said: said_by_server(&said),
        }
    }

    /// Runs git in a talk, with the clone's settings and without anything that points elsewhere.
    pub(super) fn run(
        &self,
        talk: &Talk,
        arguments: &[&str],
        input: &[u8],
    ) -> Result<Output, StoreError> {
        let mut settings = vec![
            (format!("remote.{NAME}.url"), self.url.clone()),
            // What the filter left out may be asked for later.
            (format!("remote.{NAME}.promisor"), "true".to_owned()),
            (format!("remote.{NAME}.partialclonefilter"), "blob:none".to_owned()),
            // What comes is one pack, which is moved as a whole.
            ("fetch.unpackLimit".to_owned(), "1".to_owned()),
            // The refs of the private repository are none of git's business.
            ("core.alternateRefsCommand".to_owned(), ": #".to_owned()),
            ("gc.auto".to_owned(), "0".to_owned()),
            ("maintenance.auto".to_owned(), "false".to_owned()),
            NO_HOOKS.map(str::to_owned).into(),
        ];
        if let Some(url) = &self.push_url {
            settings.push((format!("remote.{NAME}.pushurl"), url.clone()));
        }
        settings.extend(self.settings.iter().cloned());
        let mut command = git();
        command.arg(format!("--git-dir={}", talk.git_dir().display())).args(arguments);
        command.envs(variables(&settings, count())).env("GIT_TERMINAL_PROMPT", "0");
        if arguments.first() == Some(&"push") {
            // What is not here is on the remote: git must not fetch it to send it back.
            command.env("GIT_NO_LAZY_FETCH", "1");
        }
        let child = command.spawn().map_err(|error| not_started(&error))?;
        let mut waiting =
            Waiting::new(&format!("the remote {}", self.name)).hiding(self.secrets.clone());
        let ended = patience::output(child, input, self.patience, &mut waiting);
        let ended = ended.map_err(|error| not_started(&error))?;
        let mut output = ended.map_err(|Silent| StoreError::Silent {
            remote: self.name.clone(),
            seconds: self.patience.silence().as_secs(),
        })?;
        let said = String::from_utf8_lossy(&output.stderr);
        output.stderr = self.secrets.hide(&said).into_owned().into_bytes();
        Ok(output)
    }
}

/// No hook is run: neither one that lies in the private repository nor one that the user has for all repositories.
const NO_HOOKS: [&str; 2] = ["core.hooksPath", "/dev/null"];

/// The program, without anything of the environment that points to a repository, and without perfgate's own tokens; its
/// input and output are piped. What its credential helpers read (`GITHUB_TOKEN`, …) stays.
pub(super) fn git() -> Command {
    let mut command = Command::new("git");
    for variable in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "PERFGATE_TOKEN",
        "PERFGATE_PROMETHEUS_TOKEN",
    ] {
        command.env_remove(variable);
    }
    command.env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(super) fn not_started(error: &std::io::Error) -> StoreError {
    StoreError::GitProgram {
        what: "program",
        message: format!("cannot be started ({error}); it is needed to reach a remote"),
    }
}

/// The lines that come from the server itself, without how far it is; a few of them.
pub(super) fn said_by_server(stderr: &str) -> Vec<String> {
    let lines = stderr.split(['\n', '\r']).filter_map(|line| line.strip_prefix("remote:"));
    let lines = lines.map(str::trim).filter(|line| !line.is_empty() && !is_progress(line));
    lines.take(20).map(str::to_owned).collect()
}

/// `Counting objects: 100% (8/8), done.`
fn is_progress(line: &str) -> bool {
    const STEPS: [&str; 5] = [
        "Enumerating objects:",
        "Counting objects:",
        "Compressing objects:",
        "Resolving deltas:",
        "Total ",
    ];
    STEPS.iter().any(|step| line.starts_with(step))
}

/// The version of the `git` program, as it says itself; none where it cannot be started.
pub fn git_version() -> Option<String> {
    let said = git().arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&said.stdout);
    Some(text.trim().trim_start_matches("git version ").to_owned()).filter(|v| !v.is_empty())
}

/// A remote that is a relative path is meant from the clone's work tree, not from the private repository.
fn absolute(url: &str, from: &Path) -> String {
    let relative = url.starts_with("./") || url.starts_with("../");
    if relative { PathBuf::from(from).join(url).display().to_string() } else { url.to_owned() }
}
