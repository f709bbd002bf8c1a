//! Where the time of a request went: the share of each of its parts.

use super::escape::Show;
use crate::model::{Endpoint, Run, Untrusted};

/// Endpoints that are shown.
const MOST_ENDPOINTS: usize = 200;

/// The endpoints that know the parts of their requests, each with their shares: `waiting 80 %, receiving 15 %, connect 5 %`.
pub(super) fn shares(run: &Run, show: Show<'_>) -> Vec<(Untrusted, String)> {
    let known = run.all_endpoints().filter_map(|own| Some((own.key.text(), of(own, show)?)));
    known.take(MOST_ENDPOINTS).collect()
}

fn of(endpoint: &Endpoint, show: Show<'_>) -> Option<String> {
    let mut parts: Vec<(&Untrusted, f64)> = endpoint.phases().collect();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    let known: f64 = parts.iter().map(|(_, ms)| ms).sum();
    let mean = endpoint.latency.as_ref().and_then(|latency| latency.mean).unwrap_or_default();
    // Parts such as `connect` may lie outside of the response time.
    let whole = known.max(mean);
    let share = |(name, ms): &(&Untrusted, f64)| match 100.0 * ms / whole {
        small if small < 1.0 => format!("{} < 1 %", show(*name)),
        percent => format!("{} {percent:.0} %", show(*name)),
    };
    let mut shares: Vec<String> = parts.iter().map(share).collect();
    let rest = 100.0 * (whole - known) / whole;
    shares.extend((rest >= 1.0).then(|| format!("the rest {rest:.0} %")));
    (known > 0.0).then(|| shares.join(", "))
}
