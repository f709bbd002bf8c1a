//! What was probably meant by a misspelled name.

use strsim::damerau_levenshtein;

/// The known name nearest to a word, if it is near enough to be a slip of the finger. Case does not count.
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let near = |known: &'a str| {
        let distance = damerau_levenshtein(&known.to_lowercase(), &lower);
        let is_near = known != word && distance <= most_slips(&lower, known);
        is_near.then_some((distance, known))
    };
    // Among equally near names, two letters swapped are the likelier slip: p59 is p95, not p50.
    let likeliness =
        |(distance, known): &(usize, &str)| (*distance, letters(known) != letters(word));
    known.into_iter().filter_map(near).min_by_key(likeliness).map(|(_, known)| known)
}

/// The most edits between a word and a name: 1 up to 7 characters, 2 up to 9, and 3 from 10 on. In short names, every other
/// edit makes another word.
fn most_slips(word: &str, known: &str) -> usize {
    let longer = word.chars().count().max(known.chars().count());
    (longer.saturating_sub(4) / 2).clamp(1, 3)
}

fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        for (word, known) in [
            ("strss", "stress"),
            ("Stress", "stress"),
            ("thruput", "throughput"),
            ("eror_rate", "error_rate"),
            ("baselne", "baseline"),
        ] {
            assert_eq!(suggest(word, [known]), Some(known));
        }
        for (word, known) in
            [("stress", "steps"), ("soak", "peak"), ("dev", "ci"), ("stress", "stress")]
        {
            assert_eq!(suggest(word, [known]), None);
        }
    }

    #[test]
    fn among_equally_near_names_swapped_letters_win() {
        assert_eq!(suggest("p59", ["p50", "p95"]), Some("p95"));
    }
}
