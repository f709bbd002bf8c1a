//! What a store hands out: nothing that is larger than perfgate writes it.

use crate::support::{Repo, clean};
use std::fs;
use std::process::{Command, Stdio};

/// One byte more than a record may have.
const TOO_LARGE: u64 = (128 << 20) + 1;

/// Runs git in the private repository of the store, with a scratch index.
fn store_git(repo: &Repo, arguments: &[&str]) -> String {
    let store = repo.folder.join(".git/perfgate.git");
    let mut git: Command = clean("git", &repo.folder);
    git.args(arguments).stdin(Stdio::null()).env("GIT_DIR", &store);
    git.env("GIT_INDEX_FILE", store.join("scratch-index"));
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "x").env(format!("GIT_{who}_EMAIL"), "x@x.example");
    }
    let output = git.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_content_of_the_ref_that_is_larger_than_any_record_is_refused_unread() {
    let repo = Repo::new();
    let commit = repo.commit("Measure");
    repo.record("HEAD", 1);
    let large = repo.folder.join("large");
    fs::File::create(&large).unwrap().set_len(TOO_LARGE).unwrap();
    let blob = store_git(&repo, &["hash-object", "-w", large.to_str().unwrap()]);
    let (a, b, rest) = (&commit[..1], &commit[1..2], &commit[2..]);
    let path = format!("runs/{a}/{b}/{rest}-{}.json", &blob[..16]);
    store_git(&repo, &["read-tree", "refs/perfgate/runs"]);
    store_git(&repo, &["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")]);
    let tree = store_git(&repo, &["write-tree"]);
    let state = store_git(&repo, &["commit-tree", &tree, "-m", "x"]);
    store_git(&repo, &["update-ref", "refs/perfgate/runs", &state]);

    let shown = repo.perfgate(&["baseline", "show", "--format", "json", "HEAD"]).expect(2);
    let problem =
        format!("the record {path} is larger than 128 MiB, the most that a record may have");
    assert!(shown.stderr.contains(&problem), "{}", shown.stderr);
    let verified = repo.perfgate(&["baseline", "verify"]).expect(2);
    let problem = format!("{path}: its content is larger than 128 MiB");
    assert!(verified.stderr.contains(&problem), "{}", verified.stderr);
}

#[test]
fn a_file_of_a_folder_that_is_larger_than_any_record_is_refused_unread() {
    let repo = Repo::new();
    fs::write(repo.folder.join("perfgate.yaml"), "store: { kind: directory, path: baselines }\n")
        .unwrap();
    repo.commit("Measure");
    repo.record("HEAD", 1);
    let find =
        |folder: &std::path::Path| fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let file = find(&find(&find(&repo.folder.join("baselines/runs"))));
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(TOO_LARGE).unwrap();
    let shown = repo.perfgate(&["baseline", "show", "--format", "json", "HEAD"]).expect(2);
    assert!(shown.stderr.contains("is larger than 128 MiB"), "{}", shown.stderr);
}
