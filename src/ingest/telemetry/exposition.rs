//! The text in which services show their metrics to Prometheus, and OpenMetrics: a line for each sample, and comments that say of
//! which type a metric is.

use crate::ingest::error::{IngestError, Problem};
use crate::model::limits;
use std::collections::BTreeMap;

/// The labels of a sample, by name.
pub(super) type Labels = BTreeMap<String, String>;

/// One line: the value of a series.
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) value: f64,
    pub(super) line: u64,
}

/// What a file shows.
#[derive(Default)]
pub(super) struct Exposition {
    /// The types of the metrics, by name.
    pub(super) types: BTreeMap<String, String>,
    pub(super) samples: Vec<Sample>,
}

/// The longest line; a real one has a few hundred bytes.
const LINE_BYTES: usize = 64 << 10;
/// Samples of a file.
const MOST_SAMPLES: usize = 1_000_000;

impl Exposition {
    /// Reads a file; of its samples, those whose names are wanted.
    pub(super) fn read(
        file: &str,
        text: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Self, IngestError> {
        let mut all = Self::default();
        let mut ended = false;
        for (line, text) in (1..).zip(text.lines()) {
            let wrong = |why: String| IngestError::at(file, line, Problem::Malformed(why));
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            if ended {
                return Err(wrong("something follows `# EOF`: there are two documents".to_owned()));
            }
            if text.len() > LINE_BYTES {
                return Err(wrong(format!("a line of more than {LINE_BYTES} bytes")));
            }
            if let Some(comment) = text.strip_prefix('#') {
                ended = comment.trim() == "EOF";
                all.comment(comment);
                continue;
            }
            if text.split(['{', ' ', '\t']).next().is_some_and(&wanted) {
                limits::check_number("samples", all.samples.len() + 1, MOST_SAMPLES)
                    .map_err(|why| IngestError::at(file, line, why.into()))?;
                let sample =
                    sample(text, line).map_err(|why| wrong(format!("no sample: {why}")))?;
                all.samples.push(sample);
            }
        }
        Ok(all)
    }

    fn comment(&mut self, comment: &str) {
        let mut words = comment.split_whitespace();
        if let (Some("TYPE"), Some(name), Some(kind)) = (words.next(), words.next(), words.next()) {
            self.types.insert(name.to_owned(), kind.to_owned());
        }
    }
}

/// A line such as `requests_total{path="/a"} 17 1700000000`; what follows the value does not matter here.
fn sample(text: &str, line: u64) -> Result<Sample, &'static str> {
    let end = text.find(['{', ' ', '\t']).ok_or("a value is missing")?;
    let (name, rest) = text.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (Labels::new(), rest),
    };
    let value = rest.split_whitespace().next().ok_or("a value is missing")?;
    let value = value.parse().map_err(|_| "its value is no number")?;
    Ok(Sample { name: name.to_owned(), labels, value, line })
}

/// The labels, and the text behind the brace that ends them.
fn labels(text: &str) -> Result<(Labels, &str), &'static str> {
    let (mut all, mut rest) = (Labels::new(), text);
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(behind) = rest.strip_prefix('}') {
            return Ok((all, behind));
        }
        let (name, behind) = rest.split_once('=').ok_or("a label has no value")?;
        let quoted = behind.trim_start().strip_prefix('"').ok_or("a label is not in quotes")?;
        let (value, behind) = quoted_text(quoted)?;
        if all.insert(name.trim().to_owned(), value).is_some() {
            return Err("it has a label twice");
        }
        rest = behind;
    }
}

/// A text up to its closing quote, and what is behind it.
fn quoted_text(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, own)) = characters.next() {
        match own {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, other)) => value.push(other),
                None => break,
            },
            other => value.push(other),
        }
    }
    Err("a label has no closing quote")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Exposition, IngestError> {
        Exposition::read("metrics", text, |_| true)
    }

    #[test]
    fn labels_are_unescaped_and_what_follows_the_value_is_left_out() {
        let text =
            "a_total{path=\"/a\\\"b\\\\c\\nd\",n=\"}\", } 17 1700000000 # {trace=\"x\"} 0.1\n";
        let sample = read(text).unwrap().samples.remove(0);
        assert_eq!(sample.labels["path"], "/a\"b\\c\nd");
        assert_eq!((sample.labels["n"].as_str(), sample.value), ("}", 17.0));
    }

    #[test]
    fn what_is_no_line_of_the_format_is_refused_with_its_place() {
        for text in [
            "a",
            "a{b}",
            "a{b=\"c\" 1",
            "a{b=\"c\"}",
            "a{b=\"c\",b=\"d\"} 1",
            "a one",
            "a 1\n# EOF\na 2",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let error = read("# TYPE a counter\na 1\na{ 2\n").err().unwrap();
        assert_eq!(error.line, Some(3));
    }
}
