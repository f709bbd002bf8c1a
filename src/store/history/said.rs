//! What commits say: messages that hold a word.

use super::History;
use crate::model::CommitId;
use crate::store::error::StoreError;
use crate::store::record::{commit_id, oid};

/// What a commit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitText {
    /// Its id.
    pub id: CommitId,
    /// Who wrote it; untrusted.
    pub author: String,
    /// Its whole message; untrusted.
    pub message: String,
}

/// Commits that are read for what they say; no change has as many.
const MOST_COMMITS: usize = 10_000;

/// The commits that one commit has and another one has not, and whose message holds a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The one that has them.
    pub head: CommitId,
    /// The one that has not.
    pub without: CommitId,
    /// How many commits were read for it.
    pub read: usize,
    /// Whether that is all of them.
    pub whole: bool,
    /// Those that say it.
    pub commits: Vec<CommitText>,
}

impl History {
    /// The commits that any of these has and another has not, and whose message holds a word in whatever case. Where a part
    /// of the history is not here, as far as it goes.
    pub fn commits_that_say(
        &self,
        word: &str,
        heads: &[CommitId],
        without: CommitId,
    ) -> Result<Vec<CommitText>, StoreError> {
        Ok(self.read_commits(word, heads, &[without])?.commits)
    }

    /// The same of one commit. What was read for an ancestor of it is not read again.
    pub fn said(
        &self,
        word: &str,
        (head, without): (CommitId, CommitId),
        known: Option<Said>,
    ) -> Result<Said, StoreError> {
        let known = known.filter(|known| known.without == without && known.whole);
        if let Some(known) = known {
            if known.head == head {
                return Ok(known);
            }
            if self.is_part_of(known.head, head)? {
                let mut said = self.read_commits(word, &[head], &[without, known.head])?;
                said.read += known.read;
                said.commits.extend(known.commits);
                if said.whole && said.read <= MOST_COMMITS {
                    return Ok(Said { without, ..said });
                }
            }
        }
        self.read_commits(word, &[head], &[without])
    }

    fn read_commits(
        &self,
        word: &str,
        heads: &[CommitId],
        without: &[CommitId],
    ) -> Result<Said, StoreError> {
        let whole = self.uncut()?;
        let wrap = || StoreError::git("walking the history");
        let mut walk = whole.revwalk().map_err(wrap())?;
        for head in heads {
            walk.push(oid(*head)?).map_err(wrap())?;
        }
        for without in without {
            walk.hide(oid(*without)?).map_err(wrap())?;
        }
        let word = word.to_lowercase();
        let none = CommitId::from_bytes([0; 20]);
        let first = |all: &[CommitId]| all.first().copied().unwrap_or(none);
        let (head, without) = (first(heads), first(without));
        let mut said = Said { head, without, read: 0, whole: false, commits: Vec::new() };
        while said.read < MOST_COMMITS {
            let Some(id) = walk.next() else {
                said.whole = true;
                break;
            };
            let Ok(commit) = id.and_then(|id| whole.find_commit(id)) else { break };
            said.read += 1;
            let message = String::from_utf8_lossy(commit.message_bytes());
            if message.to_lowercase().contains(&word) {
                let author = String::from_utf8_lossy(commit.author().name_bytes()).into_owned();
                let (id, message) = (commit_id(commit.id()), message.into_owned());
                said.commits.push(CommitText { id, author, message });
            }
        }
        Ok(said)
    }
}
