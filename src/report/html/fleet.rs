//! The index of a fleet's site: a row for each service, what is worst first, each with its worst endpoint.

use super::document;
use super::site::Site;
use super::standing::Standing;
use super::table::{filter, sortable, sorted_by};
use crate::model::Untrusted;
use crate::report::escape::harmless;
use crate::report::number::plural;
use maud::{Markup, html};
use std::io::{self, Write};

/// A service on the index.
#[derive(Debug)]
pub struct FleetEntry {
    service: Untrusted,
    folder: String,
    /// How its worst endpoint stands, and that endpoint's page and name.
    worst: Option<(Standing, String, Untrusted)>,
    endpoints: usize,
    newest: Option<jiff::Timestamp>,
}

impl FleetEntry {
    /// The entry of a service with this site.
    pub fn of(service: &str, site: &Site<'_>) -> Self {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' }
        };
        let folder: String = service.chars().map(plain).collect();
        Self {
            service: service.into(),
            folder: folder.trim_matches('.').to_owned(),
            worst: site.worst(),
            endpoints: site.endpoints(),
            newest: site.newest(),
        }
    }

    /// The folder that its pages belong into.
    pub fn folder(&self) -> &str {
        &self.folder
    }
}

/// The index of all services.
#[derive(Debug)]
pub struct FleetIndex {
    entries: Vec<FleetEntry>,
    unread: Vec<Untrusted>,
}

impl FleetIndex {
    /// An index of these services; the others could not be read.
    pub fn new(mut entries: Vec<FleetEntry>, unread: Vec<Untrusted>) -> Self {
        let weight = |own: &FleetEntry| own.worst.as_ref().map_or(0.0, |(own, ..)| own.weight());
        entries.sort_by(|a, b| {
            weight(b).total_cmp(&weight(a)).then_with(|| a.service.cmp(&b.service))
        });
        Self { entries, unread }
    }

    /// How many services it has.
    pub fn services(&self) -> usize {
        self.entries.len()
    }

    /// Writes the page.
    pub fn render(&self, out: &mut dyn Write) -> io::Result<()> {
        let services = plural(self.entries.len(), "service");
        let body = html! {
            header {
                h1 { "Performance of " (services) }
                @if !self.unread.is_empty() {
                    p.soft { "Could not be read: " (self.unread.iter().map(harmless).collect::<Vec<_>>().join(", ")) }
                }
            }
            main {
                (filter("service"))
                    div.scroll tabindex="0" role="region" aria-label="All services" { table.index id="findings" {
                    thead { tr {
                        (sortable("state", false)) (sortable("service", false)) (sortable("worst endpoint", false))
                        th scope="col" { "last commits" } (sortable("trend", true)) (sortable("endpoints", true)) (sortable("newest", true))
                    } }
                    tbody { @for own in &self.entries { (row(own)) } }
                } }
                p { button.more type="button" id="more" hidden { "Show more" } }
            }
        };
        out.write_all(document(&"Performance", &body).into_string().as_bytes())
    }
}

fn row(own: &FleetEntry) -> Markup {
    let FleetEntry { folder, service, .. } = own;
    let newest = own.newest.map(|at| at.strftime("%Y-%m-%d").to_string());
    let at = own.newest.map(|at| at.as_second() as f64);
    html! {
        tr {
            @match &own.worst {
                Some((standing, page, name)) => {
                    (standing.state())
                    td.name { a href={ (folder) "/index.html" } { (harmless(service)) } }
                    td.name { a href={ (folder) "/" (page) } { (harmless(name)) } }
                    td.line { (standing.spark()) }
                    (standing.trend())
                }
                None => {
                    td {} td.name { a href={ (folder) "/index.html" } { (harmless(service)) } }
                    td {} td {} td {}
                }
            }
            td.number data-value=(sorted_by(Some(own.endpoints as f64))) { (own.endpoints) }
            td.number data-value=(sorted_by(at)) { (newest.unwrap_or_default()) }
        }
    }
}
