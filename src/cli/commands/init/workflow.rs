//! The workflow of each CI: the example that people copy, with the load test, the branch and the profiles of this repository.

use super::cadence;
use super::plan::{Plan, SETUP_K6, START, edited, github_setup, lines, start, with_header};
use crate::cli::repository::{Ci, LoadTest, Tool};

/// A workflow to write.
pub(super) struct Workflow {
    /// From the root of the repository on.
    pub(super) file: String,
    pub(super) text: String,
    /// What to know about it.
    pub(super) about: String,
}

const GITHUB: &str = include_str!("../../../../examples/workflows/pull-request.yml");
const GITLAB: &str = include_str!("../../../../examples/workflows/gitlab-ci.yml");
const GITEA: &str = include_str!("../../../../examples/workflows/gitea.yml");
const JENKINS: &str = include_str!("Jenkinsfile");
const AZURE: &str = include_str!("azure.yml");

const K6_COMMAND: &str = "k6 run --out json=k6.json.gz perf/load.js";
const K6_RESULT: &str = "k6.json.gz";

/// The workflow for a CI; none where there is no template for it.
pub(super) fn workflow(ci: Ci, plan: &Plan<'_>) -> Option<Workflow> {
    let file = |name: &str| name.to_owned();
    let made = match ci {
        Ci::Github => match cadence::github(plan) {
            Some(text) => Workflow {
                file: file(".github/workflows/perfgate.yml"),
                text,
                about: about(plan, "runs each profile as often as the policy says"),
            },
            None => Workflow {
                file: file(".github/workflows/perfgate.yml"),
                text: github(plan),
                about: about(plan, "compares pull requests and records the branch"),
            },
        },
        Ci::Gitea | Ci::Forgejo => Workflow {
            file: file(if ci == Ci::Gitea {
                ".gitea/workflows/perfgate.yml"
            } else {
                ".forgejo/workflows/perfgate.yml"
            }),
            text: gitea(plan),
            about: about(plan, "compares pull requests and records the branch"),
        },
        Ci::Gitlab => Workflow {
            file: file("perfgate.gitlab-ci.yml"),
            text: gitlab(plan),
            about: file(
                "add it to .gitlab-ci.yml: include: [{ local: perfgate.gitlab-ci.yml }]; it needs PERFGATE_TOKEN, and its stages measure and gate",
            ),
        },
        Ci::Jenkins => Workflow {
            file: file("perfgate.Jenkinsfile"),
            text: filled(JENKINS, plan),
            about: file("copy its stages into the Jenkinsfile"),
        },
        Ci::Azure => Workflow {
            file: file("perfgate.azure-pipelines.yml"),
            text: filled(AZURE, plan),
            about: file(
                "use it as a template: `- template: perfgate.azure-pipelines.yml` under `steps`",
            ),
        },
        Ci::Bitbucket => return None,
    };
    Some(made)
}

fn about(plan: &Plan<'_>, what: &str) -> String {
    let start = if plan.compose { "" } else { "; start the program under test in it" };
    let numbers = match plan.load.tool {
        Tool::Locust => "; check the users and the host",
        Tool::K6 | Tool::Jmeter | Tool::Artillery => "",
    };
    format!("{what}{start}{numbers}")
}

fn github(plan: &Plan<'_>) -> String {
    let header = "# Written by `perfgate init`: pull requests are compared with the default branch, and every commit of that branch is\n# recorded. The load test runs in a job with a read-only token. For pull requests from forks see docs/github.md of perfgate.\n";
    let load = plan.load;
    edited(
        &with_header(GITHUB, header),
        &[
            ("branches: [main]", &format!("branches: [{}]", plan.branch)),
            (START, start(plan)),
            (
                &format!("{SETUP_K6}      - name: Load test\n        run: {K6_COMMAND}\n"),
                &github_steps(load),
            ),
            (
                "even if k6 failed, as it does if one of its own thresholds is crossed. A failed load test of\n      # main is not recorded.",
                "even if the load test failed. A failed load test of the branch is not\n      # recorded.",
            ),
            (
                "name: k6\n          path: k6.json.gz",
                &format!("name: load-test\n          path: {}", load.artifact()),
            ),
            ("          name: k6\n", "          name: load-test\n"),
            ("results: k6.json.gz", &format!("results: {}", load.result())),
        ],
    )
}

fn github_steps(load: &LoadTest) -> String {
    format!("{}      - name: Load test\n        run: {}\n", github_setup(load), load.command())
}

fn gitea(plan: &Plan<'_>) -> String {
    let header = "# Written by `perfgate init`: pull requests are compared with the default branch, and every commit of that branch is\n# recorded. The load test of a pull request runs in the same job as the steps with a token: let only people with write\n# access to the repository push branches.\n";
    let load = plan.load;
    let run = "      - name: Load test\n        run: |\n          docker compose up --detach --wait\n          docker run --rm --network host --user \"$(id -u)\" --volume \"$PWD:/work\" --workdir /work \\\n            grafana/k6:1.4.2 run --out json=k6.json.gz perf/load.js\n";
    let container = |command: &str| {
        let image = load.image();
        format!(
            "          docker run --rm --network host --volume \"$PWD:/work\" --workdir /work {image} \\\n            sh -c '{command}'\n"
        )
    };
    let command = match load.tool {
        Tool::K6 => format!(
            "          docker run --rm --network host --user \"$(id -u)\" --volume \"$PWD:/work\" --workdir /work \\\n            {} run --out json=k6.json.gz {}\n",
            load.image(),
            load.script
        ),
        Tool::Locust | Tool::Jmeter | Tool::Artillery => {
            container(&[load.install(), vec![load.command()]].concat().join(" && "))
        }
    };
    let compose = if plan.compose {
        "          docker compose up --detach --wait\n"
    } else {
        "          # Start the program under test here.\n"
    };
    let steps = format!("      - name: Load test\n        run: |\n{compose}{command}");
    edited(
        &with_header(GITEA, header),
        &[
            ("branches: [main]", &format!("branches: [{}]", plan.branch)),
            (run, &steps),
            (K6_RESULT, load.result()),
        ],
    )
}

fn gitlab(plan: &Plan<'_>) -> String {
    let header = "# Written by `perfgate init`: compares merge requests with their target branch and comments; records the default branch.\n# Needs a variable PERFGATE_TOKEN: a project access token with the scopes `api` (to comment) and `write_repository` (to push\n# refs/perfgate/runs), masked but not protected, or merge requests do not see it.\n";
    let load = plan.load;
    let image = match load.tool {
        Tool::K6 => None,
        Tool::Locust | Tool::Jmeter | Tool::Artillery => {
            Some(format!("  image: {}\n", load.image()))
        }
    };
    let k6_image = "  image:\n    name: grafana/k6:1.4.2\n    entrypoint: [\"\"]\n";
    let commands = [load.install(), vec![load.command()]].concat();
    let commands: Vec<String> = commands.iter().map(|command| format!("- {command}")).collect();
    let text = GITLAB.find("stages:").map_or(GITLAB, |at| &GITLAB[at..]);
    edited(
        &format!("{header}{text}"),
        &[
            (k6_image, image.as_deref().unwrap_or(k6_image)),
            (&format!("    - {K6_COMMAND}\n"), &lines(&commands, 4)),
            ("paths: [k6.json.gz]", &format!("paths: [\"{}\"]", load.artifact())),
            (K6_RESULT, load.result()),
        ],
    )
}

/// A template of our own.
fn filled(template: &str, plan: &Plan<'_>) -> String {
    let load = plan.load;
    let commands = [load.install(), vec![load.command()]].concat();
    let install_indent = if template == JENKINS { 10 } else { 6 };
    edited(
        template,
        &[
            ("@COMMANDS@\n", &lines(&commands, install_indent)),
            ("@RESULT@", load.result()),
            ("@BRANCH@", plan.branch),
        ],
    )
}
