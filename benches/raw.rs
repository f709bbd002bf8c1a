//! Raw k6 samples at the speed of the disk: perfgate against `wc -l`, and against DuckDB where `duckdb` for Python is installed.
//!
//! ```sh
//! cargo bench --bench raw                       # grows a real file to 2 GB in the folder for temporary files
//! cargo bench --bench raw -- --gigabytes 0.2
//! ```
//!
//! CPU time is that of all threads, user and system, the smallest of three runs; memory is the peak. Also the merging of 1 000
//! shard runs of 50 endpoints. Linux only: it reads /proc.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it prints a table")]

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 3;
const SHARDS: usize = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        arguments.get(arguments.iter().position(|own| own == name)? + 1)?.parse::<f64>().ok()
    };
    let gigabytes = after("--gigabytes").unwrap_or(2.0);
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("raw.json");
    let lines = grow(&file, (gigabytes * 1e9) as u64);
    let small = scratch.path().join("small.json");
    grow(&small, 100_000_000);
    println!("{gigabytes} GB of k6 NDJSON, {lines} lines\n");
    println!("{:<44} {:>9} {:>9} {:>10} {:>9}", "", "CPU s", "wall s", "× wc -l", "peak MB");
    let path = file.to_str().unwrap();
    let mut wc = None;
    let mut row = |name: &str, program: &str, arguments: &[&str]| {
        let best = best_of(scratch.path(), program, arguments);
        let base = *wc.get_or_insert(best.cpu);
        println!(
            "{name:<44} {:>9.2} {:>9.2} {:>10.2} {:>9.0}",
            best.cpu,
            best.wall,
            best.cpu / base,
            best.peak_mb
        );
    };
    row("wc -l", "wc", &["-l", path]);
    let perfgate = env!("CARGO_BIN_EXE_perfgate");
    row("perfgate normalize", perfgate, &["normalize", "--no-histograms", "-o", "run.json", path]);
    std::fs::write(
        scratch.path().join("base.json"),
        std::fs::read(scratch.path().join("run.json")).unwrap(),
    )
    .unwrap();
    row(
        "perfgate compare with a baseline",
        perfgate,
        &["compare", "--baseline-file", "base.json", path],
    );
    row(
        "the same of 100 MB",
        perfgate,
        &["normalize", "--no-histograms", "-o", "run.json", small.to_str().unwrap()],
    );
    if Command::new("python3")
        .args(["-c", "import duckdb"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
    {
        std::fs::write(scratch.path().join("duck.py"), DUCK).unwrap();
        row("DuckDB, count and quantiles by endpoint", "python3", &["duck.py", path]);
    }
    other_formats(scratch.path(), &file, gigabytes);
    merge(scratch.path());
    let version = best_of(scratch.path(), perfgate, &["--version"]);
    println!(
        "\n--version: {:.1} ms; the program has {:.1} MB",
        version.wall * 1e3,
        std::fs::metadata(perfgate).unwrap().len() as f64 / 1e6
    );
}

const DUCK: &str = r"
import duckdb, sys
duckdb.sql(f'''
SELECT data.tags.name, count(*), quantile_cont(data.value, [0.5, 0.95, 0.99]), max(data.value)
FROM read_json('{sys.argv[1]}', format = 'newline_delimited', columns = {{metric: 'VARCHAR', type: 'VARCHAR',
  data: 'STRUCT(value DOUBLE, tags STRUCT(name VARCHAR))'}})
WHERE metric = 'http_req_duration' AND type = 'Point' GROUP BY ALL
''').fetchall()
";

/// A real file again and again, later each time, until there are so many bytes; gives the number of lines.
fn grow(file: &Path, bytes: u64) -> u64 {
    let text = unpacked("k6/2.2.0/full-short/raw.ndjson.gz");
    let (head, points): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.contains("\"type\":\"Metric\""));
    let mut out = BufWriter::new(File::create(file).unwrap());
    let mut lines = head.len() as u64;
    let mut written = 0;
    for line in head {
        writeln!(out, "{line}").unwrap();
    }
    let start: jiff::Timestamp = "2026-11-20T22:37:05Z".parse().unwrap();
    // A line's second, as the file has it, is five or six seconds after the start.
    let second = |line: &str| line.find("\"time\":\"").map(|at| at + 8);
    for round in 0_i64.. {
        for line in &points {
            let at = second(line).unwrap();
            let own: jiff::Timestamp = format!("{}Z", &line[at..at + 19]).parse().unwrap();
            let seconds = own.as_second() + round * 6;
            let later = jiff::Timestamp::from_second(seconds.max(start.as_second())).unwrap();
            let later = later.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            writeln!(out, "{}{later}{}", &line[..at], &line[at + 19..]).unwrap();
            written += line.len() as u64 + 1;
            lines += 1;
        }
        if written >= bytes {
            break;
        }
    }
    out.flush().unwrap();
    lines
}

struct Took {
    cpu: f64,
    wall: f64,
    peak_mb: f64,
}

fn best_of(folder: &Path, program: &str, arguments: &[&str]) -> Took {
    let all = (0..ROUNDS).map(|_| once(folder, program, arguments));
    // The processor time of what is short is 0.
    all.min_by(|a, b| a.cpu.total_cmp(&b.cpu).then(a.wall.total_cmp(&b.wall))).unwrap()
}

fn once(folder: &Path, program: &str, arguments: &[&str]) -> Took {
    let before = children_cpu();
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_mb = 0.0_f64;
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        peak_mb = peak_mb.max(peak(&status));
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(ended.code().is_some_and(|code| code != 2), "{program} {arguments:?}");
    Took { cpu: children_cpu() - before, wall: start.elapsed().as_secs_f64(), peak_mb }
}

/// Processor time of all children that have ended, in seconds: fields 16 and 17 of /proc/self/stat, in hundredths.
fn children_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[13..15].iter().map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

fn peak(status: &str) -> f64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok())
        .unwrap_or_default()
        / 1e3
}

/// The same file packed, and an eighth as much of formats whose records may hold line ends.
fn other_formats(folder: &Path, raw: &Path, gigabytes: f64) {
    println!("\n{:<44} {:>9} {:>9} {:>10} {:>9}", "", "CPU s", "wall s", "MB/s", "peak MB");
    let row = |name: &str, file: &str, bytes: u64| {
        let took =
            best_of(folder, env!("CARGO_BIN_EXE_perfgate"), &["normalize", "-o", "run.json", file]);
        let speed = bytes as f64 / 1e6 / took.wall;
        println!(
            "{name:<44} {:>9.2} {:>9.2} {speed:>10.0} {:>9.0}",
            took.cpu, took.wall, took.peak_mb
        );
    };
    let packed = folder.join("raw.json.gz");
    let mut gzip =
        flate2::write::GzEncoder::new(File::create(&packed).unwrap(), flate2::Compression::fast());
    let bytes = std::io::copy(&mut File::open(raw).unwrap(), &mut gzip).unwrap();
    gzip.finish().unwrap();
    row("k6 NDJSON, gzip", "raw.json.gz", bytes);
    std::fs::remove_file(packed).unwrap();
    let fixtures = [
        ("k6 CSV", "k6/2.2.0/full-short/raw.csv.gz", 1, 0),
        ("JMeter CSV", "jmeter/base.jtl.gz", 1, 0),
        ("JMeter XML", "jmeter/nested.xml", 2, 1),
    ];
    for (name, fixture, head, end) in fixtures {
        let text = unpacked(fixture);
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let body = lines[head..lines.len() - end].concat();
        let times = (gigabytes * 0.25e9) as usize / body.len();
        let mut out = BufWriter::new(File::create(folder.join("other")).unwrap());
        write!(out, "{}", lines[..head].concat()).unwrap();
        (0..times).for_each(|_| out.write_all(body.as_bytes()).unwrap());
        // A file that has all of its samples as often is refused.
        write!(out, "{}", lines[head]).unwrap();
        write!(out, "{}", lines[lines.len() - end..].concat()).unwrap();
        out.flush().unwrap();
        row(name, "other", (times * body.len()) as u64);
    }
    let bytes = grow_gatling(&folder.join("other"), (gigabytes * 0.25e9) as u64);
    row("Gatling, binary", "other", bytes);
}

/// A log, and its last request again and again, later each time and of other endpoints; gives the number of bytes.
fn grow_gatling(file: &Path, bytes: u64) -> u64 {
    /// Bytes of a request without groups whose texts are known: kind, groups, name, start, end, status, message.
    const RECORD: usize = 22;
    /// Bytes of the end of a user, behind the last request.
    const USER: usize = 10;
    let log = std::fs::read("tests/fixtures/gatling/made/3.13.log").unwrap();
    let request = &log[log.len() - USER - RECORD..log.len() - USER];
    assert_eq!(request[..5], [1, 0, 0, 0, 0]);
    let mut out = BufWriter::new(File::create(file).unwrap());
    out.write_all(&log).unwrap();
    let records = bytes / RECORD as u64;
    for i in 0..records as u32 {
        // Ten end in a millisecond, of eleven endpoints, each of which takes 10 to 200 ms.
        let (end, took) = (17_300 + i / 10, 10 + i.wrapping_mul(2_654_435_761) % 191);
        let mut record = request.to_vec();
        record[5..9].copy_from_slice(&(-1 - (i % 11) as i32 - i32::from(i % 11 > 0)).to_be_bytes());
        record[9..13].copy_from_slice(&(end - took).to_be_bytes());
        record[13..17].copy_from_slice(&end.to_be_bytes());
        out.write_all(&record).unwrap();
    }
    out.flush().unwrap();
    records * RECORD as u64 + log.len() as u64
}

/// The text of a fixture.
fn unpacked(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    match name.ends_with(".gz") {
        true => flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text),
        false => bytes.as_slice().read_to_string(&mut text),
    }
    .unwrap();
    text
}

fn merge(folder: &Path) {
    let shards = folder.join("shards");
    std::fs::create_dir(&shards).unwrap();
    for shard in 0..SHARDS {
        let endpoint = |e: usize| {
            let samples: Vec<f64> = (0..40)
                .map(|i| 10.0 + e as f64 + ((shard * 31 + i * 17) % 101) as f64 / 3.0)
                .collect();
            serde_json::json!({ "method": "GET", "name": format!("/endpoint/{e}"), "requests": 40, "failures": 0, "latency": { "samples": samples } })
        };
        let run = serde_json::json!({ "schema": "perfgate.run/1", "tool": { "name": "x" }, "duration_s": 60,
            "endpoints": (0..50).map(endpoint).collect::<Vec<_>>() });
        std::fs::write(shards.join(format!("{shard}.json")), run.to_string()).unwrap();
    }
    let names: Vec<String> = (0..SHARDS).map(|shard| format!("shards/{shard}.json")).collect();
    let mut arguments = vec!["merge", "-o", "whole.json"];
    arguments.extend(names.iter().map(String::as_str));
    let took = best_of(folder, env!("CARGO_BIN_EXE_perfgate"), &arguments);
    println!(
        "\nmerging {SHARDS} shards of 50 endpoints: {:.2} s, {:.0} MB",
        took.wall, took.peak_mb
    );
}
