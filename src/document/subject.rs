//! What a label names: `API Response Time`, `Error Rate`, `TTFB`, or something of the document's own.

use super::statistic::ordinal;
use crate::model::{Direction, KnownMetric, known_metric};

/// What a statement is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Subject {
    /// Response times that a budget names, such as `api_response_time`.
    Latency(&'static str),
    /// A budget that has one number, such as `error_rate`.
    Single(&'static str, Direction),
    /// A metric that means the same everywhere.
    Known(&'static KnownMetric),
    /// What only the document calls so.
    Other(String),
}

const LOWER: Direction = Direction::Lower;
const HIGHER: Direction = Direction::Higher;

const LATENCIES: [(&str, &[&str]); 3] = [
    (
        "api_response_time",
        &["api response time", "api latency", "api", "api endpoint", "api endpoint response time"],
    ),
    (
        "websocket_latency",
        &["websocket latency", "websocket response time", "websocket", "ws latency"],
    ),
    ("response_time", &["response time", "latency", "request latency", "request duration"]),
];
const SINGLES: [(&str, Direction, &[&str]); 6] = [
    ("error_rate", LOWER, &["error rate", "failure rate", "error ratio"]),
    ("throughput", HIGHER, &["throughput", "request rate", "request per second"]),
    ("cpu", LOWER, &["cpu", "cpu usage", "cpu utilization", "cpu utilisation"]),
    ("memory", LOWER, &["memory", "memory usage", "ram", "ram usage"]),
    ("users", HIGHER, &["user", "concurrent user", "virtual user"]),
    ("connections", HIGHER, &["connection", "concurrent connection", "websocket connection"]),
];
/// Metrics of a page: one number, not a distribution.
const OF_A_PAGE: [&str; 10] =
    ["fp", "fcp", "lcp", "fid", "inp", "tti", "tbt", "speed_index", "page_load", "cls"];
/// Words of a label that say nothing about what it names.
const EMPTY: [&str; 12] = [
    "performance",
    "test",
    "testing",
    "sla",
    "slo",
    "nfr",
    "target",
    "requirement",
    "current",
    "goal",
    "the",
    "objective",
];

impl Subject {
    /// What a label names.
    pub(super) fn of(label: &str) -> Self {
        let plain = without_brackets(label);
        [label, &plain].into_iter().find_map(known).unwrap_or_else(|| Self::Other(label.to_owned()))
    }

    /// Which way is better, where that is known.
    pub(super) fn direction(&self) -> Option<Direction> {
        match self {
            Self::Latency(_) => Some(LOWER),
            Self::Single(_, direction) => Some(*direction),
            Self::Known(known) => Some(known.direction),
            Self::Other(_) => None,
        }
    }

    /// Whether it has one number, so that no statistic is missing.
    pub(super) fn has_one_number(&self) -> bool {
        match self {
            Self::Latency(_) | Self::Other(_) => false,
            Self::Single(..) => true,
            Self::Known(known) => known.unit != "ms" || OF_A_PAGE.contains(&known.name),
        }
    }

    /// What two labels of the same thing have in common.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Latency(name) | Self::Single(name, _) => (*name).to_owned(),
            Self::Known(metric) => metric.name.to_owned(),
            Self::Other(label) => key(label),
        }
    }
}

fn known(label: &str) -> Option<Subject> {
    let key = key(label);
    let latency = LATENCIES.iter().find(|(_, labels)| labels.contains(&key.as_str()));
    if let Some((name, _)) = latency {
        return Some(Subject::Latency(name));
    }
    let single = SINGLES.iter().find(|(_, _, labels)| labels.contains(&key.as_str()));
    if let Some((name, direction, _)) = single {
        return Some(Subject::Single(name, *direction));
    }
    let metric = match key.as_str() {
        "page load complete" => known_metric("page_load"),
        _ => known_metric(label).or_else(|| known_metric(&key)),
    };
    metric.map(Subject::Known)
}

/// The words of a label in lower case and in the singular, without those that say nothing.
fn key(label: &str) -> String {
    let words = words(label).map(|word| singular(&word));
    let words = words.filter(|word| !EMPTY.contains(&word.as_str()));
    words.collect::<Vec<_>>().join(" ")
}

fn words(label: &str) -> impl Iterator<Item = String> {
    let words = label.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase)
}

fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let one = word.strip_suffix('s').filter(|_| !word.ends_with("ss") && !word.ends_with("us"));
    one.filter(|one| one.len() > 2).unwrap_or(word).to_owned()
}

/// Whether a label says nothing about what it names: `NFR Target`.
pub(super) fn is_empty(label: &str) -> bool {
    key(label).is_empty()
}

/// Whether one label has every word of the other.
pub(super) fn has_words(label: &str, words: &str) -> bool {
    let (label, words) = (key(label), key(words));
    words.split(' ').all(|word| label.split(' ').any(|own| own == word))
}

/// The name of a metric of the document's own.
pub(super) fn metric_name(label: &str) -> String {
    words(label).collect::<Vec<_>>().join("_")
}

/// The pattern of endpoints that are called so.
pub(super) fn pattern(label: &str) -> String {
    let with_method = label.split_once(' ').is_some_and(|(method, path)| {
        let upper = method.bytes().all(|b| b.is_ascii_uppercase()) || method == "*";
        upper && path.starts_with('/')
    });
    // Without a method, the first word of a name would be taken for one.
    let one_word = !label.contains(' ');
    if with_method || one_word { label.to_owned() } else { format!("* {label}") }
}

fn without_brackets(label: &str) -> String {
    let (first, rest) = label.split_once('(').unwrap_or((label, ""));
    let rest = rest.split_once(')').map_or("", |(_, rest)| rest);
    format!("{first}{rest}")
}

/// A heading without its number and without words that say nothing at its end.
pub(super) fn of_heading(heading: &str) -> String {
    let mut words: Vec<&str> = heading.split_whitespace().collect();
    let is_number = |word: &&str| {
        word.ends_with(['.', ')', ':']) && word.starts_with(|c: char| c.is_ascii_digit())
            || ordinal(word).is_some()
    };
    if words.first().is_some_and(is_number) {
        words.remove(0);
    }
    while words.last().is_some_and(|word| is_empty(word)) {
        words.pop();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_what_a_policy_knows_however_it_is_written() {
        let latency = |label: &str, name| assert_eq!(Subject::of(label), Subject::Latency(name));
        latency("API Response Times", "api_response_time");
        latency("5. API Endpoints".trim_start_matches("5. "), "api_response_time");
        latency("WebSocket Latency", "websocket_latency");
        latency("Response Time (overall)", "response_time");
        assert_eq!(Subject::of("CPU Usage"), Subject::Single("cpu", LOWER));
        assert_eq!(Subject::of("Time to First Byte (TTFB)").key(), "ttfb");
        assert_eq!(Subject::of("LCP").key(), "lcp");
        assert_eq!(Subject::of("Task Queries").key(), Subject::of("Task Query Performance").key());
    }

    #[test]
    fn a_name_of_several_words_is_no_method_with_a_path() {
        assert_eq!(pattern("Task Submission"), "* Task Submission");
        assert_eq!(pattern("POST /login"), "POST /login");
        assert_eq!(pattern("/login"), "/login");
    }

    #[test]
    fn a_heading_is_a_name_without_its_number() {
        assert_eq!(of_heading("3. Database Query Performance Tests"), "Database Query");
        assert_eq!(of_heading("Login"), "Login");
        assert_eq!(of_heading("2. Performance Tests"), "");
    }
}
