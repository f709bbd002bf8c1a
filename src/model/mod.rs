//! Plain data of the domain: what a load test measured, in base units.
//!
//! Nothing here reads a file, decides a verdict or formats a sentence for a person, except the texts of
//! [`Warning`], which live in one place so that every renderer says the same.
//!
//! Base units: time in milliseconds (what nearly every load tool writes, so a value that comes in leaves as the
//! same decimal), rates per second, ratios as fractions of one, sizes in bytes.

mod bins;
mod clock;
mod commit;
mod comparable;
mod credentials;
mod distribution;
mod disturbance;
mod endpoint;
mod endpoint_names;
mod lengths;
pub mod limits;
mod measurement;
mod merge;
mod merge_metrics;
mod metric;
mod provenance;
mod quantile;
mod run;
mod secrets;
mod shard_times;
mod text;
mod timeline;
mod unit;
mod untrusted;
mod values;
mod warning;

pub use clock::{now, today};
pub use commit::{CommitId, InvalidCommitId};
pub use comparable::{Difference, Field, differences};
pub use credentials::without_credentials;
pub use distribution::{Distribution, OutOfRange};
pub use disturbance::{MOST_CPU_PRESSURE, MOST_CPU_STEAL, disturbances};
pub use endpoint::{EndpointKey, Kind};
pub use endpoint_names::EndpointNames;
pub use lengths::TooLong;
pub use measurement::MeasurementKey;
pub use merge::{MergeError, Merged, Merger, merge_shards};
pub use metric::{Direction, Metric, Statistic};
pub use provenance::{Outcome, Visited};
pub use quantile::Quantile;
pub use run::{
    Check, CustomMetric, Endpoint, FailureKind, Latency, Load, MetricType, Resource, Rounding, Run,
    Span, Tool,
};
pub use secrets::Secrets;
pub use text::{brief, harmless, is_harmful};
pub use timeline::Timeline;
pub use unit::{ParseQuantityError, Unit, parse_duration_ms, parse_fraction};
pub use untrusted::{Raw, Untrusted};
pub use values::Values;
pub use warning::{Place, Warning, WarningKind};
