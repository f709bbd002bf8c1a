//! How fast the machine is, by three fixed pieces of work: where they take longer, a slower test says little about the code.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Instant;

/// Rounds of each; the fastest counts, because nothing makes a machine faster than it is.
const ROUNDS: usize = 15;
const STEPS: u64 = 4_000_000;
const BUFFER: usize = 16 << 20;
const PINGS: usize = 300;

/// The milliseconds that each piece of work took: `cpu`, `memory`, `loopback`. A piece that cannot be done is left out.
pub fn calibrate() -> BTreeMap<String, f64> {
    let mut took = BTreeMap::new();
    took.insert("cpu".to_owned(), fastest(cpu));
    let from = vec![1_u8; BUFFER];
    let mut to = vec![0_u8; BUFFER];
    let memory = fastest(|| {
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
    });
    took.insert("memory".to_owned(), memory);
    if let Ok(best) = loopback() {
        took.insert("loopback".to_owned(), best);
    }
    took
}

fn fastest(mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
    }
    best
}

fn cpu() {
    let mut state = black_box(88_172_645_463_325_252_u64);
    for _ in 0..STEPS {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
}

/// Single bytes there and back on 127.0.0.1.
fn loopback() -> io::Result<f64> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let echo = std::thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut byte = [0_u8; 1];
        while stream.read(&mut byte)? > 0 {
            stream.write_all(&byte)?;
        }
        Ok(())
    });
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut failed = None;
    let best = fastest(|| {
        for _ in 0..PINGS {
            let mut byte = [7_u8; 1];
            let pinged = stream.write_all(&byte).and_then(|()| stream.read_exact(&mut byte));
            failed = failed.take().or(pinged.err());
        }
    });
    drop(stream);
    drop(echo.join());
    failed.map_or(Ok(best), Err)
}
