//! The issues of a forge on this machine.

use super::forge::{Answer, Request};
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(crate) struct KeptIssue {
    pub(crate) number: u64,
    pub(crate) author: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) open: bool,
    pub(crate) labels: Vec<String>,
    pub(crate) comments: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Tracker {
    pub(crate) issues: Vec<KeptIssue>,
    pub(crate) labels: Vec<String>,
    /// Whether a concurrent job makes the same issue right before ours.
    pub(crate) twin: bool,
}

impl Tracker {
    fn make(&mut self, me: &str, body: &Value) -> &KeptIssue {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let named = |label: &Value| match label.as_u64() {
            Some(id) => self.labels[id as usize - 1].clone(),
            None => label.as_str().unwrap().to_owned(),
        };
        let labels = match &body["labels"] {
            Value::String(names) => names.split(',').map(str::to_owned).collect(),
            list => list.as_array().into_iter().flatten().map(named).collect(),
        };
        self.issues.push(KeptIssue {
            number: self.issues.len() as u64 + 1,
            author: me.to_owned(),
            title: text("title"),
            body: text("body") + &text("description"),
            open: true,
            labels,
            comments: Vec::new(),
        });
        self.issues.last().unwrap()
    }
}

/// The answer to a request about issues; none to any other.
pub(super) fn answer(
    request: &Request,
    tracker: &mut Tracker,
    me: &str,
    url: &str,
) -> Option<Answer> {
    let ok = |value: Value| Some((200, Vec::new(), value.to_string()));
    let parts: Vec<&str> = request.path.split('/').collect();
    let at = parts.iter().position(|part| matches!(*part, "issues" | "labels"))?;
    let gitlab = parts.contains(&"projects");
    let number: Option<usize> = parts.get(at + 1).and_then(|part| part.parse().ok());
    match (request.method.as_str(), parts[at], number, parts.get(at + 2)) {
        ("GET", "labels", _, _) => {
            let labels = tracker.labels.iter().zip(1..);
            let all = labels.map(|(name, id)| json!({ "id": id, "name": name })).collect();
            ok(page(request, all))
        }
        ("POST", "labels", _, _) => {
            tracker.labels.push(request.body["name"].as_str().unwrap().to_owned());
            ok(json!({ "id": tracker.labels.len() }))
        }
        ("GET", "issues", None, _) => {
            let wanted = value(request, "labels").unwrap().to_owned();
            let listed = tracker.issues.iter().rev().filter(|own| own.labels.contains(&wanted));
            ok(page(request, listed.map(|own| shown(own, url, gitlab)).collect()))
        }
        ("POST", "issues", None, _) => {
            if std::mem::take(&mut tracker.twin) {
                tracker.make(me, &request.body);
            }
            let made = shown(tracker.make(me, &request.body), url, gitlab);
            Some((201, Vec::new(), made.to_string()))
        }
        ("POST", "issues", Some(number), Some(&("comments" | "notes"))) => {
            let issue = tracker.issues.get_mut(number - 1)?;
            issue.comments.push(request.body["body"].as_str()?.to_owned());
            ok(json!({ "id": 1 }))
        }
        ("PATCH" | "PUT", "issues", Some(number), None) => {
            let issue = tracker.issues.get_mut(number - 1)?;
            let text = |name: &str| request.body[name].as_str().map(str::to_owned);
            issue.title = text("title")?;
            issue.body = text("body").or(text("description"))?;
            issue.open =
                matches!(text("state").or(text("state_event"))?.as_str(), "open" | "reopen");
            ok(shown(issue, url, gitlab))
        }
        _ => None,
    }
}

fn value<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let mut pairs = request.query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// The page that is asked for, where pages are numbered.
fn page(request: &Request, all: Vec<Value>) -> Value {
    let number = |name: &str| value(request, name).and_then(|own| own.parse::<usize>().ok());
    let (Some(size), Some(page)) = (number("limit"), number("page")) else { return all.into() };
    all.into_iter().skip((page - 1) * size).take(size).collect()
}

/// An issue with the fields of every forge.
fn shown(issue: &KeptIssue, url: &str, gitlab: bool) -> Value {
    let state = match (issue.open, gitlab) {
        (true, true) => "opened",
        (true, false) => "open",
        (false, _) => "closed",
    };
    let url = format!("{url}/issue/{}", issue.number);
    json!({
        "number": issue.number, "iid": issue.number, "title": issue.title,
        "body": issue.body, "description": issue.body, "html_url": url, "web_url": url,
        "user": { "login": issue.author }, "author": { "username": issue.author },
        "state": state,
    })
}
