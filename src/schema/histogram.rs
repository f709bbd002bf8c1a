//! Histograms in files: the V2 compressed form of HdrHistogram in base64, which its other implementations read.

use crate::model::{Distribution, OutOfRange};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use std::io::Read as _;

/// Longest base64 text that is decoded; real histograms of three digits take a few kilobytes.
const LONGEST: usize = 4 << 20;

/// The highest value that a histogram may be made for, in nanoseconds: the power of two above a month.
const HIGHEST_NS: u64 = 1 << 52;

/// Why the text is no histogram.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HistogramError {
    /// Longer than any real one.
    #[error("the histogram is larger than 4 MiB")]
    TooLarge,
    /// Not base64, or not an HdrHistogram.
    #[error("this is not an HdrHistogram in V2 compressed form, base64 ({0})")]
    NotAHistogram(String),
    /// It holds a value that is no latency.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// The histogram of a distribution with this many significant digits (1 to 3), as text.
pub fn encode_histogram(distribution: &Distribution, digits: u8) -> Result<String, HistogramError> {
    let broken = |why: String| HistogramError::NotAHistogram(why);
    let exact = &*distribution.histogram();
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    if digits >= exact.sigfig() {
        serializer.serialize(exact, &mut bytes).map_err(|e| broken(e.to_string()))?;
    } else {
        let mut coarse = Histogram::<u64>::new(digits).map_err(|e| broken(e.to_string()))?;
        coarse.add(exact).map_err(|e| broken(e.to_string()))?;
        serializer.serialize(&coarse, &mut bytes).map_err(|e| broken(e.to_string()))?;
    }
    Ok(STANDARD.encode(bytes))
}

/// The distribution that such a text holds.
pub fn decode_histogram(text: &str) -> Result<Distribution, HistogramError> {
    if text.len() > LONGEST {
        return Err(HistogramError::TooLarge);
    }
    let broken = |why: String| HistogramError::NotAHistogram(why);
    let bytes = STANDARD.decode(text).map_err(|e| broken(e.to_string()))?;
    let plain = inflated(&bytes).map_err(broken)?;
    let histogram: Histogram<u64> = Deserializer::new()
        .deserialize(&mut plain.as_slice())
        .map_err(|e| broken(e.to_string()))?;
    Ok(Distribution::from_histogram(histogram)?)
}

/// The uncompressed form, once its header is known to claim nothing absurd: the decoder allocates what the header says.
///
/// Compressed: cookie, length, zlib stream. Inside: cookie, payload length, normalising offset, digits (32 bits each),
/// lowest and highest value, ratio (64 bits each), payload; all big-endian.
fn inflated(bytes: &[u8]) -> Result<Vec<u8>, String> {
    const HEADER: usize = 40;
    let stream = bytes.get(8..).ok_or("it is too short")?;
    let mut plain = Vec::new();
    let mut inflate = flate2::read::ZlibDecoder::new(stream).take(LONGEST as u64);
    inflate.read_to_end(&mut plain).map_err(|error| error.to_string())?;
    let field = |at: usize| -> Option<u32> {
        Some(u32::from_be_bytes(plain.get(at..at + 4)?.try_into().ok()?))
    };
    let (payload, digits) = field(4).zip(field(12)).ok_or("its header is cut")?;
    let highest = plain.get(24..32).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
    let fits = plain.len() >= HEADER && payload as usize <= plain.len() - HEADER;
    if !fits || !(1..=3).contains(&digits) || highest.is_none_or(|highest| highest > HIGHEST_NS) {
        return Err("its header claims more than a histogram of latencies needs".to_owned());
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Quantile;

    #[test]
    fn a_histogram_reads_back_to_its_digits() {
        let mut all = Distribution::new();
        (1..=1000).for_each(|ms| all.record(f64::from(ms)).unwrap());
        for (digits, error) in [(3, 1e-3), (2, 1e-2)] {
            let back = decode_histogram(&encode_histogram(&all, digits).unwrap()).unwrap();
            assert_eq!(back.count(), 1000);
            let (got, want) =
                (back.quantile(Quantile::P95).unwrap(), all.quantile(Quantile::P95).unwrap());
            assert!((got / want - 1.0).abs() < error, "{got} {want}");
        }
    }

    #[test]
    fn what_is_no_histogram_is_refused() {
        for text in ["", "????", "aGVsbG8="] {
            assert!(decode_histogram(text).is_err(), "{text}");
        }
    }
}
