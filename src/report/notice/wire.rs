//! A notice for programs, `perfgate.notice/1`.

use super::{About, Notice, headline};
use crate::model::{Raw, harmless};
use crate::schema::{MovedV1, NOTICE_SCHEMA, NoticeV1};

/// The notice for programs.
pub fn to_wire(notice: &Notice<'_>, issue: Option<&str>) -> NoticeV1 {
    let table = notice.table;
    let (row, series) = match notice.about {
        About::Step(cause) => {
            let moved = cause.members.iter().map(|own| {
                let column = &table.columns[own.column];
                MovedV1 {
                    id: column.key.text().into_raw(),
                    unit: column.unit.raw().to_owned(),
                    before: own.before,
                    now: own.now(table),
                }
            });
            (table.rows.get(cause.row), moved.collect())
        }
        _ => (None, Vec::new()),
    };
    let commit = match notice.about {
        About::Gate(report) => report.current.commit,
        About::Place(commit) => Some(commit),
        About::Step(_) | About::Open(_) => row.map(|row| row.commit),
    };
    NoticeV1 {
        schema: NOTICE_SCHEMA.to_owned(),
        event: notice.event.name().to_owned(),
        text: headline(notice, &|name: &dyn Raw| harmless(name)),
        test: table.title.raw().to_owned(),
        commit: commit.map(|commit| commit.to_string()),
        author: row.map(|row| row.author.raw().to_owned()),
        subject: row.map(|row| row.subject.raw().to_owned()),
        series,
        issue: issue.map(str::to_owned),
    }
}
