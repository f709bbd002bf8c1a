//! Gatling's log: what is a request of the run, in every form that Gatling has written.

use super::gatling_log::{
    Binary, Event, START, all_forms, ingest, ingest_with, request, requests, user,
};
use crate::support::{compare, fixture};
use perfgate::ingest::{Ingested, ReadOptions, Source, read};
use perfgate::model::{Endpoint, EndpointKey, Kind, Raw as _, Rounding, Run, Window};
use perfgate::schema::RunV1;
use std::io::Write as _;
use std::time::Duration;

fn file(name: &str) -> Run {
    read(Source::open(&fixture(name)).unwrap(), &ReadOptions::default()).unwrap().run
}

fn counts(endpoint: &Endpoint) -> (Option<u64>, Option<u64>) {
    (endpoint.requests, endpoint.failures)
}

fn kinds(endpoint: &Endpoint) -> Vec<(&str, u64)> {
    endpoint.failure_kinds.iter().map(|kind| (kind.message.raw(), kind.count)).collect()
}

fn names(run: &Run) -> Vec<String> {
    run.endpoints.iter().map(|own| own.key.text().into_raw()).collect()
}

fn named<'a>(run: &'a Run, kind: Kind, name: &str) -> &'a Endpoint {
    let key = EndpointKey::named(kind, None, name);
    run.endpoints.iter().find(|own| own.key == key).unwrap_or_else(|| panic!("{:?}", names(run)))
}

/// Reads the events in every form.
fn in_all_forms(events: &[Event], check: impl Fn(&str, Ingested)) {
    for (form, bytes) in all_forms(events) {
        check(&form, ingest(&bytes).unwrap_or_else(|error| panic!("{form}: {error}")));
    }
}

/// The program that wrote this log says: 97 requests that went well and one that did not, 31 to 231 ms, ten users at most.
#[test]
fn a_log_has_the_numbers_that_were_written_into_it() {
    let run = file("gatling/made/3.13.log");
    assert_eq!(counts(&run.total), (Some(98), Some(1)));
    let latency = run.total.latency.as_ref().unwrap();
    assert_eq!((latency.min, latency.max), (Some(31.0), Some(231.0)));
    assert_eq!(latency.rounding, Some(Rounding::Steps { us: 1_000 }));
    let failed = named(&run, Kind::Http, "Product");
    assert_eq!(kinds(failed), [("status.find.is(201), but actually found 500", 1)]);
    // From the first request at 601 ms to the end of the last one at 8 910 ms.
    assert_eq!(run.duration_s, Some(8.309));
    assert_eq!(run.started_at.unwrap().as_millisecond(), START + 601);
    assert_eq!(run.load.peak_users, Some(10));
    assert_eq!(run.tool.version.unwrap().raw(), "3.13.5");
}

#[test]
fn one_run_is_the_same_in_both_forms() {
    let told = |name: &str| {
        let mut run = file(name);
        assert!(run.tool.version.take().is_some(), "{name}");
        serde_json::to_string(&RunV1::with_histograms(&run).unwrap()).unwrap()
    };
    assert_eq!(told("gatling/made/3.13.log"), told("gatling/made/3.10.log"));
}

/// Of the binary form, requests that are alike are counted and added together; lines of text are added one by one.
#[test]
fn requests_that_are_added_together_make_the_run_that_those_added_one_by_one_make() {
    let events = (0..12_000_i64).map(|i| {
        // In the order in which they end, over twenty seconds: quick ones, some that take seconds, some that fail, more endpoints than are
        // counted, and now and then one in a group.
        let end = 5_000 + i * 5 / 3;
        let took = if i % 40 == 0 { 1_000 + i % 4_000 } else { i * 37 % 300 };
        let groups: &[&'static str] = if i % 50 == 7 { &["checkout"] } else { &[] };
        let failure = if i % 31 == 0 { "HTTP 500" } else { "" };
        request(groups, &format!("/{}", i * 7 % 97), (end - took, end), failure)
    });
    let events: Vec<Event> = events.collect();
    let told = |mut ingested: Ingested| {
        ingested.run.tool.version = None;
        serde_json::to_string(&RunV1::with_histograms(&ingested.run).unwrap()).unwrap()
    };
    for more in [None, Some(Duration::from_secs(3))] {
        let options = ReadOptions { trim_start: more, ..ReadOptions::default() };
        let runs: Vec<String> = all_forms(&events)
            .iter()
            .map(|(_, bytes)| told(ingest_with(bytes, &options).unwrap()))
            .collect();
        assert!(runs.iter().all(|run| *run == runs[1]));
    }
}

#[test]
fn a_request_is_named_by_its_groups_and_a_group_has_the_response_times_in_it() {
    let events = [
        request(&["shop", "cart"], "add", (100, 130), ""),
        request(&["shop"], "pay", (500, 570), "no"),
        request(&[], "home", (600, 610), ""),
        Event::Group {
            groups: vec!["shop", "cart"],
            start: 90,
            end: 140,
            response_times: 30,
            good: true,
        },
        Event::Group {
            groups: vec!["shop"],
            start: 80,
            end: 580,
            response_times: 100,
            good: false,
        },
    ];
    in_all_forms(&events, |form, Ingested { run, .. }| {
        assert_eq!(
            names(&run),
            ["home", "shop / cart / add", "shop / pay", "group shop", "group shop / cart"]
        );
        let shop = named(&run, Kind::Group, "shop");
        assert_eq!(
            (counts(shop), kinds(shop)),
            ((Some(1), Some(1)), vec![("a request in it failed", 1)])
        );
        // Without the pauses in it.
        assert_eq!(shop.latency.as_ref().unwrap().max, Some(100.0), "{form}");
        assert_eq!(counts(&run.total), (Some(3), Some(1)), "{form}: its requests once");
    });
}

/// Gatling's reports list them below the table, and count them nowhere.
#[test]
fn a_request_that_could_not_be_sent_is_a_failure_without_a_response_time() {
    let message = "pay: No attribute named 'token' is defined";
    let mut events = requests(10);
    events.push(Event::Error { message, time: 50 });
    in_all_forms(&events, |form, Ingested { run, .. }| {
        assert_eq!(
            (counts(&run.total), kinds(&run.total)),
            ((Some(11), Some(1)), vec![(message, 1)]),
            "{form}"
        );
        assert_eq!(run.total.latency.unwrap().count, Some(10), "{form}");
    });
}

#[test]
fn a_run_that_could_send_nothing_failed() {
    let errors = (0..20).map(|i| Event::Error { message: "pay: no token", time: i * 100 });
    in_all_forms(&errors.collect::<Vec<_>>(), |form, Ingested { run, .. }| {
        assert!(run.total.all_failed(), "{form}");
    });
}

#[test]
fn a_message_that_nothing_waited_for_is_no_request() {
    let mut events = requests(10);
    // Its end is Java's smallest time, of which the binary form has the low half, less the start of the run.
    let end = |binary: bool| if binary { -START } else { i64::MIN };
    for (form, binary) in [("binary", true), ("text", false)] {
        events.push(request(&[], "ws", (40, end(binary)), ""));
        let forms = all_forms(&events);
        let of_form = forms.iter().filter(|(name, _)| (name == "binary") == binary);
        for (_, bytes) in of_form {
            let run = ingest(bytes).unwrap().run;
            assert_eq!((run.total.requests, run.endpoints.len()), (Some(10), 2), "{form}");
        }
        events.pop();
    }
}

#[test]
fn users_are_those_that_have_started_and_not_ended() {
    let mut events = vec![user(true, 0), user(true, 100), user(true, 200), user(false, 300)];
    events.extend(requests(4_000));
    events.extend([user(true, 40_050), user(false, 40_060), user(false, 40_070)]);
    in_all_forms(&events, |form, Ingested { run, .. }| {
        assert_eq!((run.load.users, run.load.peak_users), (None, Some(3)), "{form}");
        let users = &run.timeline[Window::Users.series()].values;
        // Nobody comes or goes for 39 seconds.
        let inside: Vec<f64> = users.iter().copied().flatten().collect();
        assert_eq!(inside, [2.0, 2.0], "{form}");
    });
}

#[test]
fn names_may_have_any_letters() {
    for name in ["plain", "naïve", "購入", "🛒 = €"] {
        in_all_forms(&[request(&[], name, (0, 10), "")], |form, Ingested { run, .. }| {
            assert_eq!(names(&run), [name], "{form}");
        });
    }
    let run =
        ingest(&Binary::of(&[request(&[], "two\nlines\tand", (0, 10), "")]).bytes).unwrap().run;
    assert_eq!(names(&run), ["two lines and"]);
}

/// Larger than what is read at once, so that records lie across the borders; packed as well.
#[test]
fn a_large_log_is_read_to_its_last_record_whatever_it_is_packed_in() {
    let events: Vec<Event> = requests(60_000).into_iter().chain([user(true, 0)]).collect();
    for (form, bytes) in all_forms(&events) {
        assert!(bytes.len() > 1 << 20, "{form}");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&bytes).unwrap();
        let zstd = zstd::encode_all(&bytes[..], 1).unwrap();
        for bytes in [bytes, gzip.finish().unwrap(), zstd] {
            let run = ingest(&bytes).unwrap().run;
            assert_eq!(run.total.requests, Some(60_000), "{form}");
            assert_eq!(named(&run, Kind::Http, "/b").requests, Some(20_000), "{form}");
        }
    }
}

#[test]
fn a_part_of_the_time_can_be_left_out() {
    let events = requests(1_000);
    let trimmed = ReadOptions { trim_start: Some(Duration::from_secs(4)), ..Default::default() };
    let at = |ms: i64| Some(jiff::Timestamp::from_millisecond(START + ms).unwrap());
    let between = ReadOptions { from: at(2_000), to: at(3_000), ..Default::default() };
    for (form, bytes) in all_forms(&events) {
        let requests = |options| ingest_with(&bytes, options).unwrap().run.total.requests;
        assert_eq!((requests(&trimmed), requests(&between)), (Some(600), Some(100)), "{form}");
    }
}

#[test]
fn a_log_passes_against_itself_where_there_is_enough_of_it_and_a_failing_one_never_does() {
    let scratch = tempfile::TempDir::new().unwrap();
    let good = requests(2_000);
    let bad: Vec<Event> = good
        .iter()
        .cloned()
        .map(|event| match event {
            Event::Request { groups, name, start, end, .. } => Event::Request {
                groups,
                name,
                start,
                end,
                failure: "status.find.is(200), but actually found 503".to_owned(),
            },
            other => other,
        })
        .collect();
    for ((form, good), (_, bad)) in all_forms(&good).into_iter().zip(all_forms(&bad)) {
        for (name, bytes) in [("good.log", good), ("bad.log", bad)] {
            std::fs::write(scratch.path().join(name), bytes).unwrap();
        }
        let compare = |before: &str, after: &str| {
            let arguments = ["compare", "--baseline-file", before, after];
            crate::support::perfgate(scratch.path(), &arguments)
        };
        compare("good.log", "good.log").expect(0);
        compare("good.log", "bad.log").expect(1);
        let itself = compare("bad.log", "bad.log").expect(3);
        assert!(itself.stdout.contains("every request failed"), "{form}: {}", itself.stdout);
    }
    // 98 requests.
    let few = compare("gatling/made/3.13.log", "gatling/made/3.13.log", &[]);
    assert!(matches!(few.code, 0 | 3), "{}", few.stdout);
}
