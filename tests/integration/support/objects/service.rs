//! The service's side: requests are read, answered, or failed.

use super::{Fault, Object, State};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Condvar, Mutex};

/// Keys in one answer to a listing, as S3 gives them.
const PAGE: usize = 1_000;

/// Waits until the fault that nobody answers is over.
fn hang(shared: &(Mutex<State>, Condvar)) {
    let state = shared.0.lock().unwrap();
    drop(
        shared
            .1
            .wait_timeout_while(state, std::time::Duration::from_mins(1), |s| s.fault.is_some()),
    );
}

pub(super) fn serve(stream: &TcpStream, shared: &(Mutex<State>, Condvar)) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let (mut length, mut create, mut from, mut only) = (0, false, None, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "if-match" => only = Some(value.trim().to_owned()),
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
    let request = Request { method, target, body, create, only };
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
        Some(Fault::Answer(status, text)) => write_answer(stream, &said(status, text)),
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

/// A status, a document, and the entity tag of what it is about.
type Answer = (u16, Vec<u8>, String);

fn write_answer(mut stream: &TcpStream, (status, body, tag): &Answer) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nETag: {tag}\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 \
         GMT\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).ok()
}

fn said(status: u16, text: &str) -> Answer {
    (status, text.as_bytes().to_vec(), "\"x\"".to_owned())
}

struct Request {
    method: String,
    target: String,
    body: Vec<u8>,
    /// Whether it is only to be made if it is not there.
    create: bool,
    /// The entity tag that it must have to be changed.
    only: Option<String>,
}

impl Request {
    fn answer(&self, state: &mut State) -> Answer {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let Some(key) = path.strip_prefix("/runs") else {
            let text = "<Error><Code>NoSuchBucket</Code><Message>No such bucket</Message></Error>";
            return said(404, text);
        };
        let key = decoded(key.trim_start_matches('/'));
        let there = state.objects.get(&key);
        match self.method.as_str() {
            "GET" if query.contains("list-type=2") => said(200, &list(state, query)),
            "GET" => match there {
                Some(Object { content, tag }) => (200, content.clone(), tag.clone()),
                None => said(404, "<Error><Code>NoSuchKey</Code></Error>"),
            },
            "PUT" => {
                let changed =
                    self.only.is_some() && self.only.as_ref() != there.map(|own| &own.tag);
                if changed || self.create && there.is_some() {
                    return said(412, "<Error><Code>PreconditionFailed</Code></Error>");
                }
                state.put(key.clone(), self.body.clone());
                (200, Vec::new(), state.objects[&key].tag.clone())
            }
            _ => {
                let body = String::from_utf8_lossy(&self.body);
                for part in body.split("<Key>").skip(1) {
                    state.objects.remove(part.split('<').next().unwrap());
                }
                said(200, "<DeleteResult></DeleteResult>")
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
    let folder = |key: &str| {
        let end = key[prefix.len()..].find('/').filter(|_| !parameter("delimiter").is_empty())?;
        Some(key[..=prefix.len() + end].to_owned())
    };
    let fits = |key: &&String| key.starts_with(&prefix) && **key > after;
    let mut names: Vec<(String, bool)> = Vec::new();
    for key in state.objects.keys().filter(fits) {
        let name = folder(key).map_or_else(|| (key.clone(), false), |folder| (folder, true));
        if names.last() != Some(&name) {
            names.push(name);
        }
        if names.len() > PAGE {
            break;
        }
    }
    let more = names.len() > PAGE;
    names.truncate(PAGE);
    let mut text = format!("<ListBucketResult><IsTruncated>{more}</IsTruncated>");
    for (name, is_folder) in &names {
        text += &match is_folder {
            true => format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"),
            false => format!(
                "<Contents><Key>{name}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"x\"</ETag><Size>1</Size></Contents>"
            ),
        };
    }
    if let Some((last, _)) = names.last().filter(|_| more) {
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
