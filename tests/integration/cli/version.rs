//! `perfgate --version --verbose`: what to write into a report of a bug.

use crate::support::perfgate;
use std::path::Path;

#[test]
fn it_says_which_build_this_is_and_what_it_reads_and_writes() {
    let said = perfgate(Path::new("."), &["--version", "--verbose"]).expect(0).stdout;
    let short = perfgate(Path::new("."), &["--version"]).expect(0).stdout;
    assert!(said.starts_with(&short), "{said}");
    assert_eq!(perfgate(Path::new("."), &["-V"]).expect(0).stdout, short);
    let nothing = perfgate(Path::new("."), &["--color", "never"]).expect(2).stderr;
    assert!(nothing.contains("no command is given"), "{nothing}");
    let alone = perfgate(Path::new("."), &["--verbose"]).expect(2).stderr;
    assert!(alone.contains("--version"), "{alone}");
    let formats = perfgate(Path::new("."), &["normalize", "--list-formats"]).expect(0).stdout;
    let listed = formats.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(listed > 30, "{formats}");
    let built = ["  commit   ", "  build    debug\n", "  features object-store\n"];
    for part in built.into_iter().chain([std::env::consts::ARCH, "perfgate.run/1"]) {
        assert!(said.contains(part), "{part}: {said}");
    }
}
