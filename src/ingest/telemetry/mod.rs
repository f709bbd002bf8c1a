//! Telemetry: what services count of themselves, in histograms whose buckets round every time to their bounds.

mod buckets;
pub(super) mod otlp;
mod point;
