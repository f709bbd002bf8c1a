//! The targets of the fuzzer, on every input that is kept, and on thousands that are made of them: none panics, whatever it refuses.

use crate::support::random::Random;
use perfgate::probe::{OTHERS, Target, run_target, targets};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Inputs that are made for each target, unless `CORPUS_MADE` asks for more.
const MADE: usize = 200;

/// Bytes that an input grows to at most: what is larger takes longer and shows no more.
const LONGEST: usize = 16 << 10;

/// What breaks readers: put in the place of bytes.
const HOSTILE: [&str; 22] = [
    "\0",
    "\"",
    "\"\"",
    "'",
    "<",
    ">",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\n",
    "\r\n",
    "\u{feff}",
    "\u{202e}",
    "-1",
    "1e999",
    "1e308",
    "NaN",
    "18446744073709551616",
    "9223372036854775807",
    "null",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The inputs that are kept for a target; those of every other one for the recognition.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let folders: Vec<_> = match target {
        "detect" => targets().map(|(name, _)| root().join("tests/corpus").join(name)).collect(),
        name => vec![root().join("tests/corpus").join(name)],
    };
    let mut files: Vec<_> = folders
        .iter()
        .filter_map(|folder| folder.read_dir().ok())
        .flat_map(|entries| entries.map(|entry| entry.unwrap().path()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "put a small input into tests/corpus/{target}");
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn below(random: &mut Random, end: usize) -> usize {
    (random.uniform() * end as f64) as usize
}

/// Another input made of one that is kept: some places of it damaged.
fn damaged(all: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = all[below(random, all.len())].clone();
    for _ in 0..=below(random, 4) {
        let (at, length) = (below(random, bytes.len() + 1), 1 + below(random, 40));
        let end = (at + length).min(bytes.len());
        match below(random, 9) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes[at..end].fill(0),
            3 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            4 if at < bytes.len() => bytes[at] ^= 1 << below(random, 8),
            5 if at < bytes.len() => bytes[at] = b'0' + below(random, 10) as u8,
            6 => {
                // A piece of another input.
                let other = &all[below(random, all.len())];
                let from = below(random, other.len() + 1);
                let piece = &other[from..(from + 4 * length).min(other.len())];
                bytes.splice(at..end, piece.iter().copied());
            }
            7 => {
                // A line that is lost or repeated.
                let start = bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
                let end = bytes[at..]
                    .iter()
                    .position(|b| *b == b'\n')
                    .map_or(bytes.len(), |n| at + n + 1);
                let line = bytes[start..end].to_vec();
                let twice =
                    if below(random, 2) == 0 { Vec::new() } else { [&line[..], &line].concat() };
                bytes.splice(start..end, twice);
            }
            _ => {
                let hostile = HOSTILE[below(random, HOSTILE.len())];
                let over = below(random, 2) * (end - at);
                bytes.splice(at..at + over, hostile.bytes());
            }
        }
        bytes.truncate(LONGEST);
    }
    bytes
}

/// Runs a target; a panic names the input that it comes from.
fn survives(name: &str, target: Target, bytes: &[u8]) {
    let caught = std::panic::catch_unwind(|| target.run(bytes));
    assert!(caught.is_ok(), "{name} panics on {:?}", String::from_utf8_lossy(bytes));
}

#[test]
fn no_target_panics_on_what_is_kept_or_made_of_it() {
    let threads: Vec<_> = targets()
        .map(|(name, target)| {
            std::thread::spawn(move || {
                let all = kept(name);
                all.iter().for_each(|bytes| survives(name, target, bytes));
                survives(name, target, b"");
                // The same on every machine, and other ones for each target.
                let seed = name.bytes().fold(17, |all: u64, b| all.wrapping_mul(31) + u64::from(b));
                let mut random = Random::new(seed);
                let asked = std::env::var("CORPUS_MADE").ok().and_then(|n| n.parse().ok());
                (0..asked.unwrap_or(MADE))
                    .for_each(|_| survives(name, target, &damaged(&all, &mut random)));
            })
        })
        .collect();
    // All of them come to their end, so that every target that fails is told.
    let failed = threads.into_iter().filter_map(|thread| thread.join().err()).count();
    assert_eq!(failed, 0, "targets that panic");
}

#[test]
fn every_target_is_one_of_the_fuzzer_and_the_other_way_round() {
    let names: BTreeSet<&str> = targets().map(|(name, _)| name).collect();
    assert_eq!(names.len(), targets().count(), "two targets have one name");
    let others =
        OTHERS.map(|(name, _)| (name.to_owned(), format!("run_target(\"{name}\", bytes)")));
    // All formats are one target, to which a variable says which.
    let formats = ("format".to_owned(), "run_target(&format, bytes)".to_owned());
    let programs: BTreeMap<String, String> = others.into_iter().chain([formats]).collect();
    let folder = root().join("fuzz/fuzz_targets");
    let files: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert!(programs.keys().eq(&files), "{files:?}");
    let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    for (name, call) in programs {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let text = std::fs::read_to_string(folder.join(format!("{name}.rs"))).unwrap();
        assert!(text.contains(&call), "{name}");
    }
    run_target("detect", b"{}");
}
