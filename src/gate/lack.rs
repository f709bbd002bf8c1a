//! What keeps a budget from being judged, where that is more than a missing number.

/// What would have to be known to judge a budget.
#[derive(Debug, Clone, PartialEq)]
pub enum Lack {
    /// The results do not say it of the load.
    Load,
}
