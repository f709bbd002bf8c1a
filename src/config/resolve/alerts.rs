//! `alerts`: from a list, or from files of rules for Prometheus.

use super::source::Source;
use crate::config::error::ConfigError;
use crate::config::file::{AlertFile, At, RawValue, Rule, RuleFile, read};
use crate::config::policy::Policy;
use crate::config::promql::duration_s;
use crate::model::limits::{ALERTS, NAME_BYTES};
use crate::model::{AlertRule, AlertSeverity};

/// What people call how grave an alert is.
const CRITICAL: [&str; 4] = ["critical", "page", "error", "high"];
const WARNING: [&str; 5] = ["warning", "warn", "ticket", "info", "low"];

/// An alert, as each of its sources has it.
struct Written {
    name: At<String>,
    condition: At<String>,
    severity: Option<At<String>>,
    holds_for: Option<At<RawValue>>,
}

/// The alerts that a policy lists.
pub(super) fn listed(
    source: &Source<'_>,
    written: Vec<AlertFile>,
) -> Result<Vec<AlertRule>, ConfigError> {
    let alert = |file: AlertFile| {
        let AlertFile { name, condition, severity, holds_for, labels, .. } = file;
        Written { name, condition, severity: severity.or(labels.severity), holds_for }
    };
    resolved(source, written.into_iter().map(alert))
}

impl Policy {
    /// Adds the alerts of a file of rules for Prometheus; `file` is for messages.
    pub fn add_rule_file(&mut self, file: &str, text: &str) -> Result<(), ConfigError> {
        let source = Source { file, text };
        let written: Vec<RuleFile> = read(file, text)?;
        let alert = |rule: Rule| {
            let Rule { alert, expr: condition, holds_for, labels } = rule;
            // Rules that record something alert nobody.
            Some(Written { name: alert?, condition, severity: labels.severity, holds_for })
        };
        let groups = written.into_iter().flat_map(|document| document.groups);
        let rules = groups.flat_map(|group| group.rules);
        let added = resolved(&source, rules.filter_map(alert))?;
        if added.is_empty() {
            return Err(ConfigError::whole(file, "no rule in it has an `alert`"));
        }
        self.rules.alerts.extend(added);
        too_many(&source, &self.rules.alerts)
    }
}

fn resolved(
    source: &Source<'_>,
    written: impl Iterator<Item = Written>,
) -> Result<Vec<AlertRule>, ConfigError> {
    let rules: Vec<AlertRule> = written.map(|own| rule(source, own)).collect::<Result<_, _>>()?;
    too_many(source, &rules).map(|()| rules)
}

fn too_many(source: &Source<'_>, rules: &[AlertRule]) -> Result<(), ConfigError> {
    if rules.len() > ALERTS {
        return Err(ConfigError::whole(source.file, &format!("more than {ALERTS} alerts")));
    }
    Ok(())
}

fn rule(source: &Source<'_>, written: Written) -> Result<AlertRule, ConfigError> {
    for (text, what) in [(&written.name, "a name"), (&written.condition, "a condition")] {
        if text.value.trim().is_empty() || text.value.len() > NAME_BYTES {
            let problem = format!("{what} has 1 to {NAME_BYTES} bytes");
            return Err(source.error(text.place, problem));
        }
    }
    let severity = written.severity.map(|word| severity(source, &word)).transpose()?;
    let holds_for = written.holds_for.map(|text| holds_for(source, &text)).transpose()?;
    Ok(AlertRule {
        name: written.name.value.into(),
        condition: written.condition.value.into(),
        holds_for_s: holds_for.unwrap_or_default(),
        severity: severity.unwrap_or_default(),
    })
}

fn severity(source: &Source<'_>, word: &At<String>) -> Result<AlertSeverity, ConfigError> {
    let lower = word.value.to_lowercase();
    if CRITICAL.contains(&lower.as_str()) {
        return Ok(AlertSeverity::Critical);
    }
    if WARNING.contains(&lower.as_str()) {
        return Ok(AlertSeverity::Warning);
    }
    let problem = format!("unknown severity \"{}\"", word.value);
    Err(source.unknown(word, problem, &[CRITICAL.as_slice(), &WARNING].concat()))
}

fn holds_for(source: &Source<'_>, written: &At<RawValue>) -> Result<f64, ConfigError> {
    let text = source.text_of(written)?;
    duration_s(text).ok_or_else(|| {
        let problem =
            format!("\"{text}\" is not a duration of Prometheus: write it like 30s, 5m or 1h30m");
        source.error(written.place, problem)
    })
}
