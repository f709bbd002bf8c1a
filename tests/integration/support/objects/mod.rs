//! Object storage on 127.0.0.1 that speaks S3 as far as perfgate does. It keeps what it is asked, and fails when it is told to.

mod service;

use super::repo::Repo;
use super::{Ended, command};
use service::serve;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// The secret that every request is signed with, and that nothing may show.
pub(crate) const SECRET: &str = "a-secret-that-nobody-may-see";
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
    objects: BTreeMap<String, Object>,
    /// How many objects were ever put: the version of the next one.
    puts: u64,
    /// Methods and paths, in order.
    requests: Vec<String>,
    fault: Option<Fault>,
    /// Requests that are answered as they should be before the fault.
    patience: usize,
    stopped: bool,
}

struct Object {
    content: Vec<u8>,
    /// The entity tag.
    tag: String,
}

impl State {
    fn put(&mut self, key: String, content: Vec<u8>) {
        self.puts += 1;
        let tag = format!("\"{}\"", self.puts);
        self.objects.insert(key, Object { content, tag });
    }
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
        let answer = self.ask("PUT", name, "");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// The text of an object there, if it is there.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        // The service believes every signature.
        let signed = "Authorization: AWS4-HMAC-SHA256 Credential=perfgate/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n";
        let answer = self.ask("GET", path, signed);
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200").then(|| body.to_owned())
    }

    fn ask(&self, method: &str, path: &str, header: &str) -> String {
        let address = self.endpoint.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!(
            "{method} /{path} HTTP/1.1\r\nHost: {address}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
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
        self.state().put(key.to_owned(), content.to_vec());
    }

    /// The keys of all objects that begin so.
    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        self.state().objects.keys().filter(|key| key.starts_with(prefix)).cloned().collect()
    }

    /// The content of an object.
    pub(crate) fn content(&self, key: &str) -> Vec<u8> {
        self.state().objects[key].content.clone()
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
