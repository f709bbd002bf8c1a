//! Many records at once, in a clone that has not downloaded what others recorded.
#![expect(clippy::unwrap_used, reason = "test code")]

mod support;

use support::shared::{Shared, records};

#[test]
fn many_runs_are_imported_beside_records_whose_contents_are_only_on_the_remote() {
    let shared = Shared::new(3);
    let one = shared.clone("one", &[]);
    for n in 0..8 {
        one.record(&shared.commits[n % 3], n as u32);
    }
    one.perfgate(&["baseline", "push"]).expect(0);
    let two = shared.clone("two", &[]);
    assert_eq!(records(&two), 8);
    let folder = two.folder.join("many").join(&shared.commits[1]);
    std::fs::create_dir_all(&folder).unwrap();
    for n in 100..200 {
        std::fs::write(folder.join(format!("{n}.json")), support::run(n)).unwrap();
    }
    let said = two.perfgate(&["baseline", "import", "many"]).expect(0).stderr;
    assert!(said.contains("imported 100 runs"), "{said}");
    two.perfgate(&["baseline", "push"]).expect(0);
    assert_eq!(records(&one), 108);
    two.perfgate(&["baseline", "verify"]).expect(0);
}
