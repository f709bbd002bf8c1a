//! A bare repository that clones exchange their records by.

use super::Repo;
use std::path::PathBuf;

/// A bare repository with these commits on main, and the repository that they were made in.
pub struct Shared {
    pub maker: Repo,
    pub bare: PathBuf,
    pub commits: Vec<String>,
}

impl Shared {
    pub fn new(commits: usize) -> Self {
        let maker = Repo::new();
        let commits = (0..commits).map(|i| maker.commit(&format!("main {i}"))).collect();
        let bare = maker.around().join("bare.git");
        maker.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
        let shared = Self { maker, bare, commits };
        shared.serve_filters(true);
        shared
    }

    /// Another bare repository with the same commits and nothing else, beside it.
    pub fn beside(other: &Self, name: &str) -> Self {
        let bare = other.maker.around().join(name);
        let maker =
            Repo::clone_of(&other.url(), &other.maker.around().join(format!("{name}-maker")), &[]);
        maker.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
        let shared = Self { maker, bare, commits: other.commits.clone() };
        shared.serve_filters(true);
        shared
    }

    /// Whether the server leaves out objects on request, as the large forges do.
    pub fn serve_filters(&self, yes: bool) {
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
    pub fn url(&self) -> String {
        format!("file://{}", self.bare.display())
    }

    /// Runs git in the bare repository.
    pub fn git(&self, arguments: &[&str]) -> String {
        let git_dir = format!("--git-dir={}", self.bare.display());
        self.maker.git(&[&[git_dir.as_str()], arguments].concat())
    }

    /// A clone of it, beside it.
    pub fn clone(&self, name: &str, options: &[&str]) -> Repo {
        Repo::clone_of(&self.url(), &self.maker.around().join(name), options)
    }
}

/// How many records a clone has after it has fetched those of the remote.
pub fn records(repo: &Repo) -> usize {
    let said = repo.perfgate(&["baseline", "fetch"]).expect(0).stderr;
    let count = said.lines().last().and_then(|line| line.split(' ').next());
    count.unwrap().parse().unwrap_or_else(|_| panic!("{said}"))
}
