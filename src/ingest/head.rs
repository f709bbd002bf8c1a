//! The beginning of a file, and what a reader says of it.

use super::error::OtherFile;
use std::borrow::Cow;

/// What a reader says of the beginning of a file. Where several claim a file, the strongest claim counts, and of equally strong ones
/// that of the format which is listed first.
#[derive(Debug, Clone, Copy)]
pub(super) enum Claim {
    /// The file is none of this format.
    No,
    /// The file has the shape of this format, which many files have.
    Possible,
    /// The file has keys or columns of this format, which others may have by chance.
    Likely,
    /// The file begins as only this format does.
    Certain,
    /// The file is of the same tool, and holds no results.
    Other(&'static OtherFile),
}

impl Claim {
    /// A certain claim, if this holds.
    pub(super) fn certain_if(holds: bool) -> Self {
        if holds { Self::Certain } else { Self::No }
    }

    /// A likely claim, if this holds.
    pub(super) fn likely_if(holds: bool) -> Self {
        if holds { Self::Likely } else { Self::No }
    }

    /// A possible claim, if this holds.
    pub(super) fn possible_if(holds: bool) -> Self {
        if holds { Self::Possible } else { Self::No }
    }

    pub(super) fn strength(self) -> u8 {
        match self {
            Self::No => 0,
            Self::Possible => 1,
            Self::Likely => 2,
            Self::Certain | Self::Other(_) => 3,
        }
    }
}

/// The beginning of a file: of a small one all of it, of others some ten kilobytes, which may end anywhere.
pub(super) struct Head<'a> {
    bytes: &'a [u8],
    text: Cow<'a, str>,
}

impl<'a> Head<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        Self { bytes, text: String::from_utf8_lossy(bytes) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether it begins with this byte, blanks and a byte order mark aside.
    pub(super) fn begins_with(&self, byte: u8) -> bool {
        self.bytes.first() == Some(&byte)
    }

    /// The bytes as they are.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The text, what is no UTF-8 replaced.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the first line, which may go on.
    pub(super) fn line(&self) -> &'a [u8] {
        self.bytes.split(|b| *b == b'\n').next().unwrap_or_default()
    }

    /// Whether a JSON object begins here that has this key, or text, somewhere: the end may be missing, so that it cannot be
    /// parsed; its reader checks the shape.
    pub(super) fn has_key(&self, key: &str) -> bool {
        self.begins_with(b'{') && self.text.contains(&format!("\"{key}\""))
    }

    /// The fields of the first row, if it can be one of a CSV file.
    pub(super) fn columns(&self) -> Columns<'_> {
        let line = self.text.split('\n').next().unwrap_or_default();
        let is_row = !matches!(self.bytes.first(), Some(b'{' | b'[' | b'<'));
        let fields = line.trim().split(',').map(|field| field.trim_matches('"'));
        Columns(if is_row { fields.collect() } else { Vec::new() })
    }
}

/// The fields of the first row of a file.
pub(super) struct Columns<'a>(Vec<&'a str>);

impl Columns<'_> {
    /// Whether all of these are among them.
    pub(super) fn have(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.0.contains(name))
    }

    /// Whether these come first.
    pub(super) fn begin_with(&self, names: &[&str]) -> bool {
        self.0.starts_with(names)
    }

    /// The fields.
    pub(super) fn fields(&self) -> &[&str] {
        &self.0
    }
}
