//! A Prometheus server: a query goes in, series come out.

use super::error::PrometheusError;
use crate::model::Secrets;
use reqwest::Url;
use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

/// The largest answer that is read.
const LARGEST: u64 = 32 << 20;
/// How long one query may take, from connecting to the last byte of its answer.
const LONGEST: Duration = Duration::from_secs(30);
/// Points that a query asks for at most.
const MOST_POINTS: f64 = 240.0;
/// Series that an answer may have.
const MOST_SERIES: usize = 1_000;

/// The time of a run, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) start: f64,
    pub(super) end: f64,
}

impl Window {
    /// Seconds from one point to the next.
    pub(super) fn step_s(self) -> f64 {
        (self.duration_s() / MOST_POINTS).ceil().max(1.0)
    }

    pub(super) fn duration_s(self) -> f64 {
        self.end - self.start
    }
}

/// One series of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) labels: BTreeMap<String, String>,
    /// Seconds since 1970, and the value there, which may be infinite or none.
    pub(super) points: Vec<(f64, f64)>,
}

/// Why a query has no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The server did not answer as Prometheus does.
    Server(String),
    /// It did, and refused the query.
    Query(String),
}

impl NoAnswer {
    pub(super) fn why(self) -> String {
        match self {
            Self::Server(why) | Self::Query(why) => why,
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    error: Option<String>,
    data: Option<AnswerData>,
}

#[derive(Deserialize)]
struct AnswerData {
    result: Vec<AnswerSeries>,
}

#[derive(Deserialize)]
struct AnswerSeries {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// A server, and who asks it.
pub(super) struct Server<'a> {
    base: Url,
    token: Option<&'a str>,
    secrets: Secrets,
    client: Client,
}

impl<'a> Server<'a> {
    /// The server at this address. `token` is sent as a bearer token.
    pub(super) fn new(address: &str, token: Option<&'a str>) -> Result<Self, PrometheusError> {
        let secrets = secrets(address, token);
        let wrong = || PrometheusError::Address(secrets.hide(address).into_owned());
        let base =
            Url::parse(&format!("{}/", address.trim_end_matches('/'))).map_err(|_| wrong())?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(wrong());
        }
        // Another part of the process may have chosen one already; any will do.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().redirect(Policy::none()).build();
        let client = client.map_err(|error| PrometheusError::Client(error.to_string()))?;
        Ok(Self { base, token, secrets, client })
    }

    /// The series of a query over this time. What the server repeats of a secret is hidden.
    pub(super) fn ask(&self, promql: &str, window: Window) -> Result<Vec<Series>, NoAnswer> {
        self.answer(promql, window).map_err(|no_answer| match no_answer {
            NoAnswer::Server(why) => NoAnswer::Server(self.secrets.hide(&why).into_owned()),
            NoAnswer::Query(why) => NoAnswer::Query(self.secrets.hide(&why).into_owned()),
        })
    }

    fn answer(&self, promql: &str, window: Window) -> Result<Vec<Series>, NoAnswer> {
        let server = NoAnswer::Server;
        let url = self.base.join("api/v1/query_range");
        let mut url = url.map_err(|error| server(error.to_string()))?;
        url.query_pairs_mut()
            .append_pair("query", promql)
            .append_pair("start", &format!("{:.3}", window.start))
            .append_pair("end", &format!("{:.3}", window.end))
            .append_pair("step", &format!("{}", window.step_s()));
        // Set here, it covers the answer's body as well; set for the client, it would begin anew with every byte.
        let mut request = self.client.get(url).timeout(LONGEST);
        if let Some(token) = self.token {
            request = request.bearer_auth(token);
        }
        // An error's text holds the address, which may hold a password.
        let answer = request.send().map_err(|error| server(error.without_url().to_string()))?;
        let status = answer.status();
        let mut body = Vec::new();
        let read = answer.take(LARGEST).read_to_end(&mut body);
        read.map_err(|error| server(error.to_string()))?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| {
            server(format!("the server answered {status}, and not as Prometheus does"))
        })?;
        if answer.status != "success" {
            let why = answer.error.unwrap_or_else(|| format!("the server answered {status}"));
            return Err(NoAnswer::Query(why));
        }
        let series = answer.data.map(|data| data.result).unwrap_or_default();
        if series.len() > MOST_SERIES {
            let why = format!("the query gives more than {MOST_SERIES} series: aggregate them");
            return Err(NoAnswer::Query(why));
        }
        Ok(series.into_iter().map(Series::from).collect())
    }
}

impl From<AnswerSeries> for Series {
    fn from(answer: AnswerSeries) -> Self {
        let point = |(at, text): (f64, String)| Some((at, text.parse().ok()?));
        let points = answer.values.into_iter().filter_map(point).collect();
        Self { labels: answer.metric, points }
    }
}

/// What a server must not be able to have printed: the token, and a password in its address.
fn secrets(address: &str, token: Option<&str>) -> Secrets {
    let mut secrets = Secrets::of(token.unwrap_or_default());
    let user =
        address.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    if let Some((user, _)) = user {
        secrets.add(user.split_once(':').map_or(user, |(_, password)| password));
    }
    secrets
}
