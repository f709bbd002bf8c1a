//! What machine this is.

use sysinfo::{CpuRefreshKind, RefreshKind, System};

/// The machine in one line: system, processors, memory.
pub fn fingerprint() -> String {
    let kinds = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let mut system = System::new_with_specifics(kinds);
    system.refresh_memory();
    let cpus = system.cpus();
    let model = cpus.first().map(|cpu| cpu.brand().trim().to_owned()).unwrap_or_default();
    let gigabytes = system.total_memory() as f64 / 1e9;
    let name = System::name().unwrap_or_else(|| std::env::consts::OS.to_owned());
    let kernel = System::kernel_version().unwrap_or_default();
    format!(
        "{name} {kernel}, {} × {model} ({}), {gigabytes:.0} GB",
        cpus.len(),
        std::env::consts::ARCH
    )
}
