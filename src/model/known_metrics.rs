//! Metrics that have the same meaning in every tool: their names, units and directions. A file or a policy that does not state
//! unit and direction means these.

use super::metric::Direction;
use super::unit::Unit;

/// What a name means wherever it is used.
#[derive(Debug, PartialEq, Eq)]
pub struct KnownMetric {
    /// The name that documentation and messages use.
    pub name: &'static str,
    /// Other names of the same thing. Case, underscores, hyphens and blanks make no difference.
    pub spellings: &'static [&'static str],
    /// Its unit, as files name it.
    pub unit: &'static str,
    /// Which way is better.
    pub direction: Direction,
    /// What it is.
    pub meaning: &'static str,
}

impl KnownMetric {
    /// Its unit.
    pub fn unit(&self) -> Unit {
        Unit::from_name(self.unit).0
    }

    fn is_called(&self, squeezed: &str) -> bool {
        let mut names = std::iter::once(&self.name).chain(self.spellings);
        names.any(|name| squeeze(name) == squeezed)
    }
}

const LOWER: Direction = Direction::Lower;
const HIGHER: Direction = Direction::Higher;
/// What a time may have at the end of its name.
const MILLISECONDS: &str = "ms";

/// A time in milliseconds.
const fn time(
    name: &'static str,
    spellings: &'static [&'static str],
    meaning: &'static str,
) -> KnownMetric {
    KnownMetric { name, spellings, unit: MILLISECONDS, direction: LOWER, meaning }
}

const fn other(
    (name, unit, direction): (&'static str, &'static str, Direction),
    spellings: &'static [&'static str],
    meaning: &'static str,
) -> KnownMetric {
    KnownMetric { name, spellings, unit, direction, meaning }
}

/// Every known metric: parts of a request, streams and language models, pages.
pub const KNOWN_METRICS: &[KnownMetric] = &[
    time(
        "ttfb",
        &["time_to_first_byte", "browser_web_vital_ttfb"],
        "time to the first byte of the response",
    ),
    time("blocked", &["http_req_blocked"], "wait for a free connection"),
    time("dns", &["dns_lookup", "name_lookup"], "lookup of the host's name"),
    time("connect", &["connecting", "http_req_connecting", "connect_time"], "TCP connection"),
    time("tls", &["tls_handshaking", "http_req_tls_handshaking", "tls_handshake"], "TLS handshake"),
    time("sending", &["http_req_sending"], "sending the request"),
    time("waiting", &["http_req_waiting"], "from the request sent to the first byte"),
    time("receiving", &["http_req_receiving"], "reading the response"),
    time("ttft", &["time_to_first_token"], "time to the first token of an answer"),
    time(
        "inter_chunk_latency",
        &["icl", "inter_chunk_gap", "inter_chunk_time"],
        "gap between two chunks of a stream",
    ),
    time("inter_token_latency", &["itl", "inter_token_time"], "gap between two tokens"),
    time("tpot", &["time_per_output_token"], "time per token of an answer, without the first"),
    time("queue_time", &["queueing_time", "time_in_queue"], "wait before the work starts"),
    other(
        ("tokens_per_second", "per_second", HIGHER),
        &["output_throughput", "output_token_throughput", "output_tokens_per_second", "tps_output"],
        "tokens of answers per second",
    ),
    other(("prompt_tokens", "tokens", LOWER), &["input_tokens"], "tokens of the prompts"),
    other(("completion_tokens", "tokens", LOWER), &["output_tokens"], "tokens of the answers"),
    other(("cost", "usd", LOWER), &["usd", "cost_usd"], "cost in US dollars"),
    other(
        ("cache_hit_rate", "ratio", HIGHER),
        &["cache_hit_ratio", "cache_hits_ratio"],
        "share of requests that a cache answered",
    ),
    time("fp", &["first_paint"], "first paint"),
    time("fcp", &["first_contentful_paint", "browser_web_vital_fcp"], "first contentful paint"),
    time("fmp", &["first_meaningful_paint"], "first meaningful paint"),
    time("lcp", &["largest_contentful_paint", "browser_web_vital_lcp"], "largest contentful paint"),
    time(
        "fid",
        &["first_input_delay", "max_potential_fid", "browser_web_vital_fid"],
        "first input delay",
    ),
    time(
        "inp",
        &["interaction_to_next_paint", "browser_web_vital_inp"],
        "interaction to next paint",
    ),
    time("tti", &["time_to_interactive", "interactive"], "time to interactive"),
    time("tbt", &["total_blocking_time"], "total blocking time"),
    time("speed_index", &["si"], "speed index"),
    time(
        "page_load",
        &["page_load_time", "page_load_complete", "load_time", "total_load", "plt"],
        "time until the page has loaded",
    ),
    other(
        ("cls", "number", LOWER),
        &["cumulative_layout_shift", "browser_web_vital_cls"],
        "cumulative layout shift",
    ),
];

/// The known metric of this name; `ttft_ms` is `ttft`.
pub fn known_metric(name: &str) -> Option<&'static KnownMetric> {
    let squeezed = squeeze(name);
    let named = |squeezed: &str| KNOWN_METRICS.iter().find(|known| known.is_called(squeezed));
    named(&squeezed).or_else(|| {
        named(squeezed.strip_suffix(MILLISECONDS)?).filter(|known| known.unit == MILLISECONDS)
    })
}

/// Whether two names mean the same metric.
pub fn is_same_metric(one: &str, other: &str) -> bool {
    one == other || known_metric(one).is_some_and(|known| known_metric(other) == Some(known))
}

/// A name without what writers of it differ in.
fn squeeze(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_name_means_one_metric_however_it_is_spelled() {
        for (written, name) in [
            ("TTFB", "ttfb"),
            ("timeToFirstToken", "ttft"),
            ("time-to-first-token", "ttft"),
            ("ttft_ms", "ttft"),
            ("browser_web_vital_lcp", "lcp"),
            ("http_req_tls_handshaking", "tls"),
            ("Speed Index", "speed_index"),
        ] {
            assert_eq!(known_metric(written).map(|known| known.name), Some(name), "{written}");
        }
        assert!(is_same_metric("LCP", "browser_web_vital_lcp"));
        assert!(is_same_metric("orders", "orders") && !is_same_metric("orders", "Orders"));
    }

    #[test]
    fn what_only_resembles_a_known_name_is_not_known() {
        for own in ["ttfbs", "cost_ms", "total", "tokens", "", "ms", "my_ttft"] {
            assert_eq!(known_metric(own), None, "{own}");
        }
    }

    #[test]
    fn no_two_metrics_share_a_name() {
        let names = |known: &KnownMetric| {
            let all = std::iter::once(&known.name).chain(known.spellings);
            all.map(|name| squeeze(name)).collect::<Vec<_>>()
        };
        let all: Vec<String> = KNOWN_METRICS.iter().flat_map(names).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
