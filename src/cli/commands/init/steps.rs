//! How each load tool is installed and run in a workflow, and what it writes.

use crate::cli::repository::{LoadTest, Tool};

/// Numbers for a tool whose script has none, and the address of the program under test.
const LOCUST: &str =
    "--headless --users 20 --spawn-rate 5 --run-time 2m --host http://localhost:8080";
const LOCUST_VERSION: &str = "locust==2.47.0";
const ARTILLERY_VERSION: &str = "artillery@2.0.21";
const JMETER: &str = "apache-jmeter-5.6.3";
const JMETER_PLACE: &str = "https://archive.apache.org/dist/jmeter/binaries";

impl LoadTest {
    /// The command that runs it.
    pub(super) fn command(&self) -> String {
        let script = &self.script;
        match self.tool {
            Tool::Locust => format!("locust -f {script} {LOCUST} --csv results"),
            Tool::K6 => format!("k6 run --out json=k6.json.gz {script}"),
            Tool::Jmeter => format!("{JMETER}/bin/jmeter -n -t {script} -l results.jtl"),
            Tool::Artillery => {
                format!("npx --yes {ARTILLERY_VERSION} run --output results.json {script}")
            }
        }
    }

    /// The commands that install the tool, where an image or an action does not bring it.
    pub(super) fn install(&self) -> Vec<String> {
        match self.tool {
            Tool::Locust => vec![format!("pip install {LOCUST_VERSION}")],
            Tool::Jmeter => vec![
                format!("curl -fsSLO {JMETER_PLACE}/{JMETER}.tgz"),
                format!("curl -fsSL {JMETER_PLACE}/{JMETER}.tgz.sha512 | sha512sum --check"),
                format!("tar -xzf {JMETER}.tgz"),
            ],
            Tool::K6 | Tool::Artillery => Vec::new(),
        }
    }

    /// The image in which it runs.
    pub(super) fn image(&self) -> &'static str {
        match self.tool {
            Tool::Locust => "python:3.13",
            Tool::K6 => "grafana/k6:1.4.2",
            Tool::Jmeter => "eclipse-temurin:21",
            Tool::Artillery => "node:22",
        }
    }

    /// The file that perfgate reads.
    pub(super) fn result(&self) -> &'static str {
        match self.tool {
            Tool::Locust => "results_stats.csv",
            Tool::K6 => "k6.json.gz",
            Tool::Jmeter => "results.jtl",
            Tool::Artillery => "results.json",
        }
    }

    /// The files that are handed from job to job.
    pub(super) fn artifact(&self) -> &'static str {
        match self.tool {
            Tool::Locust => "results_*.csv",
            Tool::K6 | Tool::Jmeter | Tool::Artillery => self.result(),
        }
    }
}
