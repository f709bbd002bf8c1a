//! Gitea and Forgejo: comments on pull requests.

use super::definition::{Forge, needed};
use super::error::ForgeError;
use super::github::{comment, missing, run, text};
use super::http::{Auth, Http};
use super::marker::Style;
use super::patience::Patience;
use super::sticky::{Comment, Comments};
use reqwest::Method;
use serde_json::json;

pub(super) static FORGE: Forge = Forge {
    name: "gitea",
    title: "Gitea or Forgejo",
    detected_by: &["GITEA_ACTIONS", "FORGEJO_ACTIONS"],
    tokens: &["GITEA_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN"],
    variables: &[
        "GITHUB_API_URL",
        "GITHUB_REPOSITORY",
        "GITHUB_RUN_ATTEMPT",
        "GITHUB_RUN_ID",
        "GITHUB_SHA",
    ],
    event: Some("GITHUB_EVENT_PATH"),
    style: Style::Html,
    run,
    comments: |variables, access| {
        let of = (needed(variables, "GITHUB_REPOSITORY")?, access.number);
        let api = needed(variables, "GITHUB_API_URL")?;
        Ok(Box::new(Gitea::new(api, of, access.token, access.patience)?))
    },
    help: |status| {
        matches!(status, 401 | 403).then_some("the token needs `write:issue` and `read:user`")
    },
};

/// A pull request on Gitea or Forgejo.
#[derive(Debug)]
pub struct Gitea {
    http: Http,
    issues: String,
    number: u64,
}

impl Gitea {
    /// A pull request of a repository (`owner/name`), below an API's address (`https://codeberg.org/api/v1`).
    pub fn new(
        api: &str,
        (repository, number): (&str, u64),
        token: &str,
        patience: Patience,
    ) -> Result<Self, ForgeError> {
        let http = Http::new(api, token, Auth::Token, patience)?;
        Ok(Self { http, issues: format!("repos/{repository}/issues"), number })
    }
}

impl Comments for Gitea {
    fn me(&self) -> Result<String, ForgeError> {
        let user = self.http.send(&Method::GET, "user", None)?.body;
        text(&user, "/login").ok_or_else(|| missing("asking who we are", "/login"))
    }

    fn list(&self) -> Result<Vec<Comment>, ForgeError> {
        // There are no pages here: the answer is every comment.
        let path = format!("{}/{}/comments", self.issues, self.number);
        let all = self.http.send(&Method::GET, &path, None)?.body;
        all.as_array().into_iter().flatten().map(comment).collect()
    }

    fn create(&self, body: &str) -> Result<Comment, ForgeError> {
        let path = format!("{}/{}/comments", self.issues, self.number);
        comment(&self.http.send(&Method::POST, &path, Some(&json!({ "body": body })))?.body)
    }

    fn update(&self, id: u64, body: &str) -> Result<Comment, ForgeError> {
        let path = format!("{}/comments/{id}", self.issues);
        comment(&self.http.send(&Method::PATCH, &path, Some(&json!({ "body": body })))?.body)
    }

    fn delete(&self, id: u64) -> Result<(), ForgeError> {
        let path = format!("{}/comments/{id}", self.issues);
        self.http.send(&Method::DELETE, &path, None).map(drop)
    }
}
