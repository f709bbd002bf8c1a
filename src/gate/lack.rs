//! What keeps a budget from being judged, where that is more than a missing number.

use crate::model::Untrusted;

/// What would have to be known to judge a budget.
#[derive(Debug, Clone, PartialEq)]
pub enum Lack {
    /// The results do not say it of the load.
    Load,
    /// The results say nothing of parts of the load.
    Windows,
    /// They say nothing of the response times in parts of the load.
    WindowPercentiles,
    /// The parts that they know are longer than the windows that are limited.
    LongWindows {
        /// How long they are.
        seconds: f64,
    },
    /// The load was too short for one whole window.
    NoWindow,
    /// A derived metric is computed from something that the run does not have.
    Input {
        /// What it is.
        name: Untrusted,
        /// What is called much like it.
        meant: Option<Untrusted>,
    },
    /// The formula of a derived metric divides by zero, or its result is too large.
    NotFinite,
    /// The formula of a derived metric adds what is not of one sort.
    Units {
        /// What is on the left.
        left: Untrusted,
        /// What is on the right.
        right: Untrusted,
    },
    /// The result of a formula is not of the metric's unit, or of none that has a name.
    Unit {
        /// What it is.
        is: Untrusted,
    },
}
