//! GitHub's issues, and what Gitea and Forgejo have in common with them.

use super::error::ForgeError;
use super::github::{GitHub, number, text};
use super::issues::{Draft, Issue, Issues};
use reqwest::Method;
use serde_json::{Value, json};

impl Issues for GitHub {
    fn me(&self) -> Result<String, ForgeError> {
        self.viewer()
    }

    fn list(&self, label: &str) -> Result<Vec<Issue>, ForgeError> {
        let (repository, label) = (&self.repository, query(label));
        let path = format!("repos/{repository}/issues?state=all&labels={label}&per_page=100");
        let mut all = Vec::new();
        for page in self.pages(&path) {
            all.extend(issues(&page?)?);
        }
        Ok(all)
    }

    fn create(&self, title: &str, body: &str, label: &str) -> Result<Issue, ForgeError> {
        let path = format!("repos/{}/issues", self.repository);
        let body = json!({ "title": title, "body": body, "labels": [label] });
        issue(&self.http.send(&Method::POST, &path, Some(&body))?.body)
    }

    fn edit(&self, number: u64, draft: &Draft) -> Result<Issue, ForgeError> {
        let path = format!("repos/{}/issues/{number}", self.repository);
        issue(&self.http.send(&Method::PATCH, &path, Some(&edited(draft)))?.body)
    }

    fn comment(&self, number: u64, text: &str) -> Result<(), ForgeError> {
        let path = format!("repos/{}/issues/{number}/comments", self.repository);
        self.http.send(&Method::POST, &path, Some(&json!({ "body": text }))).map(drop)
    }
}

/// What GitHub, Gitea and Forgejo take for an edit.
pub(super) fn edited(draft: &Draft) -> Value {
    let state = if draft.open { "open" } else { "closed" };
    json!({ "title": draft.title, "body": draft.text, "state": state })
}

/// The issues on a page of GitHub's, Gitea's or Forgejo's answer: a pull request is none.
pub(super) fn issues(page: &Value) -> Result<Vec<Issue>, ForgeError> {
    let all = page.as_array().into_iter().flatten();
    all.filter(|value| value.get("pull_request").is_none_or(Value::is_null)).map(issue).collect()
}

/// An issue of GitHub, Gitea or Forgejo.
pub(super) fn issue(value: &Value) -> Result<Issue, ForgeError> {
    Ok(Issue {
        number: number(value, "/number", "an issue")?,
        author: text(value, "/user/login").unwrap_or_default(),
        title: text(value, "/title").unwrap_or_default(),
        body: text(value, "/body").unwrap_or_default(),
        open: text(value, "/state").as_deref() == Some("open"),
        url: text(value, "/html_url"),
    })
}

/// A text as the value in a query.
pub(super) fn query(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    let part = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    text.bytes().map(part).collect()
}
