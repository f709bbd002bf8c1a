//! A row of an explanation: a word, and what it is.

use std::io::{self, Write};

/// Blanks before a row, and columns before its text.
pub(super) const INDENT: usize = 5;
pub(super) const HANG: usize = INDENT + 10;

pub(super) fn row(out: &mut impl Write, head: &str, text: &str) -> io::Result<()> {
    writeln!(out, "{:INDENT$}{head:9} {text}", "")
}
