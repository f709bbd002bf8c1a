//! The recorded history as a static site: an index of everything that is measured, and a page for each endpoint.
//!
//! The pages need nothing but each other: they open from a folder as well as from a web server.

use super::{document, plots, script};
use crate::model::{EndpointKey, Metric, Raw, Statistic, Untrusted};
use crate::report::escape::harmless;
use crate::report::number::{Scale, plural, signed_percent};
use crate::report::trend::{heading, step_lines};
use crate::report::trend_table::{LONGEST_SPARK, sparkline};
use crate::trend::{Cell, Mark, Table};
use maud::{Markup, html};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Commits of a page's table and plots.
const LAST: usize = 200;
/// Characters of a file's name at most.
const LONGEST: usize = 80;

/// A static site of the recorded history.
#[derive(Debug)]
pub struct Site<'a> {
    tables: &'a [Table],
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
    pub fn new(tables: &'a [Table]) -> Self {
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
        Self { tables, pages }
    }

    /// The names of the files, the index last: a site that is not complete yet has no new index.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.pages.iter().map(|page| page.file.as_str()).chain(["index.html"])
    }

    /// Writes one of the files; nothing for a name that is none of them.
    pub fn render(&self, file: &str, out: &mut dyn Write) -> io::Result<()> {
        let page = match self.pages.iter().find(|page| page.file == file) {
            Some(page) => self.endpoint(page)?,
            None if file == "index.html" => self.index(),
            None => return Ok(()),
        };
        out.write_all(page.into_string().as_bytes())
    }

    fn index(&self) -> Markup {
        let several = self.tables.len() > 1;
        let head = |text: &str, number: bool| html! { th.number[number] scope="col" { button type="button" { (text) } } };
        document(
            &"Performance",
            &html! {
                header {
                    h1 { "Performance" }
                    @for table in self.tables { p.soft { (harmless(&about(table))) } }
                }
                main {
                    div.controls {
                        label { "Filter " input type="search" id="filter" placeholder="words of a suite or an endpoint"; }
                        span.soft id="count" aria-live="polite" {}
                    }
                    div.scroll { table id="findings" {
                        thead { tr {
                            @if several { (head("history of", false)) } (head("endpoint", false)) (head("measured", false)) (head("newest", true))
                            (head("errors", true)) (head("req/s", true)) th scope="col" { "last commits" } (head("last step", false))
                        } }
                        tbody { @for page in &self.pages { (self.row(page)) } }
                    } }
                    p { button.more type="button" id="more" hidden { "Show more" } }
                }
                (script())
            },
        )
    }

    fn row(&self, page: &SitePage) -> Markup {
        let table = &self.tables[page.table];
        let main = main_column(table, &page.columns);
        let newest = |c: usize| table.rows.iter().rev().find_map(|row| row.cells[c].value);
        let number = |c: Option<usize>| {
            let value = c.and_then(|c| Some((c, newest(c)?)));
            let shown = value.map(|(c, v)| scale(table, c).show(v)).unwrap_or_default();
            html! { td.number data-value=(value.map_or("NaN".to_owned(), |(_, v)| v.to_string())) { (shown) } }
        };
        let of = |metric: Metric| {
            page.columns.iter().copied().find(|c| table.columns[*c].key.metric == metric)
        };
        let last = table.rows.len().saturating_sub(LAST);
        let values: Vec<Option<f64>> =
            table.rows[last..].iter().map(|row| row.cells[main].value).collect();
        let key = &table.columns[main].key;
        html! {
            tr {
                @if self.tables.len() > 1 { td.wrap { (harmless(&table.title)) } }
                td.name { a href=(page.file) { (harmless(&page.name)) } }
                td { @match key.metric { Metric::Latency | Metric::Custom(_) => { (key.statistic) }, Metric::ErrorRate => "error rate", Metric::Throughput => "throughput" } }
                (number(Some(main))) (number(of(Metric::ErrorRate))) (number(of(Metric::Throughput)))
                td.spark { (sparkline(&values, LONGEST_SPARK)) }
                td.wrap { @if let Some(step) = table.steps[main].last() {
                    @let row = &table.rows[step.step.index];
                    (if step.step.size.is_finite() { signed_percent(step.step.size) } else { "from 0".to_owned() })
                    " at " code { (row.commit.short()) } ", " (row.date.strftime("%Y-%m-%d"))
                } }
            }
        }
    }

    fn endpoint(&self, page: &SitePage) -> io::Result<Markup> {
        let table = &self.tables[page.table];
        let figures = plots::columns(table, &page.columns, LAST)?;
        let steps = step_lines(table, &page.columns, &|text: &dyn Raw| harmless(text));
        let scales: Vec<Scale> = page.columns.iter().map(|c| scale(table, *c)).collect();
        let from = table.rows.len().saturating_sub(LAST);
        let body = html! {
            header {
                p { a href="index.html" { "All endpoints" } }
                h1 { (harmless(&page.name)) }
                p.soft { (harmless(&about(table))) }
            }
            main {
                div.plots { @for figure in &figures { (figure) } }
                @if !steps.is_empty() {
                    h2 { "Steps" }
                    ul { @for (_, step) in &steps { li { (step) } } }
                }
                h2 { "The last " (plural(table.rows.len() - from, "commit")) }
                div.scroll { table {
                    thead { tr {
                        th scope="col" { "commit" } th scope="col" { "date" } th scope="col" { "author" } th scope="col" { "subject" }
                        @for c in &page.columns { th.number scope="col" { (harmless(&short(table, *c, &page.name))) } }
                    } }
                    tbody { @for (r, row) in table.rows.iter().enumerate().skip(from).rev() { tr {
                        td { code { (row.commit.short()) } }
                        td { (row.date.strftime("%Y-%m-%d")) }
                        td { (harmless(&row.author)) }
                        td.name { (harmless(&row.subject)) }
                        @for (c, scale) in page.columns.iter().zip(&scales) {
                            (cell(row.cells[*c], table.step_at(*c, r), scale))
                        }
                    } } }
                } }
            }
        };
        Ok(document(&page.name, &body))
    }
}

fn cell(cell: Cell, step: Option<f64>, scale: &Scale) -> Markup {
    let class = match cell.shown_mark() {
        Some(Mark::Fail) => "fail",
        Some(Mark::Again) => "inconclusive",
        Some(Mark::Warn | Mark::Accepted) => "warn",
        None => "",
    };
    html! {
        td class={ "number " (class) } title=[cell.shown_mark().map(Mark::name)] {
            (cell.value.map_or_else(|| "–".to_owned(), |value| scale.show(value)))
            @if let Some(size) = step { " " (if size >= 0.0 { "▲" } else { "▼" }) }
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
