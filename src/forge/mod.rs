//! Where people see it: comments on pull requests, and checks, on GitHub, GitLab, Gitea or Forgejo, and Bitbucket Cloud; issues,
//! where the forge has them; and webhooks of chats.
//!
//! Knows text and HTTP, not reports. Everything that a forge answers is untrusted; the token goes in a header to the one
//! host that is configured, and nowhere else.
//!
//! * [`Http`] sends, waits and tries again, and follows no redirect to another host;
//! * [`publish`] keeps one comment current, found by a marker in its first line, whatever the forge;
//! * [`Tracker`] keeps one issue for each cause, found by a label and a marker in its first line; [`Webhook`] sends messages;
//! * [`GitHub`], [`GitLab`], [`Gitea`] and [`Bitbucket`] know their own addresses; each module describes its forge and its CI in a
//!   static `FORGE`, and [`FORGES`] lists them.

mod bitbucket;
mod definition;
mod error;
mod forges;
mod gitea;
mod github;
mod github_issues;
mod gitlab;
mod http;
mod issues;
mod length;
mod marker;
mod patience;
mod sticky;
mod webhook;

pub use bitbucket::Bitbucket;
pub use definition::{
    Access, CiRun, Forge, Reached, ReachedIssues, Tracking, Unreached, Variables,
};
pub use error::ForgeError;
pub use forges::FORGES;
pub use gitea::Gitea;
pub use github::{Check, GitHub, PullRequest, comments_in};
pub use gitlab::GitLab;
pub use http::{Auth, Http};
pub use issues::{Draft, Issue, IssueMarker, Issues, Tracker};
pub use marker::{Marker, Style};
pub use patience::Patience;
pub use sticky::{Comment, Comments, Published, publish};
pub use webhook::Webhook;
