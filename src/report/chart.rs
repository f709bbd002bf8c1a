//! A measurement over the runs, as a chart that forges draw from text.

use super::number::significant;
use crate::gate::{Finding, Sides};
use crate::model::Raw as _;

/// Fewest baseline runs that are worth a chart.
const FEWEST: usize = 3;

/// A line that is seen on light and on dark.
const THEME: &str =
    r##"%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2f81f7"}}}}%%"##;

/// A chart of the baseline's runs, oldest first, and the new runs, for a forge that draws Mermaid; none with too few runs.
pub(super) fn mermaid(finding: &Finding) -> Option<String> {
    let Sides { baseline, current: new } = &finding.working.per_run;
    if baseline.len() < FEWEST || new.is_empty() {
        return None;
    }
    let values: Vec<f64> = baseline.iter().rev().chain(new).copied().collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let margin = ((high - low) * 0.1).max(high.abs() * 0.01);
    // A number in the chart's own language has a plain minus sign.
    let number = |value: f64| significant(value).replace('\u{2212}', "-");
    let list = |texts: Vec<String>| texts.join(", ");
    let old = (1..=baseline.len()).rev().map(|i| format!("\"-{i}\""));
    let fresh =
        (1..=new.len()).map(|i| if i == 1 { "\"new\"".to_owned() } else { format!("\"new {i}\"") });
    Some(format!(
        "```mermaid\n{THEME}\nxychart-beta\n  title \"{}\"\n  x-axis \"run\" [{}]\n  y-axis \"{}\" {} --> {}\n  line [{}]\n```\n",
        plain(finding.key().text().raw()),
        list(old.chain(fresh).collect()),
        plain(finding.unit.raw()),
        number((low - margin).max(0.0)),
        number(high + margin),
        list(values.iter().map(|v| number(*v)).collect()),
    ))
}

/// Text that means nothing in the chart's language, and cannot end the fence around it.
fn plain(text: &str) -> String {
    let kept =
        |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '/' | '.' | '_' | '-' | '{' | '}');
    text.chars().filter(kept).take(60).collect()
}
