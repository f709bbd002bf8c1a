//! The recorded history as a static site: an index of everything that is measured, what is worst first, and a page for each
//! endpoint.
//!
//! The pages need nothing but each other: they open from a folder as well as from a web server.

use super::figures::figures;
use super::history::{LAST, of_columns, step};
use super::links::text_link;
use super::page::Masthead;
use super::standing::{Standing, class};
use super::table::{filter, sortable, sorted_by};
use super::{document, figures::section};
use crate::model::{EndpointKey, Metric, Raw, Statistic, Untrusted};
use crate::report::escape::harmless;
use crate::report::number::{Scale, plural};
use crate::report::trend::{arrow, heading, sign};
use crate::trend::{Cell, Mark, Table};
use maud::{Markup, html};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Characters of a file's name at most.
const LONGEST: usize = 80;
/// Steps of an endpoint's page that are seen.
const SEEN_STEPS: usize = 10;

/// A static site of the recorded history.
#[derive(Debug)]
pub struct Site<'a> {
    tables: &'a [Table],
    masthead: &'a Masthead,
    pages: Vec<SitePage>,
}

/// What one page shows: some columns of one table.
#[derive(Debug)]
struct SitePage {
    file: String,
    table: usize,
    name: Untrusted,
    columns: Vec<usize>,
}

impl<'a> Site<'a> {
    /// The site of these histories, one for each load.
    pub fn new(tables: &'a [Table], masthead: &'a Masthead) -> Self {
        let mut pages: Vec<SitePage> = Vec::new();
        let mut files = BTreeSet::from(["index.html".to_owned()]);
        for (table, own) in tables.iter().enumerate() {
            for c in 0..own.columns.len() {
                let name = subject(own, c);
                match pages.iter_mut().find(|page| page.table == table && page.name == name) {
                    Some(page) => page.columns.push(c),
                    None => {
                        let file = file_name(&own.title.join(" ", &name), &mut files);
                        pages.push(SitePage { file, table, name, columns: vec![c] });
                    }
                }
            }
        }
        Self { tables, masthead, pages }
    }

    /// The names of the files, the index last: a site that is not complete yet has no new index.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.pages.iter().map(|page| page.file.as_str()).chain(["index.html"])
    }

    /// Writes one of the files; nothing for a name that is none of them.
    pub fn render(&self, file: &str, out: &mut dyn Write) -> io::Result<()> {
        let page = match self.pages.iter().find(|page| page.file == file) {
            Some(page) => self.endpoint(page),
            None if file == "index.html" => self.index(),
            None => return Ok(()),
        };
        out.write_all(page.into_string().as_bytes())
    }

    /// How the worst endpoint stands, its page, and its name.
    pub(super) fn worst(&self) -> Option<(Standing, String, Untrusted)> {
        let all = self.pages.iter().map(|page| (self.standing(page), page));
        let (standing, page) = all.max_by(|(a, _), (b, _)| a.weight().total_cmp(&b.weight()))?;
        Some((standing, page.file.clone(), page.name.clone()))
    }

    /// How many endpoints and metrics have a page.
    pub(super) fn endpoints(&self) -> usize {
        self.pages.len()
    }

    /// The date of the newest recorded commit.
    pub(super) fn newest(&self) -> Option<jiff::Timestamp> {
        self.tables.iter().filter_map(|table| Some(table.rows.last()?.date)).max()
    }

    fn place(&self, way_back: bool) -> Markup {
        let Masthead { repository, links, fleet, .. } = self.masthead;
        html! {
            p.place {
                @if let Some(fleet) = fleet { span { a href=(fleet) { "All services" } } }
                @if way_back { span { a href="index.html" { "All endpoints" } } }
                @if let Some(repository) = repository { b { (text_link(links.repository(), repository)) } }
            }
        }
    }

    fn index(&self) -> Markup {
        let several = self.tables.len() > 1;
        let mut rows: Vec<(&SitePage, Standing)> =
            self.pages.iter().map(|page| (page, self.standing(page))).collect();
        rows.sort_by(|(_, a), (_, b)| b.weight().total_cmp(&a.weight()));
        document(
            &"Performance",
            &html! {
                header {
                    (self.place(false))
                    h1 { "Performance" }
                    @for table in self.tables { p.soft { (harmless(&about(table))) } }
                }
                main {
                    (filter("suite or endpoint"))
                    div.scroll tabindex="0" role="region" aria-label="All endpoints" { table.index id="findings" {
                        thead { tr {
                            (sortable("state", false)) @if several { (sortable("history of", false)) } (sortable("endpoint", false)) (sortable("newest", true))
                            th scope="col" { "last commits" } (sortable("trend", true)) (sortable("errors", true)) (sortable("req/s", true))
                        } }
                        tbody { @for (page, standing) in &rows { (self.row(page, standing)) } }
                    } }
                    p { button.more type="button" id="more" hidden { "Show more" } }
                }
            },
        )
    }

    fn standing(&self, page: &SitePage) -> Standing {
        let table = &self.tables[page.table];
        Standing::of(table, &page.columns, main_column(table, &page.columns), LAST)
    }

    fn row(&self, page: &SitePage, standing: &Standing) -> Markup {
        let table = &self.tables[page.table];
        let main = main_column(table, &page.columns);
        let newest = |c: usize| table.rows.iter().rev().find_map(|row| row.cells[c].value);
        let number = |c: Option<usize>, name: &str| {
            let value = c.and_then(|c| Some((c, newest(c)?)));
            let shown = value.map(|(c, v)| scale(table, c).show(v)).unwrap_or_default();
            html! { td.number data-value=(sorted_by(value.map(|own| own.1))) { (shown) @if !name.is_empty() { " " span.soft { (name) } } } }
        };
        let of = |metric: Metric| {
            page.columns.iter().copied().find(|c| table.columns[*c].key.metric == metric)
        };
        let key = &table.columns[main].key;
        let measured = match key.metric {
            Metric::Latency | Metric::Custom(_) => key.statistic.to_string(),
            Metric::ErrorRate => "errors".to_owned(),
            Metric::Throughput => "requests".to_owned(),
        };
        html! {
            tr {
                (standing.state())
                @if self.tables.len() > 1 { td.name { (harmless(&table.title)) } }
                td.name { a href=(page.file) { (harmless(&page.name)) } }
                (number(Some(main), &measured))
                td.line { (standing.spark()) }
                (standing.trend())
                (number(of(Metric::ErrorRate), "")) (number(of(Metric::Throughput), ""))
            }
        }
    }

    fn endpoint(&self, page: &SitePage) -> Markup {
        let table = &self.tables[page.table];
        let links = &self.masthead.links;
        let mut steps: Vec<(usize, Markup)> = Vec::new();
        for c in &page.columns {
            let name = harmless(&short(table, *c, &page.name));
            let own = table.steps[*c].iter();
            steps.extend(own.map(|found| {
                (found.step.index, html! { li { (name) " " (step(table, found, links)) } })
            }));
        }
        steps.sort_by_key(|(row, _)| std::cmp::Reverse(*row));
        let told: Vec<&Markup> = steps.iter().map(|(_, step)| step).take(SEEN_STEPS).collect();
        let list = html! { @if !told.is_empty() { ul.steps { @for step in &told { (step) } } } };
        let commits = table.rows.len().min(LAST);
        let heading = format!(
            "The last {}",
            if commits == 1 { "commit".to_owned() } else { plural(commits, "commit") }
        );
        let body = html! {
            header {
                (self.place(true))
                h1 { (harmless(&page.name)) }
                p.soft { (harmless(&about(table))) }
            }
            main {
                (figures(of_columns(table, &page.columns, links), usize::MAX, ""))
                (section("Steps", &list))
                section { h2 { (heading) } (self.commits(page)) }
            }
        };
        document(&page.name, &body)
    }

    /// The values of each commit, the newest first.
    fn commits(&self, page: &SitePage) -> Markup {
        let table = &self.tables[page.table];
        let scales: Vec<Scale> = page.columns.iter().map(|c| scale(table, *c)).collect();
        let from = table.rows.len().saturating_sub(LAST);
        html! {
            div.scroll tabindex="0" role="region" aria-label="Commits" { table.commits {
                thead { tr {
                    th scope="col" { "commit" } th scope="col" { "date" }
                    @for c in &page.columns { th.number scope="col" { (harmless(&short(table, *c, &page.name))) } }
                    th scope="col" { "subject" } th scope="col" { "author" }
                } }
                tbody { @for (r, row) in table.rows.iter().enumerate().skip(from).rev() { tr {
                    td { (self.masthead.links.short(row.commit)) }
                    td { (row.date.strftime("%Y-%m-%d")) }
                    @for (c, scale) in page.columns.iter().zip(&scales) {
                        (cell(row.cells[*c], table.step_at(*c, r), scale))
                    }
                    td.name { (harmless(&row.subject)) }
                    td { (harmless(&row.author)) }
                } } }
            } }
        }
    }
}

fn cell(cell: Cell, step: Option<f64>, scale: &Scale) -> Markup {
    let mark = cell.shown_mark();
    html! {
        td class={ "number " (mark.map(class).unwrap_or_default()) } title=[mark.map(Mark::name)] {
            @if let Some(mark) = mark { (sign(mark).0) span.spoken { (mark.name()) } " " }
            @if let Some(size) = step { (arrow(size)) " " }
            (cell.value.map_or_else(|| "–".to_owned(), |value| scale.show(value)))
        }
    }
}

/// What a column is about, as a page's name: an endpoint, or a metric of the whole run.
fn subject(table: &Table, c: usize) -> Untrusted {
    let key = &table.columns[c].key;
    match (&key.endpoint, &key.metric) {
        (EndpointKey::Total, Metric::Custom(name)) => name.clone(),
        (endpoint, _) => endpoint.text(),
    }
}

/// A column's name on the page of its endpoint.
fn short(table: &Table, c: usize, page: &Untrusted) -> Untrusted {
    heading(&table.columns[c]).map(|whole| {
        match whole.strip_prefix(page.raw()).map(str::trim) {
            Some("") => "value",
            Some(rest) => rest,
            None => whole,
        }
        .to_owned()
    })
}

/// The column that stands for an endpoint: its p95, or else its first.
fn main_column(table: &Table, columns: &[usize]) -> usize {
    let is_p95 = |c: &&usize| {
        let key = &table.columns[**c].key;
        key.metric == Metric::Latency
            && matches!(key.statistic, Statistic::Quantile(q) if q == crate::model::Quantile::P95)
    };
    columns.iter().find(is_p95).or(columns.first()).copied().unwrap_or_default()
}

fn scale(table: &Table, c: usize) -> Scale {
    let values: Vec<f64> = table.rows.iter().filter_map(|row| row.cells[c].value).collect();
    Scale::of(&table.columns[c].unit, &values)
}

fn about(table: &Table) -> Untrusted {
    let newest = table.rows.last().map(|row| row.date.strftime("%Y-%m-%d").to_string());
    let until = newest.map(|day| format!(", the newest from {day}")).unwrap_or_default();
    let commits = plural(table.rows.len(), "recorded commit");
    table.title.map(|title| format!("{title}: {commits}{until}"))
}

/// A file's name that is safe everywhere, and the same for nothing else on this site.
fn file_name(text: &Untrusted, taken: &mut BTreeSet<String>) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let words: String = text.raw().chars().map(plain).collect();
    let mut stem: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    if stem.is_empty() {
        stem.push("page");
    }
    let stem: String = stem.join("-").chars().take(LONGEST).collect();
    let numbered =
        |n: usize| if n == 1 { format!("{stem}.html") } else { format!("{stem}-{n}.html") };
    let free = (1..).map(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}
