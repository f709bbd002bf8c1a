//! Why a result file cannot be read: what, where, and what to do.

use crate::model::TooLong;
use crate::model::limits::{self, Exceeded};
use std::fmt;
use std::io;

/// Why a result file cannot be read.
#[derive(Debug)]
pub struct IngestError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1, where one is known.
    pub line: Option<u64>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a file.
#[derive(Debug)]
pub enum Problem {
    /// It cannot be opened or read.
    Io(io::Error),
    /// It holds nothing.
    Empty,
    /// No format that perfgate reads begins like this.
    Unrecognised,
    /// It is of a tool that is known, and no file of results.
    OtherFile(&'static OtherFile),
    /// It ends in the middle.
    Truncated {
        /// Complete lines before the end.
        lines: u64,
        /// How it ends.
        how: String,
    },
    /// It ends inside a record that is no line.
    CutRecord {
        /// Whole records before the end.
        records: u64,
    },
    /// It is one JSON document, and its end is missing.
    CutDocument,
    /// It is larger than anything of its kind.
    TooLarge {
        /// Bytes that it may have.
        limit: u64,
    },
    /// It is not what its format says.
    Malformed(String),
    /// A required column is missing.
    MissingColumn(&'static str),
    /// A value that cannot be.
    BadValue {
        /// Column, key or metric.
        what: String,
        /// The value as written.
        value: String,
        /// Why it cannot be.
        why: &'static str,
    },
    /// The same endpoint twice.
    Duplicate {
        /// The endpoint.
        endpoint: String,
    },
    /// It has more of something than an input may have.
    Exceeded(Exceeded),
    /// All of it stands there more than once.
    Repeated {
        /// How often.
        times: u64,
        /// Samples, all times together.
        samples: u64,
    },
    /// An option that only raw samples can follow.
    NotRaw {
        /// The option.
        option: &'static str,
        /// What the file lacks.
        lacks: &'static str,
        /// Whether it holds raw samples all the same.
        raw: bool,
    },
    /// The options leave out every sample.
    NothingLeft,
    /// A name is longer than it may be.
    TooLong(TooLong),
    /// More endpoints than a report can hold.
    TooManyEndpoints {
        /// The bound.
        limit: usize,
        /// One of the names.
        example: String,
    },
}

/// A file of a known tool from which no run can be read.
#[derive(Debug)]
pub struct OtherFile {
    /// What it is, as a sentence that its name begins.
    pub what: &'static str,
    /// What to do instead, by the name of the file.
    pub(super) help: fn(&str) -> String,
    /// Whether the tool writes it beside its results, so that whoever reads a folder may pass over it.
    pub beside_results: bool,
}

/// What makes few endpoints of many.
const ONE_NAME: &str = "give requests that differ only in an id one name: in perfgate.yaml collapse: [\"/users/*\"], or in k6 \
                        tags: { name: \"/users/:id\" }";

/// What makes a short name of a long one.
const SHORTER_NAME: &str = "give requests that differ only in what they ask for one name: in perfgate.yaml collapse: \
                            [\"/search?q=*\"], or in k6 tags: { name: \"/search\" }";

impl IngestError {
    /// An error about the whole file.
    pub(super) fn new(file: &str, problem: Problem) -> Self {
        Self { file: file.to_owned(), line: None, problem }
    }

    /// An error at a line.
    pub(super) fn at(file: &str, line: u64, problem: Problem) -> Self {
        Self { file: file.to_owned(), line: Some(line), problem }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match &self.problem {
            Problem::Unrecognised => Some(
                "`perfgate normalize --list-formats` lists what it reads; --format-in NAME overrules the recognition".to_owned(),
            ),
            Problem::OtherFile(other) => Some((other.help)(&self.file)),
            Problem::Truncated { .. } | Problem::CutRecord { .. } => {
                Some("--lenient judges what is there and says so".to_owned())
            }
            Problem::NothingLeft => {
                Some("--trim-start, --from and --to must leave some of the test".to_owned())
            }
            // A file that holds samples lacks something else.
            Problem::NotRaw { raw: true, .. } => None,
            Problem::NotRaw { .. } => {
                Some("give raw samples, such as k6's --out json or JMeter's results".to_owned())
            }
            Problem::TooManyEndpoints { .. } => Some(ONE_NAME.to_owned()),
            Problem::Repeated { .. } => Some(
                "was it appended to itself, or is the same file in it more than once?".to_owned(),
            ),
            Problem::Exceeded(Exceeded::Names | Exceeded::Memory) => Some(ONE_NAME.to_owned()),
            Problem::Exceeded(Exceeded::Bytes { what: "a name", .. }) => {
                Some(SHORTER_NAME.to_owned())
            }
            Problem::TooLong(TooLong { path, .. }) if path.starts_with("endpoints") => {
                Some(SHORTER_NAME.to_owned())
            }
            Problem::CutDocument => {
                Some("was the disk full, or the load test killed while it wrote?".to_owned())
            }
            Problem::Io(_)
            | Problem::Empty
            | Problem::TooLarge { .. }
            | Problem::Exceeded(_)
            | Problem::Malformed(_)
            | Problem::MissingColumn(_)
            | Problem::TooLong(_)
            | Problem::BadValue { .. }
            | Problem::Duplicate { .. } => None,
        }
    }
}

impl std::error::Error for IngestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for IngestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, "{}{}", if self.problem.is_about_the_file() { " " } else { ": " }, self.problem)
    }
}

impl From<Exceeded> for Problem {
    fn from(exceeded: Exceeded) -> Self {
        Self::Exceeded(exceeded)
    }
}

impl Problem {
    /// The same, without what a message would not repeat of it.
    pub(super) fn shortened(self) -> Self {
        match self {
            Self::Malformed(why) => Self::Malformed(limits::shown(&why)),
            Self::BadValue { what, value, why } => {
                let (what, value) = (limits::shown(&what), limits::shown(&value));
                Self::BadValue { what, value, why }
            }
            other => other,
        }
    }

    /// Whether the file is none of results, but may lie beside some.
    pub fn is_no_result(&self) -> bool {
        match self {
            Self::Unrecognised | Self::Empty => true,
            Self::OtherFile(other) => other.beside_results,
            _ => false,
        }
    }

    /// Whether the text is a sentence about the file, which its name begins.
    fn is_about_the_file(&self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::Unrecognised
                | Self::OtherFile(_)
                | Self::Truncated { .. }
                | Self::CutRecord { .. }
                | Self::CutDocument
                | Self::TooLarge { .. }
                | Self::Repeated { .. }
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Empty => f.write_str("is empty: nothing was measured"),
            Self::Unrecognised => f.write_str("is no result file that perfgate knows"),
            Self::OtherFile(other) => f.write_str(other.what),
            Self::Truncated { lines, how } => write!(
                f,
                "ends in the middle ({how} after {lines} lines): the load test was probably killed"
            ),
            Self::CutRecord { records } => write!(
                f,
                "ends in the middle (of a record, after {records} whole ones): the load test was probably killed"
            ),
            Self::CutDocument => f.write_str("ends in the middle: the JSON is not closed"),
            Self::TooLarge { limit } => write!(f, "is larger than {}", limits::size(*limit)),
            Self::Malformed(why) => f.write_str(why),
            Self::MissingColumn(name) => write!(f, "the column `{name}` is missing"),
            Self::BadValue { what, value, why } => {
                write!(f, "{} is `{}`: {why}", limits::shown(what), limits::shown(value))
            }
            Self::Duplicate { endpoint } => write!(f, "{endpoint} stands twice in the file"),
            Self::Exceeded(exceeded) => write!(f, "{exceeded}"),
            Self::Repeated { times: 2, samples } => {
                write!(f, "has all of its {samples} samples twice: one test would count as two")
            }
            Self::Repeated { times, samples } => write!(
                f,
                "has all of its {samples} samples {times} times: one test would count as {times}"
            ),
            Self::TooLong(long) => write!(f, "{long}"),
            Self::NothingLeft => {
                f.write_str("no sample is left: all are of times that are left out")
            }
            Self::NotRaw { option, lacks, .. } => write!(f, "{option} cannot be done: {lacks}"),
            Self::TooManyEndpoints { limit, example } => {
                write!(f, "more than {limit} endpoints, the last one {example}")
            }
        }
    }
}
