//! Locust: its statistics as CSV and as JSON. Its log of requests is one of [`super::requests`].

mod csv;
mod history;
mod json;
mod key;
mod rounding;
mod side;

pub(super) use csv::read as read_csv;
pub(super) use json::read as read_json;
pub(super) use key::kind;
pub(super) use side::kind_of;
