//! What the failures of requests are called.

/// How JMeter begins the message of a request without an answer.
const NO_ANSWER: &str = "Non HTTP response message: ";

/// The status, or where there was no answer the error.
pub(in crate::ingest) fn of_status(status: u16, error: &str) -> String {
    if status == 0 { error.to_owned() } else { format!("HTTP {status}") }
}

/// JMeter's: what an assertion says, the status, or where there was no answer the message.
pub(super) fn of_jmeter(code: &str, message: &str, assertion: &str) -> String {
    match code.parse::<u16>() {
        _ if !assertion.is_empty() => assertion.to_owned(),
        Ok(status) => format!("HTTP {status}"),
        Err(_) => message.strip_prefix(NO_ANSWER).unwrap_or(message).to_owned(),
    }
}
