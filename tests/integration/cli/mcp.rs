//! What an agent asks, in the Model Context Protocol.

use crate::support::levels::{branch_off, first};
use crate::support::{command, level_run};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// Bytes of an answer at most.
const MOST: usize = 6_000;

/// An agent that talks to perfgate.
struct Agent {
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    asked: u64,
}

impl Agent {
    fn new(folder: &Path) -> Self {
        let mut child = command(folder)
            .arg("mcp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (ask, answers) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut agent = Self { child, ask, answers, asked: 0 };
        let client = json!({
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        let server = agent.request("initialize", client);
        assert_eq!(server["result"]["serverInfo"]["name"], "perfgate");
        agent.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        agent
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.ask.as_mut().unwrap(), "{message}").unwrap();
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        self.send(
            &json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params }),
        );
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// The text of an answer, and whether it is one of an error.
    fn answer(&mut self, tool: &str, arguments: Value) -> (String, bool) {
        let answer = self.call(tool, arguments);
        let result = &answer["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(text.len() <= MOST, "{} bytes", text.len());
        (text.to_owned(), result["isError"] == true)
    }

    fn end(mut self) {
        drop(self.ask.take());
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn an_agent_is_led_from_the_verdict_to_the_cause() {
    let levels: Vec<[f64; 6]> = (0..5).map(|_| first(1.0)).collect();
    let repo = branch_off("", &levels, "Slower");
    let run = level_run(9, &first(1.6)).to_string();
    std::fs::write(repo.folder.join("new.json"), run).unwrap();
    let mut agent = Agent::new(&repo.folder);
    let asked = json!({ "results": ["new.json"], "baseline": "main" });
    let (text, is_error) = agent.answer("verdict", asked);
    assert!(
        text.starts_with("exit code 1: a regression\n\n✗ regression: GET /0 is slower"),
        "{text}"
    );
    let next = text.lines().last().unwrap().strip_prefix("next: explain ").unwrap();
    assert!(!is_error, "a regression is an answer");
    let mut asked: Value = serde_json::from_str(next).unwrap();
    asked["results"] = json!(["new.json"]);
    asked["baseline"] = "main".into();
    let measurement = asked["measurement"].clone();
    let (text, _) = agent.answer("explain", asked);
    assert!(text.contains("→ fail"), "{text}");
    let (text, _) = agent.answer("trend", json!({ "last": 3 }));
    assert!(text.contains("last 3 of 5 recorded commits"), "{text}");
    let asked = json!({ "measurement": measurement, "ceiling": "+70%", "reason": "it's new" });
    let (text, _) = agent.answer("accept", asked);
    let line = format!("Perfgate-Accept: {} <= +70% | it's new", measurement.as_str().unwrap());
    assert!(text.starts_with(&line), "{text}");
    let git = text.lines().last().unwrap();
    assert!(git.starts_with("git commit --amend --no-edit --trailer 'Perfgate-Accept: "), "{git}");
    let asked = json!({ "results": ["gone.json"], "baseline": "main" });
    let (text, is_error) = agent.answer("verdict", asked);
    assert!(is_error && text.starts_with("exit code 2: it could not run\n\nerror[P"), "{text}");
    agent.end();
}

#[test]
fn what_no_tool_takes_is_refused_with_what_it_takes() {
    let scratch = tempfile::tempdir().unwrap();
    let mut agent = Agent::new(scratch.path());
    let cases = [
        ("verdict", json!({ "result": [] }), "unknown field `result`, expected one of `results`"),
        ("explain", json!({}), "missing field `measurement`"),
        (
            "accept",
            json!({ "measurement": "GET /0 p95", "ceiling": "30%", "reason": "x" }),
            "a ceiling is a change with its sign: +30% or -30%",
        ),
        (
            "accept",
            json!({ "measurement": "GET /0 p95", "ceiling": "+30%", "reason": "x\nSigned-off-by: y" }),
            "write it in one line",
        ),
        ("delete", json!({}), "there is no tool delete: use verdict, explain, trend, run, accept"),
    ];
    for (tool, arguments, expected) in cases {
        let answer = agent.call(tool, arguments);
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(expected), "{message}");
    }
    // No option can be smuggled in as a name.
    let asked = json!({ "results": ["--output=json=stolen"], "baseline": "--offline" });
    let (text, is_error) = agent.answer("verdict", asked);
    assert!(is_error, "{text}");
    assert!(std::fs::read_dir(scratch.path()).unwrap().next().is_none());
    agent.end();
}

#[test]
fn the_list_of_tools_says_what_each_takes() {
    let scratch = tempfile::tempdir().unwrap();
    let mut agent = Agent::new(scratch.path());
    let list = agent.request("tools/list", json!({}));
    let tools = list["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["verdict", "explain", "trend", "run", "accept"]);
    for tool in tools {
        let properties = tool["inputSchema"]["properties"].as_object().unwrap();
        assert!(properties.values().all(|own| own["description"].is_string()), "{tool}");
        assert_eq!(tool["annotations"]["readOnlyHint"], tool["name"] != "run");
    }
    agent.end();
}

#[test]
#[cfg(unix)]
fn a_load_test_is_run_and_recorded() {
    use crate::support::load_tool::{GOOD, repository};
    let repo = repository(GOOD);
    let mut agent = Agent::new(&repo.folder);
    let asked = json!({ "command": ["./tool.sh", "{out}"], "busy_ok": true });
    let (text, is_error) = agent.answer("run", asked);
    assert!(!is_error, "{text}");
    assert!(text.contains("recorded for ") && text.ends_with("next: verdict {}"), "{text}");
    agent.end();
}
