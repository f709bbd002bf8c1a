//! The rules that decide: limits, budgets, and what is left out.

use super::budget::{Budget, Limited, Profile};
use super::checklist::ChecklistItem;
use super::choices::{Decide, Leniency, Origin, Removed, Severity};
use super::defaults;
use super::derived::Derived;
use super::pattern::Pattern;
use super::threshold::Threshold;
use crate::model::{AlertRule, Direction, EndpointKey, Field, Kind, Metric, Quantile, Statistic};
use std::collections::{BTreeMap, BTreeSet};

/// What decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// How much evidence a crossing needs.
    pub decide: Decide,
    /// New runs after which an open question stays open.
    pub max_runs: usize,
    /// Calls that all runs may make together, where they go on until they decide.
    pub max_calls: Option<u64>,
    /// What they may cost together, in US dollars.
    pub max_cost: Option<f64>,
    /// Requests below which no latency is judged.
    pub min_requests: u64,
    /// The share of all calls that had been made at each run, where runs go on until they decide; empty: all are judged once.
    pub looks: Vec<f64>,
    /// Share of the measurements that must be compared, from 0 to 1.
    pub require_coverage: Option<f64>,
    /// What a missing baseline does.
    pub missing_baseline: Leniency,
    /// What an inconclusive report does.
    pub inconclusive: Leniency,
    /// What a skipped profile does.
    pub skipped: Leniency,
    /// What a vanished endpoint does.
    pub removed: Removed,
    /// Whether web vitals of pages that no budget limits have the targets of web.dev.
    pub web_vitals: bool,
    /// Differences between runs that are allowed.
    pub allow_different: BTreeSet<Field>,
    /// Whose accepted changes count.
    pub accept_from: BTreeSet<Origin>,
    /// Endpoints that the change under test cannot touch.
    pub(super) controls: Vec<Pattern>,
    /// Old and new names of endpoints.
    pub(super) renames: Vec<(String, String)>,
    /// Classes of endpoints, in order; empty: by kind.
    pub(super) classes: Vec<(String, Vec<Pattern>)>,
    /// Latency limits by class.
    pub(super) latency: BTreeMap<String, BTreeMap<Statistic, Threshold>>,
    /// Limit of the error rate, everywhere.
    pub(super) error_rate: Option<Threshold>,
    /// Limit of the total's throughput.
    pub(super) throughput: Option<Threshold>,
    /// Limit of what benchmarks measure beside their times.
    pub(super) bench_metrics: Option<Threshold>,
    /// Limits of custom metrics by name.
    pub custom: BTreeMap<String, CustomRule>,
    /// Metrics that are computed from others, each behind those that it is computed from.
    pub derived: Vec<Derived>,
    /// Rules for some endpoints, in order.
    pub(super) overrides: Vec<(Pattern, Override)>,
    /// Absolute limits that hold for every load.
    pub(super) budgets: Vec<Budget>,
    /// Alerts that must not fire during a run.
    pub alerts: Vec<AlertRule>,
    /// What must hold before a result counts.
    pub checklist: Vec<ChecklistItem>,
    /// Named loads with limits of their own.
    pub profiles: BTreeMap<String, Profile>,
}

/// Limits of a custom metric.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomRule {
    /// Limits by statistic.
    pub limits: BTreeMap<Statistic, Threshold>,
    /// Which way is better, where the file does not say; lower when neither says.
    pub direction: Option<Direction>,
}

/// What a rule for some endpoints changes. The inner `None` is `off`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Override {
    pub(super) latency: BTreeMap<Statistic, Option<Threshold>>,
    /// Of custom metrics, by name.
    pub(super) custom: BTreeMap<String, BTreeMap<Statistic, Option<Threshold>>>,
    pub(super) error_rate: Option<Option<Threshold>>,
    pub(super) throughput: Option<Option<Threshold>>,
    pub(super) min_requests: Option<u64>,
    pub(super) severity: Option<Severity>,
    pub(super) ignore: Option<bool>,
}

/// What the rules say about one endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointRules {
    /// Its class; none: no class holds it.
    pub class: Option<String>,
    /// Latency limits by statistic.
    pub latency: BTreeMap<Statistic, Threshold>,
    /// Limits of its custom metrics, by the names that the policy has for them.
    pub custom: BTreeMap<String, CustomRule>,
    /// Limit of its error rate.
    pub error_rate: Option<Threshold>,
    /// Limit of its throughput; by default only the total and benchmarks have one.
    pub throughput: Option<Threshold>,
    /// Limit of its metrics that the policy does not name, of which the file says which way is better; benchmarks alone have one.
    pub metrics: Option<Threshold>,
    /// Requests below which no latency is judged.
    pub min_requests: u64,
    /// The worst that a crossing may do.
    pub severity: Severity,
    /// Whether the endpoint is left out altogether.
    pub ignore: bool,
    /// Whether the change under test cannot touch it.
    pub control: bool,
}

impl Default for Rules {
    fn default() -> Self {
        // Every name in the tables of defaults is a statistic, so nothing is filtered out.
        let limits = |table: &[(&str, f64)]| {
            table
                .iter()
                .filter_map(|(name, value)| Some((name.parse().ok()?, Threshold::Relative(*value))))
                .collect()
        };
        Self {
            decide: Decide::default(),
            max_runs: defaults::MAX_RUNS,
            max_calls: None,
            max_cost: None,
            min_requests: defaults::MIN_REQUESTS,
            looks: Vec::new(),
            require_coverage: None,
            missing_baseline: Leniency::default(),
            inconclusive: Leniency::default(),
            skipped: Leniency::Warn,
            removed: Removed::default(),
            web_vitals: true,
            allow_different: BTreeSet::new(),
            accept_from: BTreeSet::from([Origin::Repository]),
            controls: Vec::new(),
            renames: Vec::new(),
            classes: Vec::new(),
            latency: BTreeMap::from([
                (defaults::API_CLASS.to_owned(), limits(&defaults::API)),
                (defaults::WEBSOCKET_CLASS.to_owned(), limits(&defaults::WEBSOCKET)),
                (defaults::BENCH_CLASS.to_owned(), limits(&defaults::BENCH)),
                (defaults::PAGE_CLASS.to_owned(), limits(&defaults::PAGE)),
            ]),
            error_rate: Some(Threshold::Absolute(defaults::ERROR_RATE)),
            throughput: Some(Threshold::Relative(defaults::THROUGHPUT)),
            bench_metrics: Some(Threshold::Relative(defaults::BENCH_METRICS)),
            custom: BTreeMap::new(),
            derived: Vec::new(),
            overrides: Vec::new(),
            budgets: Vec::new(),
            alerts: Vec::new(),
            checklist: Vec::new(),
            profiles: BTreeMap::new(),
        }
    }
}

impl Rules {
    /// The absolute limits for a run of this profile: the profile's own, and those of every load that it does not replace.
    pub fn budgets(&self, profile: Option<&str>) -> Vec<&Budget> {
        let own = profile.and_then(|name| self.profile(name));
        let own: Vec<&Budget> = own.map(|profile| &profile.budgets).into_iter().flatten().collect();
        let everywhere = self.budgets.iter();
        let rest = everywhere.filter(|b| own.iter().all(|o| o.limited != b.limited));
        own.iter().copied().chain(rest).collect()
    }

    /// The users at once of a profile, or of a phase of one (`spike:recovery`).
    pub fn users_of(&self, profile: &str) -> Option<u64> {
        if let Some(own) = self.profiles.get(profile) {
            return own.users;
        }
        let (whole, part) = profile.split_once(':')?;
        let phases = &self.profiles.get(whole)?.phases;
        phases.iter().find(|phase| phase.name == part).map(|phase| phase.users)
    }

    /// How long the load of a profile lasts in seconds, or of a phase of one.
    pub fn duration_of(&self, profile: &str) -> Option<f64> {
        if let Some(own) = self.profiles.get(profile) {
            return own.duration_s;
        }
        let (whole, part) = profile.split_once(':')?;
        let phases = &self.profiles.get(whole)?.phases;
        phases.iter().find(|phase| phase.name == part).map(|phase| phase.duration_s)
    }

    /// A profile by its name; a part of one (`spike:recovery`) is what the whole is.
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        let whole = || name.split(':').next().and_then(|name| self.profiles.get(name));
        self.profiles.get(name).or_else(whole)
    }

    /// What the rules say about this endpoint.
    pub fn for_endpoint(&self, key: &EndpointKey) -> EndpointRules {
        let class = self.class_of(key);
        let latency = class.as_ref().and_then(|class| self.latency.get(class)).cloned();
        let is_benchmark = key.kind() == Some(Kind::Bench);
        let mut rules = EndpointRules {
            class,
            latency: latency.unwrap_or_default(),
            custom: self.custom.clone(),
            error_rate: self.error_rate,
            throughput: self.throughput.filter(|_| *key == EndpointKey::Total || is_benchmark),
            metrics: self.bench_metrics.filter(|_| is_benchmark),
            min_requests: if is_benchmark { defaults::MIN_ROUNDS } else { self.min_requests },
            severity: Severity::Fail,
            ignore: false,
            control: self.controls.iter().any(|pattern| pattern.matches(key)),
        };
        for (_, change) in self.overrides.iter().filter(|(pattern, _)| pattern.matches(key)) {
            rules.apply(change);
        }
        rules
    }

    /// The custom metrics that are limited, everywhere or for some endpoints.
    pub fn custom_names(&self) -> BTreeSet<&str> {
        let own = self.overrides.iter().flat_map(|(_, change)| change.custom.keys());
        self.custom.keys().chain(own).map(String::as_str).collect()
    }

    /// The rule that renames this endpoint: its old name as written, and the endpoint under its new name.
    pub fn renamed(&self, key: &EndpointKey) -> Option<(&str, EndpointKey)> {
        let (from, to) = self.renames.iter().find(|(from, _)| key.is_called(from))?;
        Some((from, key.called(to)))
    }

    /// Old and new names, as written.
    pub fn renames(&self) -> impl Iterator<Item = (&str, &str)> {
        self.renames.iter().map(|(from, to)| (from.as_str(), to.as_str()))
    }

    /// Whether the policy says anything about the latency of this class, be it that it has no limit.
    pub fn knows_class(&self, class: &str) -> bool {
        self.latency.contains_key(class)
    }

    /// Whether a limit is on a quantile that stored runs do not keep, so that their histograms are needed.
    pub fn needs_histograms(&self) -> bool {
        let classes = self.latency.values().flat_map(BTreeMap::keys);
        let own = self.overrides.iter().flat_map(|(_, change)| change.latency.keys());
        let profiles = self.profiles.values().flat_map(|profile| &profile.budgets);
        let budgets =
            self.budgets.iter().chain(profiles).filter_map(|budget| match &budget.limited {
                Limited::Measurement(_, Metric::Latency, statistic) => Some(statistic),
                _ => None,
            });
        let all = || self.budgets.iter().chain(self.profiles.values().flat_map(|own| &own.budgets));
        // Windows are kept beside histograms.
        if all().any(|budget| matches!(budget.limited, Limited::Window(..))) {
            return true;
        }
        let kept = |statistic: &Statistic| match statistic {
            Statistic::Quantile(level) => Quantile::GRID.contains(level),
            _ => true,
        };
        classes.chain(own).chain(budgets).any(|statistic| !kept(statistic))
    }

    /// The patterns of rules that hold none of these endpoints, and whether the rule limits anything.
    pub fn unmatched_rules<'k>(
        &self,
        keys: impl Iterator<Item = &'k EndpointKey>,
    ) -> Vec<(String, bool)> {
        let keys: Vec<&EndpointKey> = keys.collect();
        let own = self.overrides.iter().map(|(pattern, change)| (pattern, change.limits()));
        let patterns = own.chain(self.controls.iter().map(|pattern| (pattern, false)));
        let idle = patterns.filter(|(pattern, _)| !keys.iter().any(|key| pattern.matches(key)));
        idle.map(|(pattern, limits)| (pattern.text().to_owned(), limits)).collect()
    }

    /// The patterns of the endpoints of a class; none where the policy has no classes of its own, and the kind of an endpoint is
    /// its class.
    pub fn class_patterns(&self, class: &str) -> Option<Vec<&Pattern>> {
        let own = self.classes.iter().filter(|(name, _)| name == class);
        (!self.classes.is_empty()).then(|| own.flat_map(|(_, patterns)| patterns).collect())
    }

    fn class_of(&self, key: &EndpointKey) -> Option<String> {
        let by_kind = match key.kind() {
            Some(Kind::Websocket) => defaults::WEBSOCKET_CLASS,
            Some(Kind::Bench) => defaults::BENCH_CLASS,
            Some(Kind::Page) => defaults::PAGE_CLASS,
            _ => defaults::API_CLASS,
        };
        if self.classes.is_empty() || *key == EndpointKey::Total {
            return Some(by_kind.to_owned());
        }
        let holds =
            |(_, patterns): &&(String, Vec<Pattern>)| patterns.iter().any(|p| p.matches(key));
        let own = self.classes.iter().find(holds).map(|(name, _)| name.clone());
        // Patterns are of requests: what is no load keeps the class of its kind.
        own.or_else(|| (!key.kind()?.is_load()).then(|| by_kind.to_owned()))
    }
}

impl Override {
    /// Whether it limits anything, and does not only loosen a limit or leave something out.
    fn limits(&self) -> bool {
        let own = [self.error_rate, self.throughput];
        let custom = self.custom.values().flat_map(BTreeMap::values);
        self.latency
            .values()
            .chain(custom)
            .copied()
            .chain(own.into_iter().flatten())
            .any(|limit| limit.is_some())
    }
}

impl EndpointRules {
    /// The limits of a custom metric, by the name that the policy has for it; none where it has none here.
    pub fn limits_of(&self, metric: &str) -> Option<&CustomRule> {
        self.custom.get(metric).filter(|rule| !self.ignore && !rule.limits.is_empty())
    }

    fn apply(&mut self, change: &Override) {
        for (statistic, limit) in &change.latency {
            match limit {
                Some(limit) => drop(self.latency.insert(*statistic, *limit)),
                None => drop(self.latency.remove(statistic)),
            }
        }
        for (name, limits) in &change.custom {
            let rule = self.custom.entry(name.clone()).or_default();
            for (statistic, limit) in limits {
                match limit {
                    Some(limit) => drop(rule.limits.insert(*statistic, *limit)),
                    None => drop(rule.limits.remove(statistic)),
                }
            }
        }
        self.error_rate = change.error_rate.unwrap_or(self.error_rate);
        self.throughput = change.throughput.unwrap_or(self.throughput);
        self.min_requests = change.min_requests.unwrap_or(self.min_requests);
        self.severity = change.severity.unwrap_or(self.severity);
        self.ignore = change.ignore.unwrap_or(self.ignore);
    }
}
