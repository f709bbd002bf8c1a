//! The load tool's command line: a profile's numbers in the place of placeholders, or as the options of a tool that is known.

use std::path::Path;

/// The numbers of a load.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Numbers {
    /// Users at once.
    pub users: Option<u64>,
    /// Users started per second.
    pub spawn_rate: Option<f64>,
    /// How long the load lasts, in seconds.
    pub duration_s: Option<f64>,
}

/// Why a command cannot be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CommandError {
    /// A placeholder whose number the profile does not have.
    #[error("the command asks for {{{placeholder}}}, and the profile has no {key}")]
    Missing {
        /// The placeholder.
        placeholder: &'static str,
        /// The profile's key.
        key: &'static str,
    },
    /// A command without a program.
    #[error("there is no command")]
    Empty,
}

/// What a known tool writes its results as, inside the output folder.
const LOCUST_CSV: &str = "locust";
const K6_SAMPLES: &str = "k6.json.gz";

/// The name of the program, without folder and ending.
pub fn tool_of(command: &[String]) -> Option<String> {
    let name = Path::new(command.first()?).file_stem()?;
    Some(name.to_string_lossy().to_lowercase())
}

/// The command with the numbers in it. A command with placeholders gets nothing else; `locust` and `k6 run` without any get
/// their options, and write their results into `out`.
pub fn prepare(
    command: &[String],
    numbers: Numbers,
    out: &Path,
) -> Result<(Vec<String>, Numbers), CommandError> {
    let tool = tool_of(command).ok_or(CommandError::Empty)?;
    let names = ["{users}", "{spawn_rate}", "{duration}"];
    let asks = |name: &str| command.iter().any(|word| word.contains(name));
    let own = matches!(tool.as_str(), "locust" | "k6");
    if names.iter().any(|name| asks(name)) || !own {
        let filled: Result<Vec<String>, _> =
            command.iter().map(|word| filled(word, numbers, out)).collect();
        // What the command never got is not what was run.
        let numbers = Numbers {
            users: numbers.users.filter(|_| asks("{users}")),
            spawn_rate: numbers.spawn_rate.filter(|_| asks("{spawn_rate}")),
            duration_s: numbers.duration_s.filter(|_| asks("{duration}")),
        };
        return Ok((filled?, numbers));
    }
    let mut numbers = numbers;
    let mut command: Vec<String> =
        command.iter().map(|word| filled(word, numbers, out)).collect::<Result<_, _>>()?;
    match tool.as_str() {
        "locust" => {
            let options = locust(&command, numbers, out);
            let [users, rate, duration] =
                [&["--users", "-u"], &["--spawn-rate", "-r"], &["--run-time", "-t"]]
                    .map(|names| given(&command, names));
            numbers.overruled(users, rate, duration);
            command.extend(options);
        }
        "k6" => {
            let run = command.iter().position(|word| word == "run");
            let options = k6(&command, numbers, out);
            let [users, duration] =
                [&["--vus", "-u"], &["--duration", "-d"]].map(|names| given(&command, names));
            numbers.overruled(users, None, duration);
            // k6 starts all users at once.
            numbers.spawn_rate = None;
            if run.is_none() {
                numbers = Numbers::default();
            }
            if let Some(at) = run {
                command.splice(at + 1..at + 1, options);
            }
        }
        _ => {}
    }
    Ok((command, numbers))
}

/// The value that the command gives to one of these options; empty where it has none.
pub(super) fn given(command: &[String], names: &[&str]) -> Option<String> {
    let at = |name: &&str| {
        let with_value = format!("{name}=");
        command.iter().enumerate().find_map(|(i, word)| match word.strip_prefix(&with_value) {
            Some(value) => Some(value.to_owned()),
            None if word == name => Some(command.get(i + 1).cloned().unwrap_or_default()),
            // A short option may have its value right behind it: `-u3`.
            None if name.len() == 2 && !word.starts_with("--") => {
                word.strip_prefix(name).map(str::to_owned)
            }
            None => None,
        })
    };
    names.iter().find_map(at)
}

impl Numbers {
    /// What the command says itself holds; what of that is no plain number is not known.
    fn overruled(&mut self, users: Option<String>, rate: Option<String>, duration: Option<String>) {
        if let Some(text) = users {
            self.users = text.parse().ok();
        }
        if let Some(text) = rate {
            self.spawn_rate = text.parse().ok();
        }
        if let Some(text) = duration {
            let friendly =
                || text.parse::<jiff::SignedDuration>().ok().map(|own| own.as_secs_f64());
            self.duration_s = text.parse().ok().or_else(friendly);
        }
    }
}

fn filled(word: &str, numbers: Numbers, out: &Path) -> Result<String, CommandError> {
    let missing = |placeholder, key| CommandError::Missing { placeholder, key };
    let mut word = word.replace("{out}", &out.display().to_string());
    if word.contains("{users}") {
        let users = numbers.users.ok_or(missing("users", "users"))?;
        word = word.replace("{users}", &users.to_string());
    }
    if word.contains("{spawn_rate}") {
        let rate = numbers.spawn_rate.ok_or(missing("spawn_rate", "spawn_rate"))?;
        word = word.replace("{spawn_rate}", &rate.to_string());
    }
    if word.contains("{duration}") {
        let seconds = numbers.duration_s.ok_or(missing("duration", "duration"))?;
        word = word.replace("{duration}", &seconds_text(seconds));
    }
    Ok(word)
}

/// `90s`, which Locust and k6 both read.
fn seconds_text(seconds: f64) -> String {
    format!("{}s", seconds.round().max(1.0))
}

/// Options, each with its value, unless the command has one of its names already.
fn unless_given(command: &[String], names: &[&str], value: Option<String>) -> Vec<String> {
    match value {
        Some(value) if given(command, names).is_none() => vec![names[0].to_owned(), value],
        _ => Vec::new(),
    }
}

fn locust(command: &[String], numbers: Numbers, out: &Path) -> Vec<String> {
    let has = |name: &str| command.iter().any(|word| word == name);
    let mut options = Vec::new();
    if !has("--headless") {
        options.push("--headless".to_owned());
    }
    let add = |names: &[&str], value: Option<String>| unless_given(command, names, value);
    options.extend(add(&["--users", "-u"], numbers.users.map(|n| n.to_string())));
    options.extend(add(&["--spawn-rate", "-r"], numbers.spawn_rate.map(|r| r.to_string())));
    options.extend(add(&["--run-time", "-t"], numbers.duration_s.map(seconds_text)));
    options.extend(add(&["--csv"], Some(out.join(LOCUST_CSV).display().to_string())));
    // Failed requests are judged by their rate, not by an exit code.
    options.extend(add(&["--exit-code-on-error"], Some("0".to_owned())));
    options
}

fn k6(command: &[String], numbers: Numbers, out: &Path) -> Vec<String> {
    let add = |names: &[&str], value: Option<String>| unless_given(command, names, value);
    let mut options = add(&["--vus", "-u"], numbers.users.map(|n| n.to_string()));
    options.extend(add(&["--duration", "-d"], numbers.duration_s.map(seconds_text)));
    let samples = format!("json={}", out.join(K6_SAMPLES).display());
    options.extend(add(&["--out", "-o"], Some(samples)));
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: Numbers =
        Numbers { users: Some(500), spawn_rate: Some(50.0), duration_s: Some(300.0) };

    fn made(command: &str, numbers: Numbers) -> Result<String, CommandError> {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        prepare(&words, numbers, Path::new("out")).map(|(words, _)| words.join(" "))
    }

    #[test]
    fn known_tools_get_their_options() {
        assert_eq!(
            made("locust -f locustfile.py --host http://127.0.0.1", NUMBERS).unwrap(),
            "locust -f locustfile.py --host http://127.0.0.1 --headless --users 500 --spawn-rate 50 --run-time 300s --csv out/locust --exit-code-on-error 0"
        );
        assert_eq!(
            made("/usr/bin/k6 run load.js", NUMBERS).unwrap(),
            "/usr/bin/k6 run --vus 500 --duration 300s --out json=out/k6.json.gz load.js"
        );
        assert_eq!(
            made("locust -u 3 --run-time=5s --headless --csv=x --exit-code-on-error 1", NUMBERS)
                .unwrap(),
            "locust -u 3 --run-time=5s --headless --csv=x --exit-code-on-error 1 --spawn-rate 50"
        );
    }

    #[test]
    fn what_the_command_says_itself_is_what_was_run() {
        let run = |command: &str| {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            prepare(&words, NUMBERS, Path::new("out")).unwrap().1
        };
        let own = Numbers { users: Some(3), spawn_rate: Some(50.0), duration_s: Some(5.0) };
        assert_eq!(run("locust -u 3 --run-time=5s"), own);
        assert_eq!(run("k6 run --vus=4 load.js").users, Some(4));
        assert_eq!(run("k6 run -u5 load.js").users, Some(5));
        assert_eq!(run("k6 run load.js").users, NUMBERS.users);
        assert_eq!(run("k6 run --out json={out}/x.json load.js").users, Some(500));
        assert_eq!(run("./load --plain {out}"), Numbers::default());
        assert_eq!(run("./load {users}"), Numbers { users: Some(500), ..Numbers::default() });
    }

    #[test]
    fn placeholders_are_filled_and_nothing_is_added() {
        assert_eq!(
            made("locust -u {users} -t {duration} --csv {out}/a", NUMBERS).unwrap(),
            "locust -u 500 -t 300s --csv out/a"
        );
        assert_eq!(
            made("./load {users}", Numbers::default()),
            Err(CommandError::Missing { placeholder: "users", key: "users" })
        );
        assert_eq!(made("./load --plain", NUMBERS).unwrap(), "./load --plain");
    }
}
