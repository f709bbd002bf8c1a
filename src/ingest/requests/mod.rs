//! Tools that write a row, a line, a record or an element for each request: JMeter, Locust, Gatling, vegeta, hey, oha, ghz and
//! AIPerf.

mod aggregate;
pub(super) mod aiperf;
mod failure;
pub(super) mod gatling;
pub(super) mod ghz;
pub(super) mod hey;
pub(super) mod jmeter_csv;
pub(super) mod jmeter_xml;
pub(super) mod locust;
pub(super) mod oha;
mod request;
mod rows;
mod transactions;
pub(super) mod vegeta_csv;
pub(super) mod vegeta_ndjson;

pub(super) use failure::of_status;
