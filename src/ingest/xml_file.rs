//! What XML documents have in common: one read, one way to say where they are wrong.

use super::error::{IngestError, Problem};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::borrow::Cow;

/// Elements inside each other at most.
const DEEPEST: usize = 64;

/// Reads a whole document, event by event; an element without content begins and ends like any other. One whose end is missing
/// was cut.
pub(super) fn each_event(
    file: &str,
    bytes: &[u8],
    mut take: impl FnMut(Event<'_>) -> Result<(), Problem>,
) -> Result<(), IngestError> {
    let mut reader = Reader::from_reader(bytes);
    reader.config_mut().expand_empty_elements = true;
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        let read = reader.read_event();
        let at = |problem| {
            let before = bytes.get(..reader.buffer_position() as usize).unwrap_or(bytes);
            let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
            IngestError::at(file, line, problem)
        };
        let event = read.map_err(|error| match error {
            // Something that begins, and no end of it up to the end of the file.
            quick_xml::Error::Syntax(_) => cut(file, bytes),
            other => at(Problem::Malformed(other.to_string())),
        })?;
        match &event {
            Event::Start(element) => {
                refuse_broken_tag(element).map_err(|why| at(Problem::Malformed(why)))?;
                roots += usize::from(depth == 0);
                depth += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof => break,
            _ => {}
        }
        if roots > 1 {
            let why = "another document begins: there are two in one file";
            return Err(at(Problem::Malformed(why.to_owned())));
        }
        if depth > DEEPEST {
            return Err(at(Problem::Malformed("elements are nested too deeply".to_owned())));
        }
        take(event).map_err(at)?;
    }
    if depth > 0 || roots == 0 {
        return Err(cut(file, bytes));
    }
    Ok(())
}

fn cut(file: &str, bytes: &[u8]) -> IngestError {
    let lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
    let how = "the end of the document is missing".to_owned();
    IngestError::new(file, Problem::Truncated { lines, how })
}

/// A quote that is missing makes one attribute of many, and one tag of many: XML knows neither `<` in a tag nor an attribute
/// twice.
pub(super) fn refuse_broken_tag(element: &BytesStart<'_>) -> Result<(), String> {
    if memchr::memchr(b'<', element).is_some() {
        return Err("a `<` inside a tag: a quote before it is damaged".to_owned());
    }
    element.attributes().try_for_each(|own| own.map(drop)).map_err(|error| error.to_string())
}

/// The value of an attribute, if the element has it.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    let found = element.try_get_attribute(name).map_err(|error| error.to_string())?;
    let value = found.map(|own| own.normalized_value(XmlVersion::Explicit1_0).map(Cow::into_owned));
    value.transpose().map_err(|error| error.to_string())
}
