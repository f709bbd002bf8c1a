//! Lighthouse `--output=json`: one load of one page. Files that are given together are loads of one run.
//!
//! A load that went wrong has `runtimeError`, or a performance score of null because the browser could not tell one of the times
//! that make it. Both are failed loads, and their times are none.

use super::{Measure, Pages};
use crate::ingest::error::{IngestError, OtherFile, Problem};
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds, Ingested, ReadOptions};
use crate::ingest::head::{Claim, Head};
use crate::ingest::json_file::parse;
use crate::ingest::source::Source;
use crate::model::{Direction, Tool, Unit, known_metric, limits};
use crate::schema::bounded;
use serde::Deserialize;
use std::collections::BTreeMap;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "lighthouse",
    tool: "lighthouse",
    title: "Lighthouse `--output=json`",
    get: "`lighthouse URL --output=json`, five times; Lighthouse CI: the folder `.lighthouseci`",
    section: "Lighthouse",
    versions: "12.8.2",
    holds: Holds::Summary,
    tells: &[Fact::Endpoints, Fact::Errors, Fact::FailureKinds, Fact::Start, Fact::Metrics],
    remark: "one load a file; give five or more together, because loads of one page differ widely",
    claim,
    read,
};

/// What Lighthouse CI writes beside its reports.
static SIDE_FILE: OtherFile = OtherFile {
    what: "is a list that Lighthouse CI keeps of its reports, not a report",
    help: |_| "give the reports: .lighthouseci/lhr-*.json".to_owned(),
    beside_results: true,
};

/// Lighthouse's report for people.
static PAGE: OtherFile = OtherFile {
    what: "is Lighthouse's report for people",
    help: |_| {
        "run lighthouse with --output=json, or with --output=json --output=html for both".to_owned()
    },
    beside_results: true,
};

/// Audits and categories of a report; real ones have some hundred.
const MOST_AUDITS: usize = 5_000;
/// Audits that are metrics here beside those that are known by their names, with the name.
const OWN_NAMES: [(&str, &str); 2] =
    [("server-response-time", "ttfb"), ("total-byte-weight", "total_byte_weight")];
/// What stands behind the name of a category.
const SCORE: &str = "_score";
/// The category whose score the times make.
const PERFORMANCE: &str = "performance";

fn claim(head: &Head<'_>) -> Claim {
    if head.begins_with(b'[')
        && ["isRepresentativeRun", "auditProperty"].iter().any(|key| head.text().contains(key))
    {
        return Claim::Other(&SIDE_FILE);
    }
    if head.begins_with(b'<') && head.text().contains("<title>Lighthouse Report") {
        return Claim::Other(&PAGE);
    }
    Claim::certain_if(head.has_key("lighthouseVersion") && head.has_key("fetchTime"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    lighthouse_version: String,
    /// None where a time span was measured, not a navigation.
    requested_url: Option<String>,
    final_displayed_url: Option<String>,
    final_url: Option<String>,
    fetch_time: Option<String>,
    runtime_error: Option<RuntimeError>,
    config_settings: Option<Settings>,
    #[serde(deserialize_with = "bounded::map::<_, _, MOST_AUDITS>")]
    audits: BTreeMap<String, Audit>,
    #[serde(default, deserialize_with = "bounded::map::<_, _, MOST_AUDITS>")]
    categories: BTreeMap<String, Category>,
}

#[derive(Deserialize)]
struct RuntimeError {
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    /// `mobile` or `desktop`.
    form_factor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Audit {
    score_display_mode: Option<String>,
    numeric_value: Option<f64>,
    numeric_unit: Option<String>,
    error_message: Option<String>,
}

#[derive(Deserialize)]
struct Category {
    score: Option<f64>,
}

fn read(source: Source, options: &ReadOptions) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let report: Report = parse(&name, &source.document(limits::DOCUMENT_BYTES)?)?;
    let urls = [&report.requested_url, &report.final_displayed_url, &report.final_url];
    let Some(url) = urls.into_iter().flatten().find(|url| !url.is_empty()) else {
        let problem = Problem::Malformed("it does not name the page that was loaded".to_owned());
        return Err(IngestError::new(&name, problem));
    };
    let mut pages = Pages::new(&name, &options.collapse);
    let device = report.config_settings.as_ref().and_then(|own| own.form_factor.as_deref());
    let page = pages.page(device, url)?;
    let failure = report.failure();
    pages.loaded(&page, failure.as_deref());
    if failure.is_none() {
        for (measure, value) in report.measures() {
            pages.measured(&page, measure, value)?;
        }
    }
    let version = Some(report.lighthouse_version.into());
    let mut run = pages.finish(Tool { name: FORMAT.tool.into(), version });
    run.started_at = report.fetch_time.and_then(|time| time.parse().ok());
    Ok(Ingested { run, warnings: Vec::new() })
}

impl Report {
    /// What the load died of, if it did.
    fn failure(&self) -> Option<String> {
        if let Some(error) = &self.runtime_error {
            return Some(error.code.clone());
        }
        let performance = self.categories.get(PERFORMANCE)?;
        let broken = |(id, audit): (&String, &Audit)| {
            let is_error = audit.score_display_mode.as_deref() == Some("error");
            (is_error && metric_of(id).is_some())
                .then(|| audit.error_message.clone().unwrap_or_else(|| format!("no {id}")))
        };
        let why = || self.audits.iter().find_map(broken);
        performance
            .score
            .is_none()
            .then(|| why().unwrap_or_else(|| "no performance score".to_owned()))
    }

    /// What was measured, in base units.
    fn measures(&self) -> impl Iterator<Item = (Measure, f64)> {
        let audits = self.audits.iter().filter_map(|(id, audit)| {
            let (unit, factor) = audit.unit(id);
            let measure =
                Measure { name: metric_of(id)?.to_owned(), unit, direction: Direction::Lower };
            Some((measure, audit.numeric_value? * factor))
        });
        let scores = self.categories.iter().filter_map(|(id, category)| {
            let name = format!("{}{SCORE}", id.replace('-', "_"));
            Some((
                Measure { name, unit: Unit::Ratio, direction: Direction::Higher },
                category.score?,
            ))
        });
        audits.chain(scores)
    }
}

impl Audit {
    /// The unit of the value, and how many of it one of the file's is. Lighthouse 5 names none.
    fn unit(&self, id: &str) -> (Unit, f64) {
        match self.numeric_unit.as_deref() {
            Some("millisecond") => (Unit::Milliseconds, 1.0),
            Some("second") => (Unit::Milliseconds, 1e3),
            Some("byte") => (Unit::Bytes, 1.0),
            None => (known_metric(id).map_or(Unit::Number, |known| known.unit()), 1.0),
            Some(_) => (Unit::Number, 1.0),
        }
    }
}

/// The name of the metric that an audit is, if it is one.
fn metric_of(id: &str) -> Option<&'static str> {
    let own = OWN_NAMES.iter().find(|(audit, _)| *audit == id).map(|(_, name)| *name);
    own.or_else(|| Some(known_metric(id)?.name))
}
