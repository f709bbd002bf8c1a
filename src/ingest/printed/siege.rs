//! siege's report, as JSON or as text: sums of the whole test, with two decimals of a second.
//!
//! `response_time` is rounded to 10 ms. `concurrency` times `elapsed_time` is the time that all transactions took together, failed
//! ones included, so that the mean is known with more digits than it is printed with.

use super::report::{Cell, Report};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::{Claim, Head};
use crate::ingest::json_file::{amount, count, parse};
use crate::ingest::source::Source;
use crate::model::{Latency, Run, Tool, limits};
use serde::Deserialize;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "siege",
    tool: "siege",
    title: "siege's report, as JSON or text",
    get: "`siege --json-output`",
    section: "siege",
    versions: "4.0.7",
    holds: Holds::Summary,
    tells: &[Fact::Errors, Fact::Throughput, Fact::Users],
    remark: "no percentile: mean, error rate and throughput alone; users in the text alone",
    claim,
    read: |source, _| read(source),
};

fn claim(head: &Head<'_>) -> Claim {
    let keys = ["transactions", "availability", "elapsed_time", "longest_transaction"];
    let labels = ["Transactions:", "Availability:", "Elapsed time:"];
    let has = |label: &&str| head.text().contains(*label);
    Claim::likely_if(keys.into_iter().all(|key| head.has_key(key)) || labels.iter().all(has))
}

/// The numbers of the report. Times are in seconds.
#[derive(Deserialize)]
struct Numbers {
    /// Those that succeeded.
    transactions: u64,
    failed_transactions: u64,
    /// The share of transactions that succeeded, in percent.
    availability: f64,
    elapsed_time: f64,
    /// Transactions per second, those that succeeded.
    transaction_rate: f64,
    /// Transactions at a time, on average.
    concurrency: f64,
}

fn read(source: Source) -> Result<Ingested, IngestError> {
    let mut source = source;
    let name = source.name().to_owned();
    let mut users = None;
    let numbers = if Head::new(source.head()?).begins_with(b'{') {
        parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?
    } else {
        let report = Report::read(source)?;
        users = planned(&report)?;
        Numbers::of_text(&report)?
    };
    let mut run = numbers.run(&name)?;
    if let Some(users) = users {
        run.load.connect(users);
    }
    Ok(Ingested { run, warnings: Vec::new() })
}

/// The users of a text, where it has its beginning.
fn planned(report: &Report) -> Result<Option<u64>, IngestError> {
    let line = report.find("** Preparing")?;
    line.map(|line| line.split("concurrent users")?.0.count()).transpose()
}

impl Numbers {
    fn of_text(report: &Report) -> Result<Self, IngestError> {
        let number = |label, unit| report.need(label)?.in_unit(unit)?.number();
        let failed = report.need("Failed transactions:")?;
        // It comes last.
        report.need("Shortest transaction:")?;
        Ok(Self {
            transactions: report.need("Transactions:")?.in_unit("hits")?.count()?,
            failed_transactions: failed.count()?,
            availability: number("Availability:", "%")?,
            elapsed_time: number("Elapsed time:", "secs")?,
            transaction_rate: number("Transaction rate:", "trans/sec")?,
            concurrency: report.need("Concurrency:").and_then(Cell::number)?,
        })
    }

    fn run(&self, file: &str) -> Result<Run, IngestError> {
        let requests = self.transactions.saturating_add(self.failed_transactions);
        let requests = count(file, "the number of transactions", requests as f64)?;
        let seconds = amount(file, "elapsed_time", self.elapsed_time)?;
        self.refuse_contradictions(file, requests as f64, seconds)?;
        let mut run = Run::new(Tool { name: FORMAT.tool.into(), version: None });
        run.duration_s = Some(seconds).filter(|s| *s > 0.0);
        (run.total.requests, run.total.failures) = (Some(requests), Some(self.failed_transactions));
        run.total.throughput_rps = run.duration_s.map(|s| requests as f64 / s);
        let together = amount(file, "concurrency", self.concurrency)? * seconds * 1e3;
        run.total.latency = (together > 0.0 && requests > 0).then(|| Latency {
            count: Some(requests),
            mean: Some(together / requests as f64),
            ..Latency::default()
        });
        Ok(run)
    }

    fn refuse_contradictions(
        &self,
        file: &str,
        requests: f64,
        seconds: f64,
    ) -> Result<(), IngestError> {
        let (good, rate) = (self.transactions as f64, self.transaction_rate);
        // All of them have two decimals.
        let off = 0.5 + 0.005 * (rate + seconds);
        let share = if requests > 0.0 { 100.0 * good / requests } else { self.availability };
        let agree =
            (rate * seconds - good).abs() <= off && (self.availability - share).abs() <= 0.0051;
        if agree {
            return Ok(());
        }
        let why = "transactions, rate and availability contradict each other: the file is damaged";
        Err(IngestError::new(file, Problem::Malformed(why.to_owned())))
    }
}
