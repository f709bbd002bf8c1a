//! What the machine and the service use while a load test runs: a row a second, as CSV.

use super::pressure::{Kernel, Reading};
use super::watched::Watched;
use crate::model::now;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use sysinfo::{
    DiskRefreshKind, Disks, Networks, Pid, ProcessRefreshKind, ProcessesToUpdate, System,
};

const STEP: Duration = Duration::from_secs(1);
const MB: f64 = 1e6;
const HEADER: &str = "timestamp,cpu_percent,memory_percent,memory_mb,disk_read_mb,disk_write_mb,network_sent_mb,network_recv_mb,\
                      generator_cpu_percent,cpu_pressure_percent,cpu_steal_percent,run_queue,other_cpu_percent";

/// Samples in the background until it is finished.
#[derive(Debug)]
pub struct Sampler {
    stop: Sender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Sampler {
    /// Begins to write rows to a file. `generator` is the process whose children make the load; `one_core` says that the tool
    /// cannot use more than one core.
    pub fn start(
        file: &Path,
        generator: u32,
        one_core: bool,
        watched: Option<Watched>,
        kernel: Kernel,
    ) -> io::Result<Self> {
        let out = BufWriter::new(File::create(file)?);
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            Machine::new(Pid::from_u32(generator), one_core, watched, kernel).write(out, &stopped)
        });
        Ok(Self { stop, thread })
    }

    /// Ends with what is written so far.
    pub fn finish(self) -> io::Result<()> {
        drop(self.stop);
        self.thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("sampling the resources failed")))
    }
}

/// What is asked of the system every second.
struct Machine {
    system: System,
    disks: Disks,
    networks: Networks,
    generator: Pid,
    one_core: bool,
    watched: Option<Watched>,
    kernel: Kernel,
    last: Reading,
    /// Microseconds of processor time that a control group had used, and when.
    cgroup_cpu: Option<(f64, Instant)>,
}

impl Machine {
    fn new(generator: Pid, one_core: bool, watched: Option<Watched>, kernel: Kernel) -> Self {
        let (disks, networks) =
            (Disks::new_with_refreshed_list(), Networks::new_with_refreshed_list());
        Self {
            system: System::new(),
            disks,
            networks,
            generator,
            one_core,
            watched,
            last: kernel.reading(),
            kernel,
            cgroup_cpu: None,
        }
    }

    fn write(mut self, mut out: BufWriter<File>, stopped: &Receiver<()>) -> io::Result<()> {
        let service =
            if self.watched.is_some() { ",service_cpu_percent,service_memory_mb" } else { "" };
        writeln!(out, "{HEADER}{service}")?;
        self.refresh();
        let mut next = Instant::now() + STEP;
        while let Err(RecvTimeoutError::Timeout) =
            stopped.recv_timeout(next.saturating_duration_since(Instant::now()))
        {
            next += STEP;
            self.refresh();
            writeln!(out, "{}", self.row())?;
        }
        out.flush()
    }

    fn refresh(&mut self) {
        self.system.refresh_memory();
        self.system.refresh_cpu_usage();
        let kinds = ProcessRefreshKind::nothing().with_cpu().with_memory();
        self.system.refresh_processes_specifics(ProcessesToUpdate::All, true, kinds);
        self.disks.refresh_specifics(true, DiskRefreshKind::nothing().with_io_usage());
        self.networks.refresh(true);
    }

    fn row(&mut self) -> String {
        let system = &self.system;
        let (total, used) = (system.total_memory() as f64, system.used_memory() as f64);
        let disks = self.disks.list().iter().map(sysinfo::Disk::usage);
        // Several mounts of one disk would count it twice.
        let most = |a: (f64, f64), b: sysinfo::DiskUsage| {
            (a.0.max(b.total_read_bytes as f64), a.1.max(b.total_written_bytes as f64))
        };
        let (read, written) = disks.fold((0.0, 0.0), most);
        let networks = self.networks.list().values();
        let sum = |a: (f64, f64), b: &sysinfo::NetworkData| {
            (a.0 + b.total_transmitted() as f64, a.1 + b.total_received() as f64)
        };
        let (sent, received) = networks.fold((0.0, 0.0), sum);
        let generator = self.generator_load();
        let mut row = format!(
            "{},{:.1},{:.2},{:.1},{:.3},{:.3},{:.3},{:.3},{generator:.1}",
            now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
            system.global_cpu_usage(),
            100.0 * used / total.max(1.0),
            used / MB,
            read / MB,
            written / MB,
            sent / MB,
            received / MB,
        );
        let service = self.service();
        row += &self.strain(service.map_or(0.0, |(cpu, _)| cpu));
        if let Some((cpu, memory)) = service {
            row += &format!(",{cpu:.1},{memory:.2}");
        } else if self.watched.is_some() {
            // A service that has ended uses nothing that could be told.
            row += ",,";
        }
        row
    }

    /// How much waits for the processors, and what others than the test use of them. What the kernel does not tell stays empty.
    fn strain(&mut self, service: f64) -> String {
        let now = self.kernel.reading();
        let strain = now.since(&self.last);
        self.last = now;
        let own = self.tree(&[Pid::from_u32(std::process::id()), self.generator]);
        let own = own.iter().filter_map(|pid| self.system.process(*pid));
        let own: f64 = own.map(|process| f64::from(process.cpu_usage())).sum();
        let all = f64::from(self.system.global_cpu_usage());
        let others = (all - own / self.cores() - service).max(0.0);
        let cell = |value: Option<f64>| value.map(|own| format!("{own:.1}")).unwrap_or_default();
        let [pressure, steal, running] = [strain.pressure, strain.steal, strain.running].map(cell);
        format!(",{pressure},{steal},{running},{others:.1}")
    }

    /// How busy the load generator is, of what it can use: its busiest process where one core is all it can.
    fn generator_load(&self) -> f64 {
        let usage = |pid: &Pid| {
            self.system.process(*pid).map_or(0.0, |process| f64::from(process.cpu_usage()))
        };
        let tree = self.tree(&[self.generator]);
        if self.one_core {
            tree.iter().map(usage).fold(0.0, f64::max).min(100.0)
        } else {
            tree.iter().map(usage).sum::<f64>() / self.cores()
        }
    }

    fn cores(&self) -> f64 {
        self.system.cpus().len().max(1) as f64
    }

    /// These processes and all that they started.
    fn tree(&self, roots: &[Pid]) -> BTreeSet<Pid> {
        let mut children: BTreeMap<Pid, Vec<Pid>> = BTreeMap::new();
        for (pid, process) in self.system.processes() {
            // A thread is no process of its own.
            if process.thread_kind().is_none()
                && let Some(parent) = process.parent()
            {
                children.entry(parent).or_default().push(*pid);
            }
        }
        let (mut found, mut open) = (BTreeSet::new(), roots.to_vec());
        while let Some(pid) = open.pop() {
            if found.insert(pid) {
                open.extend(children.get(&pid).into_iter().flatten());
            }
        }
        found
    }

    /// Processor time as a share of the machine, and memory in MB, of the watched service.
    fn service(&mut self) -> Option<(f64, f64)> {
        let watched = self.watched.clone()?;
        if let Watched::Cgroup(folder) = &watched {
            return self.cgroup(folder);
        }
        let roots = watched.roots(&self.system);
        if roots.is_empty() {
            return None;
        }
        let all: Vec<&sysinfo::Process> =
            self.tree(&roots).into_iter().filter_map(|pid| self.system.process(pid)).collect();
        let cpu: f64 = all.iter().map(|process| f64::from(process.cpu_usage())).sum();
        let memory: f64 = all.iter().map(|process| process.memory() as f64).sum();
        Some((cpu / self.cores(), memory / MB))
    }

    /// Version 2 of control groups: `memory.current` in bytes, `usage_usec` of `cpu.stat`.
    fn cgroup(&mut self, folder: &Path) -> Option<(f64, f64)> {
        let memory: f64 =
            std::fs::read_to_string(folder.join("memory.current")).ok()?.trim().parse().ok()?;
        let stat = std::fs::read_to_string(folder.join("cpu.stat")).ok()?;
        let used: f64 =
            stat.lines().find_map(|line| line.strip_prefix("usage_usec "))?.trim().parse().ok()?;
        let before = self.cgroup_cpu.replace((used, Instant::now()));
        let cpu = before.map_or(0.0, |(last, at)| {
            100.0 * (used - last) / 1e6 / at.elapsed().as_secs_f64().max(1e-3) / self.cores()
        });
        Some((cpu, memory / MB))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_cell_for_each_column_whatever_the_kernel_tells() {
        let root = tempfile::tempdir().unwrap();
        let row = || {
            let own = Pid::from_u32(std::process::id());
            let mut machine = Machine::new(own, false, None, Kernel::at(root.path()));
            machine.refresh();
            machine.row()
        };
        let cells = |row: &str, from: usize| -> Vec<String> {
            let cells: Vec<&str> = row.split(',').collect();
            assert_eq!(cells.len(), HEADER.split(',').count(), "{row}");
            cells[from..from + 3].iter().map(|cell| (*cell).to_owned()).collect()
        };
        let at = HEADER.split(',').position(|column| column == "cpu_pressure_percent").unwrap();
        assert_eq!(cells(&row(), at), ["", "", ""]);
        std::fs::create_dir_all(root.path().join("proc/pressure")).unwrap();
        std::fs::write(root.path().join("proc/pressure/cpu"), "some total=5\n").unwrap();
        std::fs::write(
            root.path().join("proc/stat"),
            "cpu  1 1 1 1 1 1 1 1 0 0\nprocs_running 4\n",
        )
        .unwrap();
        // Nothing has been counted since the reading before, and no tick has gone by.
        assert_eq!(cells(&row(), at), ["0.0", "", "4.0"]);
    }
}
