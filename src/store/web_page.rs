//! The page that a remote has in the web, by the address that git has of it.

/// `https://host/owner/name` of an address of git, without the user and the password in it; none of a folder.
pub(super) fn web_page(url: &str) -> Option<String> {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest.to_owned()),
        // Its port is one of SSH.
        Some(("ssh" | "git+ssh" | "git", rest)) => {
            let (host, path) = rest.split_once('/')?;
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
            ("https", format!("{host}/{path}"))
        }
        Some(_) => return None,
        // git@host:owner/name
        None => {
            let (host, path) = url.split_once(':')?;
            let is_host = host.contains('@') || (host.contains('.') && !host.contains('/'));
            if !is_host {
                return None;
            }
            ("https", format!("{host}/{}", path.trim_start_matches('/')))
        }
    };
    let (host, path) = rest.split_once('/')?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let path = path.trim_end_matches('/').trim_end_matches(".git");
    (!host.is_empty() && !path.is_empty()).then(|| format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::web_page;

    #[test]
    fn every_way_to_write_a_remote_leads_to_its_page_without_secrets() {
        for url in [
            "https://git.example.org/o/r.git",
            "https://user:secret@git.example.org/o/r",
            "git@git.example.org:o/r.git",
            "git.example.org:o/r.git",
            "ssh://git@git.example.org:2222/o/r.git",
        ] {
            assert_eq!(web_page(url).as_deref(), Some("https://git.example.org/o/r"), "{url}");
        }
        let port = web_page("http://x@localhost:3000/o/r.git/");
        assert_eq!(port.as_deref(), Some("http://localhost:3000/o/r"));
        for folder in ["/srv/git/r.git", "../r", "file:///srv/r", "C:\\git\\r", "https://host"] {
            assert_eq!(web_page(folder), None, "{folder}");
        }
    }
}
