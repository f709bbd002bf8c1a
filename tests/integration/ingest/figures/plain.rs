//! Figures as anybody would compute them: lists of numbers, sorted.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// What the rows of an endpoint say.
#[derive(Debug, Default, Clone)]
pub(crate) struct Own {
    pub(crate) requests: u64,
    /// Requests that say whether they failed.
    pub(crate) outcomes: u64,
    pub(crate) failures: u64,
    /// In milliseconds.
    pub(crate) times: Vec<f64>,
    /// The times of each part, in milliseconds.
    pub(crate) parts: BTreeMap<&'static str, Vec<f64>>,
}

impl Own {
    pub(crate) fn request(&mut self, ms: Option<f64>, failed: bool) {
        self.requests += 1;
        self.outcomes += 1;
        self.failures += u64::from(failed);
        self.times.extend(ms);
    }

    /// No time is below nothing, whatever its two ends are rounded to.
    pub(crate) fn part(&mut self, part: &'static str, ms: f64) {
        self.parts.entry(part).or_default().push(ms.max(0.0));
    }

    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.outcomes += other.outcomes;
        self.failures += other.failures;
        self.times.extend(&other.times);
        for (part, times) in &other.parts {
            self.parts.entry(part).or_default().extend(times);
        }
    }
}

/// The samples of a metric of the script's own: time, value.
#[derive(Debug, Default)]
pub(crate) struct Metric {
    /// What k6 says that it is; empty where the file does not say.
    pub(crate) sort: String,
    pub(crate) samples: Vec<(i128, f64)>,
}

impl Metric {
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> {
        self.samples.iter().map(|(_, value)| *value)
    }

    pub(crate) fn is_samples(&self) -> bool {
        matches!(self.sort.as_str(), "" | "trend")
    }

    pub(crate) fn value(&self) -> f64 {
        let sum: f64 = self.values().sum();
        match self.sort.as_str() {
            "counter" => sum,
            // Of those of the same time the last in the file.
            "gauge" => self.samples.iter().max_by_key(|(time, _)| *time).unwrap().1,
            _ => sum / self.samples.len() as f64,
        }
    }
}

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// By kind, method and name.
    pub(crate) endpoints: BTreeMap<String, Own>,
    /// Requests that belong to no endpoint.
    pub(crate) unnamed: Own,
    /// Endpoints that are no part of the total, and what of them is one all the same.
    pub(crate) apart: BTreeMap<String, Own>,
    /// First start and last end in nanoseconds.
    pub(crate) span: Option<(i128, i128)>,
    /// Whether the times are of the calendar.
    pub(crate) dated: bool,
    pub(crate) metrics: BTreeMap<String, Metric>,
}

impl Figures {
    pub(crate) fn of(&mut self, kind: &str, method: &str, name: &str) -> &mut Own {
        self.endpoints.entry(key(kind, method, name)).or_default()
    }

    pub(crate) fn during(&mut self, start: i128, end: i128) {
        let (first, last) = self.span.unwrap_or((start, end));
        self.span = Some((first.min(start), last.max(end)));
    }

    pub(crate) fn seconds(&self) -> Option<f64> {
        let (first, last) = self.span?;
        (last > first).then(|| (last - first) as f64 / 1e9)
    }

    pub(crate) fn start(&self) -> Option<i128> {
        self.span.filter(|_| self.dated).map(|(first, _)| first)
    }

    pub(crate) fn total(&self) -> Own {
        let mut total = self.unnamed.clone();
        for (name, own) in &self.endpoints {
            total.add(self.apart.get(name).unwrap_or(own));
        }
        total
    }
}

pub(crate) fn key(kind: &str, method: &str, name: &str) -> String {
    format!("{kind}|{method}|{name}")
}

/// The key of an endpoint in what perfgate writes.
pub(crate) fn key_in(endpoint: &Value) -> String {
    let text = |field: &str| endpoint[field].as_str().unwrap_or_default().to_owned();
    key(&text("kind"), &text("method"), &text("name"))
}

/// Between the two ranks around the level, as k6 and numpy have it.
pub(crate) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let position = level * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}

/// The whole text of a file, unpacked; of one that was cut, its whole lines.
pub(crate) fn text_of(path: &Path) -> String {
    let packed = std::fs::read(path).unwrap();
    let name = path.to_str().unwrap();
    let mut bytes = Vec::new();
    if name.ends_with(".gz") {
        // What was cut is read as far as it goes.
        drop(flate2::read::MultiGzDecoder::new(&*packed).read_to_end(&mut bytes));
    } else if name.ends_with(".zst") {
        bytes = zstd::decode_all(&*packed).unwrap();
    } else {
        bytes = packed;
    }
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    bytes.truncate(whole);
    String::from_utf8(bytes).unwrap()
}
