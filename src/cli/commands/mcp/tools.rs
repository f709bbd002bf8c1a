//! The tools: what they are called, what they take, and the command that answers.

use crate::config::Accept;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Commits of a trend, unless more are asked for.
const COMMITS: u32 = 12;

/// What a tool is asked.
#[derive(Debug)]
pub(super) enum Asked {
    /// To call perfgate with these arguments. A comparison can tell what to ask next.
    Program { arguments: Vec<String>, compares: bool },
    /// For the line that accepts a change.
    Accept(String),
}

/// A tool.
pub(super) struct AgentTool {
    pub(super) name: &'static str,
    title: &'static str,
    description: &'static str,
    /// Whether it changes nothing.
    read_only: bool,
    schema: fn() -> Value,
    /// Reads what was given; the error says what is wrong with it.
    pub(super) read: fn(Value) -> Result<Asked, String>,
}

pub(super) static TOOLS: [AgentTool; 5] = [
    AgentTool {
        name: "verdict",
        title: "Compare with the baseline",
        description: "Compare load test results with the recorded baseline: pass, regression, or no verdict, with what changed",
        read_only: true,
        schema: schema::<Verdict>,
        read: |given| parsed::<Verdict>(given).map(Verdict::asked),
    },
    AgentTool {
        name: "explain",
        title: "Explain one measurement",
        description: "Show how the verdict on one measurement came about: values, noise, limit, and the rule that decided",
        read_only: true,
        schema: schema::<Explain>,
        read: |given| parsed::<Explain>(given).map(Explain::asked),
    },
    AgentTool {
        name: "trend",
        title: "Show the history",
        description: "Show the recorded history of measurements by commit, with the commits at which a level shifted",
        read_only: true,
        schema: schema::<Trend>,
        read: |given| parsed::<Trend>(given).map(Trend::asked),
    },
    AgentTool {
        name: "run",
        title: "Run a load test",
        description: "Run a load tool with a profile of the policy and record the result for the commit that is checked out. Takes as long as the test",
        read_only: false,
        schema: schema::<Run>,
        read: |given| parsed::<Run>(given).map(Run::asked),
    },
    AgentTool {
        name: "accept",
        title: "Write an accept line",
        description: "Write the line that accepts a change which a person agreed to, and the git command that puts it into the commit message",
        read_only: true,
        schema: schema::<AcceptChange>,
        read: |given| parsed::<AcceptChange>(given)?.asked(),
    },
];

impl AgentTool {
    /// What an agent is told of it.
    pub(super) fn described(&self) -> Tool {
        let schema = match (self.schema)() {
            Value::Object(schema) => schema,
            _ => JsonObject::default(),
        };
        let hints =
            ToolAnnotations::with_title(self.title).read_only(self.read_only).destructive(false);
        Tool::new(self.name, self.description, schema).with_annotations(hints)
    }
}

fn schema<T: JsonSchema>() -> Value {
    schemars::schema_for!(T).into()
}

fn parsed<T: for<'de> Deserialize<'de>>(given: Value) -> Result<T, String> {
    serde_json::from_value(given).map_err(|error| error.to_string())
}

/// Which runs are compared, and with what.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Verdict {
    /// Result files or globs [default: `results` of perfgate.yaml, else the runs recorded for HEAD]
    #[serde(default)]
    results: Vec<String>,
    /// Branch, tag or commit to compare with [default: `baseline.branch` of perfgate.yaml]
    baseline: Option<String>,
    /// Profile of the load test
    profile: Option<String>,
}

impl Verdict {
    fn arguments(self) -> Vec<String> {
        let mut arguments = vec!["compare".to_owned()];
        push(&mut arguments, "--baseline", self.baseline);
        push(&mut arguments, "--profile", self.profile);
        arguments.push("--".to_owned());
        arguments.extend(self.results);
        arguments
    }

    fn asked(self) -> Asked {
        Asked::Program { arguments: self.arguments(), compares: true }
    }
}

/// A measurement of a comparison.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Explain {
    /// Measurement, as the verdict names it: `POST /api/chat p95`
    measurement: String,
    /// Result files or globs, those of the verdict
    #[serde(default)]
    results: Vec<String>,
    /// Baseline, that of the verdict
    baseline: Option<String>,
    /// Profile of the load test
    profile: Option<String>,
}

impl Explain {
    fn asked(self) -> Asked {
        let Self { measurement, results, baseline, profile } = self;
        let mut arguments = Verdict { results, baseline, profile }.arguments();
        arguments.splice(1..1, ["--explain".to_owned(), measurement]);
        Asked::Program { arguments, compares: false }
    }
}

/// A part of the history.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Trend {
    /// Measurements to show, such as `POST /api/chat p95` [default: p95 of the busiest endpoints, throughput, errors]
    #[serde(default)]
    columns: Vec<String>,
    /// Number of recorded commits to show [default: 12]
    last: Option<u32>,
    /// Branch [default: `baseline.branch` of perfgate.yaml, else HEAD]
    branch: Option<String>,
    /// Profile of the load test
    profile: Option<String>,
}

impl Trend {
    fn asked(self) -> Asked {
        let mut arguments = vec!["trend".to_owned()];
        for column in self.columns {
            push(&mut arguments, "--column", Some(column));
        }
        push(&mut arguments, "--last", Some(self.last.unwrap_or(COMMITS).to_string()));
        push(&mut arguments, "--branch", self.branch);
        push(&mut arguments, "--profile", self.profile);
        Asked::Program { arguments, compares: false }
    }
}

/// A load test.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Run {
    /// Load tool and its arguments, a word each; `{users}`, `{spawn_rate}`, `{duration}` and `{out}` are filled in
    command: Vec<String>,
    /// Profile of perfgate.yaml with the numbers of the load
    profile: Option<String>,
    /// Measure even if something else uses the machine
    #[serde(default)]
    busy_ok: bool,
}

impl Run {
    fn asked(self) -> Asked {
        let mut arguments = vec!["run".to_owned()];
        push(&mut arguments, "--profile", self.profile);
        arguments.extend(self.busy_ok.then(|| "--busy-ok".to_owned()));
        arguments.push("--".to_owned());
        arguments.extend(self.command);
        Asked::Program { arguments, compares: false }
    }
}

/// A change that somebody agreed to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AcceptChange {
    /// Measurement, as the verdict names it: `POST /api/chat p95`
    measurement: String,
    /// How far it may move from the baseline: `+30%`, or `-10%` for a throughput
    ceiling: String,
    /// Why it is worth it, in the words of whoever agreed
    reason: String,
}

impl AcceptChange {
    fn asked(self) -> Result<Asked, String> {
        let Self { measurement, ceiling, reason } = self;
        let ceiling = ceiling.trim();
        let sides = match ceiling.chars().next() {
            Some('+') => "<=",
            Some('-') => ">=",
            _ => {
                return Err(format!(
                    "a ceiling is a change with its sign: +{ceiling} or -{ceiling}"
                ));
            }
        };
        let value = format!("{measurement} {sides} {ceiling} | {reason}");
        if value.contains(['\n', '\r']) {
            return Err("write it in one line".to_owned());
        }
        Accept::parse(&value)?;
        Ok(Asked::Accept(format!("{}: {value}", Accept::TRAILER)))
    }
}

fn push(arguments: &mut Vec<String>, option: &str, value: Option<String>) {
    arguments.extend(value.map(|value| format!("{option}={value}")));
}
