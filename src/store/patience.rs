//! Waiting for another program: never for ever, and not in silence.

use crate::model::Secrets;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, Read, Write as _};
use std::process::{Child, Output};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How long nothing is said about waiting.
const QUIET: Duration = Duration::from_secs(2);
/// How much longer than a silence a whole talk may take: somebody who says a little now and then is no help either.
const LONGEST: u32 = 10;
/// How long the pipes of a program that has ended are read on. A helper that it left behind (a shared ssh connection, a
/// credential cache) may hold them open for hours; what the program itself wrote arrives at once, or late on a busy machine.
const LINGER: Duration = Duration::from_secs(2);

/// How long a talk with a remote may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    silence: Duration,
}

impl Patience {
    /// A remote that says nothing for so long is given up; one that talks, after ten times that.
    pub fn new(silence: Duration) -> Self {
        Self { silence }
    }

    /// How long a silence may last.
    pub(super) fn silence(self) -> Duration {
        self.silence
    }
}

/// A line about waiting: on a terminal from the third second on, and gone when the waiting is over.
pub(super) struct Waiting {
    whom: String,
    start: Instant,
    bar: Option<ProgressBar>,
    /// Whether it is also said, once, where nobody sees a line come and go.
    aloud: bool,
    /// What is not shown of what the other side says.
    secrets: Secrets,
}

impl Waiting {
    pub(super) fn new(whom: &str) -> Self {
        let (whom, secrets) = (whom.to_owned(), Secrets::default());
        Self { whom, start: Instant::now(), bar: None, aloud: false, secrets }
    }

    pub(super) fn said_aloud(whom: &str) -> Self {
        let mut waiting = Self::new(whom);
        waiting.aloud = true;
        waiting
    }

    pub(super) fn hiding(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// Still waiting.
    pub(super) fn look(&mut self) {
        self.tell("");
    }

    /// Still waiting; what the other side says of it.
    fn tell(&mut self, said: &str) {
        if self.start.elapsed() < QUIET {
            return;
        }
        let text = format!("waiting for {}", self.whom);
        if std::mem::take(&mut self.aloud) && !std::io::stderr().is_terminal() {
            drop(writeln!(std::io::stderr(), "{text}"));
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::new_spinner().with_style(style).with_elapsed(self.start.elapsed())
        });
        let said: String =
            self.secrets.hide(said).chars().filter(|c| !c.is_control()).take(60).collect();
        bar.set_message(if said.is_empty() { text } else { format!("{text}: {said}") });
        bar.tick();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The program did not end in time, and was ended.
#[derive(Debug)]
pub(super) struct Silent;

/// What a program said, and the end of it; it is ended when it is silent for too long. Its input, output and error output
/// must be piped.
pub(super) fn output(
    mut child: Child,
    input: &[u8],
    patience: Patience,
    waiting: &mut Waiting,
) -> std::io::Result<Result<Output, Silent>> {
    let (events, heard) = channel();
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_owned();
        // A program that fails early closes its input; what it says then is the error worth showing.
        std::thread::spawn(move || drop(stdin.write_all(&input)));
    }
    let mut said = [Vec::new(), Vec::new()];
    let mut open =
        listen(child.stdout.take(), 0, &events) + listen(child.stderr.take(), 1, &events);
    drop(events);
    let start = Instant::now();
    let (mut last, mut ended) = (start, None);
    while open > 0 {
        match heard.recv_timeout(Duration::from_millis(100)) {
            Ok((_, bytes)) if bytes.is_empty() => open -= 1,
            Ok((which, bytes)) => {
                last = Instant::now();
                said[which].extend(bytes);
            }
            Err(RecvTimeoutError::Timeout) => {
                if ended.is_none() && child.try_wait()?.is_some() {
                    ended = Some(Instant::now());
                }
                if ended.is_some_and(|ended| last.max(ended).elapsed() > LINGER) {
                    break;
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let late =
            last.elapsed() > patience.silence || start.elapsed() > patience.silence * LONGEST;
        if late {
            end(&mut child)?;
            return Ok(Err(Silent));
        }
        let end = &said[1][said[1].len().saturating_sub(2_000)..];
        let text = String::from_utf8_lossy(end);
        waiting.tell(text.rsplit(['\n', '\r']).find(|line| !line.trim().is_empty()).unwrap_or(""));
    }
    let [stdout, stderr] = said;
    Ok(Ok(Output { status: child.wait()?, stdout, stderr }))
}

/// Passes on what a pipe brings, and at its end nothing. Says how many pipes that are.
fn listen(
    pipe: Option<impl Read + Send + 'static>,
    which: usize,
    events: &Sender<(usize, Vec<u8>)>,
) -> usize {
    let Some(mut pipe) = pipe else { return 0 };
    let events = events.clone();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        loop {
            let n = pipe.read(&mut buffer).unwrap_or_default();
            if events.send((which, buffer[..n].to_vec())).is_err() || n == 0 {
                return;
            }
        }
    });
    1
}

/// Ends a program: politely, so that it ends its own helpers, and then not.
fn end(child: &mut Child) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap_or_default();
        }
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(1) {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    child.kill()?;
    child.wait().map(drop)
}
