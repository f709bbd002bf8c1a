//! Comments and checks against a forge on this machine: one comment that stays current, whatever else goes on there.

use crate::support::fixture;
use crate::support::forge::{Fault, Forge, Kept};
use perfgate::forge::{
    Bitbucket, Check, Comments, ForgeError, GitHub, GitLab, Gitea, Marker, Patience, Published,
    Style, publish,
};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

const TOKEN: &str = "secret-token-1234";

thread_local! {
    static WAITED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Patience that waits for nothing and remembers for how long it would have.
fn patience() -> Patience {
    WAITED.with_borrow_mut(Vec::clear);
    let sleep = |time: Duration| WAITED.with_borrow_mut(|list| list.push(time.as_secs()));
    Patience { total: 200, request: Duration::from_secs(30), sleep, now: || 1_000 }
}

fn waited() -> Vec<u64> {
    WAITED.with_borrow(Clone::clone)
}

fn github(forge: &Forge) -> GitHub {
    GitHub::new(&forge.url, "o/r", TOKEN, patience()).unwrap()
}

fn marker(run: u64, rank: u8) -> Marker {
    Marker { key: "default".to_owned(), run: (run, 1), sha: "abc".to_owned(), rank }
}

fn put(forge: &Forge, marker: &Marker, text: &str) -> Result<Published, ForgeError> {
    publish(&github(forge).comments(7), marker, text)
}

/// Everything that was sent to GitHub is what its published description of the API allows.
pub(super) fn assert_requests_are_valid(forge: &Forge) {
    let text = std::fs::read_to_string(fixture("github/requests.json")).unwrap();
    let known: Value = serde_json::from_str(&text).unwrap();
    for request in &forge.state().requests {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        if request.path.ends_with("/graphql") {
            continue;
        }
        let same = |pattern: &str| {
            let (method, path) = pattern.split_once(' ').unwrap();
            let (own, theirs): (Vec<&str>, Vec<&str>) =
                (request.path.split('/').collect(), path.split('/').collect());
            let part = |(a, b): (&&str, &&str)| a == b || b.starts_with('{');
            method == request.method
                && own.len() == theirs.len()
                && own.iter().zip(&theirs).all(part)
        };
        let (_, operation) = known
            .as_object()
            .unwrap()
            .iter()
            .find(|(name, _)| same(name))
            .unwrap_or_else(|| panic!("no such operation: {request:?}"));
        for pair in request.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap();
            let schema = &operation["query"][name];
            assert!(schema.is_object(), "{name} is no parameter: {request:?}");
            let value = value.parse::<i64>().map_or_else(|_| json!(value), |n| json!(n));
            assert!(jsonschema::is_valid(schema, &value), "{name}: {request:?}");
        }
        match operation.get("body") {
            Some(schema) => assert!(jsonschema::is_valid(schema, &request.body), "{request:?}"),
            None => assert!(request.body.is_null(), "{request:?}"),
        }
    }
}

#[test]
fn a_comment_is_made_then_edited_and_made_anew_only_when_things_get_worse() {
    let forge = Forge::new("github-actions[bot]");
    assert!(matches!(put(&forge, &marker(1, 1), "passes").unwrap(), Published::Created(Some(_))));
    assert!(matches!(put(&forge, &marker(2, 1), "passes again").unwrap(), Published::Updated(_)));
    let first = forge.heads()[0].0;
    assert!(matches!(put(&forge, &marker(3, 4), "fails").unwrap(), Published::Created(_)));
    let heads = forge.heads();
    assert_eq!(heads.len(), 1, "{heads:?}");
    assert_ne!(heads[0].0, first, "people are told of what got worse");
    assert!(matches!(put(&forge, &marker(4, 1), "fixed").unwrap(), Published::Updated(_)));
    assert!(matches!(put(&forge, &marker(4, 1), "fixed").unwrap(), Published::Unchanged(_)));
    assert!(forge.state().comments[0].body.ends_with("\nfixed"));
    assert_requests_are_valid(&forge);
}

#[test]
fn the_comment_is_found_behind_two_thousand_others() {
    let forge = Forge::new("github-actions[bot]");
    for id in 0..2_000 {
        forge.keep(id, "somebody", "a remark");
    }
    put(&forge, &marker(1, 1), "one").unwrap();
    put(&forge, &marker(2, 1), "two").unwrap();
    assert_eq!(forge.state().comments.len(), 2_001);
    assert_eq!(forge.state().comments[2_000].body.lines().last(), Some("two"));
    assert!(forge.count("GET", "/comments") >= 2 * 21, "every page is read");
    assert_requests_are_valid(&forge);
}

#[test]
fn only_our_own_comment_of_this_key_with_the_marker_in_its_first_line_is_touched() {
    let forge = Forge::new("github-actions[bot]");
    let line = marker(1, 1).line(Style::Html);
    let other = Marker { key: "web".to_owned(), ..marker(1, 1) }.line(Style::Html);
    forge.keep(1, "mallory", &format!("{line}\nnot ours"));
    forge.keep(2, "github-actions[bot]", &format!("> {line}\nquoted"));
    forge.keep(3, "github-actions[bot]", &format!("{other}\nanother suite"));
    forge.keep(4, "github-actions[bot]", &format!("{line}\nours"));
    // People who are nearly called like us, with markers of a run that is never outdated.
    let newer = marker(99_999_999_999, 1).line(Style::Html);
    for (id, name) in [(5, "github-actions"), (6, "GitHub-Actions"), (7, "GITHUB-ACTIONS[bot]")] {
        forge.keep(id, name, &format!("{newer}\nforged"));
    }
    assert!(matches!(put(&forge, &marker(2, 1), "new").unwrap(), Published::Updated(_)));
    let bodies: Vec<String> = forge.state().comments.iter().map(|c| c.body.clone()).collect();
    assert_eq!(bodies.len(), 7);
    assert!(bodies[0].ends_with("not ours") && bodies[1].ends_with("quoted"));
    assert!(bodies[2].ends_with("another suite") && bodies[3].ends_with("\nnew"), "{bodies:?}");
}

#[test]
fn a_newer_run_is_never_overwritten() {
    let forge = Forge::new("bot");
    put(&forge, &marker(9, 1), "newer").unwrap();
    assert_eq!(put(&forge, &marker(8, 4), "older").unwrap(), Published::Outdated);
    let second = Marker { run: (9, 2), ..marker(9, 1) };
    put(&forge, &second, "second attempt").unwrap();
    assert_eq!(put(&forge, &marker(9, 1), "first attempt").unwrap(), Published::Outdated);
    assert!(forge.state().comments[0].body.ends_with("second attempt"));
}

#[test]
fn of_two_jobs_at_once_one_comment_stays() {
    // The twin's comment appears between our look and our own.
    for (twin, outcome) in
        [(marker(5, 1), "theirs"), (marker(6, 1), "newer"), (marker(4, 1), "older")]
    {
        let forge = Forge::new("bot");
        let id = if outcome == "theirs" { 1 } else { 5_000 };
        let body = format!("{}\n{outcome}", twin.line(Style::Html));
        forge.state().twin = Some(Kept { id, author: "bot".to_owned(), body, list: None });
        let published = put(&forge, &marker(5, 1), "ours").unwrap();
        let comments = forge.state().comments.clone();
        assert_eq!(comments.len(), 1, "{comments:?}");
        let last = comments[0].body.lines().last().unwrap();
        match outcome {
            "theirs" => assert_eq!(
                (last, published),
                ("theirs", Published::Unchanged(Some(format!("{}/comment/1", forge.url))))
            ),
            "newer" => assert_eq!((last, published), ("newer", Published::Outdated)),
            _ => assert_eq!(last, "ours"),
        }
    }
    // Duplicates of the past are cleared away.
    let forge = Forge::new("bot");
    for id in 1..=3 {
        forge.keep(id, "bot", &format!("{}\nold", marker(1, 1).line(Style::Html)));
    }
    put(&forge, &marker(2, 1), "new").unwrap();
    assert_eq!(forge.heads().len(), 1);
}

#[test]
fn limits_are_waited_for_as_the_forge_says() {
    let forge = Forge::new("bot");
    forge.fail(Fault::new("POST", "/comments", 429).with("retry-after", "7"));
    forge.fail(
        Fault::new("GET", "/comments", 403)
            .with("x-ratelimit-remaining", "0")
            .with("x-ratelimit-reset", "1042"),
    );
    let mut secondary = Fault::new("POST", "/comments", 403);
    secondary.body = "{\"message\": \"You have exceeded a secondary rate limit\"}";
    forge.fail(secondary);
    put(&forge, &marker(1, 1), "text").unwrap();
    // Until the reset; as long as it says; and a minute that doubles, as this is the second try of that request.
    assert_eq!(waited(), [42, 7, 120]);
    assert_eq!(forge.heads().len(), 1);
}

#[test]
fn nobody_waits_longer_than_a_job_should() {
    let forge = Forge::new("bot");
    forge.fail(Fault::new("POST", "/comments", 429).with("retry-after", "3600"));
    let error = put(&forge, &marker(1, 1), "text").unwrap_err();
    assert!(matches!(error, ForgeError::TooBusy { seconds: 3600, .. }), "{error}");
    assert!(waited().is_empty());
}

#[test]
fn a_reset_at_the_beginning_of_time_is_waited_for_like_any_that_is_over() {
    let forge = Forge::new("bot");
    forge.fail(
        Fault::new("GET", "/comments", 429)
            .with("x-ratelimit-remaining", "0")
            .with("x-ratelimit-reset", &i64::MIN.to_string()),
    );
    put(&forge, &marker(1, 1), "text").unwrap();
    assert_eq!(waited(), [1]);
}

/// A server that answers every request with one byte at a time, and after a few seconds is done.
fn drip() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map(Result::unwrap) {
            std::thread::spawn(move || {
                let (mut stream, body) = (stream, format!("[{}]", " ".repeat(150)));
                let length = body.len();
                let mut sent = stream.read(&mut [0; 4096]).map(drop).and_then(|()| {
                    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")
                });
                for byte in body.bytes() {
                    sent = sent.and_then(|()| stream.write_all(&[byte]));
                    std::thread::sleep(Duration::from_millis(30));
                }
            });
        }
    });
    url
}

#[test]
fn an_answer_that_comes_byte_by_byte_is_given_up_at_the_deadline() {
    let patience = Patience { request: Duration::from_millis(300), ..patience() };
    let gitea = Gitea::new(&drip(), ("o/r", 7), TOKEN, patience).unwrap();
    let error = publish(&gitea, &marker(1, 1), "text").unwrap_err();
    assert!(error.to_string().contains("no complete answer within 0.3 s"), "{error}");
}

#[test]
fn a_token_that_the_forge_repeats_goes_no_further() {
    // As it is, and in `x:secret-token-1234` as base64.
    for body in [
        "{\"message\": \"Bearer secret-token-1234 is bad\"}",
        "<p>Authorization: basic eDpzZWNyZXQtdG9rZW4tMTIzNA==</p>",
    ] {
        let forge = Forge::new("bot");
        let mut echo = Fault::new("GET", "/comments", 400);
        echo.body = body;
        forge.fail(echo);
        let error = put(&forge, &marker(1, 1), "text").unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("***") && !text.contains(TOKEN), "{text}");
        assert!(!text.contains("zZWNyZXQtdG9rZW4tMTIzN"), "{text}");
    }
    // Nor in the address of a comment, which is printed.
    let forge = Forge::new("bot");
    let mut made = Fault::new("POST", "/comments", 201);
    made.body = "{\"id\": 1, \"html_url\": \"https://x.test/secret-token-1234\"}";
    forge.fail(made);
    let published = put(&forge, &marker(1, 1), "text").unwrap();
    assert_eq!(published, Published::Created(Some("https://x.test/***".to_owned())));
}

#[test]
fn what_was_lost_on_the_way_is_not_made_twice() {
    let forge = Forge::new("bot");
    let mut lost = Fault::new("POST", "/comments", 502);
    lost.done = true;
    forge.fail(lost);
    put(&forge, &marker(1, 1), "text").unwrap();
    assert_eq!(forge.heads().len(), 1, "the first was made although its answer was lost");
    assert_eq!(forge.count("POST", "/comments"), 1);
    forge.fail(Fault::new("PATCH", "/100001", 503));
    put(&forge, &marker(2, 1), "newer").unwrap();
    assert!(forge.state().comments[0].body.ends_with("newer"), "an edit is tried again");
    // Deleted between the look and the edit.
    forge.fail(Fault::new("PATCH", "/100001", 404));
    put(&forge, &marker(3, 1), "newest").unwrap();
    assert!(forge.state().comments[0].body.ends_with("newest"));
}

#[test]
fn a_refusal_is_an_error_with_its_status_and_no_token() {
    for status in [401, 403, 404, 422, 500] {
        let forge = Forge::new("bot");
        for _ in 0..20 {
            forge.fail(Fault::new("POST", "/comments", status));
        }
        let error = put(&forge, &marker(1, 1), "text").unwrap_err();
        assert_eq!(error.status(), Some(status), "{error}");
        assert!(!format!("{error} {error:?}").contains(TOKEN));
        assert!(forge.heads().is_empty());
    }
    assert!(!format!("{:?}", github(&Forge::new("bot"))).contains(TOKEN));
}

#[test]
fn the_token_never_goes_to_another_host() {
    let (forge, other) = (Forge::new("bot"), Forge::new("mallory"));
    for status in [301, 302, 307] {
        let to = format!("{}/repos/o/r/issues/7/comments", other.url);
        forge.fail(Fault::new("GET", "/comments", status).with("location", &to));
        let error = put(&forge, &marker(1, 1), "text").unwrap_err();
        assert!(matches!(error, ForgeError::Redirected { .. }), "{error}");
    }
    // Nor by the address of a next page.
    let next = format!("<{}/x>; rel=\"next\"", other.url);
    let mut page = Fault::new("GET", "/comments", 200).with("link", &next);
    page.body = "[]";
    forge.fail(page);
    assert!(put(&forge, &marker(1, 1), "text").is_err());
    assert!(other.state().requests.is_empty());
    // On the same host a redirect is followed: a repository has a new name.
    forge.fail(
        Fault::new("GET", "/comments", 301).with("location", "/repos/o/new/issues/7/comments"),
    );
    put(&forge, &marker(1, 1), "text").unwrap();
}

#[test]
fn a_comment_is_never_longer_than_a_forge_takes() {
    let forge = Forge::new("bot");
    let line = format!("{}\n", "ü".repeat(99));
    put(&forge, &marker(1, 1), &line.repeat(700)).unwrap();
    let body = forge.state().comments[0].body.clone();
    let characters = body.chars().count();
    assert!((65_000..=65_536).contains(&characters) && body.ends_with('ü'), "{characters}");
}

#[test]
fn a_check_run_has_its_annotations_in_batches_of_fifty() {
    let forge = Forge::new("bot");
    let annotations: Vec<(&'static str, String)> =
        (0..120).map(|i| ("failure", format!("endpoint {i}"))).collect();
    let summary = "x".repeat(70_000);
    let check = Check {
        name: "perfgate",
        sha: "0123456789012345678901234567890123456789",
        conclusion: "failure",
        title: "1 regression",
        summary: &summary,
        annotations: &annotations,
        file: "perfgate.yaml",
    };
    github(&forge).check(&check).unwrap();
    let sizes: Vec<usize> = forge
        .state()
        .checks
        .iter()
        .map(|c| c["output"]["annotations"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [50, 50, 20]);
    let longest = forge.state().checks[0]["output"]["summary"].as_str().unwrap().len();
    assert!(longest <= 65_535, "{longest}");
    assert_requests_are_valid(&forge);
}

#[test]
fn pull_requests_are_found_by_their_head_and_the_repository_of_that() {
    let forge = Forge::new("bot");
    let pull = |number: u64, sha: &str, repository: u64| {
        json!({
            "number": number, "head": { "sha": sha, "repo": { "id": repository } },
            "base": { "sha": "base", "ref": "main" },
        })
    };
    forge.state().pulls =
        json!([pull(9, "bbb", 30), pull(1, "aaa", 10), pull(2, "bbb", 20), pull(3, "bbb", 30)]);
    let github = github(&forge);
    let found = |sha: &str, id: u64| -> Vec<u64> {
        github.pull_requests_of(sha, id).unwrap().iter().map(|pr| pr.number).collect()
    };
    assert_eq!((found("bbb", 30), found("bbb", 20)), (vec![3, 9], vec![2]));
    assert_eq!((found("bbb", 10), found("ccc", 20)), (vec![], vec![]));
    assert_requests_are_valid(&forge);
}

#[test]
fn the_other_forges_keep_one_comment_as_well() {
    let check = |comments: &dyn Comments, forge: &Forge| {
        let style = comments.style();
        for id in 0..150 {
            forge.keep(id, "somebody", "a remark");
        }
        let put = |run: u64, text: &str| publish(comments, &marker(run, 1), text).unwrap();
        assert!(matches!(put(1, "one"), Published::Created(Some(_))));
        assert!(matches!(put(2, "two"), Published::Updated(Some(_))));
        let own: Vec<Kept> =
            forge.state().comments.iter().filter(|c| c.author == "us").cloned().collect();
        assert_eq!(own.len(), 1, "{own:?}");
        assert_eq!(own[0].body, format!("{}\ntwo", marker(2, 1).line(style)));
        assert!(matches!(
            publish(comments, &marker(3, 4), "worse").unwrap(),
            Published::Created(_)
        ));
        assert_eq!(forge.state().comments.len(), 151);
    };
    let forge = Forge::new("us");
    let url = Some("https://gitlab.example/g/p/-/merge_requests/7".to_owned());
    let gitlab =
        GitLab::new(&format!("{}/api/v4", forge.url), ("42", 7), TOKEN, url, patience()).unwrap();
    check(&gitlab, &forge);
    assert!(forge.state().requests.iter().all(|r| r.header("private-token") == Some(TOKEN)));
    assert!(
        forge
            .state()
            .requests
            .iter()
            .any(|r| r.path == "/api/v4/projects/42/merge_requests/7/notes")
    );

    let forge = Forge::new("us");
    let gitea =
        Gitea::new(&format!("{}/api/v1", forge.url), ("o/r", 7), TOKEN, patience()).unwrap();
    check(&gitea, &forge);
    let token = format!("token {TOKEN}");
    assert!(forge.state().requests.iter().all(|r| r.header("authorization") == Some(&token)));

    let forge = Forge::new("us");
    let bitbucket =
        Bitbucket::new(&format!("{}/2.0", forge.url), ("w/r", 7), TOKEN, patience()).unwrap();
    check(&bitbucket, &forge);
    assert!(forge.state().comments.last().unwrap().body.starts_with("[//]: # (perfgate "));
}

#[test]
fn an_enterprise_server_is_asked_below_its_own_addresses() {
    let forge = Forge::new("bot");
    let api = format!("{}/api/v3", forge.url);
    let github = GitHub::new(&api, "o/r", TOKEN, patience()).unwrap();
    publish(&github.comments(7), &marker(1, 1), "text").unwrap();
    let paths: Vec<String> = forge.state().requests.iter().map(|r| r.path.clone()).collect();
    assert_eq!(paths[..2], ["/api/graphql", "/api/v3/repos/o/r/issues/7/comments"]);
}
