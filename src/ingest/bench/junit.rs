//! JUnit XML: an element for each test case, with its time in seconds. A test that ran is a benchmark of one round; what stands there
//! again, as some runners write tests that they repeat, is a further round.
//!
//! The time of a test that failed says nothing. A skipped test is left out.

use super::{Benchmark, Suite, Times};
use crate::ingest::error::{IngestError, OtherFile, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::source::Source;
use crate::ingest::xml_file::{attribute, each_event};
use crate::model::{Rounding, limits};
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "junit",
    tool: "junit",
    title: "JUnit XML",
    get: "`pytest --junitxml=FILE`, Surefire, jest-junit, …",
    section: "JUnit XML",
    versions: "none of one tool: files of pytest 9.2 and jest-junit 17.0",
    holds: Holds::Counts,
    tells: &[Fact::Endpoints, Fact::P99, Fact::ResponseTimes, Fact::Errors, Fact::FailureKinds],
    remark: "the duration of each test case; most runners round it to 1 ms",
    claim,
    read: |source, _| read(source),
};

/// What perfgate writes itself.
static OWN: OtherFile = OtherFile {
    what: "is a report of perfgate, not the results of a test",
    help: |_| {
        "give the results that were compared, such as k6's --out json or JMeter's .jtl".to_owned()
    },
    beside_results: true,
};

fn claim(head: &Head<'_>) -> Claim {
    let has = |text| head.text().contains(text);
    if has("<testcase classname=\"perfgate\" name=\"verdict\"") {
        return Claim::Other(&OWN);
    }
    Claim::certain_if(head.begins_with(b'<') && has("<testsuite"))
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let bytes = source.document(limits::DOCUMENT_BYTES)?;
    let mut tests = Tests::default();
    each_event(&name, &bytes, |event| tests.take(&event))?;
    tests.run(&name)
}

/// How a test ended.
enum Outcome {
    Passed,
    /// With the message or the type of the failure.
    Failed(String),
    Skipped,
}

/// A test case that is open.
struct Open {
    name: String,
    seconds: Option<f64>,
    outcome: Outcome,
}

/// What was measured of the cases of one name.
#[derive(Default)]
struct Cases {
    seconds: Vec<f64>,
    rounds: u64,
    failures: Vec<String>,
}

#[derive(Default)]
struct Tests {
    all: BTreeMap<String, Cases>,
    open: Option<Open>,
    /// The most decimals of a time, which show how the runner rounds.
    decimals: u32,
}

/// Decimals of a second beyond which rounding does not matter.
const FINEST: u32 = 6;

impl Tests {
    fn take(&mut self, event: &Event<'_>) -> Result<(), Problem> {
        match event {
            Event::Start(element) => match element.name().as_ref() {
                b"testcase" => self.open = Some(self.case(element)?),
                own @ (b"failure" | b"error" | b"skipped") => {
                    let message = failure(element)?;
                    if let Some(open) = &mut self.open {
                        open.outcome = match own {
                            b"skipped" => Outcome::Skipped,
                            _ => Outcome::Failed(message),
                        };
                    }
                }
                _ => {}
            },
            Event::End(element) if element.name().as_ref() == b"testcase" => {
                self.open.take().into_iter().for_each(|case| self.close(case));
            }
            _ => {}
        }
        Ok(())
    }

    fn case(&mut self, element: &BytesStart<'_>) -> Result<Open, Problem> {
        let text = |name| attribute(element, name).map_err(Problem::Malformed);
        let class = text("classname")?.unwrap_or_default();
        let name = text("name")?
            .ok_or_else(|| Problem::Malformed("a testcase has no `name`".to_owned()))?;
        // Where the name of the class is no other, it says nothing more.
        let name = match class.as_str() {
            "" => name,
            class if class == name => name,
            class => format!("{class} {name}"),
        };
        let seconds = text("time")?.filter(|own| !own.is_empty());
        let seconds = seconds.map(|own| self.seconds(&own)).transpose()?;
        Ok(Open { name, seconds, outcome: Outcome::Passed })
    }

    /// A time, which Surefire writes as `1,234.5`.
    fn seconds(&mut self, text: &str) -> Result<f64, Problem> {
        let plain = text.trim().replace(',', "");
        let value = plain.parse::<f64>().ok().filter(|own| own.is_finite() && *own >= 0.0);
        let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        self.decimals = self.decimals.max(u32::try_from(decimals).unwrap_or(FINEST));
        value.ok_or_else(|| Problem::BadValue {
            what: "the time of a testcase".to_owned(),
            value: text.to_owned(),
            why: "must be a number of seconds from 0 on",
        })
    }

    fn close(&mut self, case: Open) {
        if matches!(case.outcome, Outcome::Skipped) {
            return;
        }
        let own = self.all.entry(case.name).or_default();
        own.rounds += 1;
        match case.outcome {
            Outcome::Failed(message) => own.failures.push(message),
            _ => own.seconds.extend(case.seconds),
        }
    }

    fn run(self, file: &str) -> Result<Ingested, IngestError> {
        let failed = |cases: &Cases| !cases.failures.is_empty();
        let timed = self.all.values().any(|own| failed(own) || !own.seconds.is_empty());
        if !timed && !self.all.is_empty() {
            let problem = Problem::Malformed("no test case has a time".to_owned());
            return Err(IngestError::new(file, problem));
        }
        let step = 10_u64.pow(FINEST.saturating_sub(self.decimals));
        let rounding = (self.decimals < FINEST).then_some(Rounding::Steps { us: step });
        let mut suite = Suite::new(file, FORMAT.tool, None);
        let times = Times { file, unit_ms: 1e3 };
        for (name, cases) in self.all {
            let mut latency = times.rounds(&cases.seconds)?;
            if let Some(latency) = &mut latency {
                latency.set_rounding(rounding);
            }
            suite.add(Benchmark {
                name,
                rounds: Some(cases.rounds),
                failures: Some(cases.failures.len() as u64),
                kinds: cases.failures.into_iter().map(|kind| (kind, 1)).collect(),
                latency,
                ..Benchmark::default()
            })?;
        }
        suite.finish()
    }
}

/// What a failure is called: its message, or else its type.
fn failure(element: &BytesStart<'_>) -> Result<String, Problem> {
    for name in ["message", "type"] {
        let text = attribute(element, name).map_err(Problem::Malformed)?;
        if let Some(text) = text.filter(|own| !own.trim().is_empty()) {
            return Ok(text);
        }
    }
    Ok(String::new())
}
