//! Which file of a command is the script that makes the load, and what stands in it: a test that changed is worth knowing.

use super::command::given;
use ring::digest::{SHA256, digest};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The largest file that is taken for a script, in bytes.
const LARGEST: u64 = 64 << 20;
/// What Locust runs when it is told nothing.
const LOCUSTFILE: &str = "locustfile.py";
/// The endings of what k6 runs: its other files are settings and certificates.
const K6_SCRIPTS: [&str; 4] = ["js", "mjs", "ts", "tar"];

/// SHA-256 of the script that a command runs in this folder, in hex; none where no file of it is one.
pub fn script_hash(command: &[String], folder: &Path) -> Option<String> {
    let mut text = Vec::new();
    for file in scripts(command, folder)? {
        text.extend(std::fs::read(file).ok()?);
    }
    let hash = digest(&SHA256, &text);
    Some(hash.as_ref().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// The files of the script: several only where Locust is given several.
fn scripts(command: &[String], folder: &Path) -> Option<Vec<PathBuf>> {
    let of_tool = |name: &str| {
        let at = command.iter().position(|word| Path::new(word).file_stem() == Some(name.as_ref()));
        at.map(|at| &command[at + 1..])
    };
    let file = |word: &str| is_script(&folder.join(word)).then(|| folder.join(word));
    let plain = || command.iter().skip(1).find_map(|word| file(word)).map(|file| vec![file]);
    if let Some(arguments) = of_tool("locust") {
        let named = given(arguments, &["--locustfile", "-f"]);
        // Locust takes a name without its ending, too.
        let locustfile = |name: &str| file(name).or_else(|| file(&format!("{name}.py")));
        return match named {
            Some(names) => names.split(',').map(|name| locustfile(name.trim())).collect(),
            None => file(LOCUSTFILE).map(|file| vec![file]).or_else(plain),
        };
    }
    if let Some(arguments) = of_tool("k6") {
        let is_k6 = |word: &&String| {
            let ending = Path::new(word).extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| K6_SCRIPTS.contains(&ending))
        };
        let named = arguments.iter().filter(is_k6).find_map(|word| file(word));
        return named.map(|file| vec![file]).or_else(plain);
    }
    plain()
}

fn is_script(path: &Path) -> bool {
    path.metadata().is_ok_and(|about| about.is_file() && about.len() <= LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_found_in_the_command() {
        let place = tempfile::TempDir::new().unwrap();
        for name in ["locustfile.py", "own.py", "more.py", "load.js", "settings.json", "run.sh"] {
            std::fs::write(place.path().join(name), name).unwrap();
        }
        let of = |command: &str| {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            let files = scripts(&words, place.path()).unwrap_or_default();
            let names = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap());
            names.collect::<Vec<_>>().join(" ")
        };
        for (command, script) in [
            ("locust --headless", "locustfile.py"),
            ("locust -f own.py --csv x", "own.py"),
            ("locust --locustfile=own", "own.py"),
            ("/venv/bin/locust -fown.py", "own.py"),
            ("python3 -m locust -f own.py,more.py", "own.py more.py"),
            ("locust -f gone.py settings.json", ""),
            ("k6 run --config settings.json --vus 3 load.js", "load.js"),
            ("k6 run --vus 3 gone.js", ""),
            ("./run.sh --threads 3 settings.json", "settings.json"),
            ("./run.sh --threads 3", ""),
            ("sh run.sh", "run.sh"),
        ] {
            assert_eq!(of(command), script, "{command}");
        }
    }

    #[test]
    fn the_hash_is_that_of_sha256sum() {
        let place = tempfile::TempDir::new().unwrap();
        std::fs::write(place.path().join("load.js"), "abc").unwrap();
        let command = ["k6", "run", "load.js"].map(str::to_owned);
        let hash = script_hash(&command, place.path()).unwrap();
        assert_eq!(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
