//! A forge on 127.0.0.1 that behaves like the APIs of GitHub, GitLab, Gitea and Bitbucket, as far as comments and
//! issues go. It keeps what
//! it was sent, and fails when it is told to.

use super::issues::{self, Tracker};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// An answer to the next request of a method whose path ends so.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: &'static str,
    /// Whether the request is carried out all the same, and only its answer is lost.
    pub(crate) done: bool,
}

impl Fault {
    pub(crate) fn new(method: &'static str, path: &'static str, status: u16) -> Self {
        Self {
            method,
            path,
            status,
            headers: Vec::new(),
            body: "{\"message\": \"no\"}",
            done: false,
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    /// The path of the list that it stands in; none: in every one.
    pub(crate) list: Option<String>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) me: String,
    pub(crate) comments: Vec<Kept>,
    pub(crate) requests: Vec<Request>,
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) pulls: Value,
    pub(crate) checks: Vec<Value>,
    pub(crate) tracker: Tracker,
    /// What a concurrent job writes right after our own comment.
    pub(crate) twin: Option<Kept>,
    next: u64,
}

pub(crate) struct Forge {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Forge {
    /// A forge on which we are called so.
    pub(crate) fn new(me: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let me = me.to_owned();
        let state =
            Arc::new(Mutex::new(State { me, next: 100_000, pulls: json!([]), ..State::default() }));
        let (shared, own) = (Arc::clone(&state), url.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &shared, &own);
            }
        });
        Self { url, state }
    }

    pub(crate) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Puts a comment there.
    pub(crate) fn keep(&self, id: u64, author: &str, body: &str) {
        let (author, body) = (author.to_owned(), body.to_owned());
        self.state().comments.push(Kept { id, author, body, list: None });
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }

    /// Number, author and first line of every comment.
    pub(crate) fn heads(&self) -> Vec<(u64, String, String)> {
        let first = |c: &Kept| c.body.lines().next().unwrap_or_default().to_owned();
        self.state().comments.iter().map(|c| (c.id, c.author.clone(), first(c))).collect()
    }

    /// How often a method was used on paths that end so.
    pub(crate) fn count(&self, method: &str, path: &str) -> usize {
        let state = self.state();
        state.requests.iter().filter(|r| r.method == method && r.path.ends_with(path)).count()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>, url: &str) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or_default() == 0 {
        return;
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (path, query) = (path.to_owned(), query.to_owned());
    let request = Request { method, path, query, headers, body };
    let (status, headers, text) = answer(&request, &mut state.lock().unwrap(), url);
    let mut stream = reader.into_inner();
    let mut head =
        format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", text.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    drop(stream.write_all(format!("{head}\r\n{text}").as_bytes()));
}

pub(super) type Answer = (u16, Vec<(&'static str, String)>, String);

fn answer(request: &Request, state: &mut State, url: &str) -> Answer {
    state.requests.push(request.clone());
    let meant =
        |fault: &Fault| fault.method == request.method && request.path.ends_with(fault.path);
    if let Some(at) = state.faults.iter().position(meant) {
        let fault = state.faults.remove(at).unwrap();
        if fault.done {
            carry_out(request, state, url);
        }
        return (fault.status, fault.headers, fault.body.to_owned());
    }
    carry_out(request, state, url)
}

fn carry_out(request: &Request, state: &mut State, url: &str) -> Answer {
    let ok = |value: Value| (200, Vec::new(), value.to_string());
    if let Some(answer) = issues::answer(request, &mut state.tracker, &state.me, url) {
        return answer;
    }
    let path = request.path.as_str();
    let id = path.rsplit('/').next().and_then(|last| last.parse::<u64>().ok());
    let raw = |body: &Value| {
        let text = body["body"].as_str().or(body["content"]["raw"].as_str());
        text.unwrap_or_default().to_owned()
    };
    let list = path.ends_with("/comments") || path.ends_with("/notes");
    match (request.method.as_str(), id) {
        ("POST", _) if path.ends_with("/graphql") => {
            ok(json!({ "data": { "viewer": { "login": state.me } } }))
        }
        ("GET", _) if path.ends_with("/user") => {
            ok(json!({ "login": state.me, "username": state.me, "uuid": state.me }))
        }
        ("GET", _) if path.ends_with("/pulls") => ok(state.pulls.clone()),
        ("POST", _) if path.ends_with("/check-runs") => {
            state.checks.push(request.body.clone());
            ok(json!({ "id": state.checks.len(), "html_url": format!("{url}/check") }))
        }
        ("PATCH", Some(_)) if path.contains("/check-runs/") => {
            state.checks.push(request.body.clone());
            ok(json!({ "id": 1 }))
        }
        ("GET", _) if list => page(request, state, url),
        ("POST", _) if list => {
            state.next += 1;
            let (id, author) = (state.next, state.me.clone());
            let list = Some(path.to_owned());
            let kept = Kept { id, author, body: raw(&request.body), list };
            state.comments.push(kept.clone());
            state.comments.extend(state.twin.take());
            (201, Vec::new(), shown(&kept, url).to_string())
        }
        ("PATCH" | "PUT", Some(id)) => match state.comments.iter_mut().find(|c| c.id == id) {
            Some(kept) => {
                kept.body = raw(&request.body);
                ok(shown(kept, url))
            }
            None => (404, Vec::new(), "{\"message\": \"Not Found\"}".to_owned()),
        },
        ("DELETE", Some(id)) => {
            let before = state.comments.len();
            state.comments.retain(|c| c.id != id);
            (if state.comments.len() < before { 204 } else { 404 }, Vec::new(), String::new())
        }
        _ => (404, Vec::new(), "{\"message\": \"Not Found\"}".to_owned()),
    }
}

/// One page of the comments, with the address of the next as each forge gives it.
fn page(request: &Request, state: &State, url: &str) -> Answer {
    let number = |name: &str| -> Option<usize> {
        let mut pairs = request.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(own, _)| *own == name)?.1.parse().ok()
    };
    // Gitea has no pages here.
    let size = number("per_page").or(number("pagelen")).unwrap_or(usize::MAX);
    let at = number("page").unwrap_or(1);
    let listed: Vec<&Kept> = state
        .comments
        .iter()
        .filter(|kept| kept.list.as_ref().is_none_or(|list| *list == request.path))
        .collect();
    let values: Vec<Value> = listed
        .iter()
        .skip((at - 1).saturating_mul(size))
        .take(size)
        .map(|kept| shown(kept, url))
        .collect();
    let more = at.saturating_mul(size) < listed.len();
    let base = request.query.split("&page=").next().unwrap();
    let next = format!("{url}{}?{base}&page={}", request.path, at + 1);
    if request.path.contains("/pullrequests/") {
        let mut body = json!({ "values": values });
        if more {
            body["next"] = json!(next);
        }
        return (200, Vec::new(), body.to_string());
    }
    let link = more.then(|| ("link", format!("<{next}>; rel=\"next\"")));
    (200, link.into_iter().collect(), Value::from(values).to_string())
}

/// A comment with the fields of every forge.
fn shown(kept: &Kept, url: &str) -> Value {
    json!({
        "id": kept.id, "body": kept.body, "content": { "raw": kept.body },
        "user": { "login": kept.author, "uuid": kept.author },
        "author": { "username": kept.author },
        "html_url": format!("{url}/comment/{}", kept.id),
        "links": { "html": { "href": format!("{url}/comment/{}", kept.id) } },
    })
}
