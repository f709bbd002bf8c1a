//! What the rows of requirement tables state.

use super::claim::{Context, Tier, claim, no_clause};
use super::lines::Said;
use super::markdown::Table;
use super::statistic::{ordinal, take_statistics};
use super::subject::{Subject, of_heading};
use super::value::{NoClause, clause, is_demand, parts};

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
enum Column {
    /// Limits.
    Limit(Tier),
    /// Limits of a statistic.
    Statistic(Vec<String>, Tier),
    /// Which statistic the row is about.
    Percentile,
    /// Limits of what the column is called.
    Named(String),
    /// What was measured.
    Result,
    Other,
}

/// Words of headers and headings by which numbers are limits.
const LIMITS: [&str; 12] = [
    "requirement",
    "required",
    "limit",
    "sla",
    "slo",
    "nfr",
    "threshold",
    "budget",
    "goal",
    "objective",
    "target",
    "max",
];
const RESULTS: [&str; 7] =
    ["count", "result", "actual", "measured", "value", "report", "status quo"];
/// First columns that name no endpoints.
const GRADES: [&str; 4] = ["tier", "level", "grade", "class"];
const NOTHING: [&str; 5] = ["", "-", "–", "—", "n/a"];

pub(super) fn read_table(table: &Table) -> Vec<Said> {
    let columns = columns(table);
    let texts = || table.rows.iter().map(|(line, cells)| (*line, cells.join(" | ")));
    let demands = || texts().filter(|(_, text)| is_demand(text));
    let is_limit =
        |column: &Column| !matches!(column, Column::Result | Column::Other | Column::Percentile);
    if columns.contains(&Column::Result) || has_word(&table.heading, &RESULTS) {
        let first = demands().next();
        return first
            .map(|(line, text)| {
                Said::unread(line, &text, "a table of results: nothing is demanded")
            })
            .into_iter()
            .collect();
    }
    if !columns.iter().any(is_limit) {
        let why = "the table has no column of limits, such as Target or Limit";
        return demands().map(|(line, text)| Said::unread(line, &text, why)).collect();
    }
    let said: Vec<Said> = table
        .rows
        .iter()
        .flat_map(|(line, cells)| read_row(table, &columns, *line, cells))
        .collect();
    let demands =
        said.iter().any(|said| matches!(said, Said::Claim(_))) || demands().next().is_some();
    if demands { said } else { Vec::new() }
}

fn has_word(text: &str, words: &[&str]) -> bool {
    let lower = text.to_lowercase();
    words.iter().any(|word| {
        lower
            .split(|c: char| !c.is_alphanumeric())
            .any(|own| own == *word || own.strip_suffix('s') == Some(word))
    })
}

/// What each column holds; the first one names the rows.
fn columns(table: &Table) -> Vec<Column> {
    let mut columns: Vec<Column> =
        table.header.iter().enumerate().map(|(i, header)| column(i, header)).collect();
    let others = [Tier::Limit, Tier::Acceptable, Tier::Critical].map(Column::Limit);
    let has_tiers = columns.iter().any(|column| others.contains(column));
    for column in columns.iter_mut().filter(|column| **column == Column::Limit(Tier::Target)) {
        // A target alone is what must be kept.
        *column = Column::Limit(if has_tiers { Tier::Target } else { Tier::Limit });
    }
    columns
}

fn column(at: usize, header: &str) -> Column {
    if at == 0 {
        return Column::Other;
    }
    let (_, statistics) = take_statistics(header);
    let expected = has_word(header, &["expected"]);
    let tier = if expected { Tier::Expected } else { Tier::Limit };
    if has_word(header, &RESULTS) {
        Column::Result
    } else if statistics.len() == 1 && statistics.iter().all(|own| own != "max") {
        Column::Statistic(statistics, tier)
    } else if has_word(header, &["percentile"]) {
        Column::Percentile
    } else if has_word(header, &["acceptable"]) {
        Column::Limit(Tier::Acceptable)
    } else if has_word(header, &["critical"]) {
        Column::Limit(Tier::Critical)
    } else if expected {
        Column::Limit(Tier::Expected)
    } else if has_word(header, &["target"]) {
        Column::Limit(Tier::Target)
    } else if has_word(header, &LIMITS) {
        Column::Limit(Tier::Limit)
    } else if matches!(Subject::of(header), Subject::Latency(_) | Subject::Single(..)) {
        Column::Named(header.to_owned())
    } else {
        Column::Other
    }
}

fn read_row(table: &Table, columns: &[Column], line: u64, cells: &[String]) -> Vec<Said> {
    let name = cells.first().map_or("", String::as_str);
    let is_grade = table.header.first().is_some_and(|header| has_word(header, &GRADES));
    let (label, of_label) = take_statistics(if is_grade { "" } else { name });
    let heading = of_heading(&table.heading);
    let said = cells.join(" | ");
    let mut statistics = of_label;
    for (column, cell) in columns.iter().zip(cells) {
        if *column == Column::Percentile {
            let level = ordinal(cell.trim()).map(|level| vec![format!("p{level}")]);
            statistics.extend(level.unwrap_or_else(|| take_statistics(cell).1));
        }
    }
    let mut found: Vec<Said> = Vec::new();
    let mut signed: Vec<String> = Vec::new();
    for ((column, header), cell) in columns.iter().zip(&table.header).zip(cells) {
        let (own, tier, label) = match column {
            Column::Limit(tier) => (Vec::new(), *tier, label.clone()),
            Column::Statistic(own, tier) => (own.clone(), *tier, label.clone()),
            Column::Named(name) => (Vec::new(), Tier::Limit, named(name, &label, &heading)),
            Column::Percentile | Column::Result | Column::Other => continue,
        };
        if NOTHING.contains(&cell.trim().to_lowercase().as_str()) {
            continue;
        }
        let is_limit = matches!(column, Column::Limit(_))
            || has_word(&table.heading, &LIMITS)
            || table.header.iter().any(|header| has_word(header, &LIMITS));
        let context = Context {
            line,
            said: &said,
            label: &label,
            heading: &heading,
            statistics: [own, statistics.clone()].concat(),
            tier,
            is_limit,
        };
        let cell = with_unit(header, cell);
        for part in parts(&cell) {
            match clause(part) {
                // The same number once more, in a column of its own.
                Ok(own) if own.sign.is_none() && signed.contains(&own.quantity.written) => {}
                Ok(own) => {
                    signed.push(own.quantity.written.clone());
                    found.push(Said::of(line, &said, claim(own, &context)));
                }
                Err(NoClause::NoNumber) if found.iter().any(is_about(part)) => {}
                Err(why) => found.push(Said::unread(line, &said, no_clause(part, why))),
            }
        }
    }
    found
}

/// Whether something says already that this is no number.
fn is_about(part: &str) -> impl Fn(&Said) -> bool {
    let own = no_clause(part, NoClause::NoNumber);
    move |said| matches!(said, Said::Unread { why, .. } if *why == own)
}

/// The label of a column that names what it limits: in a table of tiers, the heading may say it more closely.
fn named(column: &str, label: &str, heading: &str) -> String {
    match (Subject::of(heading), label.is_empty()) {
        (Subject::Latency(_), true) => heading.to_owned(),
        (_, true) => column.to_owned(),
        (_, false) => format!("{label} {column}"),
    }
}

/// A number in a column whose header has the unit: `P95 (ms)`.
fn with_unit(header: &str, cell: &str) -> String {
    let unit = header
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(unit, _)| unit.trim());
    let is_bare = cell.trim().ends_with(|c: char| c.is_ascii_digit());
    match unit.filter(|unit| is_bare && matches!(*unit, "ms" | "s" | "%" | "us")) {
        Some(unit) => format!("{cell}{unit}"),
        None => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::markdown::{Piece, pieces};

    fn read(heading: &str, text: &str) -> Vec<String> {
        let rule = text.lines().next().unwrap_or_default().split('|').map(|_| "---");
        let rule = rule.collect::<Vec<_>>().join("|");
        let (header, rows) = text.split_once('\n').unwrap();
        let text = format!("## {heading}\n\n{header}\n{rule}\n{rows}\n");
        let table = pieces(&text).into_iter().find_map(|piece| match piece {
            Piece::Table(table) => Some(table),
            Piece::Block(_) | Piece::Line(_) => None,
        });
        let shown = |said| match said {
            Said::Claim(own) => {
                let statistic = own.statistic.unwrap_or_default();
                format!("{} {statistic} {:?} {}", own.subject.key(), own.tier, own.bound)
            }
            Said::Unread { why, .. } => format!("? {why}"),
            other => format!("{other:?}"),
        };
        read_table(&table.unwrap()).into_iter().map(shown).collect()
    }

    #[test]
    fn rows_of_requirement_tables_are_claims() {
        assert_eq!(
            read(
                "NFR",
                "Metric | Requirement\nOrder Entry | < 2 seconds\nConcurrent Carts | 8 carts online\nSockets | 50 concurrent connections"
            ),
            [
                "order entry  Limit < 2 seconds",
                "concurrent cart  Limit >= 8",
                "connections  Limit >= 50"
            ]
        );
        assert_eq!(
            read(
                "Expected",
                "Operation | Target | Expected P95\nLogin | < 2s | < 1.5s\nLogout | Fast | < 1s"
            ),
            [
                "login  Limit < 2s",
                "login p95 Expected < 1.5s",
                "? \"Fast\" is no number",
                "logout p95 Expected < 1s"
            ]
        );
        assert_eq!(
            read(
                "Targets",
                "Metric | Target | Acceptable | Critical\nCPU Usage | < 70% | < 85% | > 95%"
            ),
            ["cpu  Target < 70%", "cpu  Acceptable < 85%", "cpu  Critical > 95%"]
        );
        assert_eq!(
            read("SLA", "Endpoint | p50 | p99.9\nGET /a | 50ms | 2s"),
            ["get a p50 Limit <= 50ms", "get a p99.9 Limit <= 2s"]
        );
    }

    #[test]
    fn a_row_of_a_tier_is_about_what_heading_and_column_name() {
        assert_eq!(
            read(
                "API Response Time SLA",
                "Tier | Response Time | Target | Percentile\nGold | <50ms | 50ms | 50th"
            ),
            ["api_response_time p50 Limit < 50ms"]
        );
    }

    #[test]
    fn results_and_other_tables_demand_nothing() {
        let results = "Endpoint | Count | P95 (ms)\nGET /a | 500 | 78ms";
        assert_eq!(read("Run", results), ["? a table of results: nothing is demanded"]);
        assert!(read("Files", "File | Size\na.txt | some").is_empty());
        assert!(read("People", "Name | Target\nAnn | the moon").is_empty());
    }
}
