//! Pages that a browser loaded: each is an endpoint of kind `page`, and what the browser measured of it are metrics of that endpoint,
//! under the names that every tool's metrics have here. A page has no response time of its own, and a run of pages no total: which
//! of its times matters is the policy's to say.

pub(super) mod lighthouse;
pub(super) mod web_vitals;

use super::endpoint_stats::{kind_of, most_frequent};
use super::endpoint_table::collapsed;
use super::error::{IngestError, Problem};
use crate::config::Pattern;
use crate::model::limits::{self, Census, check_number};
use crate::model::{CustomMetric, Direction, Endpoint, EndpointKey, Kind, Run, Tool, Unit, Values};
use std::collections::BTreeMap;

/// More than any page has of anything: milliseconds of 30 years.
const MOST: f64 = 1e12;

/// What a metric of a page is, whichever page it is of.
#[derive(Clone)]
struct Measure {
    name: String,
    unit: Unit,
    direction: Direction,
}

/// The samples of a metric.
struct Samples {
    measure: Measure,
    values: Values,
}

/// Loads of a page.
#[derive(Default)]
struct Page {
    /// Loads and failed ones, where the file counts them.
    loads: Option<(u64, u64)>,
    kinds: BTreeMap<String, u64>,
    metrics: BTreeMap<String, Samples>,
}

/// The pages of a file.
struct Pages<'a> {
    /// The file, for messages.
    file: &'a str,
    collapse: &'a [Pattern],
    pages: BTreeMap<EndpointKey, Page>,
    census: Census,
    metrics: usize,
}

impl<'a> Pages<'a> {
    fn new(file: &'a str, collapse: &'a [Pattern]) -> Self {
        Self { file, collapse, pages: BTreeMap::new(), census: Census::default(), metrics: 0 }
    }

    /// The page of this name, loaded on this sort of device where the file tells one.
    fn page(&mut self, device: Option<&str>, name: &str) -> Result<EndpointKey, IngestError> {
        let key = collapsed(EndpointKey::named(Kind::Page, device, name), self.collapse);
        if !self.pages.contains_key(&key) {
            let counted = self.census.count(&key);
            counted.map_err(|why| IngestError::new(self.file, why.into()))?;
            self.pages.insert(key.clone(), Page::default());
        }
        Ok(key)
    }

    /// Counts a load, and what a failed one died of.
    fn loaded(&mut self, page: &EndpointKey, failure: Option<&str>) {
        let page = self.pages.entry(page.clone()).or_default();
        let (loads, failed) = page.loads.unwrap_or_default();
        page.loads = Some((loads + 1, failed + u64::from(failure.is_some())));
        if let Some(why) = failure {
            *page.kinds.entry(kind_of(why).into_owned()).or_default() += 1;
        }
    }

    /// Adds a value in the base unit of the metric.
    fn measured(
        &mut self,
        page: &EndpointKey,
        measure: Measure,
        value: f64,
    ) -> Result<(), IngestError> {
        if !(0.0..=MOST).contains(&value) {
            let problem = Problem::BadValue {
                what: measure.name,
                value: value.to_string(),
                why: "is nothing that a page can have",
            };
            return Err(IngestError::new(self.file, problem));
        }
        let page = self.pages.entry(page.clone()).or_default();
        if !page.metrics.contains_key(&measure.name) {
            self.metrics += 1;
            let counted = check_number("metrics", self.metrics, limits::METRICS);
            counted.map_err(|why| IngestError::new(self.file, why.into()))?;
        }
        let samples = page
            .metrics
            .entry(measure.name.clone())
            .or_insert_with(|| Samples { measure, values: Values::default() });
        samples.values.record(value);
        Ok(())
    }

    /// The run of these pages.
    fn finish(self, tool: Tool) -> Run {
        let mut run = Run::new(tool);
        for (key, page) in self.pages {
            let mut endpoint = Endpoint::new(key.clone());
            endpoint.requests = page.loads.map(|(loads, _)| loads);
            endpoint.failures = page.loads.map(|(_, failed)| failed);
            endpoint.failure_kinds = most_frequent(page.kinds);
            run.endpoints.push(endpoint);
            run.metrics.extend(page.metrics.into_values().map(|own| own.metric(&key)));
        }
        run
    }
}

impl Samples {
    fn metric(self, page: &EndpointKey) -> CustomMetric {
        let Self { measure: Measure { name, unit, direction }, values } = self;
        let own = CustomMetric::of_samples(&name, unit, values);
        CustomMetric { direction: Some(direction), endpoint: page.clone(), ..own }
    }
}
