//! Object literals in JavaScript: `const performanceBudget = { "FCP": 1500, … };`.

/// An object literal that is given a name.
pub(super) struct Literal {
    pub(super) name: String,
    /// Lines above it.
    pub(super) line: u64,
    pub(super) text: String,
}

/// The object literals of a script: `const budget = { "FCP": 1500, … };`.
pub(super) fn literals(script: &str) -> Vec<Literal> {
    let text = without_comments(script);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find('{').map(|at| from + at) {
        let before = text[..at].trim_end();
        let name = before.strip_suffix('=').map(|before| {
            let before = before.trim_end();
            let start =
                before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
            before[start..].to_owned()
        });
        let name = name.filter(|name| !name.is_empty());
        let end = closing(&text[at..]).map(|end| at + end);
        match (name, end) {
            (Some(name), Some(end)) => {
                let line = text[..at].matches('\n').count() as u64;
                found.push(Literal { name, line, text: text[at..=end].to_owned() });
                from = end + 1;
            }
            _ => from = at + 1,
        }
    }
    found
}

/// Where the bracket that begins a text is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// A script without its comments; every line stays where it is.
pub(super) fn without_comments(script: &str) -> String {
    let mut kept = String::with_capacity(script.len());
    let mut quote: Option<char> = None;
    let mut chars = script.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c, chars.peek()) {
            (Some(_), '\\', _) => {
                kept.push(c);
                kept.extend(chars.next());
            }
            (Some(own), _, _) => {
                quote = quote.filter(|_| c != own && c != '\n');
                kept.push(c);
            }
            (None, '/', Some('/')) => while chars.next_if(|c| *c != '\n').is_some() {},
            (None, '/', Some('*')) => {
                let mut last = ' ';
                chars.next();
                for c in chars.by_ref() {
                    if c == '\n' {
                        kept.push(c);
                    }
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            (None, '"' | '\'' | '`', _) => {
                quote = Some(c);
                kept.push(c);
            }
            _ => kept.push(c),
        }
    }
    kept
}

/// `performanceBudget` as a policy writes it.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && snake.ends_with(|last: char| last.is_lowercase()) {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}
