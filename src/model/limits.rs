//! How much of anything an input may hold. All limits stand here, so that together they keep perfgate below a gigabyte of memory
//! whatever its input says; docs/limits.md has them as a table.

use super::endpoint::EndpointKey;
use super::measured::Endpoint;
use super::run::Run;
use super::untrusted::Raw;

/// Endpoints of a run. More is nearly always an id in the URL, and no report can show it.
pub const ENDPOINTS: usize = 10_000;
/// Endpoints of a run of whose parts of requests every time is kept; of more, only means are.
pub const PART_ENDPOINTS: usize = 1_000;
/// Custom metrics of a run, and checks of a script.
pub const METRICS: usize = 10_000;
/// Alerts of a policy, and of a run: each is asked by itself.
pub const ALERTS: usize = 200;
/// Labels, resources and timelines of a run, quantiles, parts and kinds of failure of an endpoint.
pub const ENTRIES: usize = 1_000;
/// Keys of a `perfgate.run/1`: 200 of each of 10 000 endpoints.
pub const KEYS: usize = 2_000_000;
/// Samples of an endpoint as a list, in `perfgate.run/1`.
pub const SAMPLES: usize = 5_000_000;
/// Values of a timeline in `perfgate.run/1`.
pub const POINTS: usize = 10_000;
/// Fields that a run has and the format has not, of which each is told.
pub const UNKNOWN_FIELDS: usize = 20;
/// Bytes of the name of an endpoint, a metric or a check.
pub const NAME_BYTES: usize = 4 << 10;
/// Characters of what a run is called or labelled with: suite, profile, environment, tool, methods, units, keys.
pub const LABEL_CHARACTERS: usize = 100;
/// Bytes of the names of all endpoints of a run together.
pub const ALL_NAME_BYTES: usize = 16 << 20;
/// Requests, failures or samples: a million million, a year of 30 000 requests a second.
pub const COUNT: u64 = 1_000_000_000_000;
/// Bytes of memory that the response times and the kinds of failure of a run take.
pub const MEASURED_BYTES: usize = 384 << 20;
/// Bytes of one histogram in a file; real ones of three digits have a few kilobytes.
pub const HISTOGRAM_BYTES: usize = 4 << 20;
/// Different response times in a file of Locust's.
pub const RESPONSE_TIMES: usize = 5_000_000;

/// Bytes of one line or record of raw samples; a real one has a few hundred, or a body in it.
pub const RECORD_BYTES: usize = 16 << 20;
/// Bytes of `perfgate.run/1`, and of Locust's `--json`, which has a line for each second of each endpoint.
pub const RUN_BYTES: u64 = 128 << 20;
/// Bytes of a recorded run, and of its histograms.
pub const STORED_BYTES: u64 = 128 << 20;
/// Bytes of a summary of any tool, a CSV of Locust, and of a history from elsewhere.
pub const DOCUMENT_BYTES: u64 = 32 << 20;
/// Bytes of a report; one of 10 000 endpoints has about 40 MB.
pub const REPORT_BYTES: u64 = 96 << 20;
/// Bytes of the file in which a CI describes what happened.
pub const EVENT_BYTES: u64 = 32 << 20;
/// Bytes of resources over time: two weeks of seconds.
pub const RESOURCES_BYTES: u64 = 128 << 20;
/// Values in resources over time.
pub const RESOURCE_VALUES: usize = 20_000_000;
/// Values in series from elsewhere.
pub const SERIES_VALUES: usize = 2_000_000;
/// Bytes of the name of a commit in such series, which each of them repeats.
pub const COMMIT_BYTES: usize = 100;
/// Bytes of a policy, and of a plain table of baselines: what a person writes.
pub const POLICY_BYTES: u64 = 1 << 20;
/// Bytes of a document in Markdown.
pub const MARKDOWN_BYTES: u64 = 1 << 20;
/// Statements of all documents of a policy, and those that a policy made of them lists as not understood.
pub const STATEMENTS: usize = 500;
/// Result files of one command.
pub const FILES: usize = 1_000;
/// Bytes of memory that all runs of one command take.
pub const RUNS_BYTES: usize = 512 << 20;
/// Characters of a value from a file that a message repeats.
pub const SHOWN: usize = 200;

/// What an input has too much of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// Things of one sort.
    #[error("more than {limit} {what}")]
    Number {
        /// What they are.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// Bytes of one thing.
    #[error("{what} of more than {}: {start}", size(*.limit as u64))]
    Bytes {
        /// What it is.
        what: &'static str,
        /// How many bytes it may have.
        limit: usize,
        /// How it begins.
        start: String,
    },
    /// Characters of one text.
    #[error("{what} of more than {limit} characters: {start}")]
    Characters {
        /// What it is.
        what: &'static str,
        /// How many characters it may have.
        limit: usize,
        /// How it begins.
        start: String,
    },
    /// Bytes of all names.
    #[error("the names of the endpoints have more than {} together", size(ALL_NAME_BYTES as u64))]
    Names,
    /// Memory of all response times and failures.
    #[error("its response times need more than {} of memory", size(MEASURED_BYTES as u64))]
    Memory,
}

/// Refuses a name that is too long; `what` is what it names.
pub fn check_name(what: &'static str, name: &str) -> Result<(), Exceeded> {
    check_bytes(what, name, NAME_BYTES)
}

/// Refuses a text of more bytes than it may have.
pub fn check_bytes(what: &'static str, text: &str, limit: usize) -> Result<(), Exceeded> {
    match text.len() <= limit {
        true => Ok(()),
        false => Err(Exceeded::Bytes { what, limit, start: shown(text) }),
    }
}

/// Refuses a label that is too long; `what` is what it labels.
pub fn check_label(what: &'static str, text: &str) -> Result<(), Exceeded> {
    match text.char_indices().nth(LABEL_CHARACTERS) {
        None => Ok(()),
        Some(_) => Err(Exceeded::Characters { what, limit: LABEL_CHARACTERS, start: shown(text) }),
    }
}

/// Refuses more things than there may be.
pub fn check_number(what: &'static str, number: usize, limit: usize) -> Result<(), Exceeded> {
    if number > limit { Err(Exceeded::Number { what, limit }) } else { Ok(()) }
}

/// Bytes of memory that a run takes, about.
pub fn bytes_of(run: &Run) -> usize {
    /// An endpoint without its samples, a metric or a check.
    const ITEM: usize = 1 << 10;
    let items = run.endpoints.len() + run.metrics.len() + run.checks.len();
    items * ITEM + run.all_endpoints().map(Endpoint::sample_bytes).sum::<usize>()
}

/// Refuses a run that is larger than any reader may return.
pub fn check_run(run: &Run) -> Result<(), Exceeded> {
    check_number("endpoints", run.endpoints.len(), ENDPOINTS)?;
    check_number("metrics", run.metrics.len(), METRICS)?;
    check_number("checks", run.checks.len(), METRICS)?;
    if bytes_of(run) > MEASURED_BYTES { Err(Exceeded::Memory) } else { Ok(()) }
}

/// The endpoints of an input, counted as they come.
#[derive(Debug, Clone, Copy, Default)]
pub struct Census {
    endpoints: usize,
    name_bytes: usize,
}

impl Census {
    /// Counts one more endpoint; an error where it is one too many, or its name is too long.
    pub fn count(&mut self, key: &EndpointKey) -> Result<(), Exceeded> {
        self.endpoints += 1;
        check_number("endpoints", self.endpoints, ENDPOINTS)?;
        let EndpointKey::Named { method, name, .. } = key else { return Ok(()) };
        let (name, method) = (name.raw(), method.as_ref().map_or("", Raw::raw));
        check_name("a name", name)?;
        check_label("a method", method)?;
        self.name_bytes += name.len() + method.len();
        if self.name_bytes > ALL_NAME_BYTES { Err(Exceeded::Names) } else { Ok(()) }
    }
}

/// A number of bytes as messages have it: `64 MiB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// A text from a file, cut to what a message may repeat of it.
pub fn shown(text: &str) -> String {
    // What was cut already is not cut again.
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) if text.len() > end + 40 => {
            format!("{}… ({} bytes)", &text[..end], text.len())
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_two_characters_and_says_how_long_it_is() {
        assert_eq!(shown("short"), "short");
        let long = "é".repeat(SHOWN + 50);
        let cut = format!("{}… (500 bytes)", "é".repeat(SHOWN));
        assert_eq!(shown(&long), cut);
        assert_eq!(shown(&cut), cut);
    }

    #[test]
    fn the_first_endpoint_beyond_a_limit_is_refused() {
        let key = |name: &str| EndpointKey::named(crate::model::Kind::Http, None, name);
        let mut all = Census::default();
        (0..ENDPOINTS).for_each(|i| all.count(&key(&i.to_string())).unwrap());
        let error = all.count(&key("/one/more")).unwrap_err();
        assert_eq!(error.to_string(), "more than 10000 endpoints");
        let long = "x".repeat(NAME_BYTES);
        let mut all = Census::default();
        (0..ALL_NAME_BYTES / NAME_BYTES).for_each(|_| all.count(&key(&long)).unwrap());
        assert_eq!(all.count(&key("/a")), Err(Exceeded::Names));
        let error = Census::default().count(&key(&(long + "x"))).unwrap_err();
        assert!(error.to_string().starts_with("a name of more than 4 KiB: xxx"), "{error}");
    }

    #[test]
    fn sizes_are_in_the_largest_whole_unit() {
        assert_eq!([size(5), size(4 << 10), size(1 << 20)], ["5 bytes", "4 KiB", "1 MiB"]);
    }
}
