//! One forge's API over HTTP: a fixed host, a token in a header, patience with limits.

use super::error::ForgeError;
use super::patience::Patience;
use crate::model::Secrets;
use reqwest::Method;
use reqwest::Url;
use reqwest::blocking::{Client, Response};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use serde_json::Value;
use std::cell::Cell;
use std::io::Read as _;
use std::time::{Duration, Instant};

/// The largest answer that is read.
const LARGEST: u64 = 32 << 20;
/// Times that one request is sent at most.
const TRIES: u32 = 5;
/// Redirects that are followed on the same host.
const REDIRECTS: u32 = 3;
/// Seconds to wait where a forge is busy and does not say for how long.
const BUSY: u64 = 60;

/// How the token is sent.
#[derive(Debug, Clone, Copy)]
pub enum Auth {
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: token …`
    Token,
    /// `PRIVATE-TOKEN: …`
    PrivateToken,
}

/// One forge's API.
pub struct Http {
    client: Client,
    base: Url,
    headers: HeaderMap,
    /// The token, which nothing that a forge answers carries any further.
    secrets: Secrets,
    patience: Patience,
    waited: Cell<u64>,
}

impl std::fmt::Debug for Http {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

/// An answer: its body, and the address of the next page.
pub(super) struct Answer {
    pub(super) body: Value,
    pub(super) next: Option<String>,
}

impl Http {
    /// The API below an address (`https://api.github.com`).
    pub fn new(
        base: &str,
        token: &str,
        auth: Auth,
        patience: Patience,
    ) -> Result<Self, ForgeError> {
        let what = || format!("using {base}");
        let unusable = |why: &str| ForgeError::Unreachable { what: what(), why: why.to_owned() };
        let url = Url::parse(&format!("{}/", base.trim_end_matches('/')))
            .map_err(|_| unusable("this is no address"))?;
        if url.host_str().is_none() || !matches!(url.scheme(), "http" | "https") {
            return Err(unusable("an address begins with https://"));
        }
        let (name, text) = match auth {
            Auth::Bearer => ("authorization", format!("Bearer {token}")),
            Auth::Token => ("authorization", format!("token {token}")),
            Auth::PrivateToken => ("private-token", token.to_owned()),
        };
        let mut value = HeaderValue::from_str(text.trim())
            .map_err(|_| unusable("the token holds characters that no token has"))?;
        value.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), value);
        // Another part of the process may have chosen one already; any will do.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .redirect(Policy::none())
            .user_agent(concat!("perfgate/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| unusable(&error.to_string()))?;
        let secrets = Secrets::of(token);
        Ok(Self { client, base: url, headers, secrets, patience, waited: Cell::new(0) })
    }

    /// Adds a header to every request.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// Whether this is an enterprise server, whose API lies below `/api/v3` and whose GraphQL lies beside that.
    pub(super) fn is_enterprise(&self) -> bool {
        self.base.path().trim_end_matches('/').ends_with("/v3")
    }

    /// Sends a request to a path below the base, or to an address on the same host. What could not be done for lack of
    /// room or time is tried again; what creates something only if it certainly did not happen.
    pub(super) fn send(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, ForgeError> {
        let mut answer =
            self.answer(method, path, body).map_err(|error| error.without(&self.secrets))?;
        hide(&self.secrets, &mut answer.body);
        Ok(answer)
    }

    fn answer(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, ForgeError> {
        let what = format!("{method} {}", path.split('?').next().unwrap_or_default());
        let mut url = self.address(path, &what)?;
        let (mut tries, mut redirects) = (0, 0);
        loop {
            tries += 1;
            let begin = Instant::now();
            let response = match self.once(method, &url, body) {
                Ok(response) => response,
                Err(why) if tries < TRIES && *method != Method::POST => {
                    self.waited.set(self.waited.get().saturating_add(begin.elapsed().as_secs()));
                    self.wait(1 << tries, &what, 0)
                        .map_err(|_| ForgeError::Unreachable { what: what.clone(), why })?;
                    continue;
                }
                Err(why) => return Err(ForgeError::Unreachable { what, why }),
            };
            let status = response.status();
            if status.is_redirection() && redirects < REDIRECTS {
                redirects += 1;
                url = self.redirected(&response, &url, &what)?;
                continue;
            }
            let (code, limit) = (status.as_u16(), self.limit(&response));
            let next = next_page(response.headers());
            let text = self.read(response, &what, begin)?;
            if status.is_success() {
                return parse(&text, &what).map(|body| Answer { body, next });
            }
            let busy =
                limit.or_else(|| self.is_secondary(code, &text).then_some(BUSY << (tries - 1)));
            let again = match busy {
                Some(seconds) => Some(seconds),
                None if code >= 500 && *method != Method::POST => Some(1 << tries),
                None => None,
            };
            match again {
                Some(seconds) if tries < TRIES => self.wait(seconds, &what, code)?,
                _ => {
                    return Err(ForgeError::Refused {
                        what,
                        status: code,
                        message: self.message(&text),
                    });
                }
            }
        }
    }

    /// The address of a path, or of a page that the forge names, which must lie on its own host.
    fn address(&self, path: &str, what: &str) -> Result<Url, ForgeError> {
        let unusable =
            || ForgeError::Unreadable { what: what.to_owned(), why: "no address".to_owned() };
        let url = if path.contains("://") {
            Url::parse(path).map_err(|_| unusable())?
        } else {
            self.base.join(path.trim_start_matches('/')).map_err(|_| unusable())?
        };
        if url.origin() == self.base.origin() {
            Ok(url)
        } else {
            let to = url.host_str().unwrap_or_default().to_owned();
            Err(ForgeError::Redirected { what: what.to_owned(), to })
        }
    }

    fn once(&self, method: &Method, url: &Url, body: Option<&Value>) -> Result<Response, String> {
        // Set here, it covers the answer's body as well; set for the client, it would begin anew with every byte.
        let request = self.client.request(method.clone(), url.clone());
        let request = request.timeout(self.patience.request).headers(self.headers.clone());
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().map_err(|error| {
            // The address in front of the cause is known; the cause is not.
            let mut cause: &dyn std::error::Error = &error;
            while let Some(inner) = cause.source() {
                cause = inner;
            }
            cause.to_string()
        })
    }

    fn redirected(&self, response: &Response, from: &Url, what: &str) -> Result<Url, ForgeError> {
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        let to = to.and_then(|to| from.join(to).ok()).ok_or_else(|| ForgeError::Unreadable {
            what: what.to_owned(),
            why: "a redirect without an address".to_owned(),
        })?;
        self.address(to.as_str(), what)
    }

    /// How many seconds a limited request has to wait; none if the answer is about no limit.
    fn limit(&self, response: &Response) -> Option<u64> {
        let number = |name: &str| -> Option<i64> {
            response.headers().get(name)?.to_str().ok()?.trim().parse().ok()
        };
        if !matches!(response.status().as_u16(), 403 | 429 | 503) {
            return None;
        }
        if let Some(seconds) = number(RETRY_AFTER.as_str()) {
            return Some(seconds.max(0).unsigned_abs());
        }
        if number("x-ratelimit-remaining") == Some(0) {
            let reset = number("x-ratelimit-reset")?;
            return Some(reset.saturating_sub((self.patience.now)()).max(1).unsigned_abs());
        }
        (response.status().as_u16() == 429).then_some(BUSY)
    }

    fn read(&self, response: Response, what: &str, begin: Instant) -> Result<Vec<u8>, ForgeError> {
        let mut text = Vec::new();
        let unreadable = |why: String| ForgeError::Unreadable { what: what.to_owned(), why };
        let limit = self.patience.request;
        response.take(LARGEST + 1).read_to_end(&mut text).map_err(|error| {
            unreadable(if begin.elapsed() < limit {
                error.to_string()
            } else {
                format!("no complete answer within {} s", limit.as_secs_f64())
            })
        })?;
        if text.len() as u64 > LARGEST {
            return Err(unreadable(format!("it is larger than {} MB", LARGEST >> 20)));
        }
        Ok(text)
    }

    /// What a refusal says, shortened: every forge has a word for it. The token goes first, because half of one is a
    /// secret, too.
    fn message(&self, text: &[u8]) -> String {
        let body: Value = serde_json::from_slice(text).unwrap_or_default();
        let said = ["/message", "/error/message", "/error", "/error_description"]
            .iter()
            .find_map(|place| body.pointer(place).and_then(Value::as_str));
        let said = said.map_or_else(|| String::from_utf8_lossy(text).into_owned(), str::to_owned);
        self.secrets.hide(&said).chars().take(300).collect()
    }

    /// GitHub's secondary limits come as 403 without a header.
    fn is_secondary(&self, status: u16, text: &[u8]) -> bool {
        status == 403 && self.message(text).to_lowercase().contains("secondary rate limit")
    }

    fn wait(&self, seconds: u64, what: &str, status: u16) -> Result<(), ForgeError> {
        let waited = self.waited.get().saturating_add(seconds);
        if waited > self.patience.total {
            return Err(ForgeError::TooBusy { what: what.to_owned(), status, seconds });
        }
        self.waited.set(waited);
        (self.patience.sleep)(Duration::from_secs(seconds));
        Ok(())
    }
}

/// Hides secrets in every text of an answer.
fn hide(secrets: &Secrets, value: &mut Value) {
    match value {
        Value::String(text) => *text = secrets.hide(text).into_owned(),
        Value::Array(values) => values.iter_mut().for_each(|value| hide(secrets, value)),
        Value::Object(fields) => fields.values_mut().for_each(|value| hide(secrets, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The JSON of an answer; null where it is empty.
pub(super) fn parse(text: &[u8], what: &str) -> Result<Value, ForgeError> {
    if text.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(text)
        .map_err(|error| ForgeError::Unreadable { what: what.to_owned(), why: error.to_string() })
}

/// The address after `rel="next"` of a Link header.
fn next_page(headers: &HeaderMap) -> Option<String> {
    let links = headers.get("link")?.to_str().ok()?;
    let next = links.split(',').find(|link| link.contains("rel=\"next\""))?;
    Some(next.split_once('<')?.1.split_once('>')?.0.to_owned())
}
