//! Locust: its statistics as CSV and as JSON. Its log of requests is one of [`super::requests`].

mod history;
mod key;
mod rounding;
mod side;
pub(super) mod stats_csv;
pub(super) mod stats_json;

pub(super) use key::kind;
pub(super) use side::kind_of;
