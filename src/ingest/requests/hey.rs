//! hey `-o csv`: a row for each request that got an answer; times in seconds, from the start of the test on.

use super::aggregate::{Request, RequestAggregate};
use super::failure::of_status;
use super::rows::{Row, RowFormat};
use super::transactions::Threads;
use crate::ingest::error::Problem;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds};
use crate::ingest::head::Claim;
use crate::model::Part;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "hey-csv",
    tool: "hey",
    title: "hey `-o csv`",
    get: "`hey -o csv`",
    section: "hey and oha",
    versions: "0.1.4",
    holds: Holds::Samples { dated: false, grouped: false },
    tells: &[
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Parts,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::OverTime,
    ],
    remark: "requests that got an answer alone; a connection that is refused is not in the file",
    claim: |head| {
        Claim::certain_if(head.columns().have(&["response-time", "Response-delay", "offset"]))
    },
    read: |source, options| ROWS.read(source, options),
};

static ROWS: RowFormat = RowFormat { format: &FORMAT, columns: None, answers_only: true, add };

fn add(row: &Row<'_>, requests: &mut RequestAggregate, _: &mut Threads) -> Result<(), Problem> {
    let start = row.since_start("offset")?;
    let (dns, connected) = (row.ms_of_seconds("DNS")?, row.ms_of_seconds("DNS+dialup")?);
    let (sending, waiting) =
        (row.ms_of_seconds("Request-write")?, row.ms_of_seconds("Response-delay")?);
    let parts = [
        (Part::Ttfb, connected + sending + waiting),
        (Part::Dns, dns),
        (Part::Connect, connected - dns),
        (Part::Sending, sending),
        (Part::Waiting, waiting),
        (Part::Receiving, row.ms_of_seconds("Response-read")?),
    ];
    let code = row.number("status-code")?;
    let failure = (code >= 400.0).then(|| of_status(code as u16, ""));
    let (ms, failure) = (Some(row.ms_of_seconds("response-time")?), failure.as_deref());
    requests.add(Request { name: None, start, ms, failure, parts: &parts })
}
