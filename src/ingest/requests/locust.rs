//! Locust's log of requests, as `locust.contrib.csv_request_logger` writes it: a row for each request, times in milliseconds.

use super::aggregate::{Name, Request, RequestAggregate};
use super::rows::{Row, RowFormat};
use super::transactions::Threads;
use crate::ingest::error::Problem;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds};
use crate::ingest::head::Claim;
use crate::ingest::locust::{kind, kind_of};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "locust-requests",
    tool: "locust",
    title: "Locust, every request",
    get: "`locust.contrib.csv_request_logger` (2.44 and newer)",
    section: "Locust, every request",
    versions: "2.47",
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
    claim: |head| Claim::certain_if(head.columns().have(&["request_type", "response_time_ms"])),
    read: |source, options| ROWS.read(source, options),
};

static ROWS: RowFormat = RowFormat { format: &FORMAT, columns: None, answers_only: false, add };

/// A failure is what Locust counts as one, whatever the status: the script may accept a 404, and refuse a 200.
fn add(row: &Row<'_>, requests: &mut RequestAggregate, _: &mut Threads) -> Result<(), Problem> {
    // Six decimals, of which a product with 10^9 would keep more than there are.
    let start = ((row.number("timestamp")? * 1e6).round() as i64).saturating_mul(1_000);
    let (method, name) = (row.need("request_type")?, row.need("name")?);
    let name = Some(Name { kind: kind(method), method, name });
    let exception = row.need("exception")?;
    let failure = (!exception.is_empty()).then(|| kind_of(exception));
    // Events of the script's own may have no response time.
    let ms = match row.need("response_time_ms")? {
        "" => None,
        _ => Some(row.number("response_time_ms")?),
    };
    requests.add(Request { name, start, ms, failure: failure.as_deref(), parts: &[] })
}
