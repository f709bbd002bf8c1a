//! oha `--output-format csv`: a row for each request that got an answer; times in seconds, from the start of the test on.

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
    name: "oha-csv",
    tool: "oha",
    title: "oha `--output-format csv`",
    get: "`oha --no-tui --output-format csv`",
    section: "hey and oha",
    versions: "1.16",
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
    claim: |head| Claim::certain_if(head.columns().have(&["request-start", "request-duration"])),
    read: |source, options| ROWS.read(source, options),
};

static ROWS: RowFormat = RowFormat { format: &FORMAT, columns: None, answers_only: true, add };

fn add(row: &Row<'_>, requests: &mut RequestAggregate, _: &mut Threads) -> Result<(), Problem> {
    let start = row.since_start("request-start")?;
    let (dns, connected) = (row.ms_of_seconds("DNS")?, row.ms_of_seconds("DNS+dialup")?);
    // Counted from the start of the request, connecting included.
    let first_byte = row.ms_of_seconds("Response-delay")?;
    let whole = row.ms_of_seconds("request-duration")?;
    let parts = [
        (Part::Ttfb, first_byte),
        (Part::Dns, dns),
        (Part::Connect, connected - dns),
        (Part::Waiting, first_byte - connected),
        (Part::Receiving, whole - first_byte),
    ];
    let status = row.need("status")?;
    let failure = match status.parse::<u16>() {
        Ok(code) => (code >= 400).then(|| of_status(code, "")),
        Err(_) => Some(status.to_owned()),
    };
    let failure = failure.as_deref();
    requests.add(Request { name: None, start, ms: Some(whole), failure, parts: &parts })
}
