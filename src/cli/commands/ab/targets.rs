//! Versions that somebody else runs: two URLs, or two load commands.

use super::side::{Side, Sides};
use crate::cli::args::AbArgs;
use crate::cli::commands::driving::Rig;
use crate::cli::error::CliError;
use crate::driver::{NotReady, Probe, await_ready};

/// Where a version is reached.
pub(super) struct Place {
    url: String,
    host: String,
    port: String,
}

impl Place {
    /// A port of this machine.
    pub(super) fn local(port: u16) -> Self {
        let (host, port) = ("127.0.0.1".to_owned(), port.to_string());
        Self { url: format!("http://{host}:{port}"), host, port }
    }

    /// A URL, without a slash at its end.
    fn of_url(url: &str) -> Option<Self> {
        let url = url.trim_end_matches('/');
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split('/').next().filter(|own| !own.is_empty())?;
        let usual = if matches!(scheme, "https" | "wss") { "443" } else { "80" };
        let known = authority.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
        let (host, port) = known.unwrap_or((authority, usual));
        Some(Self { url: url.to_owned(), host: host.to_owned(), port: port.to_owned() })
    }

    /// A command with this place in it.
    pub(super) fn fill(&self, command: &[String]) -> Vec<String> {
        let fill = |word: &String| {
            word.replace("{url}", &self.url)
                .replace("{host}", &self.host)
                .replace("{port}", &self.port)
        };
        command.iter().map(fill).collect()
    }

    /// What is asked whether the version is ready: a URL, or a path of it.
    pub(super) fn probe(&self, ready: &str) -> Result<Probe, CliError> {
        let filled = self.fill(&[ready.to_owned()]).concat();
        let url = if filled.starts_with('/') { format!("{}{filled}", self.url) } else { filled };
        Probe::url(&url).ok_or_else(|| {
            let help = "write a path such as /health, or http://HOST:PORT/PATH";
            CliError::usage(format!("--ready: `{url}` is no plain http URL"), help)
        })
    }
}

/// A load that does not say where would measure one version twice.
pub(super) fn refuse_no_place(command: &[String]) -> Result<(), CliError> {
    let places = ["{url}", "{host}", "{port}"];
    if command.iter().any(|word| places.iter().any(|place| word.contains(place))) {
        return Ok(());
    }
    let help = "use {url}, or {host} and {port}, such as: -- locust -f locustfile.py --host {url}";
    Err(CliError::usage("the load command does not say which version to load", help))
}

/// `--target-a` and `--target-b`.
pub(super) fn of_urls(args: &AbArgs, rig: &Rig<'_>) -> Result<Sides, CliError> {
    refuse_no_place(&args.command)?;
    let side = |name: &'static str, url: Option<&String>| {
        let url = url.map(String::as_str).unwrap_or_default();
        let place = Place::of_url(url).ok_or_else(|| {
            CliError::usage(format!("`{url}` is no URL"), "write it like http://127.0.0.1:8731")
        })?;
        if let Some(ready) = &args.ready {
            refuse_silent(&place.probe(ready)?, url, args, rig)?;
        }
        Ok::<Side, CliError>(Side {
            name,
            title: url.to_owned(),
            commit: None,
            command: place.fill(&args.command),
        })
    };
    Ok(Sides::of_others(
        side("base", args.target_a.as_ref())?,
        side("head", args.target_b.as_ref())?,
    ))
}

fn refuse_silent(probe: &Probe, url: &str, args: &AbArgs, rig: &Rig<'_>) -> Result<(), CliError> {
    let found = await_ready(probe, args.ready_within, &rig.interrupts, || Ok(None));
    let Some(why) = found.map_err(CliError::Output)? else { return Ok(()) };
    rig.refuse_interrupted()?;
    let why = match why {
        NotReady::Status(status) => format!("responds with status {status}"),
        NotReady::Silent | NotReady::Ended(_) | NotReady::Interrupted => {
            "does not respond".to_owned()
        }
    };
    let within = args.ready_within.as_secs_f64();
    Err(CliError::usage(format!("{url} {why} after {within} s"), "is it running?"))
}

/// `--command-a` and `--command-b`.
pub(super) fn of_commands(args: &AbArgs) -> Result<Sides, CliError> {
    let side = |name: &'static str, text: Option<&String>| {
        let text = text.map(String::as_str).unwrap_or_default();
        Ok::<Side, CliError>(Side {
            name,
            title: name.to_owned(),
            commit: None,
            command: split(text)?,
        })
    };
    Ok(Sides::of_others(
        side("base", args.command_a.as_ref())?,
        side("head", args.command_b.as_ref())?,
    ))
}

/// The words of a command that is given as one argument.
pub(super) fn split(text: &str) -> Result<Vec<String>, CliError> {
    let words = shell_words::split(text).map_err(|error| {
        CliError::usage(format!("`{text}`: {error}"), "quote the whole command as one argument")
    })?;
    let operator = |word: &String| matches!(word.as_str(), "&&" | "||" | "|" | ";" | ">" | "&");
    if words.iter().any(operator) {
        let help = format!("no shell reads it: write sh -c {}", shell_words::quote(text));
        return Err(CliError::usage(format!("`{text}` needs a shell"), help));
    }
    if words.is_empty() {
        return Err(CliError::usage("a command is empty", "write a program and its arguments"));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_fills_commands() {
        let fill = |url: &str| {
            let place = Place::of_url(url)?;
            Some(place.fill(&["{url}/x".to_owned(), "{host}:{port}".to_owned()]).join(" "))
        };
        assert_eq!(fill("http://a:1/").unwrap(), "http://a:1/x a:1");
        assert_eq!(
            fill("https://staging.example/v2").unwrap(),
            "https://staging.example/v2/x staging.example:443"
        );
        assert_eq!(fill("http://[::1]:7").unwrap(), "http://[::1]:7/x [::1]:7");
        assert_eq!(fill("a:1"), None);
    }

    #[test]
    fn what_needs_a_shell_is_refused() {
        assert_eq!(split("npm ci").unwrap(), ["npm", "ci"]);
        assert_eq!(split("sh -c 'a && b'").unwrap(), ["sh", "-c", "a && b"]);
        for refused in ["npm ci && npm run build", "a | b", "", "'"] {
            assert!(split(refused).is_err(), "{refused}");
        }
    }
}
