//! A notice as an issue: its title, its text, and what followers are told.

use super::{About, Event, Notice, change, headline};
use crate::config::Accept;
use crate::model::{EndpointKey, Metric, Raw, Statistic, Untrusted};
use crate::report::bisect_command::bisect_command;
use crate::report::escape::{fence, markdown_code, shell, terminal};
use crate::report::markdown::render as render_markdown;
use crate::report::number::{Scale, plural};
use crate::report::trend_table::{LONGEST_SPARK, sparkline};
use crate::trend::{Cause, Member, Table};

/// Series that an issue lists, and lines that accept one.
const MOST_SERIES: usize = 30;
const MOST_ACCEPTED: usize = 5;
/// Rows before the step that a plot shows.
const BEFORE: usize = 12;

const TABLE_HEAD: &str = "| series | before | now | change | |\n|---|--:|--:|--:|---|\n";

/// The title of an issue: plain text in which nothing is a mention or a reference.
pub fn title(notice: &Notice<'_>) -> String {
    let text = headline(notice, &|name: &dyn Raw| terminal(name));
    let text = format!("{text} ({})", terminal(&notice.table.title));
    ['@', '#', '!'].iter().fold(text, |text, c| text.replace(*c, &format!("{c}\u{2060}")))
}

/// The notice in one sentence, which is what the followers of an issue are told of a change.
pub fn sentence(notice: &Notice<'_>) -> String {
    let text = headline(notice, &|name: &dyn Raw| markdown_code(name));
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    format!("{}{}.", first.into_iter().flatten().collect::<String>(), letters.as_str())
}

/// The text of an issue.
pub fn text(notice: &Notice<'_>) -> String {
    let head = format!("**{}**\n\n", sentence(notice));
    match notice.about {
        About::Step(cause) => {
            let parts =
                [head, moved(cause, notice.table), origin(cause, notice), commands(cause, notice)];
            format!("{}{}", parts.concat(), ending(cause, notice))
        }
        About::Gate(report) => {
            let mut text = Vec::new();
            // Writing to memory does not fail.
            drop(render_markdown(report, &mut text));
            let text = String::from_utf8_lossy(&text).into_owned();
            format!(
                "{head}{text}\n\nThis issue is closed when the recorded history shows no change for the worse there. If you \
                 close it, it stays closed.\n"
            )
        }
        About::Place(_) | About::Open(_) => head,
    }
}

/// The series of a cause, each with a plot.
fn moved(cause: &Cause, table: &Table) -> String {
    let row = |own: &Member| {
        let column = &table.columns[own.column];
        let (now, scale) = (own.now(table), Scale::of(&column.unit, &[own.before, own.after]));
        let whole = |text: String| text.replace(' ', "\u{a0}");
        let rows = &table.rows[cause.row.saturating_sub(BEFORE)..];
        let values: Vec<Option<f64>> = rows.iter().map(|row| row.cells[own.column].value).collect();
        format!(
            "| {} | {} | {} | **{}** | `{}` |\n",
            markdown_code(&column.key.text()),
            whole(scale.show(own.before)),
            whole(scale.show(now)),
            whole(change(own, table)),
            sparkline(&values, LONGEST_SPARK)
        )
    };
    let rows: String = cause.members.iter().take(MOST_SERIES).map(row).collect();
    let more = cause.members.len().saturating_sub(MOST_SERIES);
    let more = if more > 0 {
        format!("\n{} moved as well.\n", plural_series(more))
    } else {
        String::new()
    };
    let all = table.columns.len();
    let shared = if cause.members.len() * 2 > all && all > 2 {
        format!(
            "\n{} of {all} series moved together: the machine, or something that they share.\n",
            cause.members.len()
        )
    } else {
        String::new()
    };
    format!("{TABLE_HEAD}{rows}{more}{shared}\n")
}

fn plural_series(n: usize) -> String {
    format!("{n} more series")
}

/// Where it came from: the commit, and which others it may be.
fn origin(cause: &Cause, notice: &Notice<'_>) -> String {
    let rows = &notice.table.rows;
    let row = &rows[cause.row];
    let mut text = format!(
        "First measured at {}, {} by {}, {}.",
        row.commit.short(),
        markdown_code(&row.subject),
        markdown_code(&row.author),
        row.date.strftime("%Y-%m-%d")
    );
    let (first, last) = cause.rows;
    if last > first {
        text += &format!(
            " Noise leaves {} of which any may be the one, from {} to {}.",
            plural(last - first + 1, "measured commit"),
            rows[first].commit.short(),
            rows[last].commit.short()
        );
    }
    let before = first.checked_sub(1).map(|before| rows[before].commit);
    if let (Some(page), Some(before)) = (notice.comparison, before) {
        text += &format!(" [All commits between]({page}{before}...{}).", rows[last].commit);
    }
    text + "\n\n"
}

/// The commands that show it.
fn commands(cause: &Cause, notice: &Notice<'_>) -> String {
    let rows = &notice.table.rows;
    let trend = |own: &Member| {
        let arguments = arguments(own, notice.table);
        notice.arguments.map(|test| format!("perfgate trend{arguments}{test}"))
    };
    let mut lines: Vec<Untrusted> = cause.members.first().map(trend).into_iter().collect();
    let (first, last) = cause.rows;
    if let Some(before) = first.checked_sub(1) {
        let ends = (rows[before].commit, rows[last].commit);
        lines.push(format!("git log --oneline {}..{}", ends.0.short(), ends.1.short()).into());
        let column = cause.members.first().map(|own| &notice.table.columns[own.column]);
        lines.extend(column.map(|own| bisect_command(ends, own, notice.arguments)));
    }
    format!("{}\n", fence(&lines))
}

/// The arguments of `trend` that show a series.
fn arguments(member: &Member, table: &Table) -> String {
    let key = &table.columns[member.column].key;
    let endpoint = match &key.endpoint {
        EndpointKey::Total => "total".into(),
        named @ EndpointKey::Named { .. } => named.text(),
    };
    let metric = match &key.metric {
        Metric::Latency => String::new(),
        other => format!(" --metric {}", shell(&other.text())),
    };
    let statistic = match key.statistic {
        Statistic::Rate | Statistic::Value => String::new(),
        other => format!(" --statistic {other}"),
    };
    format!(" --endpoint {}{metric}{statistic}", shell(&endpoint))
}

/// How it ends, and how people end it.
fn ending(cause: &Cause, notice: &Notice<'_>) -> String {
    if matches!(notice.event, Event::Back | Event::Accepted | Event::Gone) {
        return String::new();
    }
    let line = |own: &Member| {
        let column = &notice.table.columns[own.column];
        let moved = own.after - own.before;
        let relative = (own.before != 0.0).then(|| moved / own.before.abs());
        Accept::suggest(&column.key, (relative, moved), column.direction)
    };
    let accept: Vec<String> = cause.members.iter().filter_map(line).take(MOST_ACCEPTED).collect();
    let accept = if accept.is_empty() {
        String::new()
    } else {
        format!(
            "\n\nTo accept it, put a line for each series into a commit message on the branch:\n\n{}",
            fence(&accept)
        )
    };
    format!(
        "This issue is closed when the level is back or a commit accepts it. If you close it, it stays closed.{accept}\n"
    )
}
