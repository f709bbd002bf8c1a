//! Tokens and passwords that must appear in no message, whoever repeats them: a forge's error page, a proxy, git.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use std::borrow::Cow;

/// Bytes below which a secret is not looked for: it would be found inside ordinary words.
const SHORTEST: usize = 6;
/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// Secrets, with every form in which they come back.
#[derive(Clone, Default)]
pub struct Secrets {
    /// As it is, and percent-encoded.
    plain: Vec<String>,
    /// Inside a longer base64 text, such as `user:token`.
    encoded: Vec<String>,
}

impl std::fmt::Debug for Secrets {
    /// Without them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl Secrets {
    /// One secret. Blanks around it do not count; one of fewer than six bytes is not looked for.
    pub fn of(secret: &str) -> Self {
        let mut secrets = Self::default();
        secrets.add(secret);
        secrets
    }

    /// One more, as [`Self::of`].
    pub fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.len() < SHORTEST || self.plain.iter().any(|known| known == secret) {
            return;
        }
        self.plain.push(secret.to_owned());
        let percent = percent_encoded(secret);
        if percent != secret {
            self.plain.push(percent);
        }
        // Three bytes are four digits, so what stands in front shifts the digits in one of three ways.
        for shift in 0..3 {
            for engine in [STANDARD, URL_SAFE] {
                let digits = engine.encode([&[0; 2][..shift], secret.as_bytes()].concat());
                // The digits that depend on the secret alone.
                let own = [0, 2, 3][shift]..(shift + secret.len()) * 8 / 6;
                self.encoded.extend(digits.get(own).map(str::to_owned));
            }
        }
    }

    /// The text without them.
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.plain {
            if text.contains(secret) {
                text = Cow::Owned(text.replace(secret, HIDDEN));
            }
        }
        for digits in &self.encoded {
            while let Some(at) = text.find(digits.as_str()) {
                let is_digit = |c: char| c.is_ascii_alphanumeric() || "+/-_=".contains(c);
                let start = text[..at].trim_end_matches(is_digit).len();
                let rest = text[at..].trim_start_matches(is_digit);
                text = Cow::Owned(format!("{}{HIDDEN}{rest}", &text[..start]));
            }
        }
        text
    }
}

/// As in an address: everything but letters, digits and `-._~`.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_secret_is_hidden_in_every_form_and_nothing_else_is() {
        let secrets = Secrets::of(" ghs_Secret/1234 \n");
        let hidden = |text: &str| secrets.hide(text).into_owned();
        assert_eq!(hidden("you sent ghs_Secret/1234!"), "you sent ***!");
        assert_eq!(hidden("?token=ghs_Secret%2F1234&x"), "?token=***&x");
        let basic = STANDARD.encode("x-access-token:ghs_Secret/1234");
        assert_eq!(
            hidden(&format!("authorization: basic {basic}, no")),
            "authorization: basic ***, no"
        );
        assert_eq!(hidden("nothing of ghs_Secret here"), "nothing of ghs_Secret here");
        assert_eq!(Secrets::of("short").hide("a short word"), "a short word");
        assert_eq!(format!("{secrets:?}"), "Secrets { .. }");
    }

    proptest! {
        #[test]
        fn whatever_stands_around_it_in_base64_the_secret_is_not_left(
            before in prop::collection::vec(any::<u8>(), 0..12),
            secret in "[!-~]{6,40}",
            after in prop::collection::vec(any::<u8>(), 0..12),
        ) {
            let whole = [&before[..], secret.as_bytes(), &after].concat();
            for engine in [STANDARD, URL_SAFE] {
                let text = format!("<{}>", engine.encode(&whole));
                prop_assert_eq!(Secrets::of(&secret).hide(&text), "<***>");
            }
        }
    }
}
