//! GitLab: notes on merge requests.

use super::error::ForgeError;
use super::github::{number, text};
use super::http::{Auth, Http};
use super::patience::Patience;
use super::sticky::{Comment, Comments};
use reqwest::Method;
use serde_json::{Value, json};

/// Pages of 100 notes that are read at most.
const MOST_PAGES: usize = 100;

/// A merge request on GitLab.
#[derive(Debug)]
pub struct GitLab {
    http: Http,
    notes: String,
    url: Option<String>,
}

impl GitLab {
    /// A merge request, by its project's id and its number there, below an API's address (`https://gitlab.com/api/v4`).
    /// `url` is where people see it.
    pub fn new(
        api: &str,
        (project, number): (&str, u64),
        token: &str,
        url: Option<String>,
        patience: Patience,
    ) -> Result<Self, ForgeError> {
        let http = Http::new(api, token, Auth::PrivateToken, patience)?;
        let project = project.replace('/', "%2F");
        Ok(Self { http, notes: format!("projects/{project}/merge_requests/{number}/notes"), url })
    }

    fn note(&self, value: &Value) -> Result<Comment, ForgeError> {
        let id = number(value, "/id", "a note")?;
        Ok(Comment {
            id,
            author: text(value, "/author/username").unwrap_or_default(),
            body: text(value, "/body").unwrap_or_default(),
            url: self.url.as_ref().map(|url| format!("{url}#note_{id}")),
        })
    }
}

impl Comments for GitLab {
    fn me(&self) -> Result<String, ForgeError> {
        let user = self.http.send(&Method::GET, "user", None)?.body;
        text(&user, "/username")
            .ok_or_else(|| super::github::missing("asking who we are", "/username"))
    }

    fn list(&self) -> Result<Vec<Comment>, ForgeError> {
        let mut all = Vec::new();
        let mut next = Some(format!("{}?per_page=100&sort=asc&order_by=created_at", self.notes));
        for _ in 0..MOST_PAGES {
            let Some(path) = next.take() else { break };
            let page = self.http.send(&Method::GET, &path, None)?;
            for value in page.body.as_array().into_iter().flatten() {
                all.push(self.note(value)?);
            }
            next = page.next;
        }
        Ok(all)
    }

    fn create(&self, body: &str) -> Result<Comment, ForgeError> {
        let body = json!({ "body": body });
        self.note(&self.http.send(&Method::POST, &self.notes, Some(&body))?.body)
    }

    fn update(&self, id: u64, body: &str) -> Result<Comment, ForgeError> {
        let (path, body) = (format!("{}/{id}", self.notes), json!({ "body": body }));
        self.note(&self.http.send(&Method::PUT, &path, Some(&body))?.body)
    }

    fn delete(&self, id: u64) -> Result<(), ForgeError> {
        self.http.send(&Method::DELETE, &format!("{}/{id}", self.notes), None).map(drop)
    }
}
