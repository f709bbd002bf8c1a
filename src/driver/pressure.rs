//! How much waits for the processors, by what the kernel says of it: `/proc/pressure/cpu` (PSI) and `/proc/stat`.
//!
//! A kernel that says less (another system, PSI switched off) gives fewer numbers, never an error.

use crate::model::{MOST_CPU_PRESSURE, MOST_CPU_STEAL};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Processors in use before a load, in percent, from which on it would have to share them.
const MOST_IN_USE: f64 = 80.0;

/// Where the kernel says it.
#[derive(Debug, Clone)]
pub struct Kernel {
    root: PathBuf,
}

impl Kernel {
    /// The one whose `proc` and `sys` are in this folder.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// What it has counted so far.
    pub(super) fn reading(&self) -> Reading {
        let text = |path: &str| std::fs::read_to_string(self.root.join(path)).ok();
        // In a container the first file is the container's, and the second one the whole machine's, where somebody always waits.
        let pressure = text("sys/fs/cgroup/cpu.pressure").or_else(|| text("proc/pressure/cpu"));
        let stat = text("proc/stat").unwrap_or_default();
        Reading {
            at: Instant::now(),
            waited_us: pressure.as_deref().and_then(waited_us),
            ticks: Ticks::of(&stat),
            running: field(&stat, "procs_running"),
        }
    }

    /// Looks for a while, and says why no load should start now. A kernel that does not know who waits says nothing.
    pub fn look(&self, length: Duration) -> Option<String> {
        let before = self.reading();
        before.waited_us?;
        std::thread::sleep(length);
        self.reading().since(&before).reason_to_wait()
    }
}

/// What has been counted up to a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    at: Instant,
    /// Microseconds in which something waited for a processor.
    waited_us: Option<f64>,
    ticks: Option<Ticks>,
    running: Option<f64>,
}

impl Reading {
    /// What happened between an earlier reading and this one.
    pub(super) fn since(&self, earlier: &Self) -> Strain {
        let us = self.at.saturating_duration_since(earlier.at).as_secs_f64().max(1e-3) * 1e6;
        let percent = |share: f64| (100.0 * share).clamp(0.0, 100.0);
        let waited = |now, before| percent((now - before) / us);
        let ticks = self.ticks.zip(earlier.ticks).filter(|(now, before)| now.all > before.all);
        let of_all = |part: fn(&Ticks) -> f64| {
            ticks
                .map(|(now, before)| percent((part(&now) - part(&before)) / (now.all - before.all)))
        };
        Strain {
            pressure: self
                .waited_us
                .zip(earlier.waited_us)
                .map(|(now, before)| waited(now, before)),
            steal: of_all(|ticks| ticks.stolen),
            in_use: of_all(|ticks| ticks.used),
            running: self.running,
        }
    }
}

/// Time of the processors so far, in ticks of the kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ticks {
    used: f64,
    /// What the machine beneath a virtual one gave to others.
    stolen: f64,
    all: f64,
}

impl Ticks {
    /// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; a guest's time is the user's already.
    fn of(stat: &str) -> Option<Self> {
        let mut numbers = stat.strip_prefix("cpu ")?.lines().next()?.split_whitespace();
        let mut next = || numbers.next()?.parse::<f64>().ok();
        let (user, nice, system, idle, waiting) = (next()?, next()?, next()?, next()?, next()?);
        let (irq, softirq, stolen) = (next()?, next()?, next()?);
        let used = user + nice + system + irq + softirq;
        Some(Self { used, stolen, all: used + idle + waiting + stolen })
    }
}

/// The `total` of the line `some` of PSI.
fn waited_us(pressure: &str) -> Option<f64> {
    let some = pressure.lines().find_map(|line| line.strip_prefix("some "))?;
    some.split_whitespace().find_map(|word| word.strip_prefix("total="))?.parse().ok()
}

fn field(stat: &str, name: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
}

/// How much the processors had to do between two readings, in percent of the time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Strain {
    /// Something waited for a processor.
    pub(super) pressure: Option<f64>,
    /// Of all processors, what the machine beneath gave to others.
    pub(super) steal: Option<f64>,
    /// Of all processors, what was in use.
    pub(super) in_use: Option<f64>,
    /// How many threads run or could run, at the end.
    pub(super) running: Option<f64>,
}

impl Strain {
    /// Why no load should start now.
    fn reason_to_wait(&self) -> Option<String> {
        let pressure = self.pressure?;
        let steal = self.steal.filter(|steal| *steal > MOST_CPU_STEAL);
        // As many processes as processors make none wait, until the load comes.
        let in_use = self.in_use.filter(|in_use| *in_use > MOST_IN_USE);
        let reasons = [
            (pressure > MOST_CPU_PRESSURE).then(|| format!("CPU pressure {pressure:.0} %")),
            steal.map(|steal| format!("{steal:.0} % of the CPU stolen by the host")),
            in_use.map(|in_use| format!("{in_use:.0} % of the CPU in use")),
        ];
        let reasons: Vec<String> = reasons.into_iter().flatten().collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 10 40 800 20 5 5 20 7 0\ncpu0 1 2 3\nprocs_running 3\n";
    const PRESSURE: &str = "some avg10=0.27 avg60=10.67 avg300=37.78 total=1500000\n\
                            full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";

    fn reading(waited_us: Option<f64>, ticks: Option<Ticks>) -> Reading {
        Reading { at: Instant::now(), waited_us, ticks, running: Some(3.0) }
    }

    fn later(earlier: &Reading, seconds: u64, waited_us: f64, ticks: Ticks) -> Reading {
        let at = earlier.at + Duration::from_secs(seconds);
        Reading { at, ..reading(Some(waited_us), Some(ticks)) }
    }

    #[test]
    fn the_kernels_files_are_read() {
        assert_eq!(waited_us(PRESSURE), Some(1_500_000.0));
        assert_eq!(Ticks::of(STAT), Some(Ticks { used: 160.0, stolen: 20.0, all: 1000.0 }));
        assert_eq!(field(STAT, "procs_running"), Some(3.0));
        assert_eq!(
            (waited_us("some avg10=?"), Ticks::of("cpu 1 2"), field("", "x")),
            (None, None, None)
        );
    }

    #[test]
    fn a_container_goes_by_its_own_pressure() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let kernel = Kernel::at(root.path());
        assert_eq!(kernel.reading().waited_us, None);
        write("proc/pressure/cpu", PRESSURE);
        assert_eq!(kernel.reading().waited_us, Some(1_500_000.0));
        write("sys/fs/cgroup/cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
        assert_eq!(kernel.reading().waited_us, Some(7.0));
    }

    #[test]
    fn shares_are_of_the_time_between_two_readings() {
        let ticks = Ticks { used: 100.0, stolen: 0.0, all: 1000.0 };
        let before = reading(Some(0.0), Some(ticks));
        let after = later(&before, 2, 500_000.0, Ticks { used: 250.0, stolen: 8.0, all: 1200.0 });
        let expected = Strain {
            pressure: Some(25.0),
            steal: Some(4.0),
            in_use: Some(75.0),
            running: Some(3.0),
        };
        assert_eq!(after.since(&before), expected);
        // A clock of the kernel that has not moved on divides nothing by zero.
        assert_eq!(later(&before, 1, 0.0, ticks).since(&before).steal, None);
    }

    #[test]
    fn pressure_theft_and_full_processors_are_reasons_to_wait() {
        let quiet =
            Strain { pressure: Some(15.0), steal: Some(4.0), in_use: Some(60.0), running: None };
        assert_eq!(quiet.reason_to_wait(), None);
        let why = |strain: Strain| strain.reason_to_wait().unwrap();
        assert_eq!(why(Strain { pressure: Some(62.0), ..quiet }), "CPU pressure 62 %");
        let busy = Strain { steal: Some(9.0), in_use: Some(97.0), ..quiet };
        assert_eq!(why(busy), "9 % of the CPU stolen by the host, 97 % of the CPU in use");
    }

    #[test]
    fn a_kernel_that_does_not_know_who_waits_refuses_nothing() {
        let busy = Strain { in_use: Some(100.0), steal: Some(50.0), ..Strain::default() };
        assert_eq!(busy.reason_to_wait(), None);
    }
}
