//! k6 `--out json`: one JSON object a line, either the declaration of a metric or one of its points.

use super::Ingested;
use super::error::{IngestError, Problem};
use super::json_file::explained;
use super::k6_raw::{Declaration, Gathered, Sample, Tags};
use super::source::Source;
use crate::model::{Warning, WarningKind};
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    data: Data<'a>,
}

/// The data of a declaration or of a point; which fields are there depends on the type of the line.
#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    value: Option<f64>,
    #[serde(borrow)]
    tags: Option<WrittenTags<'a>>,
    #[serde(borrow)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    contains: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
struct WrittenTags<'a> {
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    group: Option<Cow<'a, str>>,
    #[serde(borrow)]
    check: Option<Cow<'a, str>>,
}

pub(super) fn read(mut source: Source, lenient: bool) -> Result<Ingested, IngestError> {
    let name = source.name().to_owned();
    let mut gathered = Gathered::default();
    let mut warnings = Vec::new();
    let mut broken = Broken::default();
    let mut line = Vec::new();
    let mut lines = 0;
    loop {
        match source.next_line(&mut line, lines) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => match error.problem {
                Problem::Truncated { ref how, .. } if lenient => {
                    let kind = WarningKind::Truncated { how: how.clone() };
                    warnings.push(Warning::at(kind, &name, Some(lines + 1)));
                    break;
                }
                _ => return Err(error),
            },
        }
        let ended = line.ends_with(b"\n");
        if line.trim_ascii().is_empty() {
            lines += 1;
            continue;
        }
        if let Err(problem) = add(&mut gathered, &line) {
            let cut = !ended && matches!(problem, Problem::Malformed(_));
            let problem = if cut {
                Problem::Truncated { lines, how: "the last line is cut".to_owned() }
            } else {
                problem
            };
            let error = IngestError::at(&name, lines + 1, problem);
            // Too many endpoints stay too many, however lenient.
            if !lenient
                || matches!(
                    error.problem,
                    Problem::TooManyEndpoints { .. } | Problem::TooMany { .. }
                )
            {
                return Err(error);
            }
            match error.problem {
                Problem::Truncated { how, .. } => {
                    let kind = WarningKind::Truncated { how };
                    warnings.push(Warning::at(kind, &name, Some(lines + 1)));
                }
                problem => broken.add(lines + 1, &problem),
            }
        }
        lines += 1;
    }
    warnings.extend(broken.warning(&name));
    let mut ingested = gathered.finish(&name);
    ingested.warnings.extend(warnings);
    Ok(ingested)
}

fn add(gathered: &mut Gathered, line: &[u8]) -> Result<(), Problem> {
    let parsed = serde_json::from_slice(line.trim_ascii_end());
    let line: Line<'_> = parsed.map_err(|error| Problem::Malformed(explained(&error)))?;
    let missing = |field: &str| Problem::Malformed(format!("`{field}` is missing"));
    match line.r#type.as_ref() {
        "Metric" => {
            let sort = line.data.r#type.ok_or_else(|| missing("data.type"))?.into_owned();
            let contains = line.data.contains.unwrap_or_default().into_owned();
            gathered.declare(&line.metric, Declaration { sort, contains });
            Ok(())
        }
        "Point" => {
            let text = line.data.time.ok_or_else(|| missing("data.time"))?;
            let time = text.parse().map_err(|_| Problem::BadValue {
                what: "data.time".to_owned(),
                value: text.to_string(),
                why: "is no RFC 3339 time",
            })?;
            let value = line.data.value.ok_or_else(|| missing("data.value"))?;
            let tags = line.data.tags.unwrap_or_default();
            let tags = Tags {
                method: tags.method.as_deref().unwrap_or_default(),
                name: tags.name.as_deref().unwrap_or_default(),
                url: tags.url.as_deref().unwrap_or_default(),
                group: tags.group.as_deref().unwrap_or_default(),
                check: tags.check.as_deref().unwrap_or_default(),
            };
            gathered.add(&Sample { metric: &line.metric, time, value, tags })
        }
        other => Err(Problem::Malformed(format!("`{other}` is neither Metric nor Point"))),
    }
}

/// Lines that were left out.
#[derive(Default)]
pub(super) struct Broken {
    count: u64,
    first: Option<(u64, String)>,
}

impl Broken {
    pub(super) fn add(&mut self, line: u64, problem: &Problem) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some((line, problem.to_string()));
        }
    }

    pub(super) fn warning(self, name: &str) -> Option<Warning> {
        let (line, first) = self.first?;
        Some(Warning::at(WarningKind::BrokenLines { count: self.count, first }, name, Some(line)))
    }
}
