//! How a store's objects are called.
//!
//! Contents lie as in the git store. What there is of them is told by names alone, empty objects in a folder for each day on
//! which commits were made: `commits/<day>/<time>-<commit>-<id>-<n>-<m>`, where n and m count how often the run and its
//! histograms were added and removed. The same record has the same name whoever writes it, so that writers need not know of each
//! other; a gate lists the days of the commits that it looks at, not the whole store; and whoever has no clone knows their order.

use crate::store::bucket::{Life, added, is_there, removed};
use crate::store::layout::{Entry, HISTOGRAMS, RUNS};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// The folder of what there is.
pub(super) const COMMITS: &str = "commits";
/// The day of commits that whoever recorded them could not look up.
pub(super) const UNDATED: &str = "undated";
/// The time of a commit in such a name, in UTC.
const TIME: &str = "%H%M%S";
const TIME_DIGITS: usize = 6;

/// How often the run and the histograms of a record were added and removed; the larger count is the later one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lives {
    pub(super) run: Life,
    pub(super) histograms: Life,
}

impl Lives {
    /// After the addition of a run; one that is there stays as it is.
    pub(super) fn add(self, histograms: bool) -> Self {
        if self.has_run() {
            return self;
        }
        let histograms = if histograms { added(self.histograms) } else { self.histograms };
        Self { run: added(self.run), histograms }
    }

    pub(super) fn remove(self) -> Self {
        Self { run: removed(self.run), ..self.remove_histograms() }
    }

    pub(super) fn remove_histograms(self) -> Self {
        Self { histograms: removed(self.histograms), ..self }
    }

    pub(super) fn join(self, other: Self) -> Self {
        let histograms = self.histograms.max(other.histograms);
        Self { run: self.run.max(other.run), histograms }
    }

    pub(super) fn has_run(self) -> bool {
        is_there(self.run)
    }

    pub(super) fn has_histograms(self) -> bool {
        is_there(self.histograms)
    }
}

/// The day of a time, everywhere the same.
pub(super) fn day_of(time: jiff::Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// What says that the record of a commit of this time has come to these counts.
pub(super) fn told(at: Option<Timestamp>, entry: &Entry, lives: Lives) -> String {
    let (Entry { commit, id }, Lives { run, histograms }) = (entry, lives);
    let name = format!("{commit}-{id}-{run}-{histograms}");
    match at.map(|at| at.to_zoned(TimeZone::UTC)) {
        Some(at) => format!("{COMMITS}/{}/{}-{name}", at.date(), at.strftime(TIME)),
        None => format!("{COMMITS}/{UNDATED}/{name}"),
    }
}

/// What such a name tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) entry: Entry,
    pub(super) lives: Lives,
    /// The time of the commit, where whoever recorded it knew that.
    pub(super) at: Option<Timestamp>,
}

/// Reads such a name back, from the day on; none for anything else.
pub(super) fn read_told(name: &str) -> Option<Read> {
    let (day, name) = name.split_once('/')?;
    let mut parts = name.rsplitn(3, '-');
    // Nobody counts as far as that, and from there on no count could go on.
    let mut count = || parts.next()?.parse().ok().filter(|life: &Life| *life < Life::MAX / 2);
    let (histograms, run) = (count()?, count()?);
    let name = parts.next()?;
    let (at, name) = match name.split_once('-')? {
        (time, name) if time.len() == TIME_DIGITS => (Some(time_of(day, time)?), name),
        _ if day == UNDATED => (None, name),
        _ => return None,
    };
    Some(Read { entry: record(name)?, lives: Lives { run, histograms }, at })
}

fn time_of(day: &str, time: &str) -> Option<Timestamp> {
    let at = DateTime::strptime(format!("%Y-%m-%d {TIME}"), format!("{day} {time}")).ok()?;
    at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

/// The record of `<commit>-<id>`.
fn record(name: &str) -> Option<Entry> {
    Entry::from_name(name.get(..2)?, name.get(2..)?)
}

/// Where the run of a record lies. One that was removed and added again has a new place, so that whoever still removes the old
/// one takes nothing away.
pub(super) fn run_key(entry: &Entry, life: Life) -> String {
    let path = entry.run_path();
    match (life, path.strip_suffix(".json")) {
        (0 | 1, _) | (_, None) => path,
        (_, Some(name)) => format!("{name}-{life}.json"),
    }
}

/// Where the histograms of a record lie.
pub(super) fn histograms_key(entry: &Entry, life: Life) -> String {
    let path = entry.histograms_path();
    if life <= 1 { path } else { format!("{path}-{life}") }
}

/// The record and the count that a content belongs to, and whether it is a run; none for anything that is no content.
pub(super) fn read_content(key: &str) -> Option<(Entry, Life, bool)> {
    let mut parts = key.split('/');
    let (folder, first, second, name) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let name = match folder {
        RUNS => name.strip_suffix(".json")?,
        HISTOGRAMS => name,
        _ => return None,
    };
    let mut words = name.splitn(3, '-');
    let (commit, id) = (words.next()?, words.next()?);
    let life = words.next().map_or(Some(1), |life| life.parse().ok())?;
    let entry = record(&format!("{first}{second}{commit}-{id}"))?;
    Some((entry, life, folder == RUNS))
}

/// The range of days of these commits that have a date.
pub(super) fn range(days: impl Iterator<Item = Date>) -> Option<(Date, Date)> {
    days.fold(None, |range: Option<(Date, Date)>, day| {
        let (first, last) = range.unwrap_or((day, day));
        Some((first.min(day), last.max(day)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let commit = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        Entry { commit, id: "00ff00ff00ff00ff".to_owned() }
    }

    #[test]
    fn names_tell_what_there_is_and_nothing_else_does() {
        let lives = Lives { run: 3, histograms: 2 };
        let known: Timestamp = "2026-03-01T23:59:58Z".parse().unwrap();
        for at in [Some(known), None] {
            let name = told(at, &entry(), lives);
            let read = read_told(name.strip_prefix("commits/").unwrap());
            assert_eq!(read, Some(Read { entry: entry(), lives, at }), "{name}");
        }
        for name in ["", "2026-03-01/x", "2026-03-01/..-1-1", "2026-03-01/é-1-1", "1-1"] {
            assert_eq!(read_told(name), None, "{name}");
        }
        let Entry { commit, id } = entry();
        for name in ["2026-03-01/", "2026-03-01/246060-", "2026-02-30/120000-", "undated/120000-"] {
            assert_eq!(read_told(&format!("{name}{commit}-{id}-1-1")), None, "{name}");
        }
    }

    #[test]
    fn contents_tell_whose_they_are() {
        for life in [1, 3, 5] {
            assert_eq!(read_content(&run_key(&entry(), life)), Some((entry(), life, true)));
            assert_eq!(read_content(&histograms_key(&entry(), life)), Some((entry(), life, false)));
        }
        assert_eq!(run_key(&entry(), 1), entry().run_path());
        for key in ["perfgate", "runs/0/1/README.md", "other/0/1/x-y"] {
            assert_eq!(read_content(key), None, "{key}");
        }
    }
}
