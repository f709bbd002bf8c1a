//! Credentials in addresses: names of requests are often whole addresses, and runs are stored where many can read them.

use std::borrow::Cow;

/// What stands in the place of a value.
const HIDDEN: &str = "***";
/// What the names of query parameters with a secret contain.
const PARTS: [&str; 10] = [
    "token",
    "secret",
    "password",
    "passwd",
    "signature",
    "credential",
    "apikey",
    "api_key",
    "api-key",
    "jwt",
];
/// What such parameters are called where a part of a name would say too little.
const WHOLE: [&str; 5] = ["auth", "authorization", "sig", "pwd", "sessionid"];

/// The text with `scheme://user:password@host` as `scheme://host`, and `***` for the values of query parameters that are
/// called like a secret (`?access_token=`).
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        let start = from + at + "://".len();
        let authority = text[start..].find(ends_authority).map_or(text.len(), |n| start + n);
        if let Some(user) = text[start..authority].rfind('@') {
            text = Cow::Owned(format!("{}{}", &text[..start], &text[start + user + 1..]));
        }
        from = start;
    }
    let mut from = 0;
    while let Some(at) = text[from..].find(['?', '&', ';']) {
        let start = from + at + 1;
        from = start;
        let end = text[start..].find(ends_value).map_or(text.len(), |n| start + n);
        let Some((name, value)) = text[start..end].split_once('=') else { continue };
        if is_secret(name) && !value.is_empty() && value != HIDDEN {
            let kept = start + name.len() + 1;
            text = Cow::Owned(format!("{}{HIDDEN}{}", &text[..kept], &text[end..]));
        }
    }
    text
}

fn ends_authority(c: char) -> bool {
    "/?#\"'<>\\".contains(c) || c.is_whitespace()
}

fn ends_value(c: char) -> bool {
    "&;#?\"'<>".contains(c) || c.is_whitespace()
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WHOLE.contains(&name.as_str()) || PARTS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn passwords_and_tokens_go_and_everything_else_stays() {
        for (text, clean) in [
            ("https://u:p%40ss@shop.test/a?b=c@d", "https://shop.test/a?b=c@d"),
            ("Get \"http://tok@a.test/x\": refused", "Get \"http://a.test/x\": refused"),
            ("http://a:b@c and ws://d:e@f:8080/g", "http://c and ws://f:8080/g"),
            ("/a?id=7&access_token=abc.d#x", "/a?id=7&access_token=***#x"),
            ("/a?X-Amz-Signature=1f&y=2", "/a?X-Amz-Signature=***&y=2"),
            ("/login?SIG=1;api-key=2 twice", "/login?SIG=***;api-key=*** twice"),
            ("/a?design=1&author=x&token=", "/a?design=1&author=x&token="),
            ("/users/@me?to=a@b.test", "/users/@me?to=a@b.test"),
            ("POST /api/tokens", "POST /api/tokens"),
        ] {
            assert_eq!(without_credentials(text), clean);
        }
        assert!(matches!(without_credentials("/a?b=c"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn what_is_clean_stays_clean(text in "[a-z:/@?&=;. *ü-]{0,40}") {
            let once = without_credentials(&text).into_owned();
            prop_assert_eq!(without_credentials(&once), once.as_str());
        }
    }
}
