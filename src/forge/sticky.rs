//! One comment that stays current, whatever the forge.

use super::error::ForgeError;
use super::length::shortened;
use super::marker::{Marker, Style};

/// The most characters of a comment, GitHub's limit.
const LONGEST: usize = 65_536;
/// Times that the whole is tried, where an answer got lost.
const TRIES: u32 = 3;

/// A comment, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its number; a later comment has a larger one.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// Its text; untrusted.
    pub body: String,
    /// Where people see it.
    pub url: Option<String>,
}

/// The comments of one pull request.
pub trait Comments {
    /// Who we are, as comments name their author.
    fn me(&self) -> Result<String, ForgeError>;
    /// All comments, every page.
    fn list(&self) -> Result<Vec<Comment>, ForgeError>;
    /// Makes one.
    fn create(&self, body: &str) -> Result<Comment, ForgeError>;
    /// Replaces the text of one.
    fn update(&self, id: u64, body: &str) -> Result<Comment, ForgeError>;
    /// Removes one.
    fn delete(&self, id: u64) -> Result<(), ForgeError>;
    /// How the forge hides a line.
    fn style(&self) -> Style {
        Style::Html
    }
}

/// What became of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// A new one was made, which notifies people.
    Created(Option<String>),
    /// The one that was there has the new text.
    Updated(Option<String>),
    /// It says so already.
    Unchanged(Option<String>),
    /// A newer run has written it; this one is out of date.
    Outdated,
}

/// Puts the text into the one comment of this key: made if there is none or if things got worse, edited otherwise. Only our
/// own comments are touched, a newer run's never, and what a concurrent job made twice is removed.
pub fn publish(
    comments: &dyn Comments,
    marker: &Marker,
    text: &str,
) -> Result<Published, ForgeError> {
    let body = format!("{}\n{text}", marker.line(comments.style()));
    // A forge refuses a longer one as a whole.
    let body = shortened(&body, LONGEST).to_owned();
    let me = comments.me()?;
    let mut tries = 0;
    loop {
        tries += 1;
        // What is there is looked up anew each time: an answer that was lost may have been a success.
        match attempt(comments, &me, marker, &body) {
            Err(error)
                if tries < TRIES && (error.may_have_happened() || error.status() == Some(404)) => {}
            done => return done,
        }
    }
}

fn attempt(
    comments: &dyn Comments,
    me: &str,
    marker: &Marker,
    body: &str,
) -> Result<Published, ForgeError> {
    let own = own(comments, me, &marker.key)?;
    let Some((current, known)) = survivor(&own) else {
        return create(comments, me, marker, body);
    };
    if known.run > marker.run {
        return Ok(Published::Outdated);
    }
    if marker.rank > known.rank && known.run < marker.run {
        // A new comment tells people; an edited one does not.
        return create(comments, me, marker, body);
    }
    let published = if same(&current.body, body) {
        Published::Unchanged(current.url.clone())
    } else {
        Published::Updated(comments.update(current.id, body)?.url)
    };
    remove(comments, own.iter().filter(|(comment, _)| comment.id != current.id))?;
    Ok(published)
}

/// Makes the comment, and then settles who stays: others may have made theirs meanwhile.
fn create(
    comments: &dyn Comments,
    me: &str,
    marker: &Marker,
    body: &str,
) -> Result<Published, ForgeError> {
    let made = comments.create(body)?;
    let own = own(comments, me, &marker.key)?;
    let stays = survivor(&own).map_or(made.id, |(comment, _)| comment.id);
    remove(comments, own.iter().filter(|(comment, _)| comment.id != stays))?;
    match own.iter().find(|(comment, _)| comment.id == stays) {
        Some((_, theirs)) if theirs.run > marker.run => Ok(Published::Outdated),
        Some((comment, _)) if comment.id != made.id => {
            Ok(Published::Unchanged(comment.url.clone()))
        }
        _ => Ok(Published::Created(made.url)),
    }
}

/// Our own comments of this key.
fn own(comments: &dyn Comments, me: &str, key: &str) -> Result<Vec<(Comment, Marker)>, ForgeError> {
    // To the letter: a person may be called like an app (`github-actions`), or like us in other letters.
    let mine = |comment: Comment| {
        let marker = Marker::of(&comment.body)?;
        (comment.author == me && marker.key == key).then_some((comment, marker))
    };
    Ok(comments.list()?.into_iter().filter_map(mine).collect())
}

/// The comment that stays: of the newest run, and of its comments the oldest.
fn survivor(own: &[(Comment, Marker)]) -> Option<&(Comment, Marker)> {
    own.iter().max_by(|a, b| a.1.run.cmp(&b.1.run).then(b.0.id.cmp(&a.0.id)))
}

fn remove<'a>(
    comments: &dyn Comments,
    surplus: impl Iterator<Item = &'a (Comment, Marker)>,
) -> Result<(), ForgeError> {
    for (comment, _) in surplus {
        match comments.delete(comment.id) {
            // Somebody else was faster.
            Err(error) if error.status() == Some(404) => {}
            done => done?,
        }
    }
    Ok(())
}

/// Whether two texts are the same but for what forges do to line ends.
fn same(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    plain(a) == plain(b)
}
