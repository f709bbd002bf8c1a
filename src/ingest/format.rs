//! The formats that are read.

use std::fmt;
use std::str::FromStr;

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// perfgate's own JSON, `perfgate.run/1`.
    Perfgate,
    /// Locust `--csv`: the `_stats.csv` file.
    LocustCsv,
    /// Locust `--json` or `--json-file`.
    LocustJson,
    /// Locust's `contrib.csv_request_logger`.
    LocustRequests,
    /// A k6 summary: `--summary-export`, the data of `handleSummary`, or the machine-readable summary.
    K6Summary,
    /// k6 `--out json`.
    K6Json,
    /// k6 `--out csv`.
    K6Csv,
    /// A plain table of baseline numbers.
    Table,
    /// JMeter's results as CSV.
    JMeterCsv,
    /// JMeter's results as XML.
    JMeterXml,
    /// vegeta `encode -to json`.
    VegetaJson,
    /// vegeta `encode -to csv`.
    VegetaCsv,
    /// hey `-o csv`.
    HeyCsv,
    /// oha `--output-format csv`.
    OhaCsv,
}

impl Format {
    /// Whether it holds samples, not numbers of the whole run.
    pub fn is_raw(self) -> bool {
        matches!(
            self,
            Self::LocustRequests
                | Self::K6Json
                | Self::K6Csv
                | Self::JMeterCsv
                | Self::JMeterXml
                | Self::VegetaJson
                | Self::VegetaCsv
                | Self::HeyCsv
                | Self::OhaCsv
        )
    }

    /// Every format with its name on the command line.
    pub const NAMES: [(&str, Self); 14] = [
        ("perfgate", Self::Perfgate),
        ("locust-csv", Self::LocustCsv),
        ("locust-json", Self::LocustJson),
        ("locust-requests", Self::LocustRequests),
        ("k6-summary", Self::K6Summary),
        ("k6-json", Self::K6Json),
        ("k6-csv", Self::K6Csv),
        ("table", Self::Table),
        ("jmeter-csv", Self::JMeterCsv),
        ("jmeter-xml", Self::JMeterXml),
        ("vegeta-json", Self::VegetaJson),
        ("vegeta-csv", Self::VegetaCsv),
        ("hey-csv", Self::HeyCsv),
        ("oha-csv", Self::OhaCsv),
    ];
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, _) = Self::NAMES.iter().find(|(_, format)| format == self).ok_or(fmt::Error)?;
        f.write_str(name)
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::NAMES.map(|(name, _)| name).join(", ");
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, format)| *format).ok_or_else(|| format!("known formats: {}", known()))
    }
}
