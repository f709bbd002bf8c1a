//! `perfgate.notice/1`: what a webhook is told, for programs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name and version of this format.
pub const NOTICE_SCHEMA: &str = "perfgate.notice/1";

/// What `perfgate notify` tells a webhook.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "perfgate notice, version 1")]
pub struct NoticeV1 {
    /// Always `perfgate.notice/1`.
    #[schemars(regex(pattern = r"^perfgate\.notice/1$"))]
    pub schema: String,
    /// `opened`, `updated`, `reopened`, `back`, `accepted`, `gone`, or `unchanged`, which is only sent if asked for.
    pub event: String,
    /// What happened, in one line of plain text. Untrusted names are part of it.
    pub text: String,
    /// The branch and the test: suite, profile, environment. Untrusted text.
    pub test: String,
    /// The commit that the cause came with: the first one that was measured after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Who wrote that commit. Untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// First line of its message. Untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What moved, the clearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<MovedV1>,
    /// The address of the issue, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
}

/// One series that moved.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MovedV1 {
    /// Its name. Untrusted text.
    pub id: String,
    /// The unit of its values.
    pub unit: String,
    /// The level before.
    pub before: f64,
    /// The level now.
    pub now: f64,
}
