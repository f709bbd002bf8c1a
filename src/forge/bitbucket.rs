//! Bitbucket Cloud: comments on pull requests.

use super::definition::{CiRun, Forge, needed, number_in};
use super::error::ForgeError;
use super::github::{missing, number, text};
use super::http::{Auth, Http};
use super::marker::Style;
use super::patience::Patience;
use super::sticky::{Comment, Comments};
use reqwest::Method;
use serde_json::{Value, json};

/// Pages of 100 comments that are read at most.
const MOST_PAGES: usize = 100;

pub(super) static FORGE: Forge = Forge {
    name: "bitbucket",
    title: "Bitbucket",
    detected_by: &["BITBUCKET_BUILD_NUMBER"],
    tokens: &["BITBUCKET_TOKEN"],
    variables: &[
        "BITBUCKET_API_URL",
        "BITBUCKET_BRANCH",
        "BITBUCKET_COMMIT",
        "BITBUCKET_PR_ID",
        "BITBUCKET_REPO_FULL_NAME",
    ],
    event: None,
    style: Style::Definition,
    run: |variables, _| CiRun {
        number: number_in(variables, "BITBUCKET_PR_ID"),
        sha: variables.get("BITBUCKET_COMMIT").unwrap_or_default().to_owned(),
        run: (number_in(variables, "BITBUCKET_BUILD_NUMBER").unwrap_or_default(), 1),
    },
    comments: |variables, access| {
        let api = variables.get("BITBUCKET_API_URL").unwrap_or("https://api.bitbucket.org/2.0");
        let of = (needed(variables, "BITBUCKET_REPO_FULL_NAME")?, access.number);
        Ok(Box::new(Bitbucket::new(api, of, access.token, access.patience)?))
    },
    help: |status| {
        matches!(status, 401 | 403).then_some(
            "the token needs `pullrequest:write` and `account`: a repository access token in BITBUCKET_TOKEN",
        )
    },
    // Only some of its projects have a tracker.
    tracking: None,
};

/// A pull request on Bitbucket Cloud.
#[derive(Debug)]
pub struct Bitbucket {
    http: Http,
    comments: String,
}

impl Bitbucket {
    /// A pull request of a repository (`workspace/name`), below the API's address.
    pub fn new(
        api: &str,
        (repository, number): (&str, u64),
        token: &str,
        patience: Patience,
    ) -> Result<Self, ForgeError> {
        let http = Http::new(api, token, Auth::Bearer, patience)?;
        let comments = format!("repositories/{repository}/pullrequests/{number}/comments");
        Ok(Self { http, comments })
    }
}

fn comment(value: &Value) -> Result<Comment, ForgeError> {
    Ok(Comment {
        id: number(value, "/id", "a comment")?,
        author: text(value, "/user/uuid").unwrap_or_default(),
        body: text(value, "/content/raw").unwrap_or_default(),
        url: text(value, "/links/html/href"),
    })
}

fn content(body: &str) -> Value {
    json!({ "content": { "raw": body } })
}

impl Comments for Bitbucket {
    fn me(&self) -> Result<String, ForgeError> {
        let user = self.http.send(&Method::GET, "user", None)?.body;
        text(&user, "/uuid").ok_or_else(|| missing("asking who we are", "/uuid"))
    }

    fn list(&self) -> Result<Vec<Comment>, ForgeError> {
        let mut all = Vec::new();
        let mut next = Some(format!("{}?pagelen=100", self.comments));
        for _ in 0..MOST_PAGES {
            let Some(path) = next.take() else { break };
            let page = self.http.send(&Method::GET, &path, None)?.body;
            let values = page.pointer("/values").and_then(Value::as_array);
            let there = values.into_iter().flatten().filter(|v| v["deleted"] != true);
            for value in there {
                all.push(comment(value)?);
            }
            next = text(&page, "/next");
        }
        Ok(all)
    }

    fn create(&self, body: &str) -> Result<Comment, ForgeError> {
        comment(&self.http.send(&Method::POST, &self.comments, Some(&content(body)))?.body)
    }

    fn update(&self, id: u64, body: &str) -> Result<Comment, ForgeError> {
        let path = format!("{}/{id}", self.comments);
        comment(&self.http.send(&Method::PUT, &path, Some(&content(body)))?.body)
    }

    fn delete(&self, id: u64) -> Result<(), ForgeError> {
        self.http.send(&Method::DELETE, &format!("{}/{id}", self.comments), None).map(drop)
    }

    fn style(&self) -> Style {
        FORGE.style
    }
}
