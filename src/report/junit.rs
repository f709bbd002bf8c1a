//! The report as JUnit XML, which most CI systems show as tests.

use super::budgets::text;
use super::cells::{Scales, metric};
use super::checklist;
use super::escape::harmless;
use super::headline::{headline, move_of};
use super::reasons;
use crate::gate::{CheckedItem, Finding, ItemState, Report, ReportReason, Verdict};
use crate::model::Raw;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use std::io::{self, Write};

/// Writes one test case for each measurement, and one for the verdict as a whole: it fails where the exit code is not 0, so
/// that a report that compared nothing is no green one.
pub fn render(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let scales = Scales::of(report);
    let show = |text: &dyn Raw| harmless(text);
    let exit = report.exit.code();
    let outcomes: Vec<Outcome> = report.all_findings().map(|f| Outcome::of(f, exit)).collect();
    let budgets: Vec<Outcome> =
        report.budgets.iter().map(|b| Outcome::of_budget(b.verdict())).collect();
    let items: Vec<(&CheckedItem, Outcome)> = report.checklist.iter().map(of_item).collect();
    let whole = Outcome::of_report(report);
    let all = || outcomes.iter().chain(&budgets).chain(items.iter().map(|(_, own)| own));
    let count = |outcome| all().filter(|own| **own == outcome).count();
    let failures = count(Outcome::Failure) + usize::from(exit != 0);
    let skipped = count(Outcome::Skipped) + usize::from(whole == Outcome::Skipped);
    let mut xml = Writer::new_with_indent(&mut *out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut suite = BytesStart::new("testsuite");
    let name = report.current.suite.as_ref().map_or("performance".to_owned(), harmless);
    suite.push_attribute(("name", name.as_str()));
    suite.push_attribute(("tests", (all().count() + 1).to_string().as_str()));
    suite.push_attribute(("failures", failures.to_string().as_str()));
    suite.push_attribute(("errors", "0"));
    suite.push_attribute(("skipped", skipped.to_string().as_str()));
    xml.write_event(Event::Start(suite))?;
    case(&mut xml, ("perfgate", "verdict"), whole, &headline(report, &scales, &show))?;
    for (finding, outcome) in report.all_findings().zip(outcomes) {
        let text = match outcome {
            Outcome::Skipped => reasons::verdict(finding, report, &show),
            _ => move_of(finding, &scales, &show),
        };
        let endpoint = harmless(&finding.endpoint.text());
        let names = (endpoint.as_str(), metric(finding, &show));
        case(&mut xml, (names.0, &names.1), outcome, &text)?;
    }
    for (budget, outcome) in report.budgets.iter().zip(budgets) {
        let names = (harmless(&budget.budget), harmless(&budget.subject));
        case(&mut xml, (&names.0, &names.1), outcome, &text(budget, &show))?;
    }
    for (item, outcome) in items {
        let text = checklist::text(item, report, &show);
        case(&mut xml, ("checklist", &harmless(&item.item)), outcome, &text)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuite")))?;
    writeln!(out)
}

/// What decides nothing is skipped, as nobody has checked it here.
fn of_item(item: &CheckedItem) -> (&CheckedItem, Outcome) {
    let outcome = match item.state {
        ItemState::NotAsked | ItemState::ForPeople => Outcome::Skipped,
        ItemState::Checked | ItemState::Failed | ItemState::CannotTell => {
            Outcome::of_budget(item.verdict())
        }
    };
    (item, outcome)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failure,
    Skipped,
}

impl Outcome {
    /// Whatever did not pass is no green test.
    fn of_report(report: &Report) -> Self {
        match (report.exit.code(), &report.reason) {
            (0, ReportReason::Skipped { .. }) => Self::Skipped,
            (0, _) => Self::Passed,
            _ => Self::Failure,
        }
    }

    /// A budget that could not be judged keeps the gate from passing.
    fn of_budget(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass | Verdict::Warn => Self::Passed,
            Verdict::Fail | Verdict::Inconclusive | Verdict::NotCompared => Self::Failure,
        }
    }

    fn of(finding: &Finding, exit: u8) -> Self {
        match finding.verdict() {
            Verdict::Pass | Verdict::Warn => Self::Passed,
            Verdict::Fail => Self::Failure,
            Verdict::Inconclusive if exit == 3 => Self::Failure,
            Verdict::Inconclusive | Verdict::NotCompared => Self::Skipped,
        }
    }
}

fn case(
    xml: &mut Writer<impl Write>,
    (class, name): (&str, &str),
    outcome: Outcome,
    text: &str,
) -> io::Result<()> {
    let mut case = BytesStart::new("testcase");
    case.push_attribute(("classname", class));
    case.push_attribute(("name", name));
    let element = match outcome {
        Outcome::Passed => return xml.write_event(Event::Empty(case)),
        Outcome::Failure => "failure",
        Outcome::Skipped => "skipped",
    };
    xml.write_event(Event::Start(case))?;
    let mut inner = BytesStart::new(element);
    inner.push_attribute(("message", text));
    xml.write_event(Event::Start(inner))?;
    xml.write_event(Event::Text(BytesText::new(text)))?;
    xml.write_event(Event::End(BytesEnd::new(element)))?;
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}
