//! One issue for each cause, whatever the forge: found again by a label and the marker in its first line.

use super::error::ForgeError;
use super::length::shortened;
use super::marker::{decoded, encoded};

/// The most characters of an issue, GitHub's limit.
const LONGEST: usize = 65_536;
/// The most characters of a title, the lowest limit of all forges.
const LONGEST_TITLE: usize = 250;
/// Times that an issue is made, where an answer got lost.
const TRIES: u32 = 3;
/// The state in the marker of an issue that a concurrent job made twice.
const DUPLICATE: &str = "duplicate";

/// An issue, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Its number, as people know it; a later issue has a larger one.
    pub number: u64,
    /// Who wrote it.
    pub author: String,
    /// Its title; untrusted.
    pub title: String,
    /// Its text; untrusted.
    pub body: String,
    /// Whether it is open.
    pub open: bool,
    /// Where people see it.
    pub url: Option<String>,
}

/// What an issue is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The title.
    pub title: String,
    /// The text, without the marker.
    pub text: String,
    /// Whether it is open.
    pub open: bool,
}

/// The issues of one project.
pub trait Issues {
    /// Who we are, as issues name their author.
    fn me(&self) -> Result<String, ForgeError>;
    /// All issues with this label, open or closed, every page.
    fn list(&self, label: &str) -> Result<Vec<Issue>, ForgeError>;
    /// Makes one, with this label.
    fn create(&self, title: &str, body: &str, label: &str) -> Result<Issue, ForgeError>;
    /// Replaces title, text and state of one.
    fn edit(&self, number: u64, draft: &Draft) -> Result<Issue, ForgeError>;
    /// Adds a comment to one, which notifies people.
    fn comment(&self, number: u64, text: &str) -> Result<(), ForgeError>;
}

/// What the first line of an issue says: what it is about, and what people were told last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueMarker {
    /// The test: suite, profile, environment.
    pub key: String,
    /// The commit by which the cause was told first.
    pub since: String,
    /// What was told last.
    pub told: String,
    /// Of how many series.
    pub series: usize,
}

impl IssueMarker {
    fn line(&self) -> String {
        let [key, since, told] = [&self.key, &self.since, &self.told].map(|text| encoded(text));
        format!(
            "<!-- perfgate-issue key={key} since={since} told={told} series={} -->",
            self.series
        )
    }

    /// The marker of an issue, if its first line is one. Anywhere else it is a quotation.
    fn of(body: &str) -> Option<Self> {
        let line = body.lines().next()?.trim();
        let text = line.strip_prefix("<!-- perfgate-issue ")?.strip_suffix(" -->")?;
        let mut fields = text.split(' ').map(|field| field.split_once('='));
        let mut field = |name: &str| {
            let (found, value) = fields.next()??;
            (found == name).then(|| decoded(value)).flatten()
        };
        Some(Self {
            key: field("key")?,
            since: field("since")?,
            told: field("told")?,
            series: field("series")?.parse().ok()?,
        })
    }
}

/// Our own issues about one test, with the label that they have.
#[expect(missing_debug_implementations, reason = "a forge has no form to print")]
pub struct Tracker<'a> {
    issues: &'a dyn Issues,
    label: &'a str,
    key: &'a str,
    me: String,
}

impl<'a> Tracker<'a> {
    /// The issues of a test.
    pub fn new(issues: &'a dyn Issues, label: &'a str, key: &'a str) -> Result<Self, ForgeError> {
        Ok(Self { issues, label, key, me: issues.me()? })
    }

    /// All of them, the oldest first.
    pub fn known(&self) -> Result<Vec<(Issue, IssueMarker)>, ForgeError> {
        // To the letter: a person may be called like an app (`github-actions`), or like us in other letters.
        let own = |issue: Issue| {
            let marker = IssueMarker::of(&issue.body)?;
            let ours = issue.author == self.me && marker.key == self.key;
            (ours && marker.told != DUPLICATE).then_some((issue, marker))
        };
        let mut all: Vec<_> = self.issues.list(self.label)?.into_iter().filter_map(own).collect();
        all.sort_by_key(|(issue, _)| issue.number);
        Ok(all)
    }

    /// Makes an issue, unless a concurrent job has made it already: of two for one cause the older one stays.
    pub fn open(&self, marker: &IssueMarker, draft: &Draft) -> Result<Issue, ForgeError> {
        let body = body(marker, &draft.text);
        let mut tries = 0;
        let made = loop {
            tries += 1;
            match self.issues.create(title(draft), &body, self.label) {
                // The answer was lost, which may have been a success.
                Err(error) if tries < TRIES && error.may_have_happened() => {
                    if let Some(made) = self.same(marker)?.into_iter().next() {
                        break made;
                    }
                }
                done => break done?,
            }
        };
        let mut same = self.same(marker)?.into_iter();
        let Some(first) = same.next() else { return Ok(made) };
        for surplus in same {
            let marker = IssueMarker { told: DUPLICATE.to_owned(), ..marker.clone() };
            let text = format!("This is a duplicate of #{}.", first.number);
            self.put(surplus.number, &marker, &Draft { text, open: false, ..draft.clone() })?;
        }
        Ok(first)
    }

    /// The open issues about the same cause, the oldest first.
    fn same(&self, marker: &IssueMarker) -> Result<Vec<Issue>, ForgeError> {
        let known = self.known()?.into_iter();
        let same = known.filter(|(issue, own)| issue.open && own.since == marker.since);
        Ok(same.map(|(issue, _)| issue).collect())
    }

    /// Gives an issue another text and state.
    pub fn put(
        &self,
        number: u64,
        marker: &IssueMarker,
        draft: &Draft,
    ) -> Result<Issue, ForgeError> {
        let title = title(draft).to_owned();
        self.issues.edit(number, &Draft { title, text: body(marker, &draft.text), ..*draft })
    }

    /// Tells the people who follow an issue.
    pub fn comment(&self, number: u64, text: &str) -> Result<(), ForgeError> {
        self.issues.comment(number, text)
    }
}

fn title(draft: &Draft) -> &str {
    shortened(&draft.title, LONGEST_TITLE)
}

fn body(marker: &IssueMarker, text: &str) -> String {
    shortened(&format!("{}\n{text}", marker.line()), LONGEST).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_reads_back_from_the_first_line_and_from_nowhere_else() {
        let marker = IssueMarker {
            key: "web --> \n=".to_owned(),
            since: "abc".to_owned(),
            told: "raised".to_owned(),
            series: 3,
        };
        let line = marker.line();
        assert!(!line.contains('\n') && line.matches("-->").count() == 1, "{line}");
        assert_eq!(IssueMarker::of(&format!("{line}\r\ntext")), Some(marker));
        assert_eq!(IssueMarker::of(&format!("quoted\n{line}")), None);
        assert_eq!(IssueMarker::of(&line.replace("series=3", "series=x")), None);
    }
}
