//! A baseline that people wrote has names of its own (`chat_endpoint`): which of them nothing in the new run is called.

use super::join::Pair;
use crate::model::{EndpointKey, Raw as _, Run, WarningKind, is_same_metric};

/// Words of a name that say nothing about which endpoint it is.
const ANY: [&str; 9] =
    ["endpoint", "api", "latency", "time", "response", "request", "get", "post", "rest"];
/// The fewest letters of a word that tells an endpoint.
const LETTERS: usize = 3;

/// The rows of a written baseline that join nothing, endpoints first.
pub(super) fn unjoined_rows(
    baseline: &[Run],
    current: &[Run],
    pairs: &[Pair<'_>],
) -> Option<WarningKind> {
    let endpoints = baseline.iter().any(|run| !run.endpoints.is_empty());
    if current.is_empty() || !endpoints || !baseline.iter().all(is_written) {
        return None;
    }
    let named = |pair: &&Pair<'_>| pair.key != EndpointKey::Total;
    let alone = |pair: &&Pair<'_>| named(pair) && pair.current.is_empty();
    let rows: Vec<String> =
        pairs.iter().filter(alone).map(|pair| pair.key.text().into_raw()).collect();
    let new: Vec<String> = pairs
        .iter()
        .filter(|pair| named(pair) && pair.baseline.is_empty())
        .map(|pair| pair.key.text().into_raw())
        .collect();
    let meant = rows.iter().filter_map(|row| Some((row.clone(), meant(row, &new)?))).collect();
    let known = |name: &str| {
        let metrics = || current.iter().flat_map(|run| &run.metrics);
        metrics().any(|metric| is_same_metric(metric.name.raw(), name))
    };
    let metrics = baseline.iter().flat_map(|run| &run.metrics).map(|metric| metric.name.raw());
    let metrics: Vec<String> = metrics.filter(|name| !known(name)).map(str::to_owned).collect();
    let any = !rows.is_empty() || !metrics.is_empty();
    any.then_some(WarningKind::UnjoinedRows { rows, metrics, meant })
}

/// Whether nobody counted a request for it.
fn is_written(run: &Run) -> bool {
    run.all_endpoints().all(|endpoint| {
        endpoint.requests.is_none() && endpoint.latency.as_ref().is_none_or(|l| l.count.is_none())
    })
}

/// The only name that has a word of the row.
fn meant(row: &str, names: &[String]) -> Option<String> {
    let row = row.to_lowercase();
    let words: Vec<&str> = row
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() >= LETTERS && !ANY.contains(word))
        .collect();
    let has = |name: &&String| {
        let name = name.to_lowercase();
        words.iter().any(|word| name.contains(word))
    };
    let mut fitting = names.iter().filter(has);
    let found = fitting.next()?;
    fitting.next().is_none().then(|| found.clone())
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn a_row_means_the_only_endpoint_that_has_its_word() {
        let names = ["POST /api/chat", "POST /api/workflows/run", "GET /api/workflows"];
        let names = names.map(str::to_owned);
        assert_eq!(meant("chat_endpoint", &names).as_deref(), Some("POST /api/chat"));
        assert_eq!(meant("workflow_endpoint", &names), None);
        assert_eq!(meant("api_endpoint", &names), None);
    }
}
