//! Telemetry: what services count of themselves, in histograms whose buckets round every time to their bounds.

mod buckets;
mod exposition;
mod family;
pub(super) mod otlp;
mod point;
pub(super) mod prometheus_text;
mod request_metrics;
