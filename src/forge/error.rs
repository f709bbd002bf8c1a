//! Why something was not published.

use crate::model::Secrets;

/// Why something was not published, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// The forge said no.
    #[error("{what}: the answer is {status} {message}")]
    Refused {
        /// What was tried.
        what: String,
        /// The HTTP status.
        status: u16,
        /// What the forge says; untrusted.
        message: String,
    },
    /// The forge asks to wait for longer than a job should.
    #[error(
        "{what}: the forge asks to wait for {seconds} s ({status}), which is too long for a job"
    )]
    TooBusy {
        /// What was tried.
        what: String,
        /// The HTTP status.
        status: u16,
        /// How long it wants us to wait.
        seconds: u64,
    },
    /// The forge points to another host, which does not get the token.
    #[error("{what}: the answer points to another host ({to}), which must not see the token")]
    Redirected {
        /// What was tried.
        what: String,
        /// Where it points to; untrusted.
        to: String,
    },
    /// The forge could not be reached.
    #[error("{what}: {why}")]
    Unreachable {
        /// What was tried.
        what: String,
        /// Why not; holds no token.
        why: String,
    },
    /// The answer is not what the forge's documentation says.
    #[error("{what}: the answer cannot be read: {why}")]
    Unreadable {
        /// What was tried.
        what: String,
        /// What is wrong.
        why: String,
    },
}

impl ForgeError {
    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } | Self::TooBusy { status, .. } => Some(*status),
            Self::Redirected { .. } | Self::Unreachable { .. } | Self::Unreadable { .. } => None,
        }
    }

    /// The same, without secrets: a forge may repeat what it was sent.
    pub(super) fn without(self, secrets: &Secrets) -> Self {
        let hide = |text: String| secrets.hide(&text).into_owned();
        match self {
            Self::Refused { what, status, message } => {
                Self::Refused { what, status, message: hide(message) }
            }
            Self::TooBusy { what, status, seconds } => Self::TooBusy { what, status, seconds },
            Self::Redirected { what, to } => Self::Redirected { what, to: hide(to) },
            Self::Unreachable { what, why } => Self::Unreachable { what, why: hide(why) },
            Self::Unreadable { what, why } => Self::Unreadable { what, why: hide(why) },
        }
    }

    /// Whether what was to be created may have been created all the same.
    pub(super) fn may_have_happened(&self) -> bool {
        match self {
            Self::Refused { status, .. } => *status >= 500,
            Self::Unreachable { .. } | Self::Unreadable { .. } => true,
            Self::TooBusy { .. } | Self::Redirected { .. } => false,
        }
    }
}
