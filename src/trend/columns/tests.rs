use super::*;
use crate::model::{
    CustomMetric, Endpoint, EndpointKey, Kind, Latency, Metric, PartTime, Quantile, Resource,
    Statistic, Tool, Unit, differences,
};
use crate::schema::{RunV1, read_recorded};
use crate::trend::FrameWriter;
use proptest::prelude::*;
use std::path::Path;

/// A record: its commit, its id, and the run.
type Record = (CommitId, String, Run);

/// Endpoints of which some are alike but for the method, and one is the total.
fn endpoint() -> impl Strategy<Value = EndpointKey> {
    let method = prop_oneof![Just(None), Just(Some("GET")), Just(Some("POST"))];
    let kind = prop_oneof![Just(Kind::Http), Just(Kind::Grpc)];
    let named = (kind, method, 0..3_u8);
    let named =
        named.prop_map(|(kind, method, n)| EndpointKey::named(kind, method, &format!("/{n}")));
    prop_oneof![1 => Just(EndpointKey::Total), 6 => named]
}

fn latency() -> impl Strategy<Value = Latency> {
    let levels = prop::collection::btree_map(0..4_usize, 0.5..900.0_f64, 0..4);
    (levels, prop::option::of(1.0..500.0_f64)).prop_map(|(levels, mean)| {
        // A percentile is no smaller than one below it.
        let mut values: Vec<f64> = levels.values().copied().collect();
        values.sort_by(f64::total_cmp);
        let grid = [Quantile::P50, Quantile::P90, Quantile::P95, Quantile::P99];
        let quantiles = levels.keys().map(|at| grid[*at]).zip(values).collect();
        Latency { count: Some(50), mean, quantiles, ..Latency::default() }
    })
}

fn measured() -> impl Strategy<Value = Endpoint> {
    let counts = prop::option::of((1..900_u64, 0.0..1.0_f64));
    let parts = prop::collection::btree_map("ttfb|waiting|m0", 0.1..9.0_f64, 0..3);
    (prop::option::of(latency()), counts, parts).prop_map(|(latency, counts, parts)| {
        let mut own = Endpoint::new(EndpointKey::Total);
        own.latency = latency;
        own.requests = counts.map(|(requests, _)| requests);
        own.failures = counts.map(|(requests, share)| (requests as f64 * share) as u64);
        own.parts = parts.into_iter().map(|(n, ms)| (n.into(), PartTime::Mean(ms))).collect();
        own
    })
}

fn metric() -> impl Strategy<Value = CustomMetric> {
    let name = "m0|m1|iterations|dropped_iterations";
    let unit = prop_oneof![Just(Unit::Number), Just(Unit::Bytes)];
    let values = (prop::option::of(1.0..99.0_f64), prop::option::of(1.0..99.0_f64));
    (name, endpoint(), unit, values).prop_map(|(name, endpoint, unit, (value, p95))| {
        let mut metric = CustomMetric::new(&name, unit);
        (metric.endpoint, metric.value, metric.count) = (endpoint, value, value.map(|v| v as u64));
        metric.quantiles.extend(p95.map(|p95| (Quantile::P95, p95)));
        metric
    })
}

/// A run as a record has it.
fn run() -> impl Strategy<Value = Run> {
    let endpoints = prop::collection::btree_map(endpoint(), measured(), 0..6);
    let metrics = prop::collection::vec(metric(), 0..4);
    let about = ("a|b", prop::option::of("p|q"), prop::option::of(1..3_u64), 55.0..75.0_f64);
    let cpu = prop::option::of(80.0..100.0_f64);
    (about, endpoints, metrics, cpu).prop_filter_map("no record", |(about, own, metrics, cpu)| {
        let (suite, profile, users, duration) = about;
        let mut run = Run::new(Tool { name: "k6".into(), version: None });
        run.suite = suite.into();
        run.profile = profile.map(Into::into);
        (run.load.users, run.duration_s) = (users, Some(duration));
        for (key, endpoint) in own {
            let endpoint = Endpoint { key, ..endpoint };
            match endpoint.key {
                EndpointKey::Total => run.total = endpoint,
                EndpointKey::Named { .. } => run.endpoints.push(endpoint),
            }
        }
        run.endpoints.reverse();
        run.metrics = metrics;
        let used = |mean| Resource {
            mean: Some(mean),
            max: None,
            slope_per_hour: None,
            slope_interval: None,
        };
        run.resources.extend(cpu.map(|cpu| ("generator_cpu_percent".into(), used(cpu))));
        let json = serde_json::to_vec(&RunV1::without_histograms(&run)).ok()?;
        read_recorded(&json).ok()
    })
}

fn records(most: usize) -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec(run(), 1..most).prop_map(|runs| numbered(runs, 0))
}

fn numbered(runs: Vec<Run>, from: u8) -> Vec<Record> {
    let numbered = runs.into_iter().zip(from..);
    numbered.map(|(run, n)| (CommitId::from_bytes([n; 20]), format!("{n:016x}"), run)).collect()
}

/// Every measurement that any run may have, and some that none has.
fn keys() -> Vec<MeasurementKey> {
    let mut endpoints = vec![EndpointKey::Total];
    for kind in [Kind::Http, Kind::Grpc] {
        for method in [None, Some("GET"), Some("POST"), Some("PUT")] {
            endpoints.extend((0..2).map(|n| EndpointKey::named(kind, method, &format!("/{n}"))));
        }
    }
    let statistics = [
        Statistic::Quantile(Quantile::P95),
        Statistic::Mean,
        Statistic::Max,
        Statistic::Rate,
        Statistic::Value,
    ];
    let custom = ["m0", "m1", "ttfb", "nothing"].map(|name| Metric::Custom(name.into()));
    let metrics =
        [Metric::Latency, Metric::ErrorRate, Metric::Throughput].into_iter().chain(custom);
    let mut all = Vec::new();
    for metric in metrics {
        for statistic in statistics {
            all.extend(endpoints.iter().map(|endpoint| MeasurementKey {
                endpoint: endpoint.clone(),
                metric: metric.clone(),
                statistic,
            }));
        }
    }
    all
}

/// Adds what is not there yet, as a part of its own that is kept, however small.
fn bring(columns: &mut RunColumns, records: &[Record]) {
    let lacking = columns.lacking(records, |(commit, id, _)| (*commit, id));
    if lacking.is_empty() {
        return;
    }
    let mut batch = Batch::new(lacking.len());
    for (commit, id, run) in lacking {
        batch.add(*commit, id, run.clone());
    }
    let (segment, whole) = batch.finish();
    for (key, run) in whole {
        columns.places.insert(key, Place::Whole(columns.whole.len() as u32));
        columns.whole.push(run);
    }
    let kept = columns.folder.keep(&segment);
    columns.take(segment, kept);
}

/// All measurements of all records, whatever becomes of the files.
fn answers(columns: &mut RunColumns, records: &[Record]) -> Vec<Vec<Option<f64>>> {
    let mut all = Vec::new();
    for key in keys() {
        all.push(loop {
            bring(columns, records);
            let places = places(columns, records);
            if let Ok(values) = columns.values(&key, &[], &places) {
                break values;
            }
        });
    }
    all
}

fn places(columns: &RunColumns, records: &[Record]) -> Vec<Option<Place>> {
    records.iter().map(|(commit, id, _)| columns.place(*commit, id)).collect()
}

/// The same from the runs themselves.
fn told(records: &[Record]) -> Vec<Vec<Option<f64>>> {
    let of = |key: &MeasurementKey| records.iter().map(|(.., run)| run.value(key)).collect();
    keys().iter().map(of).collect()
}

fn open(folder: &Path) -> RunColumns {
    RunColumns::open(Some(folder.to_owned()))
}

/// A folder with these records, and what is in it as files.
fn kept(records: &[Record]) -> (tempfile::TempDir, Vec<std::path::PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    bring(&mut open(folder.path()), records);
    let files = std::fs::read_dir(folder.path()).unwrap();
    let files = files.map(|file| file.unwrap().path()).collect();
    (folder, files)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn columns_tell_what_the_runs_tell(records in records(12)) {
        let mut memory = RunColumns::open(None);
        prop_assert_eq!(answers(&mut memory, &records), told(&records));
        let (folder, _) = kept(&records);
        let mut file = open(folder.path());
        let known = places(&file, &records);
        let whole = places(&memory, &records);
        let whole = whole.iter().map(|place| matches!(place, Some(Place::Whole(_))));
        prop_assert!(known.iter().map(Option::is_none).eq(whole), "{:?}", known);
        prop_assert_eq!(answers(&mut file, &records), told(&records));
    }

    #[test]
    fn heads_are_comparable_with_what_the_runs_are(records in records(8)) {
        let (folder, _) = kept(&records);
        let mut columns = open(folder.path());
        bring(&mut columns, &records);
        let places = places(&columns, &records);
        let rests = columns.without_endpoints(&places).unwrap();
        for ((place, rest), (.., run)) in places.iter().zip(rests).zip(&records) {
            let (head, duration_s, _) = columns.head(place.unwrap());
            let head = Run { duration_s, ..head.clone() };
            for (.., other) in &records {
                prop_assert_eq!(differences(&head, other), differences(run, other));
            }
            let rest = rest.unwrap();
            prop_assert_eq!(differences(&rest, &head), differences(run, &head));
            // Of single endpoints it knows nothing, their names included.
            let metrics = |run: &Run| -> Vec<CustomMetric> {
                let of_whole = |own: &&CustomMetric| own.endpoint == EndpointKey::Total;
                run.metrics.iter().filter(of_whole).cloned().collect()
            };
            prop_assert_eq!(metrics(&rest), metrics(run));
            prop_assert_eq!(rest.metrics.len(), run.metrics.len());
            prop_assert_eq!(format!("{:?}", rest.total), format!("{:?}", run.total));
        }
    }

    #[test]
    fn what_is_added_bit_by_bit_is_what_is_made_at_once(
        (first, second) in (records(8), prop::collection::vec(run(), 1..8)),
        gone in 0..8_usize,
    ) {
        let mut all = first.clone();
        all.extend(numbered(second, 100));
        let (folder, _) = kept(&first);
        bring(&mut open(folder.path()), &all);
        // Records that are gone are left out, whatever the files have.
        all.remove(gone.min(all.len() - 1));
        prop_assert_eq!(answers(&mut open(folder.path()), &all), told(&all));
    }

    #[test]
    fn what_happens_to_the_files_changes_nothing(
        records in records(8),
        part in 0.0..1.0_f64,
        bit in 0..8_u8,
        sort in 0..4_u8,
    ) {
        let (folder, files) = kept(&records);
        for file in &files {
            let mut bytes = std::fs::read(file).unwrap();
            let at = (bytes.len() as f64 * part) as usize;
            match sort {
                0 => std::fs::remove_file(file).unwrap(),
                1 => std::fs::write(file, &bytes[..at]).unwrap(),
                2 => std::fs::rename(file, folder.path().join("runs-0-x.parquet")).unwrap(),
                _ => {
                    bytes[at] ^= 1 << bit;
                    std::fs::write(file, bytes).unwrap();
                }
            }
        }
        prop_assert_eq!(answers(&mut open(folder.path()), &records), told(&records));
    }

    #[test]
    fn a_table_for_other_tools_is_the_same_from_files_and_from_memory(records in records(8)) {
        let (folder, _) = kept(&records);
        let table = |mut columns: RunColumns| {
            bring(&mut columns, &records);
            columns.load().unwrap();
            let runs = records.iter().map(|(commit, id, _)| {
                let place = columns.place(*commit, id).unwrap();
                Exported { id, commit: *commit, date: None, place }
            });
            let runs: Vec<_> = runs.collect();
            let mut bytes = Vec::new();
            let mut out = FrameWriter::csv(&mut bytes).unwrap();
            columns.export(&runs, &mut out).unwrap();
            out.finish().unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let text = table(open(folder.path()));
        let lines = |run: &Run| {
            let own = |e: &Endpoint| name::numbers_of(e).into_iter().filter(|(number, _)| {
                !matches!(number, name::Number::Part(..) | name::Number::Latency(Statistic::Cv))
            }).count();
            let of_metrics = run.metrics.iter().map(|own| name::numbers_of_metric(own).len());
            run.all_endpoints().map(own).chain(of_metrics).sum::<usize>()
        };
        let expected: usize = records.iter().map(|(.., run)| lines(run)).sum();
        prop_assert_eq!(text.lines().count(), 1 + expected);
        prop_assert_eq!(text, table(RunColumns::open(None)));
    }
}

#[test]
fn many_records_are_kept_and_few_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let run = |n: u8| {
        let mut run = Run::new(Tool { name: "k6".into(), version: None });
        run.total.requests = Some(u64::from(n));
        run
    };
    let all: Vec<Record> = numbered((0..100).map(run).collect(), 0);
    let add = |columns: &mut RunColumns, records: &[Record]| {
        let lacking = columns.lacking(records, |(commit, id, _)| (*commit, id));
        let mut batch = Batch::new(lacking.len());
        for (commit, id, run) in &lacking {
            batch.add(*commit, id, run.clone());
        }
        let number = lacking.len();
        columns.add(vec![batch]);
        number
    };
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(add(&mut open(folder.path()), &all[..WORTH_KEEPING - 1]), WORTH_KEEPING - 1);
    assert_eq!(files(), 0);
    assert_eq!(add(&mut open(folder.path()), &all[..WORTH_KEEPING]), WORTH_KEEPING);
    assert_eq!(files(), 1);
    assert_eq!(add(&mut open(folder.path()), &all), all.len() - WORTH_KEEPING);
    assert_eq!(files(), 1);
    // As many again take the small file in.
    let more: Vec<Record> = numbered((100..200).map(run).collect(), 100);
    let both: Vec<Record> = all.into_iter().chain(more).collect();
    assert_eq!(add(&mut open(folder.path()), &both), both.len());
    assert_eq!(files(), 1);
    assert_eq!(add(&mut open(folder.path()), &both), 0);
}
