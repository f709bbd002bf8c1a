//! Gitea and Forgejo: comments on pull requests.

use super::definition::{Forge, Tracking, comparison, needed};
use super::error::ForgeError;
use super::github::{comment, missing, number, run, text};
use super::github_issues::{edited, issue, issues, query};
use super::http::{Auth, Http};
use super::issues::{Draft, Issue, Issues};
use super::marker::Style;
use super::patience::Patience;
use super::sticky::{Comment, Comments};
use reqwest::Method;
use serde_json::{Value, json};

/// Issues or labels of a page, and pages that are read at most.
const PAGE: usize = 50;
const MOST_PAGES: usize = 200;
/// The color of a label that is made.
const COLOR: &str = "#b60205";

pub(super) static FORGE: Forge = Forge {
    name: "gitea",
    title: "Gitea or Forgejo",
    detected_by: &["GITEA_ACTIONS", "FORGEJO_ACTIONS"],
    tokens: &["GITEA_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN"],
    variables: &[
        "GITHUB_API_URL",
        "GITHUB_HEAD_REF",
        "GITHUB_REF_NAME",
        "GITHUB_REPOSITORY",
        "GITHUB_RUN_ATTEMPT",
        "GITHUB_RUN_ID",
        "GITHUB_SERVER_URL",
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
    tracking: Some(Tracking {
        issues: |variables, token, patience| {
            let repository = needed(variables, "GITHUB_REPOSITORY")?;
            let api = needed(variables, "GITHUB_API_URL")?;
            let http = Http::new(api, token, Auth::Token, patience)?;
            Ok(Box::new(GiteaProject { http, repository: format!("repos/{repository}") }))
        },
        comparison,
        help: "the token needs `write:issue` and `read:user`, and the repository issues",
    }),
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
        user(&self.http)
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

/// A project on Gitea or Forgejo, with its issues.
struct GiteaProject {
    http: Http,
    repository: String,
}

impl GiteaProject {
    /// The items of every page of a list.
    fn pages(&self, path: &str) -> Result<Vec<Value>, ForgeError> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = format!("{}/{path}limit={PAGE}&page={page}", self.repository);
            let items = self.http.send(&Method::GET, &path, None)?.body;
            let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
            all.extend(items.iter().cloned());
            // A server may have pages of its own size; only an empty one is certainly behind the last.
            if items.is_empty() {
                break;
            }
        }
        Ok(all)
    }

    /// The number of a label, which is made where it is missing: issues are labeled by number.
    fn label(&self, name: &str) -> Result<u64, ForgeError> {
        let all = self.pages("labels?")?;
        let known = all.iter().find(|own| text(own, "/name").as_deref() == Some(name));
        if let Some(known) = known {
            return number(known, "/id", "a label");
        }
        let body = json!({ "name": name, "color": COLOR });
        let path = format!("{}/labels", self.repository);
        number(&self.http.send(&Method::POST, &path, Some(&body))?.body, "/id", "a label")
    }
}

impl Issues for GiteaProject {
    fn me(&self) -> Result<String, ForgeError> {
        user(&self.http)
    }

    fn list(&self, label: &str) -> Result<Vec<Issue>, ForgeError> {
        let path = format!("issues?state=all&type=issues&labels={}&", query(label));
        issues(&Value::from(self.pages(&path)?))
    }

    fn create(&self, title: &str, body: &str, label: &str) -> Result<Issue, ForgeError> {
        let body = json!({ "title": title, "body": body, "labels": [self.label(label)?] });
        let path = format!("{}/issues", self.repository);
        issue(&self.http.send(&Method::POST, &path, Some(&body))?.body)
    }

    fn edit(&self, number: u64, draft: &Draft) -> Result<Issue, ForgeError> {
        let path = format!("{}/issues/{number}", self.repository);
        issue(&self.http.send(&Method::PATCH, &path, Some(&edited(draft)))?.body)
    }

    fn comment(&self, number: u64, text: &str) -> Result<(), ForgeError> {
        let path = format!("{}/issues/{number}/comments", self.repository);
        self.http.send(&Method::POST, &path, Some(&json!({ "body": text }))).map(drop)
    }
}

/// Who we are.
fn user(http: &Http) -> Result<String, ForgeError> {
    let user = http.send(&Method::GET, "user", None)?.body;
    text(&user, "/login").ok_or_else(|| missing("asking who we are", "/login"))
}
