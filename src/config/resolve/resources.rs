//! `resources`: what the columns of resource files are in.

use super::source::Source;
use crate::config::error::ConfigError;
use crate::config::file::{At, Entries, RawValue};
use crate::config::quantity::{QuantityKind, quantity};
use std::collections::BTreeMap;

/// The ending of the columns that hold sizes.
const SIZE: &str = "_mb";

/// How many megabytes one of each column is.
pub(super) fn resource_units(
    source: &Source<'_>,
    written: Entries<At<RawValue>>,
) -> Result<BTreeMap<String, f64>, ConfigError> {
    let one = |(column, unit): (At<String>, At<RawValue>)| {
        if !column.value.ends_with(SIZE) {
            let problem =
                format!("\"{}\" is no size: columns of sizes end in {SIZE}", column.value);
            return Err(source.error(column.place, problem));
        }
        let text = source.text_of(&unit)?;
        match quantity(&format!("1 {text}")) {
            Some((QuantityKind::Size, bytes)) => Ok((column.value, bytes / 1e6)),
            _ => {
                let problem = format!("\"{text}\" is no unit of a size");
                let word = At { value: text.to_owned(), place: unit.place };
                Err(source.unknown(&word, problem, &["B", "KiB", "MB", "MiB", "GB", "GiB"]))
            }
        }
    };
    written.0.into_iter().map(one).collect()
}
