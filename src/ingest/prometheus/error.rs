//! What goes wrong between perfgate and a Prometheus server.

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum PrometheusError {
    /// The address is none.
    #[error("{0} is no address: write prometheus:http://host:9090")]
    Address(String),
    /// No connection can be made at all.
    #[error("{0}")]
    Client(String),
    /// The run does not say when it was.
    #[error(
        "the run does not say when it started and how long it took, so that nothing can be asked about it"
    )]
    NoTime,
    /// The server did not answer, or not so.
    #[error("{name}: {why}")]
    Failed {
        /// The query's name.
        name: String,
        /// What happened.
        why: String,
    },
}
