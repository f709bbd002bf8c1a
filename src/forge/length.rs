//! What a forge takes at most. A report is made to fit; this is for one that does not.

/// The first characters of a text, up to the end of a line.
pub(super) fn shortened(text: &str, most: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(most) else { return text };
    text[..end].rsplit_once('\n').map_or(&text[..end], |(whole, _)| whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_the_end_of_a_line() {
        assert_eq!(shortened("ab\ncd\nef", 9), "ab\ncd\nef");
        assert_eq!(shortened("ab\ncd\nef", 7), "ab\ncd");
        assert_eq!(shortened("üüüü", 2), "üü");
    }
}
