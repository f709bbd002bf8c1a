//! What both forms of the log say, as requests of a run.

use crate::ingest::Ingested;
use crate::ingest::error::Problem;
use crate::ingest::fact::Fact;
use crate::ingest::requests::aggregate::{Request, RequestAggregate, Transaction};
use crate::ingest::requests::transactions::{Held, Threads, Time};
use crate::model::{Rounding, Untrusted};

/// What a log can tell, in either form.
pub(super) const TELLS: &[Fact] = &[
    Fact::Endpoints,
    Fact::P99,
    Fact::ResponseTimes,
    Fact::Errors,
    Fact::FailureKinds,
    Fact::Throughput,
    Fact::Start,
    Fact::OverTime,
];

/// What stands between the groups of a name, and before the request.
pub(super) const SEPARATOR: &str = " / ";

/// Why a log is refused that has the beginning of another one in it.
pub(super) const ANOTHER_RUN: &str = "another run begins: there are two logs in one file";

const NS_PER_MS: i64 = 1_000_000;

/// Nanoseconds of a time in milliseconds.
pub(super) fn nanoseconds(what: &str, ms: i64) -> Result<i64, Problem> {
    ms.checked_mul(NS_PER_MS).ok_or_else(|| Problem::BadValue {
        what: what.to_owned(),
        value: ms.to_string(),
        why: "is no time in milliseconds since 1970",
    })
}

/// How long something took, in milliseconds.
pub(super) fn took(start: i64, end: i64) -> Result<f64, Problem> {
    match end.checked_sub(start) {
        Some(ms) if ms >= 0 => Ok(ms as f64),
        _ => Err(Problem::BadValue {
            what: "the end of a record".to_owned(),
            value: end.to_string(),
            why: "is before its start",
        }),
    }
}

/// An execution of a group.
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    /// Nanoseconds since 1970.
    pub(super) start: i64,
    /// The response times in it, in milliseconds; its pauses are no part of it.
    pub(super) ms: f64,
    pub(super) failed: bool,
}

/// Counts an execution of a group. Its requests have records of their own.
pub(super) fn add_group(own: &Group<'_>, requests: &mut RequestAggregate) -> Result<(), Problem> {
    let Group { name, start, ms, failed } = *own;
    let time = Time { start, ms };
    let own = Transaction { name, time, failed, samples: 0, held: Held::Apart, thread: None };
    requests.add_transaction(&own, &mut Threads::of_chunk(0))
}

/// Counts a request that Gatling could not send, which is no request to Gatling.
pub(super) fn add_error(
    message: &str,
    start: i64,
    requests: &mut RequestAggregate,
) -> Result<(), Problem> {
    let failure = Some(message.trim());
    requests.add(Request { name: None, start, ms: None, failure, parts: &[] })
}

/// Adds what is known of a whole log: the version that wrote it, and that its times are whole milliseconds.
pub(super) fn finished(mut ingested: Ingested, version: Option<Untrusted>) -> Ingested {
    let run = &mut ingested.run;
    run.tool.version = version;
    let all = std::iter::once(&mut run.total).chain(&mut run.endpoints);
    for latency in all.filter_map(|endpoint| endpoint.latency.as_mut()) {
        latency.set_rounding(Some(Rounding::Steps { us: 1_000 }));
    }
    ingested
}
