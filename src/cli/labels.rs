//! What a command line says of a run: the test that it belongs to, and further labels.

use crate::model::{Raw, Run, Untrusted};

/// The test that a run belongs to; only runs that agree in it are compared. No name is empty.
#[derive(Debug, Clone, Default)]
pub(super) struct TestNames {
    pub(super) suite: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) tool: Option<String>,
}

impl TestNames {
    /// The suite, which every run has.
    pub(super) fn suite(&self) -> &str {
        self.suite.as_deref().unwrap_or(Run::DEFAULT_SUITE)
    }

    /// Whether a recorded run is selected: one of this suite, and of this profile and environment where they are given.
    pub(super) fn selects(&self, run: &Run) -> bool {
        let agrees = |wanted: &Option<String>, recorded: &Option<Untrusted>| {
            wanted.is_none() || wanted.as_deref() == recorded.as_ref().map(Raw::raw)
        };
        run.suite == self.suite()
            && agrees(&self.profile, &run.profile)
            && agrees(&self.environment, &run.environment)
    }
}

/// Names and labels of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct RunLabels {
    pub(super) test: TestNames,
    /// Further labels, each a key and its value.
    pub(super) further: Vec<(String, String)>,
}

impl RunLabels {
    /// Puts the names and labels on a run, in place of what its file says.
    pub(super) fn apply(&self, run: &mut Run) {
        let TestNames { suite, profile, environment, tool } = &self.test;
        if let Some(suite) = suite {
            run.suite = suite.as_str().into();
        }
        let named = |name: &Option<String>| name.as_deref().map(Untrusted::from);
        run.profile = named(profile).or(run.profile.take());
        run.environment = named(environment).or(run.environment.take());
        if let Some(tool) = tool {
            run.tool.name = tool.as_str().into();
        }
        let labels =
            self.further.iter().map(|(key, value)| (key.as_str().into(), value.as_str().into()));
        run.labels.extend(labels);
    }
}
