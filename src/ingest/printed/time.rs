//! A time with its unit behind it, as `17.51ms`, `742.62us` or `1.10s`.

use super::report::Cell;
use crate::ingest::error::IngestError;

/// A time, and half of a step of its last decimal, in milliseconds.
pub(super) struct Time {
    pub(super) ms: f64,
    pub(super) half_step: f64,
}

impl Time {
    pub(super) fn read(cell: Cell<'_>) -> Result<Self, IngestError> {
        let end = cell.text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(cell.text.len());
        let (number, unit) = cell.text.split_at(end);
        let unit = match unit {
            "us" => 1e-3,
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 60e3,
            "h" => 3_600e3,
            _ => return Err(cell.bad("has no unit of time")),
        };
        let ms = cell.with(number).number()? * unit;
        let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        Ok(Self { ms, half_step: unit * 0.1_f64.powi(decimals.min(9) as i32) / 2.0 })
    }
}
