//! What people were told: it lies in the issues themselves; without issues it is what they must have been told.

use super::news::News;
use super::places::{Places, Project};
use crate::cli::args::NotifyArgs;
use crate::cli::error::CliError;
use crate::cli::history::Watched;
use crate::forge::{Draft, Issue, IssueMarker, Tracker};
use crate::model::Raw as _;
use crate::report::{About, Event, Notice, issue_text, issue_title, sentence};
use crate::trend::{Known, Told, told_so_far};

/// The name of a test that has none.
const DEFAULT: &str = "default";

pub(super) struct Ledger<'a> {
    /// Every cause that people were told of.
    pub(super) told: Vec<Known>,
    issues: Option<OfIssues<'a>>,
}

struct OfIssues<'a> {
    project: &'a Project,
    tracker: Tracker<'a>,
    key: &'a str,
    all: Vec<Issue>,
}

impl<'a> Ledger<'a> {
    /// What people were told of a test.
    pub(super) fn open(
        places: &'a Places,
        watched: &'a Watched,
        args: &'a NotifyArgs,
    ) -> Result<Self, CliError> {
        let Some(project) = &places.project else {
            let told = told_so_far(&watched.table, &watched.watch, args.last);
            return Ok(Self { told, issues: None });
        };
        let key = match watched.arguments.raw().trim() {
            "" => DEFAULT,
            arguments => arguments,
        };
        let tracker = project.asked(Tracker::new(&*project.issues, &args.label, key))?;
        let (mut told, mut all) = (Vec::new(), Vec::new());
        for (issue, marker) in project.asked(tracker.known())? {
            told.extend(known(&issue, &marker));
            all.push(issue);
        }
        Ok(Self { told, issues: Some(OfIssues { project, tracker, key, all }) })
    }

    pub(super) fn has_issues(&self) -> bool {
        self.issues.is_some()
    }

    /// Writes the news into an issue, where there are issues.
    pub(super) fn tell(
        &self,
        news: &News<'_>,
        notice: &Notice<'_>,
    ) -> Result<Option<Issue>, CliError> {
        self.issues.as_ref().map(|issues| issues.tell(news, notice)).transpose()
    }
}

impl OfIssues<'_> {
    fn tell(&self, news: &News<'_>, notice: &Notice<'_>) -> Result<Issue, CliError> {
        let marker = IssueMarker {
            key: self.key.to_owned(),
            since: news.since.to_string(),
            told: news.told.name().to_owned(),
            series: news.series,
        };
        let open = news.told == Told::Raised;
        let before = news.number.and_then(|n| self.all.iter().find(|own| own.number == n));
        let Some(before) = before else {
            let draft = Draft { title: issue_title(notice), text: issue_text(notice), open };
            return self.project.asked(self.tracker.open(&marker, &draft));
        };
        let draft = match news.about {
            // There is nothing else to say of it.
            About::Place(_) => {
                let text = before.body.split_once('\n').map_or("", |(_, text)| text);
                Draft { title: before.title.clone(), text: text.to_owned(), open }
            }
            _ => Draft { title: issue_title(notice), text: issue_text(notice), open },
        };
        let issue = self.project.asked(self.tracker.put(before.number, &marker, &draft))?;
        // An edit tells nobody.
        let more = match news.event {
            Event::Reopened => " It was taken for over, and is not.",
            _ => "",
        };
        let text = format!("{}{more}", sentence(notice));
        self.project.asked(self.tracker.comment(before.number, &text))?;
        Ok(issue)
    }
}

/// What an issue says of itself; none where it was written by something else.
fn known(issue: &Issue, marker: &IssueMarker) -> Option<Known> {
    Some(Known {
        number: issue.number,
        since: marker.since.parse().ok()?,
        open: issue.open,
        told: Told::named(&marker.told)?,
        series: marker.series,
    })
}
