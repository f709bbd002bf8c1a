//! GitLab: notes on merge requests.

use super::definition::{CiRun, Forge, Tracking, needed, number_in};
use super::error::ForgeError;
use super::github::{missing, number, text};
use super::github_issues::query;
use super::http::{Auth, Http};
use super::issues::{Draft, Issue, Issues};
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
        "CI_COMMIT_REF_NAME",
        "CI_COMMIT_SHA",
        "CI_JOB_ID",
        "CI_MERGE_REQUEST_IID",
        "CI_MERGE_REQUEST_PROJECT_ID",
        "CI_MERGE_REQUEST_PROJECT_URL",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
        "CI_PIPELINE_ID",
        "CI_PROJECT_ID",
        "CI_PROJECT_URL",
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
    tracking: Some(Tracking {
        issues: |variables, token, patience| {
            let project = needed(variables, "CI_PROJECT_ID")?;
            let api = needed(variables, "CI_API_V4_URL")?;
            Ok(Box::new(GitLabProject::new(api, project, token, patience)?))
        },
        comparison: |variables| Some(format!("{}/-/compare/", variables.get("CI_PROJECT_URL")?)),
        help: "the token needs the scope `api` and the role Reporter: a project access token in PERFGATE_TOKEN; a job token \
               cannot write issues",
    }),
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
        user(&self.http)
    }

    fn list(&self) -> Result<Vec<Comment>, ForgeError> {
        let path = format!("{}?per_page=100&sort=asc&order_by=created_at", self.notes);
        pages(&self.http, path)?.iter().map(|value| self.note(value)).collect()
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

/// A project on GitLab, with its issues.
#[derive(Debug)]
struct GitLabProject {
    http: Http,
    project: String,
}

impl GitLabProject {
    fn new(api: &str, project: &str, token: &str, patience: Patience) -> Result<Self, ForgeError> {
        let http = Http::new(api, token, Auth::PrivateToken, patience)?;
        Ok(Self { http, project: format!("projects/{}", project.replace('/', "%2F")) })
    }
}

impl Issues for GitLabProject {
    fn me(&self) -> Result<String, ForgeError> {
        user(&self.http)
    }

    fn list(&self, label: &str) -> Result<Vec<Issue>, ForgeError> {
        let label = query(label);
        let path = format!("{}/issues?labels={label}&scope=all&per_page=100", self.project);
        pages(&self.http, path)?.iter().map(issue).collect()
    }

    fn create(&self, title: &str, body: &str, label: &str) -> Result<Issue, ForgeError> {
        let body = json!({ "title": title, "description": body, "labels": label });
        issue(
            &self.http.send(&Method::POST, &format!("{}/issues", self.project), Some(&body))?.body,
        )
    }

    fn edit(&self, number: u64, draft: &Draft) -> Result<Issue, ForgeError> {
        let state = if draft.open { "reopen" } else { "close" };
        let body = json!({ "title": draft.title, "description": draft.text, "state_event": state });
        let path = format!("{}/issues/{number}", self.project);
        issue(&self.http.send(&Method::PUT, &path, Some(&body))?.body)
    }

    fn comment(&self, number: u64, text: &str) -> Result<(), ForgeError> {
        let path = format!("{}/issues/{number}/notes", self.project);
        self.http.send(&Method::POST, &path, Some(&json!({ "body": text }))).map(drop)
    }
}

fn issue(value: &Value) -> Result<Issue, ForgeError> {
    Ok(Issue {
        number: number(value, "/iid", "an issue")?,
        author: text(value, "/author/username").unwrap_or_default(),
        title: text(value, "/title").unwrap_or_default(),
        body: text(value, "/description").unwrap_or_default(),
        open: text(value, "/state").as_deref() == Some("opened"),
        url: text(value, "/web_url"),
    })
}

/// Who we are.
fn user(http: &Http) -> Result<String, ForgeError> {
    let user = http.send(&Method::GET, "user", None)?.body;
    text(&user, "/username").ok_or_else(|| missing("asking who we are", "/username"))
}

/// The items of every page of a list.
fn pages(http: &Http, path: String) -> Result<Vec<Value>, ForgeError> {
    let mut all = Vec::new();
    let mut next = Some(path);
    for _ in 0..MOST_PAGES {
        let Some(path) = next.take() else { break };
        let page = http.send(&Method::GET, &path, None)?;
        all.extend(page.body.as_array().into_iter().flatten().cloned());
        next = page.next;
    }
    Ok(all)
}
