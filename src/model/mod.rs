//! Plain data of the domain: what a load test measured, in base units.
//!
//! Nothing here reads a file, decides a verdict or formats a sentence for a person.
//!
//! Base units: time in milliseconds (what nearly every load tool writes, so a value that comes in leaves as the
//! same decimal), rates per second, ratios as fractions of one, sizes in bytes.

mod alert;
mod baseline_search;
mod bins;
mod check;
mod clock;
mod commit;
mod comparability;
mod credentials;
mod custom_metric;
mod distribution;
mod disturbance;
mod endpoint;
mod endpoint_names;
mod known_metrics;
mod latency;
mod lengths;
pub mod limits;
mod load_number;
mod measured;
mod measurement;
mod merge;
mod merge_metrics;
mod merge_parts;
mod metric;
mod metric_names;
mod named;
mod page_loads;
mod part;
mod quantile;
mod resource;
mod run;
mod secrets;
mod shard_times;
mod text;
mod timeline;
mod unit;
mod untrusted;
mod values;
mod warning;
mod window;

pub use alert::{Alert, AlertOutcome, AlertRule, AlertSeverity, Firing};
pub use baseline_search::{NotTaken, Outcome, PassedOver, Visited};
pub use check::Check;
pub use clock::{now, today};
pub use commit::{CommitId, InvalidCommitId};
pub use comparability::{Difference, Field, differences};
pub use credentials::without_credentials;
pub use custom_metric::{CustomMetric, MetricType};
pub use distribution::{Distribution, OutOfRange};
pub use disturbance::{MOST_CPU_PRESSURE, MOST_CPU_STEAL, disturbances};
pub use endpoint::{EndpointKey, Kind};
pub use endpoint_names::EndpointNames;
pub use known_metrics::{KNOWN_METRICS, KnownMetric, is_same_metric, known_metric};
pub use latency::{Latency, Rounding};
pub use lengths::TooLong;
pub use load_number::LoadNumber;
pub use measured::{Endpoint, FailureKind};
pub use measurement::MeasurementKey;
pub use merge::{MergeError, Merged, Merger, merge_shards};
pub use metric::{BEYOND, Direction, Metric, Statistic};
pub use metric_names::MetricNames;
pub use named::Named;
pub(crate) use named::names;
pub use page_loads::loads_together;
pub use part::{Part, PartTime};
pub use quantile::Quantile;
pub use resource::{Resource, Span};
pub use run::{Load, Run, Tool};
pub use secrets::Secrets;
pub use text::{brief, harmless, is_harmful, yaml};
pub use timeline::Timeline;
pub use unit::{ParseQuantityError, Unit, parse_duration_ms, parse_fraction};
pub use untrusted::{Raw, Untrusted};
pub use values::Values;
pub use warning::{Place, Warning, WarningKind};
pub use window::{WINDOW_S, Window};
