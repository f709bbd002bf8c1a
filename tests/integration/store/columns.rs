//! What is made from the records to be read faster: it changes no answer, whatever becomes of it.

use crate::support::Repo;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A repository with so many recorded runs; an endpoint is 12 % slower from the fortieth on, and a policy computes a metric.
fn repository(runs: usize) -> Repo {
    let repo = Repo::new();
    let policy = "metrics: { per_hit: { formula: \"p95 / hits\", direction: lower } }\n";
    fs::write(repo.folder.join("perfgate.yaml"), policy).unwrap();
    import(&repo, 0..runs);
    repo
}

fn import(repo: &Repo, runs: std::ops::Range<usize>) {
    let mut text = "commit,timestamp,GET /a p95 (ms),GET /b p95 (ms),p95,hits\n".to_owned();
    for r in runs {
        repo.commit(&format!("change {r}"));
        let commit = repo.git(&["rev-parse", "HEAD"]);
        let wobble = 1.0 + 0.01 * (((r * 7) % 11) as f64 / 5.0 - 1.0);
        let (a, b) = (30.0 * wobble * if r < 40 { 1.0 } else { 1.12 }, 50.0 * wobble);
        // Not every run has every measurement.
        let b = if r % 5 == 0 { String::new() } else { b.to_string() };
        writeln!(
            text,
            "{commit},{},{a},{b},{},{}",
            1_790_000_000 + r * 3600,
            60.0 * wobble,
            7 + r % 3
        )
        .unwrap();
    }
    fs::write(repo.folder.join("history.csv"), text).unwrap();
    repo.perfgate(&["baseline", "import", "history.csv"]).expect(0);
}

/// What perfgate says of the whole history.
fn answers(repo: &Repo) -> Vec<String> {
    let run = |arguments: &[&str]| repo.perfgate(arguments).expect(0).stdout;
    let mut all = vec![
        run(&["trend", "--endpoint", "**", "--endpoint", "total"]),
        run(&["trend", "--format", "json", "--column", "/b p95", "--column", "per_hit"]),
        run(&["trend", "--format", "csv", "--last", "500", "--metric", "hits"]),
    ];
    run(&["report", "--site", "site"]);
    run(&["baseline", "export", "--format", "csv", "exported"]);
    let written = ["site/index.html", "site/get-b.html", "exported/suite=default/runs.csv"];
    all.extend(written.map(|name| read_any(&repo.folder, name)));
    run(&["baseline", "export", "--format", "parquet", "exported"]);
    let parquet = fs::read(repo.folder.join("exported/suite=default/runs.parquet")).unwrap();
    all.push(format!("{parquet:?}"));
    all
}

/// A written file; of a page, whatever it is called.
fn read_any(folder: &Path, name: &str) -> String {
    match fs::read_to_string(folder.join(name)) {
        Ok(text) => text,
        Err(_) => {
            let mut files: Vec<PathBuf> =
                fs::read_dir(folder.join("site")).unwrap().map(|f| f.unwrap().path()).collect();
            files.sort();
            files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
        }
    }
}

fn kept(repo: &Repo) -> Vec<PathBuf> {
    let folder = repo.folder.join(".git/perfgate.git/columns");
    let files = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn whatever_becomes_of_the_columns_no_answer_changes() {
    let repo = repository(70);
    assert_eq!(kept(&repo), [] as [PathBuf; 0]);
    let first = answers(&repo);
    let files = kept(&repo);
    assert!(files.iter().any(|file| file.extension().is_some_and(|own| own == "parquet")));
    assert_eq!(answers(&repo), first);
    assert_eq!(kept(&repo), files, "what is there is used");
    // Cut off, damaged in the middle, of another version, gone.
    for file in kept(&repo) {
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    }
    assert_eq!(answers(&repo), first);
    for file in kept(&repo) {
        let mut bytes = fs::read(&file).unwrap();
        let (from, to) = (bytes.len() / 3, bytes.len() / 2);
        bytes[from..to].fill(0);
        fs::write(&file, &bytes).unwrap();
    }
    assert_eq!(answers(&repo), first);
    let columns = repo.folder.join(".git/perfgate.git/columns");
    for (number, file) in kept(&repo).into_iter().enumerate() {
        fs::rename(&file, columns.join(format!("runs-0-old-{number}.parquet"))).unwrap();
    }
    assert_eq!(answers(&repo), first);
    // Where nothing can be kept.
    fs::remove_dir_all(&columns).unwrap();
    fs::write(&columns, "").unwrap();
    assert_eq!(answers(&repo), first);
}

#[test]
fn columns_follow_the_records() {
    let repo = repository(70);
    answers(&repo);
    import(&repo, 70..74);
    let with = answers(&repo);
    let columns = repo.folder.join(".git/perfgate.git/columns");
    let without = |repo: &Repo| {
        fs::remove_dir_all(&columns).unwrap();
        answers(repo)
    };
    assert_eq!(with, without(&repo), "records that are new are there");
    assert!(with[0].contains("74 recorded commits"), "{}", with[0]);
    repo.perfgate(&["baseline", "prune", "--keep", "66"]).expect(0);
    let with = answers(&repo);
    assert!(with[0].contains("66 recorded commits"), "{}", with[0]);
    assert_eq!(with, without(&repo), "records that are gone are not");
}
