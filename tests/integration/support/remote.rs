//! A bare repository that clones exchange their records by.

use super::{Ended, Repo, clean};
use std::fs;
use std::path::{Path, PathBuf};

/// A bare repository with these commits on main, and the repository that they were made in.
pub(crate) struct Shared {
    pub(crate) maker: Repo,
    pub(crate) bare: PathBuf,
    pub(crate) commits: Vec<String>,
}

impl Shared {
    pub(crate) fn new(commits: usize) -> Self {
        let maker = Repo::new();
        let commits = (0..commits).map(|i| maker.commit(&format!("main {i}"))).collect();
        let bare = maker.around().join("bare.git");
        maker.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
        let shared = Self { maker, bare, commits };
        shared.serve_filters(true);
        shared
    }

    /// Another bare repository with the same commits and nothing else, beside it.
    pub(crate) fn beside(other: &Self, name: &str) -> Self {
        let bare = other.maker.around().join(name);
        let maker =
            Repo::clone_of(&other.url(), &other.maker.around().join(format!("{name}-maker")), &[]);
        maker.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
        let shared = Self { maker, bare, commits: other.commits.clone() };
        shared.serve_filters(true);
        shared
    }

    /// Whether the server leaves out objects on request, as the large forges do.
    pub(crate) fn serve_filters(&self, yes: bool) {
        for key in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
            self.maker.git(&[
                "--git-dir",
                self.bare.to_str().unwrap(),
                "config",
                key,
                &yes.to_string(),
            ]);
        }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.bare.display())
    }

    /// Runs git in the bare repository.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let git_dir = format!("--git-dir={}", self.bare.display());
        self.maker.git(&[&[git_dir.as_str()], arguments].concat())
    }

    /// A clone of it, beside it.
    pub(crate) fn clone(&self, name: &str, options: &[&str]) -> Repo {
        Repo::clone_of(&self.url(), &self.maker.around().join(name), options)
    }
}

/// How many records a clone has after it has fetched those of the remote.
pub(crate) fn records(repo: &Repo) -> usize {
    let said = repo.perfgate(&["baseline", "fetch"]).expect(0).stderr;
    let count = said.lines().last().and_then(|line| line.split(' ').next());
    count.unwrap().parse().unwrap_or_else(|_| panic!("{said}"))
}

pub(crate) const RUNS: &str = "refs/perfgate/runs";

/// A clone of which the first `n` commits are recorded, each once.
pub(crate) fn recorded(shared: &Shared, n: usize) -> Repo {
    let clone = shared.clone("clone", &[]);
    for (number, commit) in (1..).zip(&shared.commits[..n]) {
        clone.record(commit, number);
    }
    clone
}

/// The same, with the records pushed, and the clone aware of what the remote has.
pub(crate) fn pushed(shared: &Shared, n: usize) -> Repo {
    let clone = recorded(shared, n);
    clone.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&clone), n);
    clone
}

pub(crate) fn says(ended: &Ended, text: &str) {
    assert!(ended.stderr.contains(text), "{text}: {}", ended.stderr);
}

/// A file of the clone's private repository.
pub(crate) fn private(clone: &Repo, path: &str) -> PathBuf {
    clone.folder.join(".git/perfgate.git").join(path)
}

/// The names of the records that are here, whatever a remote says, and their blobs.
pub(crate) fn here(clone: &Repo) -> Vec<(String, String)> {
    let listed = clone.git(&["--git-dir=.git/perfgate.git", "ls-tree", "-r", RUNS]);
    let file = |line: &str| {
        let (head, path) = line.split_once('\t')?;
        path.starts_with("runs/")
            .then(|| (path.to_owned(), head.rsplit(' ').next().unwrap().to_owned()))
    };
    listed.lines().filter_map(file).collect()
}

/// The file of a loose object.
pub(crate) fn loose(clone: &Repo, id: &str) -> PathBuf {
    private(clone, &format!("objects/{}/{}", &id[..2], &id[2..]))
}

pub(crate) fn overwrite(file: &Path, content: &[u8]) {
    let mut rights = fs::metadata(file).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a scratch file")]
    rights.set_readonly(false);
    fs::set_permissions(file, rights).unwrap();
    fs::write(file, content).unwrap();
}

/// Lets the bare repository's ref be what it is made of these entries of a tree.
pub(crate) fn set_tree(shared: &Shared, entries: &str) {
    let file = shared.maker.around().join("tree");
    fs::write(&file, entries).unwrap();
    let tree = {
        let mut command = clean("git", &shared.bare);
        command.args(["mktree"]).stdin(fs::File::open(&file).unwrap());
        String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
    };
    let commit = shared.git(&["commit-tree", "-m", "x", &tree]);
    shared.git(&["update-ref", RUNS, &commit]);
}

/// A hook of the bare repository.
pub(crate) fn hook(shared: &Shared, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let file = shared.bare.join("hooks").join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

pub(crate) fn inboxes(shared: &Shared) -> usize {
    shared.git(&["for-each-ref", "refs/perfgate/inbox"]).lines().count()
}
