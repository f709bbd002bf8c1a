//! The list of formats: what it says of each is what the fixtures hold, and the documentation has the same.

use crate::support::{files, perfgate};
use perfgate::ingest::{
    FORMATS, Fact, Format, FormatGroup, Ingested, ReadOptions, Source, read, recognise,
};
use perfgate::model::{Endpoint, Kind, Latency, Named as _, Quantile, Run};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a run says.
fn facts(run: &Run) -> BTreeSet<Fact> {
    let any = |says: &dyn Fn(&Endpoint) -> bool| run.all_endpoints().any(says);
    let latency = |says: &dyn Fn(&Latency) -> bool| any(&|e| e.latency.as_ref().is_some_and(says));
    let all = [
        (Fact::Endpoints, !run.endpoints.is_empty()),
        (Fact::P99, latency(&|own| own.quantiles.contains_key(&Quantile::P99))),
        (Fact::ResponseTimes, latency(&|own| own.distribution.is_some())),
        (Fact::Parts, any(&|e| !e.parts.is_empty())),
        (Fact::Errors, any(&|e| e.error_rate().is_some())),
        (Fact::FailureKinds, any(&|e| !e.failure_kinds.is_empty())),
        (Fact::Throughput, any(&|e| e.throughput_rps.is_some())),
        (Fact::Users, run.load.users.is_some()),
        (Fact::Start, run.started_at.is_some()),
        (Fact::OverTime, !run.timeline.is_empty()),
        (Fact::Checks, !run.checks.is_empty()),
        (Fact::Metrics, !run.metrics.is_empty()),
    ];
    assert_eq!(all.len(), Fact::ALL.len());
    all.into_iter().filter(|(_, said)| *said).map(|(fact, _)| fact).collect()
}

/// The fixtures that are recognised and can be read, by format, with what they say.
fn fixtures() -> BTreeMap<&'static str, BTreeSet<Fact>> {
    let mut found: BTreeMap<_, BTreeSet<Fact>> = BTreeMap::new();
    let fixtures = root().join("tests/fixtures");
    let folder = fixtures.join("criterion/target");
    for path in files(&fixtures).into_iter().chain([folder]) {
        let Ok(format) = Source::open(&path).and_then(recognise) else { continue };
        let read = Source::open(&path).and_then(|source| read(source, &ReadOptions::default()));
        if let Ok(ingested) = read {
            found.entry(format.name).or_default().extend(facts(&ingested.run));
        }
    }
    found
}

#[test]
fn a_format_tells_what_its_fixtures_say_and_nothing_else() {
    let told = FORMATS.iter().map(|format| (format.name, format.tells.iter().copied().collect()));
    assert_eq!(told.collect::<BTreeMap<_, BTreeSet<_>>>(), fixtures());
}

#[test]
fn every_version_that_was_seen_is_one_of_a_fixture() {
    let known = std::fs::read_to_string(root().join("tests/fixtures/README.md")).unwrap();
    let known = known.to_lowercase();
    for Format { name, tool, versions, .. } in FORMATS {
        let seen = versions.split(", ").filter(|_| !versions.starts_with("none"));
        for version in seen {
            assert!(known.contains(&format!("{tool} {version}")), "{name}: {version}");
        }
    }
}

#[test]
fn a_format_has_a_name_of_its_own_and_those_of_a_tool_stand_together() {
    let names: BTreeSet<&str> = FORMATS.iter().map(|format| format.name).collect();
    assert_eq!(names.len(), FORMATS.len());
    let tools: BTreeSet<&str> = FORMATS.iter().map(|format| format.tool).collect();
    assert_eq!(FORMATS.chunk_by(|a, b| a.tool == b.tool).count(), tools.len());
}

/// The lines between the marks of a list in a page.
fn list_in(page: &PathBuf, list: &str) -> String {
    let text = std::fs::read_to_string(page).unwrap();
    let begin = format!("<!-- perfgate normalize {list} -->\n");
    let (_, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{begin} is missing"));
    rest.split_once("<!-- end -->").unwrap().0.to_owned()
}

/// To renew: put what the command in the mark prints between the marks.
#[test]
fn the_tables_of_the_documentation_are_fresh() {
    for (page, list) in [
        ("README.md", "--list-formats=tools"),
        ("docs/formats.md", "--list-formats=markdown"),
        ("docs/formats.md", "--list-metrics=markdown"),
    ] {
        let printed = perfgate(root(), &["normalize", list]).expect(0);
        assert_eq!(list_in(&root().join(page), list), printed.stdout, "{page}");
    }
}

#[test]
fn every_format_has_a_section_in_the_documentation() {
    let page = std::fs::read_to_string(root().join("docs/formats.md")).unwrap();
    for format in FORMATS {
        let heading = format!("## {}", format.section);
        assert!(page.lines().any(|line| line == heading), "{}: {heading}", format.name);
        assert!(page.contains(&format!("`{}`", format.name)), "{}", format.name);
    }
}

#[test]
fn the_list_for_people_says_what_each_format_can_and_cannot_tell() {
    let list = perfgate(root(), &["normalize", "--list-formats"]).expect(0).stdout;
    assert_eq!(list.split("\n\n").count(), FORMATS.len() + FormatGroup::ALL.len());
    let hey = list.split("\n\n").find(|part| part.starts_with("  hey-csv\n")).unwrap();
    assert!(hey.contains("\n    versions seen   0.1.4\n"), "{hey}");
    assert!(hey.contains("\n    cannot tell     endpoints, users, start time"), "{hey}");
}

#[test]
fn a_format_stands_in_the_group_of_what_its_fixtures_hold() {
    let fixtures = root().join("tests/fixtures");
    for path in files(&fixtures) {
        let Ok(format) = Source::open(&path).and_then(recognise) else { continue };
        let read = Source::open(&path).and_then(|source| read(source, &ReadOptions::default()));
        let Ok(Ingested { run, .. }) = read else { continue };
        let of = |kind: Kind| run.endpoints.iter().any(|own| own.key.kind() == Some(kind));
        if !matches!(format.group(), FormatGroup::Own) && format.tool != "k6" {
            let (page, bench) = (of(Kind::Page), of(Kind::Bench));
            assert_eq!(format.group() == FormatGroup::Pages, page, "{}", path.display());
            assert_eq!(format.group() == FormatGroup::Benchmarks, bench, "{}", path.display());
        }
    }
}

#[test]
fn the_list_of_known_metrics_says_what_each_of_them_is() {
    let list = perfgate(root(), &["normalize", "--list-metrics"]).expect(0).stdout;
    let first_token = "ttft: time to the first token of an answer\n  unit: ms, lower is better\n  also called: time_to_first_token\n";
    assert!(list.contains(first_token), "{list}");
}

#[test]
fn an_unknown_format_is_answered_with_all_of_them() {
    let ended = perfgate(root(), &["normalize", "--format-in", "jmeter", "x.jtl"]).expect(2);
    for format in FORMATS {
        assert!(ended.stderr.contains(format.name), "{}: {}", format.name, ended.stderr);
    }
}
