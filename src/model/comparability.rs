//! Whether two runs may be held against each other.
//!
//! Two runs are comparable when suite, profile, environment and tool are the same and the shape of the load agrees
//! wherever both runs carry it. Another version of the tool or of the script is worth a warning only.

use super::custom_metric::CustomMetric;
use super::endpoint::EndpointKey;
use super::named::names;
use super::run::{Load, Run};
use super::untrusted::Untrusted;

/// What two runs can differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The suite of the repository.
    Suite,
    /// The named load.
    Profile,
    /// Where it ran.
    Environment,
    /// The tool's name.
    Tool,
    /// Users at once.
    Users,
    /// Connections at once.
    Connections,
    /// Length of the load, when it is off by more than 20 %.
    Duration,
    /// The loaded host.
    Target,
    /// The class of machine (label `runner`).
    Runner,
    /// A load generator that could not keep up.
    Generator,
    /// The tool's version: a warning only.
    ToolVersion,
    /// The hash of the script: a warning only.
    Script,
}

impl Field {
    /// Whether a difference in it keeps two runs from being compared.
    pub fn forbids(self) -> bool {
        !matches!(self, Self::ToolVersion | Self::Script)
    }
}

names!(Field {
    Suite => "suite",
    Profile => "profile",
    Environment => "environment",
    Tool => "tool",
    Users => "users",
    Connections => "connections",
    Duration => "duration",
    Target => "target",
    Runner => "runner",
    Generator => "generator",
    ToolVersion => "tool-version",
    Script => "script",
});

/// One difference between a baseline run and the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub field: Field,
    /// The baseline's side, as text.
    pub baseline: Untrusted,
    /// The new run's side, as text.
    pub current: Untrusted,
}

/// The longest relative difference of two durations that still counts as the same load.
const DURATION_TOLERANCE: f64 = 0.2;

/// What two runs differ in, the forbidding differences first.
pub fn differences(baseline: &Run, current: &Run) -> Vec<Difference> {
    let always = |field, a: Option<&Untrusted>, b: Option<&Untrusted>| {
        let show = |side: Option<&Untrusted>| side.cloned().unwrap_or_else(|| "none".into());
        (a != b).then(|| Difference { field, baseline: show(a), current: show(b) })
    };
    let where_both = |field, a: Option<&Untrusted>, b: Option<&Untrusted>| match (a, b) {
        (Some(a), Some(b)) => always(field, Some(a), Some(b)),
        _ => None,
    };
    let users = |run: &Run| run.load.users.map(|users| users.to_string().into());
    // Where a connection is a user, the users tell.
    let connections = |run: &Run| {
        let own = run.load.connections.filter(|own| Some(*own) != run.load.users);
        own.map(|connections| connections.to_string().into())
    };
    let hash = |run: &Run| run.load.script_sha256.clone();
    let (base, new) = (&baseline.load, &current.load);
    [
        always(Field::Suite, Some(&baseline.suite), Some(&current.suite)),
        always(Field::Profile, baseline.profile.as_ref(), current.profile.as_ref()),
        always(Field::Environment, baseline.environment.as_ref(), current.environment.as_ref()),
        always(Field::Tool, Some(&baseline.tool.name), Some(&current.tool.name)),
        where_both(Field::Users, users(baseline).as_ref(), users(current).as_ref()),
        where_both(
            Field::Connections,
            connections(baseline).as_ref(),
            connections(current).as_ref(),
        ),
        duration(baseline, current),
        where_both(Field::Target, base.target.as_ref(), new.target.as_ref()),
        where_both(Field::Runner, baseline.labels.get("runner"), current.labels.get("runner")),
        generator(baseline, current),
        where_both(
            Field::ToolVersion,
            baseline.tool.version.as_ref(),
            current.tool.version.as_ref(),
        ),
        where_both(Field::Script, hash(baseline).as_ref(), hash(current).as_ref()).map(shortened),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Run {
    /// What of a run tells whether another one is comparable with it, and nothing else.
    #[must_use]
    pub fn comparable_part(&self) -> Self {
        let load = Load {
            users: self.load.users,
            connections: self.load.connections,
            target: self.load.target.clone(),
            script_sha256: self.load.script_sha256.clone(),
            ..Load::default()
        };
        let mut part = Self {
            suite: self.suite.clone(),
            profile: self.profile.clone(),
            environment: self.environment.clone(),
            duration_s: self.duration_s,
            load,
            ..Self::new(self.tool.clone())
        };
        let runner = self.labels.get_key_value("runner");
        part.labels.extend(runner.map(|(name, own)| (name.clone(), own.clone())));
        // By what it measured of itself a load generator tells that it could not keep up.
        if self.overload().is_some() {
            part.resources.clone_from(&self.resources);
            let own = |metric: &&CustomMetric| metric.endpoint == EndpointKey::Total;
            part.metrics.extend(self.metrics.iter().filter(own).cloned());
        }
        part
    }
}

/// Hashes that differ do so in their first digits, and a report has no room for sixty-four.
fn shortened(difference: Difference) -> Difference {
    let short = |hash: Untrusted| hash.map(|hash| hash.chars().take(12).collect());
    let Difference { field, baseline, current } = difference;
    Difference { field, baseline: short(baseline), current: short(current) }
}

/// A generator that could not keep up measured itself, whatever the other run did.
fn generator(baseline: &Run, current: &Run) -> Option<Difference> {
    let sides = [baseline.overload(), current.overload()];
    let any = sides.iter().any(Option::is_some);
    let [baseline, current] =
        sides.map(|side| side.map_or("fine".into(), |why| format!("overloaded: {why}").into()));
    any.then_some(Difference { field: Field::Generator, baseline, current })
}

/// The difference in duration, when it is more than a fifth of the longer one.
fn duration(baseline: &Run, current: &Run) -> Option<Difference> {
    let (a, b) = (baseline.duration_s?, current.duration_s?);
    let apart = (a - b).abs() > DURATION_TOLERANCE * a.max(b);
    let show = |seconds: f64| format!("{seconds:.1} s").into();
    apart.then(|| Difference { field: Field::Duration, baseline: show(a), current: show(b) })
}

#[cfg(test)]
mod tests {
    use super::super::run::Tool;
    use super::*;

    fn run() -> Run {
        Run::new(Tool { name: "k6".into(), version: None })
    }

    #[test]
    fn a_run_is_comparable_with_itself() {
        assert_eq!(differences(&run(), &run()), vec![]);
    }

    #[test]
    fn a_fifth_shorter_is_the_same_load_and_more_is_not() {
        let (mut long, mut short) = (run(), run());
        (long.duration_s, short.duration_s) = (Some(60.0), Some(48.0));
        assert_eq!(differences(&long, &short), vec![]);
        short.duration_s = Some(47.9);
        assert_eq!(differences(&long, &short)[0].field, Field::Duration);
    }

    #[test]
    fn load_is_compared_only_where_both_runs_carry_it() {
        let (mut with, without) = (run(), run());
        with.load.users = Some(10);
        assert_eq!(differences(&with, &without), vec![]);
        let mut more = run();
        more.load.users = Some(20);
        assert_eq!(differences(&with, &more)[0].field, Field::Users);
    }
}
