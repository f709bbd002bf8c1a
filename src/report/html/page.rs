//! What a page shows.

use crate::gate::Report;
use crate::model::Run;
use crate::trend::Table;

/// Everything that a page shows.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// What the gate found.
    pub report: &'a Report,
    /// The baseline's runs, where they are at hand: for their distributions.
    pub baseline: &'a [Run],
    /// The new runs.
    pub current: &'a [Run],
    /// The recorded history of what is judged.
    pub history: Option<&'a Table>,
}
