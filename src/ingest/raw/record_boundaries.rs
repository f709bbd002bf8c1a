//! Where the records of a file end: what is cut there can be read piece by piece.
//!
//! A line end is enough for lines. A record of CSV and an element of XML may hold line ends, so their borders are only known to who
//! has seen all that stands before.

use memchr::{memchr, memchr3, memmem, memrchr};

/// What the records of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ingest) enum Records {
    Lines,
    /// Rows of CSV: quotes are doubled inside quotes, and mean nothing inside a field that does not begin with one.
    Rows,
    /// The elements of an XML document right below its root.
    Elements,
}

/// Finds the ends of records in a buffer that begins with a record and grows.
pub(super) enum Borders {
    Lines,
    Rows {
        seen: usize,
        quoted: bool,
    },
    /// Whether the root was opened, and how many elements are open, it among them.
    Elements {
        seen: usize,
        rooted: bool,
        depth: usize,
    },
}

impl Borders {
    pub(super) fn new(records: Records) -> Self {
        match records {
            Records::Lines => Self::Lines,
            Records::Rows => Self::Rows { seen: 0, quoted: false },
            Records::Elements => Self::Elements { seen: 0, rooted: false, depth: 0 },
        }
    }

    /// Where the last whole record ends of those that end in what was not seen before; 0 if none does.
    pub(super) fn last_end(&mut self, buffer: &[u8]) -> usize {
        match self {
            Self::Lines => memrchr(b'\n', buffer).map_or(0, |at| at + 1),
            Self::Rows { seen, quoted } => last_row(buffer, seen, quoted),
            Self::Elements { seen, rooted, depth } => last_element(buffer, seen, depth, rooted),
        }
    }

    /// The buffer begins so many bytes later from now on.
    pub(super) fn cut(&mut self, bytes: usize) {
        match self {
            Self::Lines => {}
            Self::Rows { seen, .. } | Self::Elements { seen, .. } => {
                *seen = seen.saturating_sub(bytes);
            }
        }
    }

    /// Whether a file that ends with this buffer ends with a whole record.
    pub(super) fn is_whole(&self, buffer: &[u8]) -> bool {
        match self {
            Self::Lines => matches!(buffer.last(), None | Some(b'\n')),
            Self::Rows { quoted, .. } => {
                !quoted && matches!(buffer.last(), None | Some(b'\n' | b'\r'))
            }
            Self::Elements { rooted, depth, .. } => *rooted && *depth == 0,
        }
    }
}

/// `quoted` is what holds right behind the bytes that were seen.
fn last_row(buffer: &[u8], seen: &mut usize, quoted: &mut bool) -> usize {
    let mut end = 0;
    loop {
        let quote = memchr(b'"', &buffer[*seen..]).map(|at| *seen + at);
        if *quoted {
            let Some(quote) = quote else { break };
            match buffer.get(quote + 1) {
                // Whether it is a doubled one shows later.
                None => {
                    *seen = quote;
                    return end;
                }
                Some(b'"') => *seen = quote + 2,
                Some(_) => (*seen, *quoted) = (quote + 1, false),
            }
            continue;
        }
        let outside = *seen..quote.unwrap_or(buffer.len());
        if let Some(at) = memrchr(b'\n', &buffer[outside]) {
            end = *seen + at + 1;
        }
        let Some(quote) = quote else { break };
        let before = quote.checked_sub(1).map_or(b'\n', |at| buffer[at]);
        (*seen, *quoted) = (quote + 1, matches!(before, b',' | b'\n' | b'\r'));
    }
    *seen = buffer.len();
    end
}

/// `depth` counts the elements that are open behind the bytes that were seen.
fn last_element(buffer: &[u8], seen: &mut usize, depth: &mut usize, rooted: &mut bool) -> usize {
    let mut end = 0;
    while let Some(at) = memchr(b'<', &buffer[*seen..]) {
        *seen += at;
        let text = &buffer[*seen..];
        let behind = |what: &[u8]| memmem::find(text, what).map(|at| at + what.len());
        let (length, deeper) = match text {
            // Too little to tell; more may come.
            [_] => return end,
            [_, b'!', ..] if text.len() < 9 => return end,
            _ if text.starts_with(b"<!--") => (behind(b"-->"), 0),
            _ if text.starts_with(b"<![CDATA[") => (behind(b"]]>"), 0),
            [_, b'?', ..] => (behind(b"?>"), 0),
            [_, b'!', ..] => (behind(b">"), 0),
            [_, b'/', ..] => (behind(b">"), -1),
            _ => match tag_end(text) {
                Some(length) if text[..length].ends_with(b"/>") => (Some(length), 0),
                length => (length, 1),
            },
        };
        let Some(length) = length else { return end };
        let element = !matches!(text.get(1), Some(b'?' | b'!'));
        *seen += length;
        *depth = depth.saturating_add_signed(deeper);
        *rooted |= *depth > 0;
        if element && deeper <= 0 && *depth == 1 {
            end = *seen;
        }
    }
    *seen = buffer.len();
    end
}

/// Bytes of a start tag: values of attributes may hold `>`.
fn tag_end(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr3(b'>', b'"', b'\'', &text[at..])?;
        match text[at] {
            b'>' => return Some(at + 1),
            quote => at += memchr(quote, &text[at + 1..])? + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The borders that are found when the buffer grows by so many bytes each time.
    fn ends(records: Records, text: &str, step: usize) -> Vec<usize> {
        let mut borders = Borders::new(records);
        let (mut all, mut from) = (Vec::new(), 0);
        for to in (step..text.len() + step).step_by(step) {
            let end = borders.last_end(&text.as_bytes()[from..to.min(text.len())]);
            borders.cut(end);
            from += end;
            if end > 0 {
                all.push(from);
            }
        }
        all
    }

    #[test]
    fn a_row_may_hold_line_ends_in_quotes_and_quotes_that_mean_nothing() {
        let text = "a,b\n\"x\ny\",2\n3,\"say \"\"\n\"\"\"\nq\"r,\"\"\n\"a\"b\"\n,5\n";
        // Behind each of the rows, as the parser of the csv crate counts them.
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut record = csv::ByteRecord::new();
        let mut expected = Vec::new();
        while reader.read_byte_record(&mut record).unwrap() {
            expected.push(reader.position().byte() as usize);
        }
        assert_eq!(expected.len(), 6);
        assert_eq!(ends(Records::Rows, text, 1), expected);
        for step in 2..text.len() {
            let found = ends(Records::Rows, text, step);
            assert!(found.iter().all(|end| expected.contains(end)), "{step}: {found:?}");
            assert_eq!(found.last(), Some(&text.len()));
        }
    }

    #[test]
    fn an_element_ends_where_what_is_in_it_has_ended() {
        let text = "<?xml version=\"1.0\"?>\n<!-- <a> --><r v='1'>\n<s a=\"x>y\"/>\n<s b='/>'><t/><![CDATA[</s>]]></s>\n</r>\n";
        let expected = ["\n<s b", "\n</r>"].map(|next| text.find(next).unwrap());
        assert_eq!(ends(Records::Elements, text, 1), expected);
        for step in 2..text.len() {
            let found = ends(Records::Elements, text, step);
            assert!(found.iter().all(|end| expected.contains(end)), "{step}: {found:?}");
            assert_eq!(found.last(), Some(&expected[1]), "{step}");
        }
        let mut borders = Borders::new(Records::Elements);
        borders.last_end(text.as_bytes());
        assert!(borders.is_whole(b""));
    }
}
