//! Object storage on 127.0.0.1 that speaks S3 as far as perfgate does. It keeps what it is asked, and fails when it is told to.

use super::repo::Repo;
use super::{Ended, command};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// The secret that every request is signed with, and that nothing may show.
pub(crate) const SECRET: &str = "a-secret-that-nobody-may-see";
/// Keys in one answer to a listing, as S3 gives them.
const PAGE: usize = 1_000;

/// What the service does instead of its work.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This answer: a status, and a document.
    Answer(u16, &'static str),
    /// Nothing at all.
    Silence,
    /// The beginning of an answer.
    Cut,
    /// After so many more requests, it says that one has come and never answers it; having done it or not.
    Stop(usize, bool),
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    /// Methods and paths, in order.
    requests: Vec<String>,
    fault: Option<Fault>,
    /// Requests that are answered as they should be before the fault.
    patience: usize,
    stopped: bool,
}

/// A service with one bucket, `runs`.
pub(crate) struct Bucket {
    endpoint: String,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Bucket {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new((Mutex::new(State::default()), Condvar::new()));
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&own);
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        Self { endpoint, shared }
    }

    /// Another service, which is at this address.
    pub(crate) fn at(endpoint: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), shared: Arc::default() }
    }

    /// Makes a bucket there.
    pub(crate) fn make(&self, name: &str) {
        let address = self.endpoint.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!(
            "PUT /{name} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap()
    }

    /// Fails from now on, after so many good answers; or is well again.
    pub(crate) fn fail(&self, patience: usize, fault: Option<Fault>) {
        let mut state = self.state();
        (state.fault, state.patience, state.stopped) = (fault, patience, false);
    }

    /// Puts an object there.
    pub(crate) fn keep(&self, key: &str, content: &[u8]) {
        self.state().objects.insert(key.to_owned(), content.to_vec());
    }

    /// The keys of all objects that begin so.
    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        self.state().objects.keys().filter(|key| key.starts_with(prefix)).cloned().collect()
    }

    /// The requests since this was asked last.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state().requests)
    }

    /// perfgate in a repository whose policy names this service, with its credentials.
    pub(crate) fn command(&self, repo: &Repo) -> Command {
        let mut command = command(&repo.folder);
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_REGION", "eu-central-1");
        command.env("AWS_ACCESS_KEY_ID", "perfgate").env("AWS_SECRET_ACCESS_KEY", SECRET);
        command
    }

    pub(crate) fn perfgate(&self, repo: &Repo, arguments: &[&str]) -> Ended {
        Ended::of(self.command(repo).args(arguments).output().unwrap())
    }

    /// Runs perfgate and kills it at a request; false where it ends before that.
    pub(crate) fn killed(&self, repo: &Repo, arguments: &[&str], at: (usize, bool)) -> bool {
        self.fail(0, Some(Fault::Stop(at.0, at.1)));
        let mut command = self.command(repo);
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        loop {
            let state = self.state();
            let pause = std::time::Duration::from_millis(20);
            let (state, _) =
                self.shared.1.wait_timeout_while(state, pause, |s| !s.stopped).unwrap();
            let (stopped, ended) = (state.stopped, child.try_wait().unwrap().is_some());
            drop(state);
            if stopped {
                drop(child.kill());
                child.wait().unwrap();
            }
            if stopped || ended {
                self.fail(0, None);
                return stopped;
            }
        }
    }
}

/// A result file whose numbers are of this run.
pub(crate) fn results(repo: &Repo, number: u32) -> String {
    let file = repo.around().join(format!("run-{number}.json"));
    std::fs::write(&file, super::run(number)).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Waits until the fault that nobody answers is over.
fn hang(shared: &(Mutex<State>, Condvar)) {
    let state = shared.0.lock().unwrap();
    drop(
        shared
            .1
            .wait_timeout_while(state, std::time::Duration::from_mins(1), |s| s.fault.is_some()),
    );
}

fn serve(stream: &TcpStream, shared: &(Mutex<State>, Condvar)) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let (mut length, mut create, mut from) = (0, false, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "if-none-match" => create = value.trim() == "*",
            "range" => {
                from = value
                    .trim()
                    .strip_prefix("bytes=")
                    .and_then(|range| Some(range.split_once('-')?.0.to_owned()))
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request = Request { method, target, body, create };
    let fault = {
        let mut state = shared.0.lock().unwrap();
        state.requests.push(format!("{} {}", request.method, request.target));
        if state.patience == 0 {
            state.fault.clone()
        } else {
            state.patience -= 1;
            None
        }
    };
    let mut stream = stream;
    match fault {
        None => write_answer(stream, &request.answer(&mut shared.0.lock().unwrap())),
        Some(Fault::Answer(status, text)) => {
            write_answer(stream, &(status, text.as_bytes().to_vec()))
        }
        Some(Fault::Silence) => {
            hang(shared);
            None
        }
        Some(Fault::Cut) if request.method == "PUT" => None,
        Some(Fault::Cut) => {
            let range = from
                .map(|from| format!("206 Partial Content\r\nContent-Range: bytes {from}-999/1000"));
            let status = range.unwrap_or_else(|| "200 OK".to_owned());
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: 1000\r\nETag: \"x\"\r\n");
            let date = "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n<";
            stream.write_all(format!("{head}{date}").as_bytes()).ok()
        }
        Some(Fault::Stop(after, done)) => {
            let mut state = shared.0.lock().unwrap();
            if after > 0 {
                state.fault = Some(Fault::Stop(after - 1, done));
                let answer = request.answer(&mut state);
                drop(state);
                return write_answer(stream, &answer);
            }
            if done && !state.stopped {
                request.answer(&mut state);
            }
            state.stopped = true;
            drop(state);
            shared.1.notify_all();
            hang(shared);
            None
        }
    }
}

fn write_answer(mut stream: &TcpStream, (status, body): &(u16, Vec<u8>)) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nETag: \"x\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 \
         GMT\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).ok()
}

struct Request {
    method: String,
    target: String,
    body: Vec<u8>,
    /// Whether it is only to be made if it is not there.
    create: bool,
}

impl Request {
    fn answer(&self, state: &mut State) -> (u16, Vec<u8>) {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let Some(key) = path.strip_prefix("/runs") else {
            return (
                404,
                b"<Error><Code>NoSuchBucket</Code><Message>No such bucket</Message></Error>"
                    .to_vec(),
            );
        };
        let key = decoded(key.trim_start_matches('/'));
        match self.method.as_str() {
            "GET" if query.contains("list-type=2") => (200, list(state, query).into_bytes()),
            "GET" => match state.objects.get(&key) {
                Some(content) => (200, content.clone()),
                None => (404, b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
            },
            "PUT" if self.create && state.objects.contains_key(&key) => {
                (412, b"<Error><Code>PreconditionFailed</Code></Error>".to_vec())
            }
            "PUT" => {
                state.objects.insert(key, self.body.clone());
                (200, Vec::new())
            }
            _ => {
                let body = String::from_utf8_lossy(&self.body);
                for part in body.split("<Key>").skip(1) {
                    state.objects.remove(part.split('<').next().unwrap());
                }
                (200, b"<DeleteResult></DeleteResult>".to_vec())
            }
        }
    }
}

fn list(state: &State, query: &str) -> String {
    let parameter = |name: &str| {
        let found = query.split('&').find_map(|part| part.strip_prefix(&format!("{name}=")));
        found.map(decoded).unwrap_or_default()
    };
    let (prefix, token) = (parameter("prefix"), parameter("continuation-token"));
    let after = if token.is_empty() { parameter("start-after") } else { token };
    let fits = |key: &&String| key.starts_with(&prefix) && **key > after;
    let mut keys: Vec<&String> = state.objects.keys().filter(fits).take(PAGE + 1).collect();
    let more = keys.len() > PAGE;
    keys.truncate(PAGE);
    let mut text = format!("<ListBucketResult><IsTruncated>{more}</IsTruncated>");
    for key in &keys {
        text += &format!(
            "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"x\"</ETag><Size>1</Size></Contents>"
        );
    }
    if let Some(last) = keys.last().filter(|_| more) {
        text += &format!("<NextContinuationToken>{last}</NextContinuationToken>");
    }
    text + "</ListBucketResult>"
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next().unwrap()).to_digit(16).unwrap() as u8;
        bytes.push(if byte == b'%' { digit() << 4 | digit() } else { byte });
    }
    String::from_utf8(bytes).unwrap()
}
