//! A webhook of a chat or of anything else. Its address is a secret: whoever knows it can write there.

use super::error::ForgeError;
use super::patience::Patience;
use crate::model::Secrets;
use reqwest::Url;
use reqwest::blocking::{Client, Response};
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use serde_json::Value;
use std::io::Read as _;
use std::time::Duration;

/// Times that a message is sent at most.
const TRIES: u32 = 4;
/// Seconds to wait where a server is busy and does not say for how long.
const BUSY: u64 = 5;
/// How much of a refusal is read.
const LONGEST: u64 = 300;

/// Where messages are sent to.
pub struct Webhook {
    client: Client,
    url: Url,
    /// What people may know of the address.
    what: String,
    secrets: Secrets,
    patience: Patience,
}

impl std::fmt::Debug for Webhook {
    /// Without the address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("what", &self.what).finish_non_exhaustive()
    }
}

impl Webhook {
    /// The webhook of an address.
    pub fn new(address: &str, patience: Patience) -> Result<Self, ForgeError> {
        let unusable = |why: &str| ForgeError::Unreachable {
            what: "using the webhook".to_owned(),
            why: why.to_owned(),
        };
        let url = Url::parse(address.trim()).map_err(|_| unusable("this is no address"))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        if host.is_empty() || !matches!(url.scheme(), "http" | "https") {
            return Err(unusable("an address begins with https://"));
        }
        // Another part of the process may have chosen one already; any will do.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .redirect(Policy::none())
            .user_agent(concat!("perfgate/", env!("CARGO_PKG_VERSION")))
            .timeout(patience.request)
            .build()
            .map_err(|error| unusable(&error.to_string()))?;
        let mut secrets = Secrets::of(address);
        url.path_segments().into_iter().flatten().for_each(|part| secrets.add(part));
        url.query().into_iter().for_each(|query| secrets.add(query));
        url.query_pairs().for_each(|(_, value)| secrets.add(&value));
        url.password().into_iter().for_each(|word| secrets.add(word));
        Ok(Self {
            client,
            url,
            what: format!("posting to the webhook on {host}"),
            secrets,
            patience,
        })
    }

    /// The host of the address.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Sends a message. It is sent again only if it certainly did not arrive.
    pub fn send(&self, message: &Value) -> Result<(), ForgeError> {
        let mut waited = 0;
        for tries in 1.. {
            let response = self.client.post(self.url.clone()).json(message).send();
            let response = response.map_err(|error| self.unreachable(&error))?;
            let status = response.status();
            if status.is_success() {
                return Ok(());
            }
            if !matches!(status.as_u16(), 429 | 503) || tries >= TRIES {
                return Err(self.refused(response));
            }
            let seconds = pause(&response);
            waited += seconds;
            if waited > self.patience.total {
                let (what, status) = (self.what.clone(), status.as_u16());
                return Err(ForgeError::TooBusy { what, status, seconds });
            }
            (self.patience.sleep)(Duration::from_secs(seconds));
        }
        Ok(())
    }

    fn unreachable(&self, error: &reqwest::Error) -> ForgeError {
        // The error names the address; its innermost cause does not.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        ForgeError::Unreachable { what: self.what.clone(), why: cause.to_string() }
            .without(&self.secrets)
    }

    fn refused(&self, response: Response) -> ForgeError {
        let status = response.status().as_u16();
        let mut text = Vec::new();
        // What cannot be read is not said.
        drop(response.take(LONGEST).read_to_end(&mut text));
        let message = String::from_utf8_lossy(&text).into_owned();
        ForgeError::Refused { what: self.what.clone(), status, message }.without(&self.secrets)
    }
}

/// How many seconds a server asks to wait.
fn pause(response: &Response) -> u64 {
    let said = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    said.and_then(|text| text.trim().parse().ok()).unwrap_or(BUSY)
}
