//! The series of one histogram or summary.

use super::buckets::{Bucket, Buckets, Stated};
use super::exposition::{Exposition, Labels, Sample};
use super::request_metrics::unit_ms;
use crate::ingest::error::{IngestError, Problem};
use crate::ingest::json_file::{amount, count};
use std::collections::BTreeMap;

/// Labels that tell the numbers of one series apart.
const OWN: [&str; 2] = ["le", "quantile"];

/// A histogram or a summary.
pub(super) struct Family {
    pub(super) name: String,
    pub(super) is_histogram: bool,
    pub(super) series: Vec<Series>,
}

/// One series: what is told of the requests with these labels. Times are in milliseconds.
pub(super) struct Series {
    pub(super) labels: Labels,
    pub(super) count: u64,
    sum: Option<f64>,
    buckets: Vec<Bucket>,
    /// Of a summary, by level; those of the last minutes.
    pub(super) quantiles: Vec<(f64, f64)>,
}

impl Series {
    /// Adds the times to others.
    pub(super) fn add_to(&self, times: &mut Buckets) {
        let unknown = [Bucket { low: 0.0, high: f64::INFINITY, count: self.count }];
        let buckets = if self.buckets.is_empty() { &unknown[..] } else { &self.buckets };
        let stated = Stated { sum: self.sum, ..Stated::default() };
        times.add(buckets.iter().copied(), stated);
    }
}

/// The numbers of a series as they are written.
#[derive(Default)]
struct Written {
    labels: Labels,
    line: u64,
    count: Option<f64>,
    sum: Option<f64>,
    /// By upper bound, each with all below it.
    up_to: Vec<(f64, f64)>,
    quantiles: Vec<(f64, f64)>,
}

impl Family {
    /// The samples of a metric of this type; none where it has none, or no unit of time.
    pub(super) fn read(
        file: &str,
        exposition: &Exposition,
        name: &str,
        kind: &str,
    ) -> Result<Option<Self>, IngestError> {
        let is_histogram = kind == "histogram";
        let Some(unit) = unit_ms(name).filter(|_| is_histogram || kind == "summary") else {
            return Ok(None);
        };
        let mut all: BTreeMap<Labels, Written> = BTreeMap::new();
        for sample in &exposition.samples {
            if let Some(suffix) = sample.name.strip_prefix(name) {
                take(file, &mut all, sample, suffix)?;
            }
        }
        let series = all.into_values().map(|own| own.series(file, name, unit, is_histogram));
        let series: Vec<Series> = series.collect::<Result<_, _>>()?;
        let (name, found) = (name.to_owned(), !series.is_empty());
        Ok(found.then_some(Self { name, is_histogram, series }))
    }

    /// All requests.
    pub(super) fn count(&self) -> u64 {
        self.series.iter().fold(0, |sum, own| sum.saturating_add(own.count))
    }
}

/// Puts a sample to its series.
fn take(
    file: &str,
    all: &mut BTreeMap<Labels, Written>,
    sample: &Sample,
    suffix: &str,
) -> Result<(), IngestError> {
    if !matches!(suffix, "" | "_bucket" | "_sum" | "_count") {
        return Ok(());
    }
    let mut labels = sample.labels.clone();
    let own = OWN.map(|name| labels.remove(name));
    let new = || Written { labels: labels.clone(), line: sample.line, ..Written::default() };
    let written = all.entry(labels.clone()).or_insert_with(new);
    let number = |text: Option<String>, what: &str| {
        let value = text.as_deref().and_then(|text| text.parse::<f64>().ok());
        let why = || Problem::Malformed(format!("{} has no number for {what}", sample.name));
        value.ok_or_else(|| IngestError::at(file, sample.line, why()))
    };
    let [bound, level] = own;
    let twice = match suffix {
        "_bucket" => {
            written.up_to.push((number(bound, "le")?, sample.value));
            false
        }
        "_sum" => written.sum.replace(sample.value).is_some(),
        "_count" => written.count.replace(sample.value).is_some(),
        _ => {
            written.quantiles.push((number(level, "quantile")?, sample.value));
            false
        }
    };
    if twice {
        let endpoint = format!("a series of {}", sample.name);
        return Err(IngestError::at(file, sample.line, Problem::Duplicate { endpoint }));
    }
    Ok(())
}

impl Written {
    fn series(
        mut self,
        file: &str,
        name: &str,
        unit: f64,
        is_histogram: bool,
    ) -> Result<Series, IngestError> {
        let wrong = |why: &str| {
            let problem = Problem::Malformed(format!("a series of {name} {why}"));
            IngestError::at(file, self.line, problem)
        };
        let all = self.count.ok_or_else(|| wrong("has no _count: the file is cut or damaged"))?;
        let all = count(file, &format!("{name}_count"), all)?;
        let sum = self.sum.filter(|sum| sum.is_finite());
        let sum = sum.map(|sum| amount(file, &format!("{name}_sum"), sum)).transpose()?;
        self.up_to.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut buckets, mut low, mut before) = (Vec::new(), 0.0, 0);
        for (bound, up_to) in &self.up_to {
            let up_to = count(file, &format!("{name}_bucket"), *up_to)?;
            let own = up_to.checked_sub(before).ok_or_else(|| wrong("has buckets that fall"))?;
            if bound.is_nan() || *bound < low || (!buckets.is_empty() && *bound <= low) {
                return Err(wrong("has bounds that do not grow from 0 on"));
            }
            buckets.push(Bucket { low: low * unit, high: bound * unit, count: own });
            (low, before) = (*bound, up_to);
        }
        if is_histogram && (before != all || low.is_finite()) {
            return Err(wrong("has buckets that do not add up to its _count"));
        }
        let mut quantiles = Vec::new();
        for (level, value) in self.quantiles.iter().filter(|(_, value)| !value.is_nan()) {
            quantiles.push((*level, amount(file, name, *value)? * unit));
        }
        quantiles.sort_by(|a: &(f64, f64), b| a.0.total_cmp(&b.0));
        if quantiles.windows(2).any(|pair| pair[0].1 > pair[1].1) {
            return Err(wrong("has quantiles that fall"));
        }
        let sum = sum.map(|sum| sum * unit);
        Ok(Series { labels: self.labels, count: all, sum, buckets, quantiles })
    }
}
