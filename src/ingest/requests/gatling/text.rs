//! The log as lines of text, up to Gatling 3.12. Every version has the same kinds of lines and the same columns at their ends; older
//! ones have the scenario and the number of the user before them.

use super::events::{
    ANOTHER_RUN, Group, SEPARATOR, TELLS, add_error, add_group, finished, nanoseconds, took,
};
use super::users::ActiveUsers;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::format::{Format, Holds, Ingested, ReadOptions};
use crate::ingest::head::{Claim, Head};
use crate::ingest::raw::{
    Chunk, ChunkDiagnostics, Gather, Records, Scan, Sum as _, TakeLine, each_line, scan,
};
use crate::ingest::requests::aggregate::{Name, Request, RequestAggregate};
use crate::ingest::sample_filter::SampleFilter;
use crate::ingest::source::Source;
use crate::model::Kind;
use std::sync::{Mutex, PoisonError};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "gatling-text",
    tool: "gatling",
    title: "Gatling's `simulation.log` up to 3.12",
    get: "`simulation.log` of Gatling 3.12 and older",
    section: "Gatling",
    versions: "none, from its source of 2.3 to 3.12",
    holds: Holds::Samples { dated: true, grouped: false },
    tells: TELLS,
    remark: "as the binary one",
    claim: |head| Claim::certain_if(run_in(head).is_some()),
    read,
};

/// Columns of a `REQUEST` and of a `GROUP` line since 3.4; older ones have more before them.
const REQUEST_COLUMNS: usize = 7;
const GROUP_COLUMNS: usize = 6;
/// Columns that older versions have more at most.
const MOST_MORE: usize = 2;
/// Columns of a line at most; 2.x writes more behind the message where the script asks for it.
const MOST_COLUMNS: usize = 16;

/// The version in the `RUN` line, before which only assertions stand.
fn run_in<'a>(head: &'a Head<'_>) -> Option<&'a str> {
    let run = head.text().lines().find(|line| !line.starts_with("ASSERTION\t"))?;
    let columns: Vec<&str> = run.strip_prefix("RUN\t")?.split('\t').collect();
    columns.last().copied().filter(|_| columns.len() >= 5)
}

fn read(mut source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let version = run_in(&Head::new(source.head()?)).map(Into::into);
    // Users come and go.
    let how = Scan { records: Records::Lines, lenient: options.lenient, in_order: true };
    let read = |source, filter: &SampleFilter| {
        let course = Mutex::new(Course::default());
        let requests = || RequestAggregate::new(FORMAT.tool, filter.clone(), true);
        let name = String::new;
        scan(source, &how, || Lines { requests: requests(), course: &course, name: name() })
    };
    let everything = SampleFilter::everything(options);
    let (filter, source) =
        SampleFilter::unordered(source, options, |source| read(source, &everything))?;
    Ok(finished(read(source, &filter)?, version))
}

/// What is known from line to line, whoever reads them.
#[derive(Default)]
struct Course {
    runs: u64,
    users: ActiveUsers,
}

struct Lines<'a> {
    requests: RequestAggregate,
    course: &'a Mutex<Course>,
    /// Of groups and request.
    name: String,
}

impl Gather for Lines<'_> {
    type Sum = RequestAggregate;

    fn bytes(&self) -> usize {
        self.requests.bytes()
    }

    fn sum(self) -> RequestAggregate {
        self.requests
    }

    fn chunk(&mut self, chunk: &Chunk, diagnostics: &mut ChunkDiagnostics) {
        each_line(chunk, diagnostics, self);
    }
}

impl TakeLine for Lines<'_> {
    fn line(&mut self, line: &[u8], _: u64) -> Result<(), Problem> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|_| malformed("the line is not UTF-8"))?;
        let mut columns = [""; MOST_COLUMNS];
        let mut number = 0;
        for column in line.splitn(MOST_COLUMNS, '\t') {
            columns[number] = column;
            number += 1;
        }
        let columns = &columns[..number];
        match (columns[0], number) {
            ("REQUEST", REQUEST_COLUMNS..) => self.request(columns),
            ("USER", 4 | 6) => self.user(columns),
            // 2.x calls an error so.
            ("ERROR" | "GROUP", 3) => {
                let time = time("the time of an error", columns[2])?;
                add_error(
                    columns[1],
                    nanoseconds("the time of an error", time)?,
                    &mut self.requests,
                )
            }
            ("GROUP", GROUP_COLUMNS..) if number <= GROUP_COLUMNS + MOST_MORE => {
                self.group(&columns[number - GROUP_COLUMNS..])
            }
            ("RUN", 6..) => {
                let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
                course.runs += 1;
                if course.runs > 1 { Err(malformed(ANOTHER_RUN)) } else { Ok(()) }
            }
            ("ASSERTION", 2) => Ok(()),
            ("REQUEST" | "USER" | "GROUP" | "ERROR" | "RUN" | "ASSERTION", _) => {
                Err(Problem::Malformed(format!("a {} line of {number} columns", columns[0])))
            }
            _ => Err(malformed("the line is none of Gatling's log")),
        }
    }
}

impl Lines<'_> {
    /// Groups, name, start, end, status and message.
    fn request(&mut self, columns: &[&str]) -> Result<(), Problem> {
        let more = (columns.len() - REQUEST_COLUMNS).min(MOST_MORE);
        let [groups, request, start, end, status, message] = *columns
            .get(more + 1..)
            .and_then(|rest| rest.first_chunk())
            .ok_or_else(|| malformed("a REQUEST line with too few columns"))?;
        let failed = has_failed(status)?;
        let (start, end) = (time("the start", start)?, time("the end", end)?);
        // A message of a WebSocket or of server-sent events that nothing waited for: its end is the smallest time there is,
        // which Gatling writes as 0. It is no request in Gatling's own reports either.
        if end == 0 && start > 0 {
            return Ok(());
        }
        let (ms, start) = (Some(took(start, end)?), nanoseconds("the start", start)?);
        self.name(groups);
        if !groups.is_empty() {
            self.name.push_str(SEPARATOR);
        }
        self.name.push_str(request);
        let name = Some(Name { kind: Kind::Http, method: "", name: &self.name });
        let failure = failed.then_some(message.trim());
        self.requests.add(Request { name, start, ms, failure, parts: &[] })
    }

    /// Groups, start, end, the response times in it, and status, behind one column more.
    fn group(&mut self, columns: &[&str]) -> Result<(), Problem> {
        let &[_, groups, start, end, response_times, status] = columns else {
            return Err(malformed("a GROUP line with too few columns"));
        };
        let (start, failed) = (time("the start", start)?, has_failed(status)?);
        took(start, time("the end", end)?)?;
        let ms = took(0, time("the response times of a group", response_times)?)?;
        let start = nanoseconds("the start", start)?;
        self.name(groups);
        add_group(&Group { name: &self.name, start, ms, failed }, &mut self.requests)
    }

    /// Scenario, `START` or `END`, and time; before 3.4 the number of the user behind the scenario, and two times.
    fn user(&mut self, columns: &[&str]) -> Result<(), Problem> {
        let (event, begun, ended) = match *columns {
            [_, _, event, time] => (event, time, time),
            [_, _, _, event, start, end] => (event, start, end),
            _ => return Err(malformed("a USER line with too few columns")),
        };
        let (starts, at) = match event {
            "START" => (true, begun),
            "END" => (false, ended),
            _ => return Err(malformed("a user that neither starts nor ends")),
        };
        let at = nanoseconds("the time of a user", time("the time of a user", at)?)?;
        let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
        course.users.event(starts, at, &mut self.requests);
        Ok(())
    }

    /// Writes down what the groups are called, which a comma separates.
    fn name(&mut self, groups: &str) {
        self.name.clear();
        for (i, group) in groups.split(',').enumerate() {
            self.name.push_str(if i > 0 { SEPARATOR } else { "" });
            self.name.push_str(group);
        }
    }
}

fn malformed(why: &str) -> Problem {
    Problem::Malformed(why.to_owned())
}

fn has_failed(status: &str) -> Result<bool, Problem> {
    match status {
        "OK" => Ok(false),
        "KO" => Ok(true),
        _ => Err(Problem::BadValue {
            what: "the status".to_owned(),
            value: status.to_owned(),
            why: "is neither OK nor KO",
        }),
    }
}

/// Milliseconds.
fn time(what: &str, text: &str) -> Result<i64, Problem> {
    let time = text.parse().ok().filter(|time| *time >= 0);
    time.ok_or_else(|| Problem::BadValue {
        what: what.to_owned(),
        value: text.to_owned(),
        why: "is no time in milliseconds",
    })
}
