//! What the tests of reports that tools print have in common.

use crate::support::{Ended, fixture, perfgate};
use perfgate::ingest::{Ingested, ReadOptions, Source, read};
use perfgate::schema::RunV1;
use std::io::Cursor;

pub(super) fn text_of(name: &str) -> String {
    std::fs::read_to_string(fixture(name)).unwrap()
}

/// A fixture with these texts, which it has once, in the place of others.
pub(super) fn edited(name: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text_of(name), |text, (what, by)| {
        assert_eq!(text.matches(what).count(), 1, "{name}: {what}");
        text.replace(what, by)
    })
}

pub(super) fn ingest_text(text: &str) -> Result<Ingested, String> {
    let bytes = Box::new(Cursor::new(text.as_bytes().to_vec()));
    let source = Source::from_reader("results", bytes).unwrap();
    read(source, &ReadOptions::default()).map_err(|error| error.to_string())
}

pub(super) fn ingest(name: &str) -> Ingested {
    ingest_text(&text_of(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Milliseconds to the nanosecond: seconds and their fractions are no round floats.
pub(super) fn ms(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// Cut at any byte, a report is refused, or has everything that it had.
pub(super) fn cuts_are_refused(name: &str) {
    let whole = text_of(name);
    let told = |ingested: Ingested| {
        serde_json::to_string(&RunV1::without_histograms(&ingested.run)).unwrap()
    };
    let expected = told(ingest(name));
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        if let Ok(cut) = ingest_text(&whole[..end]) {
            assert_eq!(told(cut), expected, "{name}: {end}");
        }
    }
}

/// A limit for files that have no percentile, wide enough for one baseline run.
pub(super) const MEAN: &str = "regression_thresholds: { api_response_time: { mean: 50% } }\n";

/// Compares two fixtures by a policy.
pub(super) fn compare_by(policy: &str, baseline: &str, current: &str) -> Ended {
    let scratch = tempfile::TempDir::new().unwrap();
    std::fs::write(scratch.path().join("perfgate.yaml"), policy).unwrap();
    let path = |name: &str| fixture(name).to_str().unwrap().to_owned();
    perfgate(scratch.path(), &["compare", "--baseline-file", &path(baseline), &path(current)])
}
