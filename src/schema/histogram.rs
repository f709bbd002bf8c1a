//! Histograms in files: the V2 compressed form of HdrHistogram in base64, which its other implementations read.

use crate::model::{Distribution, OutOfRange, limits};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use std::io::Read as _;

/// The highest value that a histogram may be made for, in nanoseconds: the power of two above a month.
const HIGHEST_NS: u64 = 1 << 52;

/// Why the text is no histogram.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HistogramError {
    /// Longer than any real one.
    #[error("the histogram is larger than {}", limits::size(limits::HISTOGRAM_BYTES as u64))]
    TooLarge,
    /// It counts more samples than a run can have.
    #[error("the histogram counts more than 10^12 samples")]
    TooMany,
    /// Not base64, or not an HdrHistogram.
    #[error("this is not an HdrHistogram in V2 compressed form, base64 ({0})")]
    NotAHistogram(String),
    /// It holds a value that is no latency.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// The histogram of a distribution with this many significant digits (1 to 3), or its own if those are fewer, as text.
pub fn encode_histogram(distribution: &Distribution, digits: u8) -> Result<String, HistogramError> {
    let broken = |why: String| HistogramError::NotAHistogram(why);
    let digits = digits.min(distribution.digits());
    let mut histogram = Histogram::<u64>::new(digits).map_err(|e| broken(e.to_string()))?;
    for (ns, n) in distribution.recorded() {
        histogram.record_n(ns, n).map_err(|e| broken(e.to_string()))?;
    }
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    serializer.serialize(&histogram, &mut bytes).map_err(|e| broken(e.to_string()))?;
    Ok(STANDARD.encode(bytes))
}

/// The distribution that such a text holds.
pub fn decode_histogram(text: &str) -> Result<Distribution, HistogramError> {
    if text.len() > limits::HISTOGRAM_BYTES {
        return Err(HistogramError::TooLarge);
    }
    let broken = |why: String| HistogramError::NotAHistogram(why);
    let bytes = STANDARD.decode(text).map_err(|e| broken(e.to_string()))?;
    let plain = inflated(&bytes).map_err(broken)?;
    let histogram: Histogram<u64> = Deserializer::new()
        .deserialize(&mut plain.as_slice())
        .map_err(|e| broken(e.to_string()))?;
    let recorded = || {
        let steps = histogram.iter_recorded();
        steps.map(|step| {
            (histogram.median_equivalent(step.value_iterated_to()), step.count_at_value())
        })
    };
    let total = recorded().try_fold(0_u64, |all, (_, n)| all.checked_add(n));
    if total.is_none_or(|total| total > limits::COUNT) {
        return Err(HistogramError::TooMany);
    }
    Ok(Distribution::from_histogram(histogram.sigfig(), recorded())?)
}

/// The uncompressed form, once its header is known to claim nothing absurd: the decoder allocates what the header says.
///
/// Compressed: cookie, length, zlib stream. Inside: cookie, payload length, normalising offset, digits (32 bits each),
/// lowest and highest value, ratio (64 bits each), payload; all big-endian.
fn inflated(bytes: &[u8]) -> Result<Vec<u8>, String> {
    const HEADER: usize = 40;
    let stream = bytes.get(8..).ok_or("it is too short")?;
    let length = bytes[4..8].iter().fold(0, |all, byte| all << 8 | usize::from(*byte));
    let mut plain = Vec::new();
    let mut inflate = flate2::read::ZlibDecoder::new(stream).take(limits::HISTOGRAM_BYTES as u64);
    inflate.read_to_end(&mut plain).map_err(|error| error.to_string())?;
    if length != stream.len() || inflate.into_inner().total_in() != stream.len() as u64 {
        return Err("it is longer or shorter than its header says".to_owned());
    }
    let field = |at: usize| -> Option<u32> {
        Some(u32::from_be_bytes(plain.get(at..at + 4)?.try_into().ok()?))
    };
    let (payload, digits) = field(4).zip(field(12)).ok_or("its header is cut")?;
    let highest = plain.get(24..32).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
    let fits = plain.len() >= HEADER && payload as usize == plain.len() - HEADER;
    if !fits || !(1..=3).contains(&digits) || highest.is_none_or(|highest| highest > HIGHEST_NS) {
        return Err("its header does not fit a histogram of latencies".to_owned());
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

    /// What other programs write, with a count that is not theirs, or with more bytes than they write.
    fn changed(change: impl Fn(&mut Vec<u8>), more: &[u8]) -> Result<Distribution, HistogramError> {
        let mut all = Distribution::new();
        (1..=3).for_each(|ms| all.record(f64::from(ms)).unwrap());
        let bytes = STANDARD.decode(encode_histogram(&all, 3).unwrap()).unwrap();
        let mut plain = Vec::new();
        flate2::read::ZlibDecoder::new(&bytes[8..]).read_to_end(&mut plain).unwrap();
        change(&mut plain);
        let payload = (plain.len() - 40) as u32;
        plain[4..8].copy_from_slice(&payload.to_be_bytes());
        let mut stream = Vec::new();
        let mut zlib = flate2::read::ZlibEncoder::new(&plain[..], flate2::Compression::fast());
        zlib.read_to_end(&mut stream).unwrap();
        let mut bytes = [&bytes[..4], &(stream.len() as u32).to_be_bytes()[..], &stream].concat();
        bytes.extend_from_slice(more);
        decode_histogram(&STANDARD.encode(bytes))
    }

    #[test]
    fn a_histogram_that_counts_more_than_there_can_be_is_refused() {
        assert_eq!(changed(|_| {}, &[]).unwrap().count(), 3);
        // The largest count that nine bytes of a zigzag number hold, twice.
        let huge = [&[0xfe][..], &[0xff; 8]].concat();
        let count = |plain: &mut Vec<u8>| plain.extend([&huge[..], &huge[..]].concat());
        assert_eq!(changed(count, &[]).unwrap_err(), HistogramError::TooMany);
    }

    #[test]
    fn bytes_behind_a_histogram_are_refused() {
        let refused = |text: Result<Distribution, HistogramError>| text.unwrap_err().to_string();
        assert!(refused(changed(|_| {}, b"more")).contains("longer or shorter"));
        let mut all = Distribution::new();
        all.record(1.0).unwrap();
        let mut bytes = STANDARD.decode(encode_histogram(&all, 3).unwrap()).unwrap();
        bytes.pop();
        assert!(decode_histogram(&STANDARD.encode(bytes)).is_err());
    }

    #[test]
    fn what_is_no_histogram_is_refused() {
        for text in ["", "????", "aGVsbG8="] {
            assert!(decode_histogram(text).is_err(), "{text}");
        }
    }
}
