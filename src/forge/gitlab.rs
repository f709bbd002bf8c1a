//! GitLab: notes on merge requests.

use super::definition::{CiRun, Forge, needed, number_in};
use super::error::ForgeError;
use super::github::{number, text};
use super::http::{Auth, Http};
use super::marker::Style;
use super::patience::Patience;
use super::sticky::{Comment, Comments};
use reqwest::Method;
use serde_json::{Value, json};

/// Pages of 100 notes that are read at most.
const MOST_PAGES: usize = 100;

pub(super) static FORGE: Forge = Forge {
    name: "gitlab",
    title: "GitLab",
    detected_by: &["GITLAB_CI"],
    tokens: &["PERFGATE_TOKEN", "GITLAB_TOKEN"],
    variables: &[
        "CI_API_V4_URL",
        "CI_COMMIT_SHA",
        "CI_JOB_ID",
        "CI_MERGE_REQUEST_IID",
        "CI_MERGE_REQUEST_PROJECT_ID",
        "CI_MERGE_REQUEST_PROJECT_URL",
        "CI_PIPELINE_ID",
    ],
    event: None,
    style: Style::Html,
    run: |variables, _| CiRun {
        number: number_in(variables, "CI_MERGE_REQUEST_IID"),
        sha: variables.get("CI_COMMIT_SHA").unwrap_or_default().to_owned(),
        run: (
            number_in(variables, "CI_PIPELINE_ID").unwrap_or_default(),
            number_in(variables, "CI_JOB_ID").unwrap_or_default(),
        ),
    },
    comments: |variables, access| {
        let of = (needed(variables, "CI_MERGE_REQUEST_PROJECT_ID")?, access.number);
        let page = variables.get("CI_MERGE_REQUEST_PROJECT_URL");
        let page = page.map(|page| format!("{page}/-/merge_requests/{}", access.number));
        let api = needed(variables, "CI_API_V4_URL")?;
        Ok(Box::new(GitLab::new(api, of, access.token, page, access.patience)?))
    },
    help: |status| {
        matches!(status, 401 | 403).then_some(
            "the token needs the scope `api` and the role Reporter: a project access token in PERFGATE_TOKEN; a job token \
             cannot comment",
        )
    },
};

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
