//! How a query is written so that it gives one series, or one for each value of some labels.

use super::tokens::{Token, tokens};
use super::{GROUPINGS, bare, compared, is_number, selectors, split};

/// Operators on both sides of which series are counted for themselves: a sum of ratios is no ratio.
const ARITHMETIC: [&str; 6] = ["/", "*", "+", "-", "%", "^"];
/// What leaves labels out, so that both sides of a ratio may be of different series.
const AGGREGATIONS: [&str; 6] = ["sum", "avg", "min", "max", "count", "quantile"];
const QUANTILE: &str = "histogram_quantile";

/// The query with its series added up for each value of these labels, or all of them: a suggestion for a person.
pub fn aggregated(query: &str, by: &[String]) -> String {
    let query = bare(query);
    let mut text = String::new();
    for (sign, part) in split(query, |token| ARITHMETIC.contains(&token.text)) {
        if let Some(sign) = sign {
            text += &format!(" {sign} ");
        }
        text += &summed(part, by);
    }
    text.trim_start().to_owned()
}

/// What a ratio should be that divides each series by itself: `rate(x{status=~"5.."}[5m]) / rate(x[5m])` is 1 wherever it has
/// a value, because Prometheus divides series with equal labels. None for any other query.
pub fn instead_of_own_ratio(query: &str, by: &[String]) -> Option<String> {
    let operands = compared(query);
    let mut operands = if operands.is_empty() { vec![query] } else { operands }.into_iter();
    operands.find(|operand| is_own_ratio(operand)).map(|operand| aggregated(operand, by))
}

fn is_own_ratio(operand: &str) -> bool {
    let parts = split(bare(operand), |token| token.text == "/");
    let [(_, above), (_, below)] = parts.as_slice() else { return false };
    let metric = |part| match selectors(part).as_slice() {
        [only] => Some((only.metric.to_owned(), only.text.contains('{'))),
        _ => None,
    };
    let changes_labels = |word: &str| AGGREGATIONS.contains(&word) || GROUPINGS.contains(&word);
    match (metric(above), metric(below)) {
        // Without matchers in one of them, both count the same.
        (Some((above, matchers)), Some((below, _))) if above == below && matchers => {
            !tokens(operand).iter().any(|token| changes_labels(token.text))
        }
        _ => false,
    }
}

fn summed(part: &str, by: &[String]) -> String {
    if part.is_empty() || is_number(part) {
        return part.to_owned();
    }
    // Quantiles cannot be added up; the buckets that they come from can.
    if let Some((level, buckets)) = quantile_of_buckets(part) {
        let labels: Vec<&str> =
            std::iter::once("le").chain(by.iter().map(String::as_str)).collect();
        return format!("{QUANTILE}({level}, sum by ({}) ({buckets}))", labels.join(", "));
    }
    match by {
        [] => format!("sum({})", bare(part)),
        labels => format!("sum by ({}) ({})", labels.join(", "), bare(part)),
    }
}

/// The two arguments of `histogram_quantile(level, buckets)`.
fn quantile_of_buckets(part: &str) -> Option<(&str, &str)> {
    let all = tokens(part);
    let [first, _, .., last] = all.as_slice() else { return None };
    let comma = |token: &&Token<'_>| token.text == "," && token.depth == 1;
    let comma = all.iter().find(comma)?;
    let arguments = first.end() + 1..last.start;
    let whole = first.text == QUANTILE && last.text == ")" && arguments.start <= comma.start;
    whole.then(|| {
        (part[arguments.start..comma.start].trim(), part[comma.end()..arguments.end].trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_added_up_before_it_is_divided() {
        let by = |labels: &[&str]| labels.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (query, labels, expected) in [
            ("rate(a[5m])", &[][..], "sum(rate(a[5m]))"),
            ("rate(a[5m])", &["handler"], "sum by (handler) (rate(a[5m]))"),
            (
                "rate(a{s=~\"5..\"}[5m]) / rate(a[5m]) * 100",
                &[],
                "sum(rate(a{s=~\"5..\"}[5m])) / sum(rate(a[5m])) * 100",
            ),
            (
                "histogram_quantile(0.95, rate(a_bucket[5m]))",
                &["method", "handler"],
                "histogram_quantile(0.95, sum by (le, method, handler) (rate(a_bucket[5m])))",
            ),
        ] {
            assert_eq!(aggregated(query, &by(labels)), expected);
        }
    }

    #[test]
    fn a_series_that_is_divided_by_itself_is_told_from_a_ratio() {
        let own = |query| instead_of_own_ratio(query, &[]);
        assert_eq!(
            own("rate(a{s=~\"5..\"}[5m]) / rate(a[5m]) > 0.01").as_deref(),
            Some("sum(rate(a{s=~\"5..\"}[5m])) / sum(rate(a[5m]))")
        );
        for ratio in [
            "sum(rate(a{s=\"5\"}[5m])) / sum(rate(a[5m]))",
            "rate(a{s=\"5\"}[5m]) / ignoring (s) rate(a[5m])",
            "rate(a_sum{s=\"5\"}[5m]) / rate(a_count{s=\"5\"}[5m])",
            "a > 1",
        ] {
            assert_eq!(own(ratio), None, "{ratio}");
        }
    }
}
