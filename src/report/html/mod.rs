//! The report as one page that needs nothing else: no network, no other file. It opens from a folder, an artifact or a mail.
//!
//! It answers in this order: the verdict and whose it is; how far every measurement is from its limit; what failed, and what stands
//! behind it; the history. The rest is folded. Every text goes through the template, which escapes it; the page's own policy forbids
//! it to load anything.

mod bars;
mod distribution;
mod failed;
mod figures;
mod fleet;
mod forest;
mod head;
mod history;
mod links;
mod page;
mod pairs;
mod rest;
mod runs;
mod site;
mod spark;
mod standing;
mod table;
mod timelines;

pub use fleet::{FleetEntry, FleetIndex};
pub use links::{Links, is_web};
pub use page::{Masthead, Page};
pub use site::Site;

use super::cells::Scales;
use super::escape::harmless;
use super::mark::mark;
use super::plot;
use super::ranking::{attention, largest};
use crate::model::{EndpointKey, Metric, Raw, Untrusted};
use distribution::{density, percentiles, samples};
use failed::Sections;
use figures::{figures, folded, section};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::io::{self, Write};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// The page loads nothing, and nothing that stands in a name could make it.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
/// Histories that are seen at most before the others are asked for.
const MOST_HISTORIES: usize = 6;
/// Endpoints within their limits whose distributions are drawn.
const MOST_CALM: usize = 6;

/// Writes the page.
pub fn render(page: Page<'_>, out: &mut impl Write) -> io::Result<()> {
    let report = page.report;
    let scales = Scales::of(report);
    let sections = Sections::of(report);
    let (sides, changes) = pairs::plots(report);
    let everything = table::table(report, &scales);
    let count = report.all_findings().count();
    let history = history::of_page(page);
    let asking = attention(report).len().clamp(2, MOST_HISTORIES);
    let rest = html! {
        (folded(&format!("All {count} measurements"), &everything))
        (folded("Not compared", &rest::not_compared(report)))
        (folded("Response times of other endpoints", &calm(page, &sections)))
        (folded("Compared runs", &figures(runs::compared(report), usize::MAX, "")))
        (folded("Where the time went", &rest::time_spent(page)))
        (folded("Resources", &rest::resources(page)))
        (folded("This run", &rest::facts(page)))
    };
    let body = html! {
        (head::head(page, &scales))
        main {
            (head::facts(page))
            (rest::budget_list(report))
            (rest::item_list(report))
            (forest::forest(report, &scales, &sections))
            (rest::warnings(report))
            (section("What needs attention", &sections.drawn(page, &scales)))
            (section("Changes, pair by pair", &figures(changes, 4, "more")))
            (section("Both sides, pair by pair", &figures(sides, 2, "more")))
            (section("During the test", &figures(timelines::timelines(page), 6, "more")))
            (section("History", &figures(history, asking, "more measurements")))
            (section("Everything else", &rest))
        }
    };
    let document = document(&title(page), &body);
    out.write_all(document.into_string().as_bytes())
}

/// `✗ fail: performance of shop, owner/name`.
fn title(page: Page<'_>) -> Untrusted {
    let verdict = page.report.verdict;
    let word = verdict.name().replace('_', " ");
    let title: Untrusted = format!("{} {word}: performance", mark(verdict)).into();
    let title = match &page.report.current.suite {
        Some(suite) => title.join(" of ", suite),
        None => title,
    };
    match &page.masthead.repository {
        Some(repository) => title.join(", ", repository),
        None => title,
    }
}

/// Distributions of endpoints that moved within their limits.
fn calm(page: Page<'_>, sections: &Sections) -> Markup {
    let mut keys: Vec<EndpointKey> = Vec::new();
    for finding in largest(page.report).into_iter().filter(|f| f.metric == Metric::Latency) {
        let key = &finding.endpoint;
        if keys.len() < MOST_CALM && !keys.contains(key) && !sections.keys().contains(key) {
            keys.push(key.clone());
        }
    }
    let known = keys.iter().filter_map(|key| Some((key, samples(page, key)?)));
    let drawn = known.map(|(key, all)| {
        html! {
            h3 { (harmless(&key.text())) }
            div.plots { (density(page, key, &all)) (percentiles(key, &all)) }
        }
    });
    let drawn: Vec<Markup> = drawn.collect();
    html! { @for own in &drawn { (own) } }
}

/// A whole page of this title.
fn document(title: &dyn Raw, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (harmless(title)) }
                style { (PreEscaped(plot::COLORS)) (PreEscaped(plot::STYLE)) (PreEscaped(STYLE)) }
            }
            body { (body) script { (PreEscaped(SCRIPT)) } }
        }
    }
}
