//! How much load there was, by number: what a test must have reached for its other numbers to mean anything.

use super::endpoint::EndpointKey;
use super::named::names;
use super::run::{Load, MADE, Run};

/// A number of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadNumber {
    /// The most users at once.
    Users,
    /// Connections that are open at once.
    Connections,
    /// Requests made, failed ones included.
    Requests,
    /// Iterations of the script.
    Iterations,
    /// From the first request to the last one.
    Duration,
}

names!(LoadNumber {
    Users => "users",
    Connections => "connections",
    Requests => "requests",
    Iterations => "iterations",
    Duration => "duration",
});

impl Load {
    /// Sets the connections of a tool that sends one request after the other on each, as a user without pauses does.
    pub fn connect(&mut self, connections: u64) {
        (self.users, self.connections) = (Some(connections), Some(connections));
    }

    /// The most users at once that were reached; none where nothing but the wish is known.
    pub fn users_reached(&self) -> Option<u64> {
        self.peak_users.or(self.users.filter(|_| !self.users_planned))
    }
}

impl Run {
    /// A number of the load, the duration in milliseconds; none where the results do not say it.
    pub fn load_number(&self, number: LoadNumber) -> Option<f64> {
        let count = |known: Option<u64>| known.map(|n| n as f64);
        match number {
            LoadNumber::Users => count(self.load.users_reached()),
            LoadNumber::Connections => count(self.load.connections),
            LoadNumber::Requests => count(self.total.requests),
            LoadNumber::Iterations => self.metric(&MADE.into(), &EndpointKey::Total)?.value,
            LoadNumber::Duration => {
                let known = self.duration_s.filter(|_| !self.load.duration_planned);
                known.map(|seconds| seconds * 1e3)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_that_were_only_asked_for_were_not_reached() {
        let asked = Load { users: Some(100), users_planned: true, ..Load::default() };
        assert_eq!(asked.users_reached(), None);
        let counted = Load { peak_users: Some(60), ..asked };
        assert_eq!(counted.users_reached(), Some(60));
        let told = Load { users: Some(100), ..Load::default() };
        assert_eq!(told.users_reached(), Some(100));
    }
}
