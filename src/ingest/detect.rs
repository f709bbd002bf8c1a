//! Which format a file has, by its content alone.

use super::error::{IngestError, Problem};
use super::format::Format;
use super::formats::FORMATS;
use super::head::{Claim, Head};
use super::other_tools::other_file;
use super::source::Source;

/// The format of a file, from its first bytes.
pub(super) fn detect(source: &mut Source) -> Result<&'static Format, IngestError> {
    let head = Head::new(source.head()?);
    let problem = match strongest(&head) {
        _ if head.is_empty() => Problem::Empty,
        Some((_, Claim::Other(file))) => Problem::OtherFile(file),
        Some((format, _)) => return Ok(format),
        None => other_file(&head).map_or(Problem::Unrecognised, Problem::OtherFile),
    };
    Err(IngestError::new(source.name(), problem))
}

/// The format with the strongest claim to a file.
fn strongest(head: &Head<'_>) -> Option<(&'static Format, Claim)> {
    let claims = FORMATS.iter().map(|format| (*format, (format.claim)(head)));
    let claims = claims.filter(|(_, claim)| claim.strength() > 0);
    claims.reduce(|best, other| if other.1.strength() > best.1.strength() { other } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format_of(text: &str) -> Option<&'static str> {
        strongest(&Head::new(text.as_bytes())).map(|(format, _)| format.name)
    }

    /// The names of the formats that claim a file, the strongest claims alone.
    fn claimants(head: &Head<'_>) -> Vec<&'static str> {
        let strength = |format: &Format| (format.claim)(head).strength();
        let most = FORMATS.iter().map(|format| strength(format)).max().unwrap_or_default();
        let claims = FORMATS.iter().filter(|format| most > 0 && strength(format) == most);
        claims.map(|format| format.name).collect()
    }

    #[test]
    fn the_stronger_claim_decides() {
        // It has k6's key as well.
        let native = r#"{"schema": "perfgate.run/1", "endpoints": [], "metrics": []}"#;
        assert_eq!(format_of(native), Some("perfgate"));
        let point = r#"{"type": "Point", "metric": "schema", "data": {"tags": {"name": "perfgate.run/1"}}}"#;
        assert_eq!(format_of(point), Some("k6-json"));
        let summary = r#"{"root_group": {"name": "x_baselines"}, "metrics": {}}"#;
        assert_eq!(format_of(summary), Some("k6-summary"));
        assert_eq!(format_of(r#"{"metrics_baselines": {}, "metrics": 1}"#), Some("table"));
    }

    #[test]
    fn of_equal_claims_the_format_that_is_listed_first_decides() {
        let both = r#"{"endpoints": {"p95": 1}, "latency": 1, "api_baselines": {}}"#;
        assert_eq!(claimants(&Head::new(both.as_bytes())), ["perfgate", "table"]);
        assert_eq!(format_of(both), Some("perfgate"));
    }

    #[test]
    fn a_file_that_holds_no_results_is_called_by_its_name() {
        for (text, what) in [
            ("Timestamp,User Count,Type", "history"),
            ("Method,Name,Error,Occurrences", "failures"),
            ("Count,Message,Traceback", "failures"),
            ("\"Method\",\"Name\",\"# requests\"", "0.x"),
        ] {
            let Some((_, Claim::Other(file))) = strongest(&Head::new(text.as_bytes())) else {
                unreachable!("{text} is taken for results")
            };
            assert!(file.what.contains(what), "{text}: {}", file.what);
        }
    }

    /// The files of a folder and of those in it.
    fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn no_fixture_is_claimed_as_strongly_by_two_formats() {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
        let mut claimed = 0;
        for path in files(fixtures.as_ref()) {
            // What is no text, or cut, cannot be opened as a source.
            let Ok(mut source) = Source::open(&path) else { continue };
            let Ok(head) = source.head() else { continue };
            let names = claimants(&Head::new(head));
            assert!(names.len() < 2, "{}: {names:?}", path.display());
            claimed += names.len();
        }
        assert!(claimed > 100, "{claimed} fixtures are results");
    }

    #[test]
    fn what_nobody_writes_is_no_result() {
        for text in
            ["hello", "a,b,c\n1,2,3", "{}", r#"{"machine_info": {}, "metrics": 1}"#, "<html>"]
        {
            assert_eq!(format_of(text), None, "{text}");
        }
    }
}
