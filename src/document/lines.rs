//! What items of lists, paragraphs and headings state.

use super::claim::{Claim, Context, Tier, claim, no_clause};
use super::markdown::Line;
use super::statistic::take_statistics;
use super::subject::{Subject, metric_name, of_heading};
use super::value::{NoClause, clause, has_comparison, is_demand, parts};
use crate::config::QuantityKind;
use std::collections::BTreeSet;

/// What a piece of a document says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Claim(Box<Claim>),
    /// A query of Prometheus.
    Query {
        line: u64,
        name: String,
        promql: String,
    },
    /// `No memory leaks`.
    NoLeak {
        line: u64,
    },
    /// What looks like a demand and has no single meaning.
    Unread {
        line: u64,
        said: String,
        why: String,
    },
}

/// More words than this are a sentence, not a name.
const MOST_WORDS: usize = 6;
const SENTENCE: &str = "it stands in a sentence: write it as `Name: p95 < 500ms`";

impl Said {
    pub(super) fn unread(line: u64, said: &str, why: impl Into<String>) -> Self {
        Self::Unread { line, said: said.to_owned(), why: why.into() }
    }

    pub(super) fn line(&self) -> u64 {
        match self {
            Self::Claim(claim) => claim.line,
            Self::Query { line, .. } | Self::NoLeak { line } | Self::Unread { line, .. } => *line,
        }
    }

    pub(super) fn of(line: u64, said: &str, claim: Result<Claim, String>) -> Self {
        claim.map_or_else(|why| Self::unread(line, said, why), |own| Self::Claim(Box::new(own)))
    }
}

/// What these lines say.
pub(super) fn read_lines(lines: &[Line]) -> Vec<Said> {
    let asks = |line: &&Line| line.labeled_code().is_some_and(|(_, code)| is_query(code));
    let of_queries: BTreeSet<&str> =
        lines.iter().filter(asks).map(|line| line.heading.as_str()).collect();
    lines.iter().flat_map(|line| read_line(line, &of_queries)).collect()
}

fn read_line(line: &Line, of_queries: &BTreeSet<&str>) -> Vec<Said> {
    let text = line.text.trim();
    let unread = |why: &str| vec![Said::unread(line.line, text, why)];
    if line.is_heading {
        return if is_demand(text) { unread("it stands in a heading") } else { Vec::new() };
    }
    if is_no_leak(text) {
        return vec![Said::NoLeak { line: line.line }];
    }
    if let Some((label, code)) = line.labeled_code()
        && (is_query(code) || (of_queries.contains(line.heading.as_str()) && is_series(code)))
    {
        let (name, promql) = (metric_name(label), code.to_owned());
        return vec![Said::Query { line: line.line, name, promql }];
    }
    if let Some((label, rest)) = line.labeled().filter(|(label, _)| is_short(label)) {
        return labeled(line, label, rest);
    }
    match (line.is_item, is_demand(text)) {
        (_, false) => Vec::new(),
        (false, true) => unread(SENTENCE),
        (true, true) => parts(text).into_iter().map(|part| bare(line, part)).collect(),
    }
}

fn is_short(text: &str) -> bool {
    text.split_whitespace().count() <= MOST_WORDS
}

fn is_no_leak(text: &str) -> bool {
    let lower = text.to_lowercase();
    is_short(&lower)
        && (lower.starts_with("no memory leak") || lower.starts_with("memory leaks: none"))
}

/// `API Response Time: p95 < 500ms, p99 < 1s`.
fn labeled(line: &Line, label: &str, rest: &str) -> Vec<Said> {
    let (label, statistics) = take_statistics(label);
    let is_known = line.is_item && !matches!(Subject::of(&label), Subject::Other(_));
    let heading = of_heading(&line.heading);
    let said = line.text.trim();
    let read = |part: &str| {
        let context = Context {
            line: line.line,
            said,
            label: &label,
            heading: &heading,
            statistics: statistics.clone(),
            tier: Tier::Limit,
            is_limit: false,
        };
        match clause(part) {
            Ok(clause) => match claim(clause, &context) {
                Err(_) if !is_demand(part) => None,
                claim => Some(Said::of(line.line, said, claim)),
            },
            Err(why) => {
                let counts = is_known || (why != NoClause::NoNumber && is_demand(part));
                counts.then(|| Said::unread(line.line, said, no_clause(part, why)))
            }
        }
    };
    parts(rest).into_iter().filter_map(read).collect()
}

/// `P95 response time < 100ms`, without a colon.
fn bare(line: &Line, part: &str) -> Said {
    let said = line.text.trim();
    let in_brackets = part.split_once('(').is_some_and(|(_, inner)| has_comparison(inner));
    let read = |clause| {
        let context = Context {
            line: line.line,
            said,
            label: "",
            heading: "",
            statistics: Vec::new(),
            tier: Tier::Limit,
            is_limit: false,
        };
        let found = claim(clause, &context)?;
        let Subject::Other(name) = &found.subject else { return Ok(found) };
        let words = name.split_whitespace().count();
        match (found.kind, &found.statistic) {
            _ if words > 3 => Err(SENTENCE.to_owned()),
            (QuantityKind::Time, None) => {
                Err(format!("which statistic? and is \"{name}\" an endpoint or a metric?"))
            }
            _ => Ok(found),
        }
    };
    let found = match clause(part) {
        Ok(found) if !in_brackets && is_short(&found.before) => read(found),
        Ok(_) | Err(NoClause::NoNumber) => Err(SENTENCE.to_owned()),
        Err(why) => Err(no_clause(part, why)),
    };
    Said::of(line.line, said, found)
}

/// Whether a span of code is PromQL beyond doubt: a function over a range, or a selector.
fn is_query(code: &str) -> bool {
    let range = code.split_once('[').is_some_and(|(_, rest)| {
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains(']')
    });
    let call = ["rate(", "sum(", "avg(", "max(", "histogram_quantile(", "increase("];
    let selector = code.contains("{") && (code.contains("=\"") || code.contains("=~\""));
    range || selector || call.iter().any(|name| code.starts_with(name))
}

/// Whether a span of code may be the name of a series.
fn is_series(code: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b':');
    code.contains('_') && code.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::markdown::{Piece, pieces};

    /// Each line in a few words: `bound of subject`, or why it has no meaning.
    fn read(text: &str) -> Vec<String> {
        let lines: Vec<Line> = pieces(text)
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Line(line) => Some(line),
                Piece::Block(_) | Piece::Table(_) => None,
            })
            .collect();
        let shown = |said| match said {
            Said::Claim(own) => {
                let statistic = own.statistic.unwrap_or_default();
                format!("{} {statistic} {}", own.subject.key(), own.bound)
            }
            Said::Query { name, promql, .. } => format!("{name}: {promql}"),
            Said::NoLeak { .. } => "no leak".to_owned(),
            Said::Unread { why, .. } => format!("? {why}"),
        };
        read_lines(&lines).into_iter().map(shown).collect()
    }

    #[test]
    fn a_label_with_a_number_is_a_claim() {
        assert_eq!(
            read(
                "- **API Response Time**: p95 < 500ms, p99 < 1000ms\n- Error Rate: < 5% under load"
            ),
            ["api_response_time p95 < 500ms", "api_response_time p99 < 1000ms", "error_rate  < 5%"]
        );
        assert_eq!(read("- [ ] P95 response time <100ms"), ["response_time p95 < 100ms"]);
        assert_eq!(read("- No memory leaks detected"), ["no leak"]);
        assert_eq!(read("- Load: 100 concurrent users"), ["users  >= 100"]);
        assert_eq!(
            read("## 2. Checkout Tests\n\n**NFR Target**: < 3s (95th percentile)"),
            ["checkout p95 < 3s"]
        );
    }

    #[test]
    fn what_has_no_single_meaning_says_why() {
        for (text, why) in [
            ("- Throughput: acceptable", "? \"acceptable\" is no number"),
            ("- Users: 10-50", "? a range: which number?"),
            ("- Setup: 15 minutes", "? no comparison: < 15 minutes or > 15 minutes?"),
            ("- Cache: > 60% query reduction", "? what does \"query reduction\" mean here?"),
            (
                "- Target: all calls < 1s",
                "? which endpoints are \"all calls\"? name them by a pattern",
            ),
            (
                "- Replication lag <100ms",
                "? which statistic? and is \"Replication lag\" an endpoint or a metric?",
            ),
            ("- API p95: > 2s", "? \"> 2s\" is the worse side"),
        ] {
            assert_eq!(read(text), [why], "{text}");
        }
        let sentence = format!("? {SENTENCE}");
        for text in ["- Calls are fast (< 10ms)", "First chunk arrives within 500ms"] {
            assert_eq!(read(text), [sentence.as_str()], "{text}");
        }
        assert!(
            read("- Version: 1.0.0\n- Updated: May 27, 2024\n- 13 tests\n\nSome text.").is_empty()
        );
    }

    #[test]
    fn a_query_is_known_by_its_shape_or_by_its_neighbors() {
        let text = "## Metrics\n- Rate: `rate(http_requests_total[5m])`\n- Sockets: `ws_active`\n\n\
                    ## Files\n- Timer: `perf_timer`\n- Script: `tests/run.sh`\n";
        assert_eq!(read(text), ["rate: rate(http_requests_total[5m])", "sockets: ws_active"]);
    }
}
