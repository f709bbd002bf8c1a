//! Tools that write a row, a line or an element for each request: JMeter, Locust, vegeta, hey and oha.

mod aggregate;
mod csv;
mod failure;
mod jmeter_xml;
mod transactions;
mod vegeta_ndjson;

pub(super) use csv::{Writer, read as read_csv};
pub(super) use jmeter_xml::read as read_jmeter_xml;
pub(super) use vegeta_ndjson::read as read_vegeta_ndjson;
