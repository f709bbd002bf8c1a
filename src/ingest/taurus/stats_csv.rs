//! Taurus' `dump-csv`: a row for each label; how long the test took is not in it.

use super::{Label, TOOL, run_of};
use crate::ingest::csv_file::{LineCounter, bad_value, csv_error, refuse_cut};
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested};
use crate::ingest::head::Claim;
use crate::ingest::source::Source;
use crate::model::limits;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "taurus-csv",
    tool: TOOL,
    title: "Taurus `dump-csv`",
    get: "`dump-csv` of the reporter `final-stats`",
    section: "Taurus",
    versions: "1.17",
    holds: Holds::Summary,
    tells: &[Fact::Endpoints, Fact::P99, Fact::Errors, Fact::FailureKinds],
    remark: "without the duration, so without throughput; whole milliseconds",
    claim: |head| Claim::certain_if(head.columns().begin_with(&["label", "avg_ct", "avg_lt"])),
    read: |source, _| read(source),
};

fn read(source: Source) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let bytes = source.document(limits::DOCUMENT_BYTES)?;
    refuse_cut(&name, &bytes)?;
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes.as_slice());
    let columns = reader.headers().map_err(|error| csv_error(&name, error))?.clone();
    let mut lines = LineCounter::new(&bytes);
    let mut labels = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| csv_error(&name, error))?;
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        let mut label = Label::default();
        for (column, cell) in columns.iter().zip(&record) {
            if column == "label" {
                cell.clone_into(&mut label.name);
            } else if !cell.is_empty() {
                let number = || bad_value(&name, line, column, cell, "must be a number");
                let value = cell.parse().map_err(|_| number())?;
                let (kind, of) = match column.split_once('_') {
                    Some((kind @ ("perc" | "rc"), of)) => (kind, Some(of)),
                    _ => (column, None),
                };
                label
                    .take(kind, of, value)
                    .map_err(|why: Problem| IngestError::at(&name, line, why))?;
            }
        }
        labels.push(label);
    }
    Ok(Ingested { run: run_of(&name, labels, None)?, warnings: Vec::new() })
}
