//! Patterns for endpoints: `METHOD NAME`.
//!
//! Of our own, because names hold what glob libraries take for syntax: `/users/[id]`, `/search?q={x}`. Here only `*`
//! (anything up to the next slash) and `**` (anything) mean something.

use crate::model::{EndpointKey, Kind, Named as _, Raw};

/// A pattern for endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As it was written.
    text: String,
    /// Pattern of the method, upper case; none matches every method.
    method: Option<String>,
    /// Pattern of the name.
    name: String,
}

impl Pattern {
    /// Reads `GET /users/**`, or `/users/**` for every method.
    pub fn new(text: &str) -> Self {
        match text.trim().split_once(' ') {
            Some((method, name)) => {
                let (method, name) = (Some(method.to_uppercase()), name.trim_start().to_owned());
                Self { text: text.to_owned(), method, name }
            }
            None => Self { text: text.to_owned(), method: None, name: text.trim().to_owned() },
        }
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The pattern of the HTTP methods that it holds, upper case, none for every method; an error where it holds endpoints of
    /// another kind (`ws`, `grpc`).
    pub fn http_method(&self) -> Result<Option<&str>, Kind> {
        match self.method.as_deref() {
            None | Some("*") => Ok(None),
            Some(word) => match kind_named(word) {
                None => Ok(Some(word)),
                Some(Kind::Http) => Ok(None),
                Some(other) => Err(other),
            },
        }
    }

    /// The part of the pattern that matches names.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the pattern holds this endpoint. A method that a file does not know matches every method; the name of
    /// a kind (`ws`, `websocket`, `grpc`, …) in place of the method matches that kind. A name that is a whole URL
    /// matches by itself or by its path.
    pub fn matches(&self, key: &EndpointKey) -> bool {
        match key {
            EndpointKey::Total => self.method.is_none() && self.name == "total",
            EndpointKey::Named { kind, method, name } => {
                let name = name.raw();
                self.matches_method(*kind, method.as_ref().map(Raw::raw))
                    && (glob(&self.name, name)
                        || path_of(name).is_some_and(|path| glob(&self.name, path)))
            }
        }
    }

    fn matches_method(&self, kind: Kind, method: Option<&str>) -> bool {
        let Some(pattern) = &self.method else { return true };
        if let Some(wanted) = kind_named(pattern) {
            return wanted == kind || method.is_some_and(|m| glob(pattern, &m.to_uppercase()));
        }
        match method {
            Some(method) => glob(pattern, &method.to_uppercase()),
            None => true,
        }
    }
}

/// The kind that a word in place of the method names.
fn kind_named(word: &str) -> Option<Kind> {
    if word == "WS" {
        return Some(Kind::Websocket);
    }
    Kind::from_name(&word.to_lowercase())
}

/// The path of a URL, from its first slash on.
pub fn path_of(name: &str) -> Option<&str> {
    let (scheme, rest) = name.split_once("://")?;
    let plain = scheme.bytes().all(|b| b.is_ascii_alphanumeric());
    plain.then(|| rest.find('/').map_or("/", |slash| &rest[slash..]))
}

/// Whether the text matches: `*` is anything but a slash, `**` anything, all else itself. Takes time proportional to
/// the product of the lengths at most.
fn glob(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    // reached[i]: the pattern read so far matches the first i characters of the text.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let (token, stops_at_slash) =
            if rest.starts_with("**") { ("**", false) } else { ("*", true) };
        if rest.starts_with('*') {
            for i in 0..text.len() {
                let passes = !(stops_at_slash && text[i] == '/');
                reached[i + 1] = reached[i + 1] || (reached[i] && passes);
            }
            rest = &rest[token.len()..];
        } else {
            for i in (0..text.len()).rev() {
                reached[i + 1] = reached[i] && text[i] == first;
            }
            reached[0] = false;
            rest = &rest[first.len_utf8()..];
        }
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(method: Option<&str>, name: &str) -> EndpointKey {
        EndpointKey::named(Kind::Http, method, name)
    }

    #[test]
    fn one_star_stops_at_a_slash_and_two_do_not() {
        let matches =
            |pattern: &str, name: &str| Pattern::new(pattern).matches(&http(Some("GET"), name));
        assert!(matches("GET /users/*", "/users/7"));
        assert!(!matches("GET /users/*", "/users/7/posts"));
        assert!(matches("GET /users/**", "/users/7/posts"));
        assert!(matches("* /search**", "/search?q=a/b"));
        assert!(matches("get /users/[id]", "/users/[id]"));
        assert!(!matches("POST /users/*", "/users/7"));
        assert!(matches("/users/*", "/users/7"));
        assert!(matches("* /api/**", "http://localhost:8080/api/chat"));
    }

    #[test]
    fn an_unknown_method_matches_every_method_but_not_another_kind() {
        assert!(Pattern::new("POST /a").matches(&http(None, "/a")));
        assert!(!Pattern::new("ws **").matches(&http(None, "/a")));
        let socket = EndpointKey::named(Kind::Websocket, None, "ws_connecting");
        assert!(Pattern::new("ws **").matches(&socket));
        assert!(Pattern::new("websocket **").matches(&socket));
        let locust = EndpointKey::named(Kind::Websocket, Some("WSConnect"), "/ws/chat");
        assert!(Pattern::new("ws /ws/**").matches(&locust));
        assert!(Pattern::new("wsconnect /ws/**").matches(&locust));
    }
}
