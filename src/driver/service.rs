//! A service under test: started on a port of its own, asked until it answers, and ended whatever happens.

use super::child::{Ended, Interrupts, Job, end, ended_by, start};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::process::Child;
use std::time::{Duration, Instant};

/// How often a service is asked whether it is ready.
const STEP: Duration = Duration::from_millis(50);
/// How long a single answer may take.
const ANSWER: Duration = Duration::from_secs(2);
/// Bytes of a status line that are read.
const STATUS_LINE: u64 = 256;

/// A port of this machine that nobody uses.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// What is asked whether the service is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Host and port: `127.0.0.1:8731`.
    authority: String,
    /// The path that must answer with a status of 2xx or 3xx; none: a connection is enough.
    path: Option<String>,
}

impl Probe {
    /// A connection to a port of this machine.
    pub fn port(port: u16) -> Self {
        Self { authority: format!("{}:{port}", Ipv4Addr::LOCALHOST), path: None }
    }

    /// A URL: `http://127.0.0.1:8731/health`. None of what is no plain HTTP.
    pub fn url(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("http://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let plain = |c: char| c.is_ascii_graphic();
        if authority.is_empty() || !rest.chars().all(plain) {
            return None;
        }
        let authority =
            if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        let path = if path.is_empty() { "/" } else { path };
        Some(Self { authority, path: Some(path.to_owned()) })
    }

    /// Asks once: what came back.
    fn ask(&self) -> Answer {
        let connect = || -> io::Result<TcpStream> {
            let mut last = io::Error::from(io::ErrorKind::NotFound);
            for address in self.authority.to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, ANSWER) {
                    Ok(stream) if !meets_itself(&stream, address) => return Ok(stream),
                    Ok(_) => {}
                    Err(error) => last = error,
                }
            }
            Err(last)
        };
        let Ok(stream) = connect() else { return Answer::Nothing };
        match &self.path {
            None => Answer::Ready,
            Some(path) => self.status(stream, path).unwrap_or(Answer::Nothing),
        }
    }

    fn status(&self, mut stream: TcpStream, path: &str) -> io::Result<Answer> {
        stream.set_read_timeout(Some(ANSWER))?;
        stream.set_write_timeout(Some(ANSWER))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.authority
        )?;
        let mut line = String::new();
        BufReader::new(io::Read::take(stream, STATUS_LINE)).read_line(&mut line)?;
        let status = line.split_whitespace().nth(1).and_then(|code| code.parse::<u16>().ok());
        Ok(match status {
            Some(200..=399) => Answer::Ready,
            Some(status) => Answer::Status(status),
            None => Answer::Nothing,
        })
    }
}

/// Whether a connection to a port that nobody listens on met its own end, which TCP allows on one machine.
fn meets_itself(stream: &TcpStream, address: SocketAddr) -> bool {
    stream.local_addr().is_ok_and(|own| own == address)
}

/// What a probe got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Ready,
    Status(u16),
    Nothing,
}

/// Why a service is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReady {
    /// It ended.
    Ended(Ended),
    /// It never answered in time.
    Silent,
    /// It answered, with this status at last.
    Status(u16),
    /// perfgate was asked to end.
    Interrupted,
}

/// Asks until there is an answer; `ended` says how the service ended, if it did.
pub fn await_ready(
    probe: &Probe,
    limit: Duration,
    interrupts: &Interrupts,
    mut ended: impl FnMut() -> io::Result<Option<Ended>>,
) -> io::Result<Option<NotReady>> {
    let begin = Instant::now();
    // One connection that is lost does not make silent what has answered.
    let mut said = NotReady::Silent;
    loop {
        if let Some(ended) = ended()? {
            return Ok(Some(NotReady::Ended(ended)));
        }
        let answer = probe.ask();
        if interrupts.came() {
            return Ok(Some(NotReady::Interrupted));
        }
        match answer {
            Answer::Ready => return Ok(None),
            Answer::Status(status) => said = NotReady::Status(status),
            Answer::Nothing => {}
        }
        if begin.elapsed() > limit {
            return Ok(Some(said));
        }
        std::thread::sleep(STEP);
    }
}

/// A service that runs as long as this value lives.
#[derive(Debug)]
pub struct Service {
    child: Child,
}

impl Service {
    /// Starts a service under a supervisor, with `PORT` in its environment. The limit of the job does not apply.
    pub fn start(job: &Job<'_>, port: u16) -> io::Result<Self> {
        Ok(Self { child: start(job, &[("PORT", port.to_string())])? })
    }

    /// How it ended; none while it runs.
    pub fn ended(&mut self) -> io::Result<Option<Ended>> {
        Ok(self.child.try_wait()?.map(ended_by))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Who has ended already needs no end.
        drop(end(&mut self.child));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_a_plain_url_or_a_port() {
        let probe =
            |url: &str| Probe::url(url).map(|own| (own.authority, own.path.unwrap_or_default()));
        let is = |authority: &str, path: &str| Some((authority.to_owned(), path.to_owned()));
        assert_eq!(probe("http://127.0.0.1:80/health?x=1"), is("127.0.0.1:80", "/health?x=1"));
        assert_eq!(probe("http://localhost"), is("localhost:80", "/"));
        for refused in
            ["https://localhost/", "localhost:80", "http://", "http://a/b c", "http://a/\r\nb"]
        {
            assert_eq!(probe(refused), None, "{refused}");
        }
        assert_eq!(Probe::port(7).authority, "127.0.0.1:7");
    }

    #[test]
    fn a_port_that_nobody_listens_on_gives_no_answer() {
        let port = free_port().unwrap();
        assert_eq!(Probe::port(port).ask(), Answer::Nothing);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(Probe::port(port).ask(), Answer::Ready);
    }
}
