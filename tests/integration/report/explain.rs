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

#[test]
fn a_shared_shift_is_told_in_the_order_of_its_numbers() {
    let repo = support::Repo::new();
    repo.record_steady(5, &[1.0; 6]);
    repo.commit("a slow machine");
    let levels = [1.45, 1.4, 1.4, 1.4, 1.4, 1.4];
    repo.compare_level(3, &levels, &[]).expect(3);
    let file = repo.around().join("level.json");
    let compare = ["compare", "--baseline", "main", file.to_str().unwrap()];
    let text = repo.perfgate(&[&compare[..], &["--explain", "GET /0 p95"]].concat()).expect(3);
    insta::assert_snapshot!(text.stdout);
}
