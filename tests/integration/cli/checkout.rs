//! Places that a command cannot work in, or not in full: said plainly.

use crate::support::{self, Ended, Repo, fixture};
use tempfile::TempDir;

#[test]
fn a_branch_that_is_gone_is_no_repository_without_commits() {
    let repo = Repo::new();
    let run = fixture("k6/2.2.0/base-1/summary.json");
    let record = |repo: &Repo| repo.perfgate(&["record", run.to_str().unwrap()]);
    repo.commit("one");
    repo.git(&["checkout", "--quiet", "-b", "old"]);
    repo.git(&["update-ref", "-d", "refs/heads/old"]);
    let error = record(&repo).expect(2).stderr;
    let expected = "error[P303]: the branch `old`, which is checked out, does not exist any more";
    assert!(error.starts_with(expected), "{error}");
    assert!(error.contains("git checkout BRANCH"), "{error}");
    let error = record(&Repo::new()).expect(2).stderr;
    assert!(error.contains("the repository has no commit yet"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_is_told() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let scratch = TempDir::new().unwrap();
    let folder = scratch.path().join(OsStr::from_bytes(b"caf\xe9"));
    if std::fs::create_dir(&folder).is_err() {
        // A file system of names in UTF-8 alone.
        return;
    }
    let git = support::clean("git", &folder).args(["init", "--quiet"]).status().unwrap();
    assert!(git.success());
    let run = fixture("k6/2.2.0/base-1/summary.json");
    let ended = |arguments: &[&OsStr]| {
        Ended::of(support::command(&folder).args(arguments).output().unwrap())
    };
    let error = ended(&["record".as_ref(), run.as_os_str()]).expect(2).stderr;
    assert!(error.contains("has a name that is not UTF-8"), "{error}");
    assert!(error.contains("compare --baseline-file FILE"), "{error}");
    // Without a repository, it works there.
    ended(&["normalize".as_ref(), run.as_os_str()]).expect(0);
    let error = ended(&["normalize".as_ref(), OsStr::from_bytes(b"caf\xe9.json")]).expect(2).stderr;
    assert!(error.contains("UTF-8"), "{error}");
}
