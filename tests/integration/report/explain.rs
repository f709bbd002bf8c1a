//! `compare --explain`: from the measured numbers to the verdict.

use crate::support::{self, fixture};

#[test]
fn an_explanation_leads_from_the_measured_numbers_to_the_verdict() {
    let base =
        |n: u8| fixture(&format!("k6/2.2.0/base-{n}/summary.json")).to_str().unwrap().to_owned();
    let mut arguments =
        vec!["compare".to_owned(), "--explain".to_owned(), "/api/chat p95".to_owned()];
    for n in 1..=3 {
        arguments.extend(["--baseline-file".to_owned(), base(n)]);
    }
    arguments.push(fixture("k6/2.2.0/regressed-1/summary.json").to_str().unwrap().to_owned());
    let scratch = tempfile::TempDir::new().unwrap();
    let ended = support::perfgate(
        scratch.path(),
        &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    insta::assert_snapshot!(ended.expect(1).stdout);
}
