//! How long a command takes and how much memory it needs, and the arguments of a bench.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;

pub(crate) fn number(name: &str) -> Option<usize> {
    argument(name)?.parse().ok()
}

pub(crate) fn argument(name: &str) -> Option<String> {
    let all: Vec<String> = std::env::args().collect();
    all.get(all.iter().position(|own| own == name)? + 1).cloned()
}

/// What a command took.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    pub(crate) ms: f64,
    pub(crate) peak_mb: f64,
}

/// The median wall time and the highest peak of memory, after one run that warms the caches. `removed` is removed before each.
pub(crate) fn median(
    folder: &Path,
    program: &str,
    arguments: &[&str],
    removed: Option<&Path>,
) -> Took {
    let mut all: Vec<Took> = (0..=ROUNDS)
        .map(|_| {
            if let Some(removed) = removed {
                std::fs::remove_dir_all(removed).unwrap_or_default();
            }
            took(Command::new(program).args(arguments).current_dir(folder))
        })
        .skip(1)
        .collect();
    all.sort_by(|a, b| a.ms.total_cmp(&b.ms));
    let peak_mb = all.iter().map(|own| own.peak_mb).fold(0.0, f64::max);
    Took { ms: all[all.len() / 2].ms, peak_mb }
}

fn took(command: &mut Command) -> Took {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_mb = 0.0_f64;
    let code = loop {
        if let Some(code) = child.try_wait().unwrap() {
            break code;
        }
        peak_mb = peak_mb.max(peak(&status));
        std::thread::sleep(Duration::from_micros(500));
    };
    let ms = start.elapsed().as_secs_f64() * 1e3;
    assert!(code.code().is_some_and(|code| code != 2), "{command:?}");
    Took { ms, peak_mb }
}

fn peak(status: &str) -> f64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kb.unwrap_or_default() / 1e3
}

pub(crate) fn du(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let about = entry.metadata().unwrap();
        bytes += if about.is_dir() { du(&entry.path()) } else { about.len() };
    }
    bytes
}

/// What a command takes once.
#[allow(dead_code, reason = "not every bench needs it")]
pub(crate) fn once(folder: &Path, program: &str, arguments: &[&str]) -> Took {
    took(Command::new(program).args(arguments).current_dir(folder))
}
