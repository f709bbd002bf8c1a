//! Runs during which the machine was busy with something else: what is slower there need not be the code.

use super::run::Run;
use super::warning::{Warning, WarningKind};

/// Part of the time in which something waited for a processor, in percent, up to which a machine is quiet.
pub const MOST_CPU_PRESSURE: f64 = 20.0;
/// Processor time that the machine beneath a virtual one gave to others, in percent, up to which a machine is quiet.
pub const MOST_CPU_STEAL: f64 = 5.0;
/// Processor time that neither the load tool nor the service used, in percent, up to which they wait only for each other.
const MOST_OTHERS: f64 = 10.0;

const PRESSURE: &str = "cpu_pressure_percent";
const STEAL: &str = "cpu_steal_percent";
const OTHERS: &str = "other_cpu_percent";
/// The resources that tell.
pub(super) const STRAIN: [&str; 3] = [PRESSURE, STEAL, OTHERS];

impl Run {
    /// What kept the processors from the test, if something did: other processes, or other guests of the machine beneath. A load
    /// tool and a service that wait for each other are the test itself.
    pub fn disturbance(&self) -> Option<String> {
        let mean = |name: &str| self.resources.get(name).and_then(|own| own.mean);
        let above = |name: &str, most: f64| mean(name).filter(|own| *own > most);
        let pressed = above(PRESSURE, MOST_CPU_PRESSURE).zip(above(OTHERS, MOST_OTHERS));
        let pressed = pressed.map(|(pressure, others)| {
            let service = if self.is_watched() { " and the service" } else { "" };
            format!(
                "CPU pressure {pressure:.0} % while others than the load tool{service} used {others:.0} % of the CPU"
            )
        });
        let stolen = above(STEAL, MOST_CPU_STEAL);
        let stolen = stolen.map(|steal| format!("{steal:.0} % of the CPU was stolen by the host"));
        pressed.into_iter().chain(stolen).reduce(|pressed, stolen| format!("{pressed}, {stolen}"))
    }

    /// Whether the service's own use is known, so that it is none of the others.
    pub fn is_watched(&self) -> bool {
        self.resources.contains_key("service_cpu_percent")
    }
}

/// Warns of the disturbed runs of each side.
pub fn disturbances(baseline: &[Run], current: &[Run]) -> Vec<Warning> {
    let side = |runs: &[Run], baseline: bool| {
        let named = |(i, run): (usize, &Run)| {
            let why = run.disturbance()?;
            Some(match run.commit {
                Some(commit) => format!("{}: {why}", commit.short()),
                None if runs.len() > 1 => format!("run {}: {why}", i + 1),
                None => why,
            })
        };
        let disturbed: Vec<String> = runs.iter().enumerate().filter_map(named).collect();
        let of = runs.len();
        (!disturbed.is_empty())
            .then(|| Warning::new(WarningKind::Disturbed { baseline, disturbed, of }))
    };
    [side(baseline, true), side(current, false)].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::super::merge::merge_shards;
    use super::super::resource::Resource;
    use super::super::run::Tool;
    use super::*;

    fn run(resources: &[(&str, f64)]) -> Run {
        let mut run = Run::new(Tool { name: "k6".into(), version: None });
        for (name, mean) in resources {
            let own = Resource {
                mean: Some(*mean),
                max: None,
                slope_per_hour: None,
                slope_interval: None,
            };
            run.resources.insert((*name).into(), own);
        }
        run
    }

    #[test]
    fn others_that_make_the_test_wait_disturb_it() {
        let why = run(&[(PRESSURE, 62.4), (OTHERS, 71.0)]).disturbance().unwrap();
        assert_eq!(why, "CPU pressure 62 % while others than the load tool used 71 % of the CPU");
        let watched = run(&[(PRESSURE, 62.4), (OTHERS, 71.0), ("service_cpu_percent", 9.0)]);
        let why = watched.disturbance().unwrap();
        assert!(why.contains("than the load tool and the service used 71 %"), "{why}");
        assert_eq!(run(&[(PRESSURE, 20.0), (OTHERS, 71.0)]).disturbance(), None);
    }

    #[test]
    fn a_service_that_keeps_itself_waiting_is_not_disturbed() {
        assert_eq!(run(&[(PRESSURE, 85.0), (OTHERS, 6.0)]).disturbance(), None);
        // Nobody knows whose pressure it is.
        assert_eq!(run(&[(PRESSURE, 85.0)]).disturbance(), None);
    }

    #[test]
    fn what_the_host_takes_disturbs_whoever_waits() {
        let why = run(&[(STEAL, 8.2)]).disturbance().unwrap();
        assert_eq!(why, "8 % of the CPU was stolen by the host");
        assert_eq!(run(&[(STEAL, 5.0)]).disturbance(), None);
        let both = run(&[(STEAL, 8.2), (PRESSURE, 50.0), (OTHERS, 30.0)]).disturbance().unwrap();
        assert!(both.starts_with("CPU pressure 50 %") && both.ends_with("by the host"), "{both}");
    }

    #[test]
    fn a_full_generator_alone_is_no_disturbance() {
        let full = run(&[("generator_cpu_percent", 97.0), (PRESSURE, 40.0), (OTHERS, 3.0)]);
        assert!(full.overload().is_some() && full.disturbance().is_none());
    }

    #[test]
    fn one_disturbed_machine_of_several_disturbs_the_whole() {
        let saturated = || run(&[(PRESSURE, 85.0), (OTHERS, 6.0)]);
        let (idle, disturbed) = (run(&[(OTHERS, 40.0)]), run(&[(PRESSURE, 50.0), (OTHERS, 30.0)]));
        let whole = merge_shards(vec![saturated(), disturbed.clone(), saturated()]).unwrap().run;
        assert_eq!(whole.disturbance(), disturbed.disturbance());
        // The pressure of one and the others of another are no disturbance.
        assert_eq!(merge_shards(vec![saturated(), idle]).unwrap().run.disturbance(), None);
    }

    #[test]
    fn each_side_is_warned_of() {
        let (quiet, stolen) = ([run(&[])], run(&[(STEAL, 8.0)]));
        let told = |baseline: &[Run], current: &[Run]| -> Vec<WarningKind> {
            disturbances(baseline, current).into_iter().map(|own| own.kind).collect()
        };
        assert!(told(&quiet, &quiet).is_empty());
        let both = told(&[quiet[0].clone(), stolen.clone()], &[stolen]);
        let [
            WarningKind::Disturbed { baseline: true, disturbed: before, of: 2 },
            WarningKind::Disturbed { baseline: false, disturbed: now, of: 1 },
        ] = both.as_slice()
        else {
            panic!("{both:?}")
        };
        assert!(before[0].starts_with("run 2: 8 % of the CPU"), "{before:?}");
        assert!(now[0].starts_with("8 % of the CPU"), "{now:?}");
    }
}
