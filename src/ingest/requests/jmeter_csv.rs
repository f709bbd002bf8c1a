//! JMeter's JTL as CSV: a row for each sample, times in milliseconds.

use super::aggregate::{Name, Request, RequestAggregate, Transaction};
use super::failure::of_jmeter;
use super::rows::{Row, RowFormat};
use super::transactions::{Threads, Time, samples_in};
use crate::ingest::error::Problem;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds};
use crate::ingest::head::Claim;
use crate::model::{Kind, Part};

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "jmeter-csv",
    tool: "jmeter",
    title: "JMeter, CSV",
    get: "`jmeter -n -t plan.jmx -l x.jtl`",
    section: "JMeter",
    versions: "2.13",
    holds: Holds::Samples { dated: true, grouped: false },
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Parts,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Start,
        Fact::OverTime,
    ],
    remark: "",
    claim: |head| Claim::certain_if(head.columns().have(&["timeStamp", "elapsed", "label"])),
    read: |source, options| ROWS.read(source, options),
};

const NS_PER_MS: i64 = 1_000_000;

static ROWS: RowFormat = RowFormat { format: &FORMAT, columns: None, answers_only: false, add };

fn add(
    row: &Row<'_>,
    requests: &mut RequestAggregate,
    threads: &mut Threads,
) -> Result<(), Problem> {
    let start = row.since_1970("timeStamp", NS_PER_MS, "is no time in milliseconds since 1970")?;
    let (label, ms) = (row.need("label")?, row.number("elapsed")?);
    let message = row.text("responseMessage")?.unwrap_or_default();
    let failed = row.need("success")?.trim() != "true";
    if let Some(users) = row.text("allThreads")?.and_then(|text| text.trim().parse().ok()) {
        requests.users(start, users);
    }
    let thread = row.text("threadName")?;
    let time = Time { start, ms };
    let held = threads.held(thread, time);
    if let Some((own, held)) = threads.wrote(thread, time) {
        requests.resolve(own, held);
    }
    if let Some(samples) = samples_in(message) {
        let own = Transaction { name: label, time, failed, samples, held, thread };
        return requests.add_transaction(&own, threads);
    }
    let failure = match failed {
        true => Some(of_jmeter(
            row.text("responseCode")?.unwrap_or_default(),
            message,
            row.text("failureMessage")?.unwrap_or_default(),
        )),
        false => None,
    };
    let failure = failure.as_deref();
    let parts = match (row.optional_number("Connect")?, row.optional_number("Latency")?) {
        (Some(connect), Some(first_byte)) => &[
            (Part::Ttfb, first_byte),
            (Part::Connect, connect),
            (Part::Waiting, first_byte - connect),
            (Part::Receiving, ms - first_byte),
        ][..],
        _ => &[],
    };
    let name = Some(Name { kind: Kind::Http, method: "", name: label });
    requests.add(Request { name, start, ms: Some(ms), failure, parts })
}
