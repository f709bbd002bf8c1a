//! What k6's browser measured of pages: each is an endpoint of kind `page`, and the web vitals are its metrics under the names that every
//! tool's metrics have here.

use super::metric::Selector;
use crate::ingest::error::Problem;
use crate::model::limits::{self, check_number};
use crate::model::{
    CustomMetric, Endpoint, EndpointKey, Kind, KnownMetric, Run, Values, known_metric,
};
use std::collections::{BTreeMap, BTreeSet};

/// How the names of k6's web vitals begin.
const WEB_VITAL: &str = "browser_web_vital_";
/// The tags that name a page: k6's own, and the one that scripts use.
const PAGE_TAGS: [&str; 3] = ["url", "name", "page"];

/// The web vital that a metric is.
pub(super) fn web_vital(metric: &str) -> Option<&'static KnownMetric> {
    metric.strip_prefix(WEB_VITAL).and_then(known_metric)
}

/// The page that a part of a web vital is of.
pub(super) fn page_of(selector: &Selector) -> Option<EndpointKey> {
    match selector.tags.as_slice() {
        [(tag, page)] if PAGE_TAGS.contains(&tag.as_str()) => {
            Some(EndpointKey::named(Kind::Page, None, page))
        }
        _ => None,
    }
}

/// The samples of web vitals, by page.
#[derive(Default)]
pub(super) struct Pages(BTreeMap<(EndpointKey, &'static str), Values>);

impl Pages {
    pub(super) fn add(
        &mut self,
        page: EndpointKey,
        vital: &'static KnownMetric,
        value: f64,
    ) -> Result<(), Problem> {
        self.0.entry((page, vital.name)).or_default().record(value);
        check_number("metrics", self.0.len(), limits::METRICS)?;
        Ok(())
    }

    pub(super) fn merge(&mut self, other: Self) -> Result<(), Problem> {
        for (key, values) in other.0 {
            self.0.entry(key).or_default().merge(&values);
        }
        check_number("metrics", self.0.len(), limits::METRICS)?;
        Ok(())
    }

    /// Bytes of the samples.
    pub(super) fn bytes(&self) -> usize {
        self.0.values().map(Values::bytes).sum()
    }

    pub(super) fn add_to(self, run: &mut Run) {
        let keys: BTreeSet<EndpointKey> = self.0.keys().map(|(page, _)| page.clone()).collect();
        run.endpoints.extend(keys.into_iter().map(Endpoint::new));
        let metric = |((page, name), values): ((EndpointKey, &str), Values)| {
            let unit = known_metric(name)?.unit();
            let own = CustomMetric::of_samples(name, unit, values);
            Some(CustomMetric { endpoint: page, ..own })
        };
        run.metrics.extend(self.0.into_iter().filter_map(metric));
    }
}
