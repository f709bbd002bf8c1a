//! Where records are kept, from the three keys that say so.

use crate::config::file::StoreKind;
use crate::config::policy::StorePlace;

/// The beginnings that an address may have.
const SCHEMES: [&str; 4] = ["s3://", "gs://", "az://", "file:///"];

/// The store that these keys name, or what is wrong with them.
pub(super) fn store_place(
    kind: Option<StoreKind>,
    path: Option<String>,
    url: Option<String>,
) -> Result<StorePlace, String> {
    let problem = |text: &str| Err(format!("store: {text}"));
    match (kind.unwrap_or(StoreKind::Git), path, url) {
        (StoreKind::Git, None, None) => Ok(StorePlace::Git),
        (StoreKind::Directory, Some(path), None) => Ok(StorePlace::Directory(path)),
        (StoreKind::Object, None, Some(url)) => address(url).map(StorePlace::Object),
        (StoreKind::Directory, None, None) => problem("a directory store needs a `path`"),
        (StoreKind::Object, None, None) => problem("an object store needs a `url`"),
        (_, Some(_), _) => problem("`path` belongs to `kind: directory`"),
        (_, _, Some(_)) => problem("`url` belongs to `kind: object`"),
    }
}

/// An address that says where, and nothing else: a password in it would be in every clone.
fn address(url: String) -> Result<String, String> {
    let rest = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme));
    let Some(rest) = rest.filter(|rest| !rest.trim_matches('/').is_empty()) else {
        let known = "s3://BUCKET/PATH, gs://BUCKET/PATH, az://CONTAINER/PATH or file:///FOLDER";
        return Err(format!("store: url: `{url}` is no address of object storage: {known}"));
    };
    if rest.contains(['@', '?', '#'])
        || rest.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        let problem = "store: url: an address of object storage holds no credentials, options or blanks: those of the service are read \
                       from the environment, blanks are written %20";
        return Err(problem.to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_and_nothing_else() {
        let object = |url: &str| store_place(Some(StoreKind::Object), None, Some(url.to_owned()));
        for url in [
            "s3://b",
            "s3://b/team/api",
            "gs://b/x",
            "az://c/x",
            "file:///var/runs",
            "file:///C:/runs",
        ] {
            assert_eq!(object(url), Ok(StorePlace::Object(url.to_owned())));
        }
        for url in [
            "b/x",
            "http://h/b",
            "file://runs",
            "s3://",
            "s3:///",
            "s3://k:s@b/x",
            "s3://b/x?k=v",
            "s3://b/a b",
        ] {
            assert!(object(url).is_err(), "{url}");
        }
    }
}
