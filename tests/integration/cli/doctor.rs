//! `perfgate doctor` and `perfgate completions`: what a newcomer asks first.

use crate::support::{self, Ended, Repo, fixture, perfgate};
use tempfile::TempDir;

/// The line about something, with its mark.
fn line<'a>(ended: &'a Ended, head: &str) -> &'a str {
    let about = |line: &&str| line.chars().skip(2).collect::<String>().starts_with(head);
    ended.stdout.lines().find(about).unwrap_or_else(|| panic!("no {head}:\n{}", ended.stdout))
}

#[test]
fn without_a_repository_it_says_so_and_what_works_without_one() {
    let scratch = TempDir::new().unwrap();
    let ended = perfgate(scratch.path(), &["doctor"]).expect(2);
    assert!(line(&ended, "repository").starts_with("✗ "), "{}", ended.stdout);
    assert!(ended.stdout.contains("--baseline-file FILE"), "{}", ended.stdout);
    assert!(ended.stdout.contains("! policy      there is no perfgate.yaml"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("1 problem would stop a gate\n"), "{}", ended.stdout);
}

#[test]
fn from_an_empty_repository_to_one_that_has_everything() {
    let repo = Repo::new();
    repo.commit("begin");
    let results = fixture("locust/2.47.0/base-1/x_stats.csv");
    let write = |text: &str| std::fs::write(repo.folder.join("perfgate.yaml"), text).unwrap();
    write(&format!(
        "results: [{:?}]\nbaseline: {{ branch: main }}\n",
        results.display().to_string()
    ));
    let doctor = |code: i32| repo.perfgate(&["doctor"]).expect(code);

    let begin = doctor(0);
    assert!(line(&begin, "policy").ends_with("perfgate.yaml"));
    assert!(line(&begin, "results").ends_with("1 file (1 locust-csv)"));
    assert!(line(&begin, "remote").starts_with("! "));
    assert!(line(&begin, "records").contains("nothing is recorded yet"));

    repo.record_level("first", 0, &[1.0]);
    assert!(line(&doctor(0), "baseline").contains("main: 0 runs of 0 commits"));
    repo.commit("a change");
    let one = doctor(0);
    assert!(
        line(&one, "records").starts_with("✓ ")
            && line(&one, "records").ends_with("1 run of 1 commit")
    );
    assert!(line(&one, "baseline").contains("main: 1 run of 1 commit"), "{}", one.stdout);
    assert!(line(&one, "baseline").contains("from three on"), "{}", one.stdout);

    repo.record_level("second", 1, &[1.0]);
    repo.record_level("third", 2, &[1.0]);
    repo.commit("another change");
    let remote = repo.around().join("remote.git");
    repo.git(&["init", "--quiet", "--bare", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    let all = doctor(0);
    assert!(line(&all, "remote").ends_with("origin answers"), "{}", all.stdout);
    assert!(line(&all, "baseline").starts_with("✓ "), "{}", all.stdout);
    assert!(all.stdout.ends_with("everything that a gate needs is set up\n"), "{}", all.stdout);

    std::fs::remove_dir_all(&remote).unwrap();
    let gone = doctor(2);
    assert!(line(&gone, "remote").starts_with("✗ "), "{}", gone.stdout);
    assert!(repo.perfgate(&["doctor", "--offline"]).expect(0).stdout.contains("not asked"));

    write("bogus: 1\n");
    let broken = doctor(2);
    assert!(line(&broken, "policy").starts_with("✗ "), "{}", broken.stdout);
    assert!(broken.stdout.contains("unknown key \"bogus\""), "{}", broken.stdout);
}

/// Three runs show the noise: what the gate sees is said before anybody trusts it.
#[test]
fn from_three_runs_on_it_says_what_the_gate_sees() {
    let repo = Repo::new();
    std::fs::write(repo.folder.join("perfgate.yaml"), "baseline: { branch: main }\n").unwrap();
    let record = |n: u32| {
        repo.commit("main");
        let results = fixture(&format!("locust/2.47.0/base-{n}/x_stats.csv"));
        repo.perfgate(&["record", results.to_str().unwrap()]).expect(0).stderr
    };
    assert!(!record(1).contains("visible") && !record(2).contains("visible"));
    let third = record(3);
    assert!(
        third.contains("smallest visible changes: from +20 % (POST /api/chat p95) to "),
        "{third}"
    );
    assert!(third.contains("too noisy for changes near the limit to be visible: "), "{third}");
    let doctor = repo.perfgate(&["doctor"]).expect(0).stdout;
    assert!(doctor.contains("✓ sight       smallest visible changes: from +20 % ("), "{doctor}");
    assert!(
        doctor.contains("! sight       too noisy for changes near the limit to be visible: "),
        "{doctor}"
    );
}

#[test]
fn in_ci_it_says_whether_there_is_a_token_and_never_which() {
    let repo = Repo::new();
    repo.commit("begin");
    let doctor = |variables: &[(&str, &str)]| {
        let mut command = support::command(&repo.folder);
        command.arg("doctor").envs(variables.iter().copied());
        Ended::of(command.output().unwrap()).expect(0).stdout
    };
    let without = doctor(&[("GITHUB_ACTIONS", "true")]);
    assert!(without.contains("! ci          GitHub, without a token"), "{without}");
    let with = doctor(&[("GITLAB_CI", "true"), ("PERFGATE_TOKEN", "glpat-secret")]);
    assert!(with.contains("✓ ci          GitLab, with a token in PERFGATE_TOKEN"), "{with}");
    assert!(!with.contains("secret"));
    assert!(!doctor(&[]).contains("ci  "), "nothing about CI outside of it");
}

#[test]
fn every_shell_completes_what_people_use_and_nothing_else() {
    let scratch = TempDir::new().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = perfgate(scratch.path(), &["completions", shell]).expect(0).stdout;
        assert!(script.contains("compare") && script.contains("baseline-file"), "{shell}");
        assert!(!script.contains("supervise"), "{shell}");
    }
    perfgate(scratch.path(), &["completions", "tcsh"]).expect(2);
}
