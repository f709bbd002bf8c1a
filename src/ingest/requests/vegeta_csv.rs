//! vegeta `encode -to csv`: a row for each request, without a header; times in nanoseconds.

use super::aggregate::{Name, Request, RequestAggregate};
use super::failure::of_status;
use super::rows::{Row, RowFormat};
use super::transactions::Threads;
use crate::ingest::error::Problem;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds};
use crate::ingest::head::{Claim, Head};
use crate::model::Kind;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "vegeta-csv",
    tool: "vegeta",
    title: "vegeta `encode -to csv`",
    get: "`vegeta encode -to csv`",
    section: "vegeta",
    versions: "12.8",
    holds: Holds::Samples { dated: true, grouped: false },
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Start,
        Fact::OverTime,
    ],
    remark: "",
    claim,
    read: |source, options| ROWS.read(source, options),
};

/// The columns of a file, which has no header.
const COLUMNS: [&str; 12] = [
    "timestamp",
    "code",
    "latency",
    "bytes_out",
    "bytes_in",
    "error",
    "body",
    "attack",
    "seq",
    "method",
    "url",
    "headers",
];

static ROWS: RowFormat =
    RowFormat { format: &FORMAT, columns: Some(&COLUMNS), answers_only: false, add };

/// Nanoseconds since 1970, status, nanoseconds.
fn claim(head: &Head<'_>) -> Claim {
    let columns = head.columns();
    let fields = columns.fields();
    let is_number = |field: &&str| !field.is_empty() && field.bytes().all(|b| b.is_ascii_digit());
    let numbers = fields.iter().take(3).all(is_number);
    Claim::certain_if(fields.len() >= COLUMNS.len() && fields[0].len() == 19 && numbers)
}

fn add(row: &Row<'_>, requests: &mut RequestAggregate, _: &mut Threads) -> Result<(), Problem> {
    let start = row.since_1970("timestamp", 1, "is no time in nanoseconds since 1970")?;
    let name = Name { kind: Kind::Http, method: row.need("method")?, name: row.need("url")? };
    let (code, error) = (row.number("code")?, row.need("error")?);
    let failed = !(200.0..400.0).contains(&code) || !error.is_empty();
    let failure = failed.then(|| of_status(code as u16, error));
    let (ms, failure) = (Some(row.number("latency")? / 1e6), failure.as_deref());
    requests.add(Request { name: Some(name), start, ms, failure, parts: &[] })
}
