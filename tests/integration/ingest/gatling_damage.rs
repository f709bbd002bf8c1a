//! Gatling's log where it is cut or damaged.

use super::gatling_log::{
    Binary, Event, VERSIONS, ingest, ingest_with, request, requests, text, user,
};
use crate::support::fixture;
use perfgate::ingest::ReadOptions;
use perfgate::model::WarningKind;

fn lenient() -> ReadOptions {
    ReadOptions { lenient: true, ..ReadOptions::default() }
}

/// A little of everything.
fn events() -> Vec<Event> {
    let mut events = vec![user(true, 0)];
    events.extend(requests(12));
    events.push(request(&["shop", "naïve 購入"], "pay", (200, 290), "it says no"));
    events.push(Event::Group {
        groups: vec!["shop"],
        start: 190,
        end: 300,
        response_times: 90,
        good: false,
    });
    events.push(Event::Error { message: "pay: no token", time: 310 });
    events.push(user(false, 320));
    events
}

#[test]
fn a_cut_is_refused_wherever_it_is_but_between_two_records() {
    let Binary { bytes, borders, .. } = Binary::of(&events());
    for end in 1..bytes.len() {
        let read = ingest(&bytes[..end]);
        assert_eq!(read.is_ok(), borders.contains(&end), "{end}");
        if let Err(error) = read
            && end > borders[0]
        {
            let whole = borders.iter().filter(|border| **border < end).count();
            let expected = format!("ends in the middle (of a record, after {whole} whole ones)");
            assert!(error.to_string().contains(&expected), "{end}: {error}");
            assert!(error.help().unwrap().contains("--lenient"));
        }
    }
}

#[test]
fn leniency_keeps_what_stands_before_a_cut_or_a_damage_and_says_so() {
    let whole = Binary::of(&events());
    let fifth = whole.borders[5];
    let expected = ingest(&whole.bytes[..fifth]).unwrap().run.total.requests;
    let mut damaged = whole.bytes.clone();
    damaged[fifth] = 9;
    let place = format!("record 7 at byte {fifth}: there is no record of kind 9");
    for (bytes, how) in [(&whole.bytes[..fifth + 3], "the last record is cut"), (&damaged, &place)]
    {
        assert!(ingest(bytes).is_err(), "{how}");
        let left = ingest_with(bytes, &lenient()).unwrap();
        assert_eq!(left.run.total.requests, expected, "{how}");
        let [warning] = &left.warnings[..] else { panic!("{:?}", left.warnings) };
        let WarningKind::Truncated { how: told } = &warning.kind else { panic!("{warning:?}") };
        assert!(told.ends_with(how), "{told}");
    }
    assert!(ingest(&damaged).unwrap_err().to_string().contains(&place));
    // Where even the run is not known, there is nothing to be lenient about.
    assert!(ingest_with(&whole.bytes[..20], &lenient()).is_err());
}

#[test]
fn what_gatling_cannot_have_written_is_refused() {
    let before_start = request(&[], "/a", (-5, 20), "");
    let backwards = request(&[], "/a", (50, 20), "");
    for (events, why) in [
        (vec![before_start], "a time before the start of the run"),
        (vec![backwards], "is before its start"),
    ] {
        let error = ingest(&Binary::of(&events).bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        let newest = VERSIONS[VERSIONS.len() - 1];
        if why.starts_with("is") {
            let error = ingest(text(newest, &events).as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("simulation.log:3"), "{error}");
        }
    }
    let good = Binary::of(&events());
    for (at, by, why) in [
        // The number of a scenario, whether a user starts, and the number of a name.
        (good.borders[0] + 4, 5, "scenario 5 of 1"),
        (good.borders[0] + 5, 2, "2 where there can only be 0 or 1"),
        (good.borders[1] + 8, 9, "text 9 comes when there are 0"),
    ] {
        let mut bytes = good.bytes.clone();
        bytes[at] = by;
        let error = ingest(&bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn two_logs_in_one_file_are_refused() {
    let twice = Binary::of(&events()).bytes.repeat(2);
    let error = ingest(&twice).unwrap_err().to_string();
    assert!(error.contains("another run begins"), "{error}");
    for version in VERSIONS {
        let error = ingest(text(version, &events()).repeat(2).as_bytes()).unwrap_err().to_string();
        assert!(error.contains("another run begins"), "{version:?}: {error}");
    }
}

/// What a crash or a bad disk leaves.
#[test]
fn a_lost_sector_is_refused_wherever_it_is() {
    let good = std::fs::read(fixture("gatling/made/3.13.log")).unwrap();
    for at in 0..good.len() - 512 {
        let mut bytes = good.clone();
        bytes[at..at + 512].fill(0);
        assert!(ingest(&bytes).is_err(), "{at}");
    }
}

#[test]
fn a_text_log_whose_last_line_is_cut_is_refused() {
    for version in VERSIONS {
        let whole = text(version, &events());
        for end in whole.len() - 60..whole.len() {
            if !whole.is_char_boundary(end) {
                continue;
            }
            let is_whole = whole[..end].ends_with('\n');
            assert_eq!(ingest(&whole.as_bytes()[..end]).is_ok(), is_whole, "{version:?}: {end}");
        }
    }
}
