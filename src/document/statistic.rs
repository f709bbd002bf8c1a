//! Which statistic words mean: `p95`, `95th percentile`, `median`, `average`.

use crate::model::Statistic;

/// A text without the statistics that it names, and those.
pub(super) fn take_statistics(text: &str) -> (String, Vec<String>) {
    let mut rest: Vec<&str> = Vec::new();
    let mut found: Vec<String> = Vec::new();
    let words: Vec<&str> = text.split_whitespace().collect();
    for (i, word) in words.iter().enumerate() {
        match statistic(word, words.get(i + 1).copied()) {
            Some(name) if found.contains(&name) => {}
            Some(name) => found.push(name),
            None if is_percentile(word) && i > 0 && ordinal(bare(words[i - 1])).is_some() => {}
            None => rest.push(word),
        }
    }
    (rest.join(" "), found)
}

/// A word without what stands around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn is_percentile(word: &str) -> bool {
    matches!(bare(word).to_lowercase().as_str(), "percentile" | "percentiles" | "pct")
}

fn statistic(word: &str, next: Option<&str>) -> Option<String> {
    let lower = bare(word).to_lowercase();
    match lower.as_str() {
        "median" => return Some("p50".to_owned()),
        "average" | "avg" | "mean" => return Some("mean".to_owned()),
        "max" | "maximum" => return Some("max".to_owned()),
        _ => {}
    }
    if lower.starts_with('p') && matches!(lower.parse(), Ok(Statistic::Quantile(_))) {
        return Some(lower);
    }
    let level = ordinal(&lower).filter(|_| next.is_some_and(is_percentile))?;
    Some(format!("p{level}"))
}

/// The number of a word such as `95th`.
pub(super) fn ordinal(word: &str) -> Option<&str> {
    let level = ["th", "st", "nd", "rd"].iter().find_map(|end| word.strip_suffix(end))?;
    level.parse::<f64>().is_ok_and(|level| (0.0..100.0).contains(&level)).then_some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statistic_is_found_wherever_it_stands() {
        let is = |text: &str, rest: &str, found: &[&str]| {
            let (left, statistics) = take_statistics(text);
            assert_eq!((left.as_str(), statistics.as_slice()), (rest, &*own(found)), "{text}");
        };
        is("p95 < 500ms", "< 500ms", &["p95"]);
        is("<100ms at 95th percentile", "<100ms at", &["p95"]);
        is("< 3s (99.9th percentile)", "< 3s", &["p99.9"]);
        is("Response Time (P50)", "Response Time", &["p50"]);
        is("< 100ms average gap", "< 100ms gap", &["mean"]);
        is("P95 of the p95", "of the", &["p95"]);
        is("between p50 and p95", "between and", &["p50", "p95"]);
        is("part 2", "part 2", &[]);
    }

    fn own(found: &[&str]) -> Vec<String> {
        found.iter().map(|name| (*name).to_owned()).collect()
    }
}
