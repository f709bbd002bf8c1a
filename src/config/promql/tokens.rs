//! PromQL cut into words, texts and signs.

/// One piece of a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// Where it starts in the query, in bytes.
    pub(super) start: usize,
    /// How many brackets are open around it; a bracket itself stands outside.
    pub(super) depth: usize,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is a name: of a metric, a function, a label or an operator such as `and`.
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':')
    }
}

/// Signs of two characters; all others have one.
const PAIRS: [&str; 6] = ["==", "!=", "<=", ">=", "=~", "!~"];

/// The pieces of a query, without spaces and comments.
pub(super) fn tokens(query: &str) -> Vec<Token<'_>> {
    let (mut all, mut depth, mut at) = (Vec::new(), 0_usize, 0);
    while let Some(first) = query[at..].chars().next() {
        let rest = &query[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if first == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let text = &rest[..length(first, rest)];
        if matches!(first, ')' | ']' | '}') {
            depth = depth.saturating_sub(1);
        }
        all.push(Token { text, start: at, depth });
        if matches!(first, '(' | '[' | '{') {
            depth += 1;
        }
        at += text.len();
    }
    all
}

/// How many bytes the piece has that begins here.
fn length(first: char, rest: &str) -> usize {
    let while_ = |is: fn(char) -> bool| rest.find(|c: char| !is(c)).unwrap_or(rest.len());
    match first {
        '"' | '\'' | '`' => quoted(first, rest),
        _ if first.is_ascii_alphabetic() || matches!(first, '_' | ':') => {
            while_(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
        }
        _ if first.is_ascii_digit() || first == '.' => {
            while_(|c| c.is_ascii_alphanumeric() || c == '.')
        }
        _ if PAIRS.iter().any(|pair| rest.starts_with(pair)) => 2,
        _ => first.len_utf8(),
    }
}

/// How many bytes a quoted text has, with its quotes.
fn quoted(quote: char, rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_are_no_brackets() {
        let all = tokens(r#"a{b=~"}\"{"} >= 1e3 # > 2"#);
        let texts: Vec<&str> = all.iter().map(|token| token.text).collect();
        assert_eq!(texts, ["a", "{", "b", "=~", r#""}\"{""#, "}", ">=", "1e3"]);
        let depths: Vec<usize> = all.iter().map(|token| token.depth).collect();
        assert_eq!(depths, [0, 0, 1, 1, 1, 0, 0, 0]);
    }

    #[test]
    fn any_text_has_pieces() {
        for odd in ["é\"", "'\\", "((((", "}}])", "a[5m", "`\\`"] {
            assert!(tokens(odd).iter().all(|token| token.end() <= odd.len()), "{odd}");
        }
    }
}
