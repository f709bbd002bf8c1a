//! A search among commits of the example service, with a real Locust.
//!
//! ```sh
//! cargo test --locked --test integration bisect_real -- --ignored    # a minute; needs git, Python 3 and Locust
//! ```
#![cfg(unix)]

use crate::support::Repo;
use std::path::Path;

const POLICY: &str = "profiles:\n  p: { users: 10, spawn_rate: 100, duration: 5s }\n\
                      gate: { allow_different: [duration] }\n";

#[test]
#[ignore = "needs Locust, and a minute"]
fn the_commit_that_made_the_chat_slower_is_found_past_one_that_does_not_start() {
    let repo = Repo::new();
    let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/chat-service");
    for name in ["service.py", "locustfile.py"] {
        std::fs::copy(service.join(name), repo.folder.join(name)).unwrap();
    }
    let write = |name: &str, text: &str| std::fs::write(repo.folder.join(name), text).unwrap();
    write("perfgate.yaml", POLICY);
    let mut ids = Vec::new();
    for number in 0..=16 {
        write("number", &format!("{number}\n"));
        let slower = if number >= 11 { 1.3 } else { 1.0 };
        let start = format!("exec python3 service.py --port $1 --slower {slower}\n");
        write("serve.sh", if number == 8 { "exit 1\n" } else { &start });
        repo.git(&["add", "."]);
        ids.push(repo.commit(&format!("change {number}"))[..7].to_owned());
    }
    let ended = repo
        .perfgate(&[
            "bisect",
            &ids[0],
            &ids[16],
            "--serve",
            "sh serve.sh {port}",
            "--ready",
            "/health",
            "--profile",
            "p",
            "--",
            "locust",
            "-f",
            "locustfile.py",
            "--host",
            "{url}",
            "--json-file",
            "{out}/result",
        ])
        .expect(0);
    assert!(ended.stdout.starts_with(&format!("{} +", ids[11])), "{}", ended.stdout);
    assert!(ended.stdout.lines().next().unwrap().contains("POST /api/chat p"), "{}", ended.stdout);
    let trees = repo.git(&["worktree", "list"]);
    assert_eq!(trees.trim().lines().count(), 1, "{trees}");
}
