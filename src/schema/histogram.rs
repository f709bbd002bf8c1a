//! Histograms in files: the V2 compressed form of HdrHistogram in base64, which its other implementations read.

use crate::model::{Distribution, OutOfRange};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

/// Longest base64 text that is decoded; real histograms of three digits take a few kilobytes.
const LONGEST: usize = 4 << 20;

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
    let exact = distribution.histogram();
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
    let histogram: Histogram<u64> = Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .map_err(|e| broken(e.to_string()))?;
    Ok(Distribution::from_histogram(histogram)?)
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
