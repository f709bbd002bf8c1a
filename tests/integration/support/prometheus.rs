//! A server that answers queries as Prometheus does.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

/// The start of the runs that such a server is asked about, in seconds since 1970: 2026-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_767_225_600;

/// Starts a server on this machine that answers each query as `answer` says, as long as the test runs. Gives its address as
/// `--attach` takes it.
pub(crate) fn answering(answer: impl Fn(&str) -> Value + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> =
                lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let query = head[0].split("query=").nth(1).unwrap().split('&').next().unwrap();
            let body = answer(&decoded(query)).to_string();
            let length = body.len();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            write!(stream, "{head}{body}").unwrap();
        }
    });
    format!("prometheus:http://{address}")
}

/// The answer with these series: labels, and values by seconds from [`START`].
pub(crate) fn series(all: &[(Value, &[(i64, &str)])]) -> Value {
    let one = |(labels, points): &(Value, &[(i64, &str)])| {
        let values: Vec<Value> =
            points.iter().map(|(at, value)| json!([START + at, value])).collect();
        json!({ "metric": labels, "values": values })
    };
    let result: Vec<Value> = all.iter().map(one).collect();
    json!({ "status": "success", "data": { "resultType": "matrix", "result": result } })
}

/// A text as it was before it became part of a URL.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let code = std::str::from_utf8(&tail[..2]).unwrap();
                bytes.push(u8::from_str_radix(code, 16).unwrap());
                rest = &tail[2..];
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).unwrap()
}
