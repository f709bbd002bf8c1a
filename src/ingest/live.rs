//! How a load goes while its tool runs: requests, failures and response times so far, from what Locust and k6 write meanwhile.

use flate2::write::GzDecoder;
use serde::Deserialize;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Bytes of a file that are read at a time: packed ones become a thousand times as many at most.
const PIECE: u64 = 64 << 10;
/// Pieces that are read at a look; the rest is read at the next.
const MOST_PIECES: usize = 128;
/// Bytes at the end of Locust's history that hold its last row, and most of its first line.
const ROW: u64 = 64 << 10;
/// How the file ends to which Locust adds a row each second.
const HISTORY: &str = "_stats_history.csv";
/// Bytes of a line of k6 beyond which it is none.
const LINE: usize = 1 << 20;

/// Requests, how many of them failed, and how long they took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LiveCounts {
    /// Requests so far.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// How long all of them took together, in milliseconds.
    pub total_ms: f64,
}

/// The results of a load that are still being written.
#[derive(Debug)]
pub struct LiveResults {
    folder: PathBuf,
    k6: Option<K6>,
}

impl LiveResults {
    /// The results in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), k6: None }
    }

    /// The counts so far of a tool that writes them as sums, which is Locust: one row is read, and nothing of raw samples, which
    /// would take from the machine that makes the load.
    pub fn sums(&self) -> Option<LiveCounts> {
        let entries = std::fs::read_dir(&self.folder).ok()?.flatten();
        let mut paths = entries.map(|entry| entry.path());
        let history = paths.find(|path| path.to_string_lossy().ends_with(HISTORY))?;
        locust(&history).ok().flatten()
    }

    /// The counts so far; none while nothing is written that says them.
    pub fn counts(&mut self) -> Option<LiveCounts> {
        if let Some(k6) = &mut self.k6 {
            return k6.read().ok();
        }
        for entry in std::fs::read_dir(&self.folder).ok()?.flatten() {
            let path = entry.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with(HISTORY) {
                return locust(&path).ok().flatten();
            }
            if name.ends_with(".json.gz") || name.ends_with(".json") {
                self.k6 = K6::open(&path).ok().flatten();
            }
        }
        self.k6.as_mut()?.read().ok()
    }
}

/// The last row of Locust's history for all requests together.
fn locust(path: &Path) -> io::Result<Option<LiveCounts>> {
    let mut file = File::open(path)?;
    let mut head = String::new();
    BufReader::new((&file).take(ROW)).read_line(&mut head)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(ROW)))?;
    let mut tail = Vec::new();
    file.take(ROW).read_to_end(&mut tail)?;
    let columns: Vec<&str> = head.trim_end().split(',').map(|own| own.trim_matches('"')).collect();
    let place = |name: &str| columns.iter().position(|own| *own == name);
    let (Some(name), Some(requests), Some(failures)) =
        (place("Name"), place("Total Request Count"), place("Total Failure Count"))
    else {
        return Ok(None);
    };
    let mean = place("Total Average Response Time");
    let tail = String::from_utf8_lossy(&tail);
    // A line without its end is still being written.
    let whole = &tail[..tail.rfind('\n').unwrap_or_default()];
    let counts = |line: &str| {
        // The row for all requests has no name that needs quotes.
        let cells: Vec<&str> = line.split(',').map(|own| own.trim().trim_matches('"')).collect();
        let number = |place: usize| cells.get(place)?.parse::<u64>().ok();
        let together = cells.len() == columns.len() && cells.get(name) == Some(&"Aggregated");
        together.then_some(())?;
        let (requests, failures) = (number(requests)?, number(failures)?);
        let mean: Option<f64> = mean.and_then(|place| cells.get(place)?.parse().ok());
        let total_ms = mean.unwrap_or_default() * requests as f64;
        Some(LiveCounts { requests, failures, total_ms })
    };
    Ok(whole.lines().rev().find_map(counts))
}

/// A line of `k6 run --out json`.
#[derive(Deserialize)]
struct Line<'a> {
    metric: &'a str,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    value: Option<f64>,
}

/// k6's samples, read on from where they ended.
#[derive(Debug)]
struct K6 {
    file: File,
    unpacked: Unpacked,
    /// A line without its end.
    rest: Vec<u8>,
    counts: LiveCounts,
}

/// What comes out of the file.
#[derive(Debug)]
enum Unpacked {
    Plain,
    Gzip(Box<GzDecoder<Vec<u8>>>),
}

impl K6 {
    /// None of a file that is not k6's, or of which nothing is written yet.
    fn open(path: &Path) -> io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        let mut head = [0; 2];
        let count = file.read(&mut head)?;
        file.seek(SeekFrom::Start(0))?;
        let unpacked = match &head[..count] {
            [0x1f, 0x8b] => Unpacked::Gzip(Box::new(GzDecoder::new(Vec::new()))),
            [b'{', _] => Unpacked::Plain,
            _ => return Ok(None),
        };
        Ok(Some(Self { file, unpacked, rest: Vec::new(), counts: LiveCounts::default() }))
    }

    /// Reads what came since.
    fn read(&mut self) -> io::Result<LiveCounts> {
        for _ in 0..MOST_PIECES {
            if !self.read_piece()? {
                break;
            }
        }
        Ok(self.counts)
    }

    /// Reads some more, and says whether there was any.
    fn read_piece(&mut self) -> io::Result<bool> {
        let mut new = Vec::new();
        if (&self.file).take(PIECE).read_to_end(&mut new)? == 0 {
            return Ok(false);
        }
        match &mut self.unpacked {
            Unpacked::Plain => self.rest.append(&mut new),
            Unpacked::Gzip(decoder) => {
                decoder.write_all(&new)?;
                // What is decoded lies in the decoder until the next block; a flush hands it on.
                decoder.flush()?;
                self.rest.append(decoder.get_mut());
            }
        }
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            self.rest.truncate(LINE);
            return Ok(true);
        };
        let rest = self.rest.split_off(end + 1);
        let lines = std::mem::replace(&mut self.rest, rest);
        for line in lines.split(|byte| *byte == b'\n').filter(|line| line.len() < LINE) {
            self.counts.add(line);
        }
        Ok(true)
    }
}

impl LiveCounts {
    fn add(&mut self, line: &[u8]) {
        let Ok(line) = serde_json::from_slice::<Line<'_>>(line) else { return };
        let Some(value) = line.data.value else { return };
        match line.metric {
            "http_reqs" => self.requests = self.requests.saturating_add(value as u64),
            "http_req_duration" => self.total_ms += value,
            "http_req_failed" if value > 0.0 => self.failures = self.failures.saturating_add(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;

    fn append(path: &Path, bytes: &[u8]) {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(bytes).unwrap();
    }

    #[test]
    fn locusts_history_is_read_as_it_grows() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = LiveResults::in_folder(folder.path());
        assert_eq!(live.counts(), None);
        let path = folder.path().join("locust_stats_history.csv");
        append(
            &path,
            b"Timestamp,User Count,Type,Name,Total Average Response Time,Total Request Count,Total Failure Count\n",
        );
        assert_eq!(live.counts(), None);
        append(&path, b"1,5,GET,\"/a,b\",3,20,1\n1,5,,Aggregated,3,40,2\n2,5,,Aggre");
        assert_eq!(live.counts(), Some(LiveCounts { requests: 40, failures: 2, total_ms: 120.0 }));
        append(&path, b"gated,3,90,50\n");
        assert_eq!(live.counts(), Some(LiveCounts { requests: 90, failures: 50, total_ms: 270.0 }));
    }

    /// The lines that k6 writes for one request.
    fn request(failed: u8) -> String {
        format!(
            "{{\"metric\":\"http_req_duration\",\"type\":\"Point\",\"data\":{{\"time\":\"2026-01-01T00:00:00Z\",\"value\":2.5,\"tags\":{{}}}}}}\n\
             {{\"metric\":\"http_reqs\",\"type\":\"Point\",\"data\":{{\"time\":\"2026-01-01T00:00:00Z\",\"value\":1,\"tags\":{{}}}}}}\n\
             {{\"metric\":\"http_req_failed\",\"type\":\"Point\",\"data\":{{\"time\":\"2026-01-01T00:00:00Z\",\"value\":{failed},\"tags\":{{}}}}}}\n"
        )
    }

    #[test]
    fn k6s_samples_are_read_on_plain_and_packed() {
        let head = "{\"type\":\"Metric\",\"data\":{\"name\":\"http_reqs\",\"type\":\"counter\"},\"metric\":\"http_reqs\"}\n";
        let first = format!("{head}{}{}", request(0), request(1));
        let second = request(1);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k6.json");
        let mut live = LiveResults::in_folder(folder.path());
        append(&path, first.as_bytes());
        append(&path, &second.as_bytes()[..50]);
        assert_eq!(live.counts(), Some(LiveCounts { requests: 2, failures: 1, total_ms: 5.0 }));
        append(&path, &second.as_bytes()[50..]);
        assert_eq!(live.counts(), Some(LiveCounts { requests: 3, failures: 2, total_ms: 7.5 }));

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k6.json.gz");
        let mut live = LiveResults::in_folder(folder.path());
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(first.as_bytes()).unwrap();
        packer.flush().unwrap();
        append(&path, &std::mem::take(packer.get_mut()));
        assert_eq!(live.counts(), Some(LiveCounts { requests: 2, failures: 1, total_ms: 5.0 }));
        packer.write_all(second.as_bytes()).unwrap();
        append(&path, &packer.finish().unwrap());
        assert_eq!(live.counts(), Some(LiveCounts { requests: 3, failures: 2, total_ms: 7.5 }));
    }
}
