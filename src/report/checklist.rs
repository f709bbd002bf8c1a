//! The checklist of the policy in words and on the wire: shared by all renderers.

use super::escape::Show;
use super::mark::mark;
use crate::config::{KnownItem, Severity};
use crate::gate::{CheckedItem, ItemState, Report, ReportReason, Verdict};
use crate::model::{Named as _, Untrusted};
use crate::schema::{ChecklistItemV1, ItemStateV1, SeverityV1};

/// Names of what keeps an item open.
const MOST_NAMED: usize = 5;

/// Those that failed or could not be checked, the gravest first.
pub(super) fn open(report: &Report) -> Vec<&CheckedItem> {
    let mut items: Vec<&CheckedItem> =
        report.checklist.iter().filter(|item| item.verdict() != Verdict::Pass).collect();
    items.sort_by_key(|item| match item.verdict() {
        Verdict::Fail => 0,
        Verdict::NotCompared => 1,
        _ => 2,
    });
    items
}

/// `3 of 5 checked off`.
pub(super) fn counts(report: &Report) -> String {
    let checked = report.checklist.iter().filter(|own| own.state == ItemState::Checked).count();
    format!("{checked} of {} checked off", report.checklist.len())
}

/// An item with its mark: `✗ environment matches: failed, ci in the baseline, staging in this run`.
pub(super) fn line(item: &CheckedItem, report: &Report, show: Show<'_>) -> String {
    let mark = match item.state {
        ItemState::Checked | ItemState::Failed | ItemState::CannotTell => mark(item.verdict()),
        ItemState::NotAsked | ItemState::ForPeople => "–",
    };
    format!("{mark} {}", text(item, report, show))
}

/// An item as one of a task list: `[x] no alert fired`.
pub(super) fn boxed(item: &CheckedItem, report: &Report, show: Show<'_>) -> String {
    let check = if item.state == ItemState::Checked { "x" } else { " " };
    format!("[{check}] {}", text(item, report, show))
}

/// An item, and why it is not checked off.
pub(super) fn text(item: &CheckedItem, report: &Report, show: Show<'_>) -> String {
    let name = show(&item.item);
    let bare = show(&item.item.map(|text| text.trim_end_matches('.').to_owned()));
    let (Some(key), false) = (item.key, item.state == ItemState::Checked) else { return name };
    let what = match item.state {
        ItemState::Failed => "failed",
        ItemState::NotAsked => "not asked",
        _ => "can't tell",
    };
    let only = if item.verdict() == Verdict::Warn { " (warns only)" } else { "" };
    format!("{bare}: {what}, {}{only}", why(item, key, report, show))
}

fn why(item: &CheckedItem, key: KnownItem, report: &Report, show: Show<'_>) -> String {
    let failed = item.state == ItemState::Failed;
    if item.state == ItemState::NotAsked {
        return "only a comparison with a baseline shows it".to_owned();
    }
    if key.needs_baseline() && report.baseline().is_none() {
        return "there is no comparable baseline".to_owned();
    }
    let names = named(&item.about, show);
    let nothing = item.about.is_empty();
    match key {
        KnownItem::BaselineForAllEndpoints if failed => format!("none for {names}"),
        KnownItem::EnvironmentMatches if failed => {
            let [before, now] = [0, 1].map(|i| item.about.get(i).map(show_of(show)));
            let [before, now] = [before, now].map(Option::unwrap_or_default);
            format!("{before} in the baseline, {now} in this run")
        }
        KnownItem::EnvironmentMatches => {
            "not every run says where it ran (--environment)".to_owned()
        }
        KnownItem::Coverage if failed => format!("{names} measurements compared"),
        KnownItem::NoRegressions if failed => "see the findings".to_owned(),
        KnownItem::NoRegressions if report.findings.is_empty() => "nothing was compared".to_owned(),
        KnownItem::NoRegressions => "the comparison has no verdict".to_owned(),
        KnownItem::BaselineForAllEndpoints | KnownItem::Coverage => {
            "the runs are not comparable".to_owned()
        }
        KnownItem::LoadReached if nothing => {
            "neither the profile nor a budget says how much load there should be".to_owned()
        }
        KnownItem::LoadReached if failed => names,
        KnownItem::LoadReached => format!("the results do not say it: {names}"),
        KnownItem::NoAlerts if nothing => "the policy has no alerts".to_owned(),
        KnownItem::NoAlerts if failed => format!("fired: {names}"),
        KnownItem::NoAlerts => format!("not evaluated (--attach prometheus:URL): {names}"),
        KnownItem::AllBudgetsKept if nothing => "no budget holds for this run".to_owned(),
        KnownItem::AllBudgetsKept if failed => format!("over budget: {names}"),
        KnownItem::AllBudgetsKept => format!("not judged: {names}"),
    }
}

fn show_of<'a>(show: Show<'a>) -> impl Fn(&Untrusted) -> String + 'a {
    move |text| show(text)
}

fn named(about: &[Untrusted], show: Show<'_>) -> String {
    let shown: Vec<String> = about.iter().take(MOST_NAMED).map(show_of(show)).collect();
    let more = about.len() - shown.len();
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// Whether the checklist alone made the verdict what it is.
pub(super) fn decides(report: &Report) -> bool {
    let fails = |verdict: Verdict| verdict == Verdict::Fail;
    let other = || {
        report.budgets.iter().any(|own| fails(own.verdict()))
            || report.all_findings().any(|own| fails(own.verdict()))
    };
    match report.reason {
        ReportReason::Checklist => true,
        ReportReason::NoBaseline => fails(report.verdict) && !other(),
        _ => false,
    }
}

/// The answer where the checklist decides, in one sentence.
pub(super) fn headline(report: &Report, show: Show<'_>) -> String {
    let open = open(report);
    let first = open.first().map(|item| text(item, report, show)).unwrap_or_default();
    let more = match open.len() {
        0 | 1 => String::new(),
        n => format!(", and {} more", n - 1),
    };
    let begin = match report.verdict {
        Verdict::Fail => "checklist",
        Verdict::Warn if report.is_check() => "within budget, but the checklist is open",
        Verdict::Warn => "no regression, but the checklist is open",
        _ => "no verdict: the checklist could not be checked",
    };
    format!("{begin}: {first}{more}")
}

/// The item of a file; what cannot be comes with its place.
pub(super) fn from_wire(file: ChecklistItemV1) -> Result<CheckedItem, (&'static str, String)> {
    let key = match &file.key {
        None => None,
        Some(name) => {
            Some(KnownItem::from_name(name).ok_or_else(|| ("checklist.key", name.clone()))?)
        }
    };
    let state = match file.state {
        ItemStateV1::Checked => ItemState::Checked,
        ItemStateV1::Failed => ItemState::Failed,
        ItemStateV1::CannotTell => ItemState::CannotTell,
        ItemStateV1::NotAsked => ItemState::NotAsked,
        ItemStateV1::ForPeople => ItemState::ForPeople,
    };
    if key.is_none() != (state == ItemState::ForPeople) {
        return Err(("checklist.state", file.state.name().to_owned()));
    }
    Ok(CheckedItem {
        item: file.item.into(),
        key,
        state,
        severity: match file.severity {
            SeverityV1::Fail => Severity::Fail,
            SeverityV1::Warn => Severity::Warn,
        },
        about: file.about.into_iter().map(Into::into).collect(),
    })
}
