use super::*;
use crate::model::{
    CommitId, CustomMetric, Endpoint, EndpointKey, Kind, Latency, MeasurementKey, Metric, Quantile,
    Run, Statistic, Tool, Unit,
};
use proptest::prelude::*;

fn commit(number: u32) -> CommitId {
    format!("{number:040x}").parse().unwrap()
}

fn at(number: u32) -> jiff::Timestamp {
    let first: jiff::Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    first + jiff::SignedDuration::from_hours(i64::from(number))
}

fn id(number: u32) -> String {
    format!("{:016x}", u64::from(number) + 7)
}

/// A run with an endpoint with a method, one without, a group, a total and a metric.
fn run(number: u32) -> Run {
    let mut run = Run::new(Tool { name: "k6".into(), version: Some("1.1.0".into()) });
    (run.duration_s, run.load.users) = (Some(60.0), Some(10));
    run.profile = Some("peak".into());
    run.labels.insert("runner".into(), "large".into());
    for key in [
        EndpointKey::named(Kind::Http, Some("GET"), "/a b"),
        EndpointKey::named(Kind::Http, None, "/ws"),
        EndpointKey::named(Kind::Group, None, "login"),
    ] {
        let mut own = Endpoint::new(key);
        let mut latency =
            Latency { count: Some(100), mean: Some(f64::from(number)), ..Latency::default() };
        for level in Quantile::GRID {
            latency.quantiles.insert(level, f64::from(number) + 10.0);
        }
        (own.latency, own.requests, own.failures) = (Some(latency), Some(100), Some(1));
        own.throughput_rps = Some(5.0);
        run.endpoints.push(own);
    }
    run.total.requests = Some(300);
    run.total.failures = Some(3);
    let mut tokens = CustomMetric::new("tokens", Unit::Other("usd".into()));
    tokens.value = Some(f64::from(number) * 2.0);
    run.metrics.push(tokens);
    run
}

fn add(facts: &mut Facts, number: u32) {
    facts.add((commit(number), &id(number), 1), Some(at(number)), &run(number));
}

fn values(facts: Vec<u8>, key: &MeasurementKey) -> Vec<Option<f64>> {
    let mut history = ServiceHistory::default();
    history.add(facts, Wanted::Everything).unwrap();
    let [load] = &history.loads()[..] else { panic!("one load") };
    let column = load.columns.iter().position(|own| own.key == *key);
    load.rows.iter().map(|row| row.cells[column?].value).collect()
}

#[test]
fn what_was_written_reads_back_as_the_runs_tell_it() {
    let mut facts = Facts::default();
    (1..=4).for_each(|number| add(&mut facts, number));
    let bytes = facts.to_parquet().unwrap();
    let endpoints = run(1).endpoints.into_iter().map(|own| own.key).collect::<Vec<_>>();
    for endpoint in endpoints {
        for (metric, statistic) in [
            (Metric::Latency, Statistic::Quantile(Quantile::P95)),
            (Metric::ErrorRate, Statistic::Rate),
            (Metric::Throughput, Statistic::Rate),
        ] {
            let key = MeasurementKey { endpoint: endpoint.clone(), metric, statistic };
            let told: Vec<_> = (1..=4).map(|number| run(number).value(&key)).collect();
            assert!(told[0].is_some());
            assert_eq!(values(bytes.clone(), &key), told, "{key:?}");
        }
    }
    let metric = Metric::Custom("tokens".into());
    let key = MeasurementKey { endpoint: EndpointKey::Total, metric, statistic: Statistic::Value };
    assert_eq!(values(bytes, &key), [2.0, 4.0, 6.0, 8.0].map(Some));
}

#[test]
fn runs_of_another_load_have_a_history_of_their_own() {
    let mut facts = Facts::default();
    (1..=4).for_each(|number| add(&mut facts, number));
    let mut other = run(5);
    other.load.users = Some(99);
    facts.add((commit(5), &id(5), 1), Some(at(5)), &other);
    let mut history = ServiceHistory::default();
    history.add(facts.to_parquet().unwrap(), Wanted::Health).unwrap();
    let loads = history.loads();
    let rows: Vec<usize> = loads.iter().map(|load| load.rows.len()).collect();
    assert_eq!((rows, loads[0].newest.load.users), (vec![1, 4], Some(99)));
}

#[test]
fn what_is_no_facts_or_of_another_version_is_told() {
    let damaged = Facts::from_parquet(b"PAR1 and something else PAR1".to_vec());
    assert!(matches!(damaged, Err(FactsError::Damaged(_))), "{damaged:?}");
    let mut whole = Facts::default();
    (1..=4).for_each(|number| add(&mut whole, number));
    let whole = whole.to_parquet().unwrap();
    for cut in [0, 4, whole.len() / 2, whole.len() - 1] {
        assert!(Facts::from_parquet(whole[..cut].to_vec()).is_err(), "{cut}");
    }
    let about = b"perfgate.facts/1";
    let place = whole.windows(about.len()).position(|part| part == about).unwrap();
    let mut newer = whole;
    newer[place + about.len() - 1] = b'2';
    let newer = Facts::from_parquet(newer);
    assert!(matches!(newer, Err(FactsError::OtherVersion { .. })), "{newer:?}");
}

proptest! {
    #[test]
    fn facts_are_the_same_bytes_in_whatever_order_their_records_came(
        order in Just((1..=6_u32).collect::<Vec<_>>()).prop_shuffle(),
        stop in 0..6_usize,
        removed in 1..=6_u32,
    ) {
        let mut at_once = Facts::default();
        (1..=6).for_each(|number| add(&mut at_once, number));
        at_once.remove((commit(removed), &id(removed), 2));
        // In two turns, with the file read back between them, and a removal told before or after.
        let mut first = Facts::default();
        order[..stop].iter().for_each(|number| add(&mut first, *number));
        let mut second = Facts::from_parquet(first.to_parquet().unwrap()).unwrap();
        for number in &order[stop..] {
            add(&mut second, *number);
        }
        second.remove((commit(removed), &id(removed), 2));
        prop_assert_eq!(second.to_parquet().unwrap(), at_once.to_parquet().unwrap());
    }
}
