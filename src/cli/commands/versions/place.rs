//! Where a version is reached, and the commands that say so.

use crate::cli::error::CliError;
use crate::driver::Probe;

/// Where a version is reached.
pub(in crate::cli) struct Place {
    url: String,
    host: String,
    port: String,
}

impl Place {
    /// A port of this machine.
    pub(in crate::cli) fn local(port: u16) -> Self {
        let (host, port) = ("127.0.0.1".to_owned(), port.to_string());
        Self { url: format!("http://{host}:{port}"), host, port }
    }

    /// A URL, without a slash at its end.
    pub(in crate::cli) fn of_url(url: &str) -> Option<Self> {
        let url = url.trim_end_matches('/');
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split('/').next().filter(|own| !own.is_empty())?;
        let usual = if matches!(scheme, "https" | "wss") { "443" } else { "80" };
        let known = authority.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
        let (host, port) = known.unwrap_or((authority, usual));
        Some(Self { url: url.to_owned(), host: host.to_owned(), port: port.to_owned() })
    }

    /// A command with this place in it.
    pub(in crate::cli) fn fill(&self, command: &[String]) -> Vec<String> {
        let fill = |word: &String| {
            word.replace("{url}", &self.url)
                .replace("{host}", &self.host)
                .replace("{port}", &self.port)
        };
        command.iter().map(fill).collect()
    }

    /// What is asked whether the version is ready: a URL, or a path of it.
    pub(in crate::cli) fn probe(&self, ready: &str) -> Result<Probe, CliError> {
        let filled = self.fill(&[ready.to_owned()]).concat();
        let url = if filled.starts_with('/') { format!("{}{filled}", self.url) } else { filled };
        Probe::url(&url).ok_or_else(|| {
            let help = "write a path such as /health, or http://HOST:PORT/PATH";
            CliError::usage(format!("--ready: `{url}` is no plain http URL"), help)
        })
    }
}

/// A load that does not say where would measure one version twice.
pub(in crate::cli) fn refuse_no_place(command: &[String]) -> Result<(), CliError> {
    let places = ["{url}", "{host}", "{port}"];
    if command.iter().any(|word| places.iter().any(|place| word.contains(place))) {
        return Ok(());
    }
    let help = "use {url}, or {host} and {port}, such as: -- locust -f locustfile.py --host {url}";
    Err(CliError::usage("the load command does not say which version to load", help))
}

/// The words of a command that is given as one argument.
pub(in crate::cli) fn split(text: &str) -> Result<Vec<String>, CliError> {
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
