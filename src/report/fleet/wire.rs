//! `perfgate.fleet/1`, for programs.

use super::gates::{GateRow, Gates};
use super::steps::{FleetStep, Steps};
use crate::model::{Raw, Untrusted};
use crate::report::escape::write_json;
use crate::schema::{
    FLEET_SCHEMA, FleetGateV1, FleetGatesV1, FleetStepV1, FleetStepsV1, UnjudgedV1,
};
use std::io::{self, Write};

impl Steps {
    /// Writes `perfgate.fleet/1`.
    pub fn render_json(&self, out: &mut impl Write) -> io::Result<()> {
        let step = |step: &FleetStep| FleetStepV1 {
            service: step.service.raw().to_owned(),
            load: step.load.raw().to_owned(),
            measurement: step.key.text().into_raw(),
            others: step.others.iter().map(|key| key.text().into_raw()).collect(),
            unit: step.unit.raw().to_owned(),
            before: step.before,
            after: step.after,
            change: Some(step.change()).filter(|change| change.is_finite()),
            date: step.date.to_string(),
            commit: step.commit.to_string(),
            subject: Some(step.subject.raw().to_owned()).filter(|own| !own.is_empty()),
            p: step.p,
            standing: step.standing.name().to_owned(),
        };
        let unjudged = self.unjudged.iter().map(|(service, why)| UnjudgedV1 {
            service: service.raw().to_owned(),
            reason: why.name().to_owned(),
        });
        let document = FleetStepsV1 {
            schema: FLEET_SCHEMA.to_owned(),
            since: self.since.to_string(),
            services: self.services,
            series: self.series,
            steps: self.steps.iter().map(step).collect(),
            left_out: self.left_out,
            unjudged: unjudged.collect(),
        };
        write_json(&document, out)
    }
}

impl Gates {
    /// Writes `perfgate.fleet/1`.
    pub fn render_json(&self, out: &mut impl Write) -> io::Result<()> {
        let text = |own: &Option<Untrusted>| own.as_ref().map(|own| own.raw().to_owned());
        let gate = |own: &GateRow| FleetGateV1 {
            service: own.service.raw().to_owned(),
            suite: own.suite.raw().to_owned(),
            profile: text(&own.profile),
            environment: text(&own.environment),
            state: own.state.name().to_owned(),
            newest: own.newest.map(|at| at.to_string()),
            commit: own.commit.map(|commit| commit.to_string()),
            baseline: own.baseline,
            sees: own.sees,
            replayed: own.replayed,
            failed: own.failed,
            unclear: own.unclear,
        };
        let document = FleetGatesV1 {
            schema: FLEET_SCHEMA.to_owned(),
            services: self.services,
            gates: self.rows.iter().map(gate).collect(),
            unread: self.unread.iter().map(|own| own.raw().to_owned()).collect(),
        };
        write_json(&document, out)
    }
}
