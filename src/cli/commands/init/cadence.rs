//! The workflow of a policy that says how often each profile is run.

use super::plan::{Plan, edited, github_setup, start, with_header};
use crate::cli::repository::Tool;
use crate::config::{Policy, When};
use std::collections::BTreeMap;

const EXAMPLE: &str = include_str!("../../../../examples/workflows/cadence.yml");
const NIGHTLY: &str = "17 2 * * *";
const WEEKLY: &str = "43 3 * * 6";
const MONTHLY: &str = "29 4 1 * *";
/// Minutes that a job has at least, and what setting up takes beside the load.
const MINUTES: f64 = 30.0;
const SETTING_UP: f64 = 20.0;

/// The workflow for GitHub; none where the policy says nothing of how often, or the tool does not take a profile's numbers.
pub(super) fn github(plan: &Plan<'_>) -> Option<String> {
    let (policy, load) = (plan.policy, plan.load);
    let command = match load.tool {
        Tool::Locust => format!("locust -f {} --host http://localhost:8080", load.script),
        Tool::K6 => format!("k6 run {}", load.script),
        Tool::Jmeter | Tool::Artillery => return None,
    };
    let plain =
        |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let names: Vec<&str> = policy.rules.profiles.keys().map(String::as_str).collect();
    let usual =
        policy.cadence.iter().find(|own| matches!(own.when, When::PullRequest | When::Push))?;
    if !names.iter().all(|name| plain(name)) {
        return None;
    }
    let schedules = schedules(policy);
    let crons: String = schedules
        .iter()
        .map(|(cron, profiles)| format!("    - cron: '{cron}' # {}\n", profiles.join(", ")))
        .collect();
    let cases: String = schedules
        .iter()
        .map(|(cron, profiles)| {
            let profiles: Vec<String> = profiles.iter().map(|name| format!("\"{name}\"")).collect();
            format!("            '{cron}') profiles='[{}]' ;;\n", profiles.join(", "))
        })
        .collect();
    let crons = if crons.is_empty() { String::new() } else { format!("  schedule:\n{crons}") };
    let header = "# Written by `perfgate init`: runs each profile of perfgate.yaml as often as `performance_tests` says. Each profile has its\n# own history. The load tests run in jobs with a read-only token. For pull requests from forks see docs/github.md of perfgate.\n";
    let run = "        run: |\n          pid=\"$(docker inspect --format '{{.State.Pid}}' \"$(docker compose ps --quiet app)\")\"\n          perfgate run --profile \"$PROFILE\" --wait-for-quiet 2m --watch \"$pid\" --no-record --out results -- \\\n            locust -f perf/locustfile.py --host http://localhost:8080\n";
    let own_run = format!(
        "        run: |\n          perfgate run --profile \"$PROFILE\" --wait-for-quiet 2m --no-record --out results -- \\\n            {command}\n"
    );
    let setup = "      - uses: actions/setup-python@ece7cb06caefa5fff74198d8649806c4678c61a1 # v6.3.0\n        with:\n          python-version: '3.13'\n      - run: pip install locust==2.47.0\n";
    Some(edited(
        &with_header(EXAMPLE, header),
        &[
            (
                "  schedule:\n    - cron: '17 2 * * *' # every night: stress\n    - cron: '43 3 * * 6' # every Saturday: spike and soak\n",
                &crons,
            ),
            (
                "            '17 2 * * *') profiles='[\"stress\"]' ;;\n            '43 3 * * 6') profiles='[\"spike\", \"soak\"]' ;;\n",
                &cases,
            ),
            (
                "options: [baseline, stress, spike, soak]",
                &format!("options: [{}]", names.join(", ")),
            ),
            ("inputs.profile || 'baseline'", &format!("inputs.profile || '{}'", usual.profile)),
            ("${{ matrix.profile == 'soak' && 180 || 30 }}", &minutes(policy)),
            (setup, &github_setup(load)),
            (
                "      - name: Start the program under test\n        run: docker compose up --detach --wait\n",
                start(plan),
            ),
            (
                "      # `app` is the service of the compose file whose CPU usage and memory are monitored.\n",
                "      # `--watch PID` monitors the CPU usage and the memory of the program as well.\n",
            ),
            (run, &own_run),
            ("branches: [main]", &format!("branches: [{}]", plan.branch)),
            ("github.base_ref || 'main'", &format!("github.base_ref || '{}'", plan.branch)),
            ("refs/heads/main", &format!("refs/heads/{}", plan.branch)),
            (
                "# a spike that goes wrong must not end the soak test",
                "# one profile must not end another",
            ),
        ],
    ))
}

/// The profiles of each schedule.
fn schedules(policy: &Policy) -> BTreeMap<String, Vec<&str>> {
    let mut schedules: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for own in &policy.cadence {
        let cron = match &own.when {
            When::Nightly => NIGHTLY.to_owned(),
            When::Weekly => WEEKLY.to_owned(),
            When::Monthly => MONTHLY.to_owned(),
            When::Cron(text) => text.clone(),
            When::PullRequest | When::Push | When::OnDemand => continue,
        };
        schedules.entry(cron).or_default().push(&own.profile);
    }
    schedules
}

/// How long a job may take: one and a half times the longest load, and setting up.
fn minutes(policy: &Policy) -> String {
    let loads = policy.rules.profiles.values();
    let seconds = loads.map(|profile| {
        let phases: f64 = profile.phases.iter().map(|phase| phase.duration_s).sum();
        profile.duration_s.unwrap_or(0.0).max(phases)
    });
    let longest = seconds.fold(0.0, f64::max) / 60.0;
    format!("{:.0}", (longest * 1.5 + SETTING_UP).max(MINUTES).ceil())
}
