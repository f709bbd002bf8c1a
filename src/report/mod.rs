//! A [`Report`](crate::gate::Report) in the forms that people and programs read.
//!
//! Every renderer is `render(&Report, &mut impl Write)`. The answer in one sentence is in
//! `headline.rs`, the rows about findings in `cells.rs`; numbers are scaled and
//! rounded in `number.rs`, and everything that came from a file is escaped for its place in `escape.rs`.

mod alert_text;
mod alerts;
mod annotations;
mod bisect_command;
mod bisected;
mod budgets;
mod cells;
mod chart;
mod checklist;
mod escape;
mod explain;
mod explain_noise;
mod explain_row;
mod few;
mod few_compared;
mod fleet;
mod formats;
mod full;
mod full_tables;
mod grid;
mod headline;
mod history_plot;
mod html;
mod json;
mod junit;
mod known_metrics;
mod lack;
mod left_out;
mod level;
mod mark;
mod markdown;
mod next_steps;
mod notice;
mod number;
mod pack;
mod paper;
mod partly;
mod plot;
mod problems;
mod provenance;
mod ranking;
mod read;
mod reasons;
mod run_csv;
mod run_table;
mod selftest;
mod selftest_advice;
mod shares;
mod sight;
mod table;
mod trend;
mod trend_table;
mod warnings;

pub use alerts::render as render_alerts;
pub use annotations::{render as render_annotations, summary};
pub use bisect_command::bisect_command;
pub use bisected::{Bisected, Shift, Suspect, render as render_bisected};
pub use escape::{harmless, shell as escape_shell, terminal as escape_terminal, write_json};
pub use explain::render as render_explanation;
pub use fleet::{FleetStep, GateRow, GateState, Gates, Standing, Steps, Unjudged};
pub use formats::{FormatList, render as render_formats};
pub use full::render as render_full;
pub use grid::{Column, write_grid};
pub use history_plot::render as render_trend_svg;
pub use html::{
    FleetEntry, FleetIndex, Links, Masthead, Page, Site, is_web, render as render_html,
};
pub use json::{render as render_json, to_wire};
pub use junit::render as render_junit;
pub use known_metrics::{MetricList, render as render_known_metrics};
pub use level::Level;
pub use markdown::{render as render_markdown, render_plain as render_plain_markdown};
pub use notice::{
    About, Event, Notice, headline, sentence, slack, teams, text as issue_text,
    title as issue_title, to_wire as notice_to_wire,
};
pub use number::{plural, signed_percent, significant};
pub use paper::Paper;
pub use problems::{render_code_quality, render_sarif};
pub use provenance::ago;
pub use read::{ReportFileError, read as read_report};
pub use run_csv::render as render_run_csv;
pub use run_table::{described, render as render_run_table};
pub use selftest::render as render_selftest;
pub use sight::sight;
pub use table::{TableStyle, answer, render as render_table};
pub use trend::{
    render_csv as render_trend_csv, render_json as render_trend_json,
    render_markdown as render_trend_markdown, step_to_wire,
};
pub use trend_table::render as render_trend_table;
pub use warnings::warning_text;
