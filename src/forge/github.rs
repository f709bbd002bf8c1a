//! GitHub: comments, checks, and finding a pull request by its head.

use super::definition::{
    CiRun, Forge, Tracking, Unreached, Variables, comparison, needed, number_in,
};
use super::error::ForgeError;
use super::http::{Answer, Auth, Http, parse};
use super::length::shortened;
use super::marker::Style;
use super::patience::Patience;
use super::sticky::{Comment, Comments};
use reqwest::Method;
use serde_json::{Value, json};

/// Pages that are read at most: 100 comments or pull requests each.
const MOST_PAGES: usize = 100;
/// Annotations that one request takes.
const BATCH: usize = 50;
/// Characters that a summary of a check takes.
const LONGEST_SUMMARY: usize = 65_535;

pub(super) static FORGE: Forge = Forge {
    name: "github",
    title: "GitHub",
    detected_by: &["GITHUB_ACTIONS"],
    tokens: &["GITHUB_TOKEN"],
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
        let github = GitHub::of_job(variables, access.token, access.patience)?;
        Ok(Box::new(github.comments(access.number)))
    },
    help,
    tracking: Some(Tracking {
        issues: |variables, token, patience| {
            Ok(Box::new(GitHub::of_job(variables, token, patience)?))
        },
        comparison,
        help: "the token may not write issues, or the repository has none: give the job `permissions: { issues: write }`",
    }),
};

/// What GitHub's CI, and those that are like it, say of the run.
pub(super) fn run(variables: &dyn Variables, event: &Value) -> CiRun {
    let head = event.pointer("/pull_request/head/sha").and_then(Value::as_str);
    let sha = head.or_else(|| variables.get("GITHUB_SHA")).unwrap_or_default().to_owned();
    let number = |name| number_in(variables, name);
    let run =
        (number("GITHUB_RUN_ID").unwrap_or_default(), number("GITHUB_RUN_ATTEMPT").unwrap_or(1));
    CiRun { number: event.pointer("/pull_request/number").and_then(Value::as_u64), sha, run }
}

fn help(status: u16) -> Option<&'static str> {
    Some(match status {
        401 => "GITHUB_TOKEN is not valid: pass ${{ github.token }} to this step",
        403 => {
            "the token may not write: give the job `permissions: { pull-requests: write }`; that of a pull request from a \
             fork never may (see the fork-safe pair of workflows)"
        }
        404 => {
            "the pull request is not there, or the token cannot see it: give the job `permissions: { pull-requests: \
             write }`, and in a private repository `contents: read` as well"
        }
        422 => "the pull request is locked, or takes no more comments",
        _ => return None,
    })
}

/// A repository on GitHub.
#[derive(Debug)]
pub struct GitHub {
    pub(super) http: Http,
    /// `owner/name`.
    pub(super) repository: String,
}

/// A check run: the state of a commit with a page of its own.
#[derive(Debug, Clone)]
pub struct Check<'a> {
    /// Its name: one for each suite.
    pub name: &'a str,
    /// The commit: of a pull request its head, never the merge that CI makes.
    pub sha: &'a str,
    /// `success`, `failure` or `neutral`.
    pub conclusion: &'a str,
    /// The verdict in a few words.
    pub title: &'a str,
    /// The report, Markdown.
    pub summary: &'a str,
    /// What failed, a line each, with its level: `failure` or `warning`.
    pub annotations: &'a [(&'static str, String)],
    /// The file that annotations point to.
    pub file: &'a str,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// The commit that it is to be merged into, as of its last update.
    pub base_sha: String,
    /// The branch that it is to be merged into.
    pub base_ref: String,
}

impl GitHub {
    /// What is known of it.
    pub const FORGE: &'static Forge = &FORGE;

    /// A repository (`owner/name`) below an API's address; GitHub Enterprise has its own.
    pub fn new(
        api: &str,
        repository: &str,
        token: &str,
        patience: Patience,
    ) -> Result<Self, ForgeError> {
        let http = Http::new(api, token, Auth::Bearer, patience)?
            .with("accept", "application/vnd.github+json")
            .with("x-github-api-version", "2022-11-28");
        Ok(Self { http, repository: repository.to_owned() })
    }

    /// The repository of a job, as its variables say where it is.
    pub fn of_job(
        variables: &dyn Variables,
        token: &str,
        patience: Patience,
    ) -> Result<Self, Unreached> {
        let repository = needed(variables, "GITHUB_REPOSITORY")?;
        let api = variables.get("GITHUB_API_URL").unwrap_or("https://api.github.com");
        Ok(Self::new(api, repository, token, patience)?)
    }

    /// The comments of a pull request.
    pub fn comments(self, number: u64) -> impl Comments {
        OfPullRequest { github: self, number }
    }

    /// Creates a completed check run, with its annotations in as many requests as they need.
    pub fn check(&self, check: &Check<'_>) -> Result<Option<String>, ForgeError> {
        let annotation = |(level, text): &(&str, String)| {
            json!({
                "path": check.file, "start_line": 1, "end_line": 1,
                "annotation_level": level, "message": text,
            })
        };
        let annotations: Vec<Value> = check.annotations.iter().map(annotation).collect();
        let output = |annotations: &[Value]| {
            json!({
                "title": check.title,
                "summary": shortened(check.summary, LONGEST_SUMMARY),
                "annotations": annotations,
            })
        };
        let mut batches = annotations.chunks(BATCH);
        let create = json!({
            "name": check.name, "head_sha": check.sha, "status": "completed",
            "conclusion": check.conclusion, "output": output(batches.next().unwrap_or_default()),
        });
        let path = format!("repos/{}/check-runs", self.repository);
        let made = self.http.send(&Method::POST, &path, Some(&create))?.body;
        let id = number(&made, "/id", "the check run")?;
        for batch in batches {
            let more = json!({ "output": output(batch) });
            self.http.send(&Method::PATCH, &format!("{path}/{id}"), Some(&more))?;
        }
        Ok(text(&made, "/html_url"))
    }

    /// The open pull requests whose head is this commit of this repository (its id), oldest first: those that a run measured,
    /// whatever the run itself says. A commit can be the head of several, each with a base of its own.
    pub fn pull_requests_of(
        &self,
        sha: &str,
        repository: u64,
    ) -> Result<Vec<PullRequest>, ForgeError> {
        let path = format!("repos/{}/pulls?state=open&per_page=100", self.repository);
        let meant = |pull: &&Value| {
            text(pull, "/head/sha").as_deref() == Some(sha)
                && pull.pointer("/head/repo/id").and_then(Value::as_u64) == Some(repository)
        };
        let mut found = Vec::new();
        for page in self.pages(&path) {
            for pull in page?.as_array().into_iter().flatten().filter(meant) {
                found.push(PullRequest {
                    number: number(pull, "/number", "a pull request")?,
                    base_sha: text(pull, "/base/sha").unwrap_or_default(),
                    base_ref: text(pull, "/base/ref").unwrap_or_default(),
                });
            }
        }
        found.sort_by_key(|pull| pull.number);
        // A list that grows while it is read shows the same one twice.
        found.dedup();
        Ok(found)
    }

    /// Who we are.
    pub(super) fn viewer(&self) -> Result<String, ForgeError> {
        // The token of a job has no user of its own, and still an answer here.
        let query = json!({ "query": "query { viewer { login } }" });
        let path = if self.http.is_enterprise() { "../graphql" } else { "graphql" };
        let answer = self.http.send(&Method::POST, path, Some(&query))?.body;
        text(&answer, "/data/viewer/login")
            .ok_or_else(|| missing("asking who we are", "/data/viewer"))
    }

    /// Every page of a list.
    pub(super) fn pages(&self, path: &str) -> impl Iterator<Item = Result<Value, ForgeError>> + '_ {
        let mut next = Some(path.to_owned());
        let pages = std::iter::from_fn(move || {
            let path = next.take()?;
            Some(self.http.send(&Method::GET, &path, None).map(|Answer { body, next: more }| {
                next = more;
                body
            }))
        });
        pages.take(MOST_PAGES)
    }
}

struct OfPullRequest {
    github: GitHub,
    number: u64,
}

impl Comments for OfPullRequest {
    fn me(&self) -> Result<String, ForgeError> {
        self.github.viewer()
    }

    fn list(&self) -> Result<Vec<Comment>, ForgeError> {
        let GitHub { repository, .. } = &self.github;
        let path = format!("repos/{repository}/issues/{}/comments?per_page=100", self.number);
        let mut all = Vec::new();
        for page in self.github.pages(&path) {
            all.extend(comments(&page?)?);
        }
        Ok(all)
    }

    fn create(&self, body: &str) -> Result<Comment, ForgeError> {
        let path = format!("repos/{}/issues/{}/comments", self.github.repository, self.number);
        let body = json!({ "body": body });
        comment(&self.github.http.send(&Method::POST, &path, Some(&body))?.body)
    }

    fn update(&self, id: u64, body: &str) -> Result<Comment, ForgeError> {
        let path = format!("repos/{}/issues/comments/{id}", self.github.repository);
        let body = json!({ "body": body });
        comment(&self.github.http.send(&Method::PATCH, &path, Some(&body))?.body)
    }

    fn delete(&self, id: u64) -> Result<(), ForgeError> {
        let path = format!("repos/{}/issues/comments/{id}", self.github.repository);
        self.github.http.send(&Method::DELETE, &path, None).map(drop)
    }
}

/// The comments on a page of GitHub's, Gitea's or Forgejo's answer.
pub fn comments_in(answer: &[u8]) -> Result<Vec<Comment>, ForgeError> {
    comments(&parse(answer, "a page of comments")?)
}

fn comments(page: &Value) -> Result<Vec<Comment>, ForgeError> {
    page.as_array().into_iter().flatten().map(comment).collect()
}

/// A comment of GitHub, Gitea or Forgejo.
pub(super) fn comment(value: &Value) -> Result<Comment, ForgeError> {
    Ok(Comment {
        id: number(value, "/id", "a comment")?,
        // A deleted user has none.
        author: text(value, "/user/login").unwrap_or_default(),
        body: text(value, "/body").unwrap_or_default(),
        url: text(value, "/html_url"),
    })
}

pub(super) fn text(value: &Value, place: &str) -> Option<String> {
    value.pointer(place).and_then(Value::as_str).map(str::to_owned)
}

pub(super) fn number(value: &Value, place: &str, of: &str) -> Result<u64, ForgeError> {
    value.pointer(place).and_then(Value::as_u64).ok_or_else(|| missing(of, place))
}

pub(super) fn missing(what: &str, place: &str) -> ForgeError {
    ForgeError::Unreadable { what: what.to_owned(), why: format!("{place} is missing") }
}
