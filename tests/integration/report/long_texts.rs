//! Texts without end in a run: each is refused with its place, or cut.

use super::escape::{PLAIN, run};
use crate::support;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Every place in a run where a text stands, as a pointer into the document; `true` where the text is a key.
fn places(value: &Value, at: &str, found: &mut Vec<(String, bool)>) {
    match value {
        Value::Object(object) => {
            for (key, own) in object {
                let inside = format!("{at}/{key}");
                if key == PLAIN {
                    found.push((inside.clone(), true));
                }
                places(own, &inside, found);
            }
        }
        Value::Array(list) => {
            list.iter().take(1).for_each(|own| places(own, &format!("{at}/0"), found));
        }
        Value::String(text) if text == PLAIN => found.push((at.to_owned(), false)),
        _ => {}
    }
}

#[test]
fn a_text_that_is_endless_is_refused_with_its_place_or_cut() {
    let scratch = TempDir::new().unwrap();
    let whole = run(PLAIN, 1.0, 0);
    let mut all = Vec::new();
    places(&whole, "", &mut all);
    assert!(all.len() > 20, "{all:?}");
    let long = "x".repeat(40_000);
    let mut cut = Vec::new();
    for (place, is_key) in &all {
        let mut run = whole.clone();
        if *is_key {
            let (parent, key) = place.rsplit_once('/').unwrap();
            let object = run.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            let value = object.remove(key).unwrap();
            object.insert(long.clone(), value);
        } else {
            *run.pointer_mut(place).unwrap() = json!(long);
        }
        std::fs::write(scratch.path().join("run.json"), run.to_string()).unwrap();
        let ended = support::perfgate(scratch.path(), &["normalize", "run.json"]);
        if ended.code == 0 {
            assert!(!ended.stdout.contains(&"x".repeat(301)), "{place}");
            cut.push(place.as_str());
            continue;
        }
        let at =
            place.trim_end_matches(&format!("/{PLAIN}")).replace("/0", "[0]").replace('/', ".");
        let told = ended.expect(2).stderr;
        assert!(
            told.starts_with(&format!("error[P206]: run.json: {}", &at[1..])),
            "{place}: {told}"
        );
        assert!(
            told.contains(" of more than 100 characters: ")
                || told.contains(" of more than 4 KiB: "),
            "{place}: {told}"
        );
        assert!(told.len() < 400, "{place}: {told}");
    }
    let kinds = ["/endpoints/0/failure_kinds/0/message", "/total/failure_kinds/0/message"];
    assert_eq!(cut, kinds, "what is cut is documented");
}

#[test]
fn a_message_is_brief_whatever_it_complains_about() {
    let scratch = TempDir::new().unwrap();
    let long = "y".repeat(2_000_000);
    let run = format!(
        r#"{{"schema": "perfgate.run/1", "tool": {{"name": "t"}}, "endpoints": [{{"name": "/a", "latency": {{"unit": "{long}"}}}}]}}"#
    );
    let ndjson = format!("{{\"type\":\"Metric\",\"metric\":\"{long}\"}}\n");
    let policy = format!("regression_thresholds: {{ p59: {long} }}\n");
    let (unknown, value) = (format!("{long}: 1\n"), format!("gate: {{ min_requests: {long} }}\n"));
    for (name, text, arguments) in [
        ("run.json", &run, ["normalize", "run.json"]),
        ("run.json", &format!("{{\"schema\": \"{long}\"}}"), ["normalize", "run.json"]),
        ("x.ndjson", &ndjson, ["normalize", "x.ndjson"]),
        ("perfgate.yaml", &policy, ["check", "none.json"]),
        ("perfgate.yaml", &unknown, ["check", "none.json"]),
        ("perfgate.yaml", &value, ["check", "none.json"]),
    ] {
        std::fs::write(scratch.path().join(name), text).unwrap();
        let ended = support::perfgate(scratch.path(), &arguments).expect(2);
        std::fs::remove_file(scratch.path().join(name)).unwrap();
        assert!(ended.stderr.len() < 6_000, "{name}: {} bytes", ended.stderr.len());
        assert!(ended.stderr.starts_with("error["), "{}", ended.stderr);
    }
    // A name on the command line.
    let suite = "s".repeat(40_000);
    let ended =
        support::perfgate(scratch.path(), &["record", "--suite", &suite, "run.json"]).expect(2);
    assert!(ended.stderr.contains("a name of more than 100 characters: sss"), "{ended:?}");
    assert!(ended.stderr.len() < 6_000, "{ended:?}");
}
