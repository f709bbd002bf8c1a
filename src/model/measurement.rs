//! What a limit, an accepted change or an explanation is about: one number of one metric of one endpoint.

use super::endpoint::EndpointKey;
use super::metric::{Metric, Statistic};
use super::untrusted::Untrusted;

/// Endpoint, metric and statistic: what two runs are compared by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MeasurementKey {
    /// What was exercised.
    pub endpoint: EndpointKey,
    /// What was measured.
    pub metric: Metric,
    /// Which number of it.
    pub statistic: Statistic,
}

impl MeasurementKey {
    /// Whether a person who writes this means the measurement: its own text, or the same without the method. Blanks and
    /// underscores are the same in `error rate`.
    pub fn is_named(&self, text: &str) -> bool {
        let text = text.trim();
        let text = match text.strip_suffix("error rate") {
            Some(endpoint) => format!("{endpoint}error_rate"),
            None => text.to_owned(),
        };
        let short = match &self.endpoint {
            EndpointKey::Named { name, .. } => Some(name.join(" ", &self.measure())),
            EndpointKey::Total => None,
        };
        self.text() == text.as_str() || short.is_some_and(|short| short == text.as_str())
    }

    /// The part without the endpoint: `p95`, `error_rate`, `cost_per_request`, `ttft p95`.
    pub fn measure(&self) -> Untrusted {
        match (&self.metric, self.statistic) {
            (Metric::Latency, statistic) => statistic.to_string().into(),
            (Metric::Custom(name), statistic) if statistic != Statistic::Value => {
                name.map(|name| format!("{name} {statistic}"))
            }
            (metric, _) => metric.text(),
        }
    }

    /// What people call it: `POST /api/chat p95`, `total error_rate`.
    pub fn text(&self) -> Untrusted {
        self.endpoint.text().join(" ", &self.measure())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn a_measurement_is_named_with_or_without_its_method() {
        let endpoint = EndpointKey::named(Kind::Http, Some("POST"), "/api/chat");
        let statistic = "p95".parse().unwrap();
        let p95 = MeasurementKey { endpoint, metric: Metric::Latency, statistic };
        assert_eq!(p95.text(), "POST /api/chat p95");
        assert!(p95.is_named("/api/chat p95") && p95.is_named(" POST /api/chat p95 "));
        assert!(!p95.is_named("GET /api/chat p95") && !p95.is_named("/api/chat p9"));
        let total = MeasurementKey {
            endpoint: EndpointKey::Total,
            metric: Metric::ErrorRate,
            statistic: Statistic::Rate,
        };
        assert!(total.is_named("total error rate") && total.is_named("total error_rate"));
    }
}
