//! Error rates of slices that were measured in pairs: by counts, within each pair.

use super::evidence::{Q_FAIL_OF_COUNTS, Q_SUSPICIOUS};
use super::finding::RankInFamily;
use super::input::Pairing;
use super::limit::is_crossed;
use super::paired_judged::Judged;
use super::paired_test::counted;
use super::plan::Test;
use super::sides::Sides;
use super::verdict::Reason;
use crate::config::{Decide, Rules};
use crate::model::Run;
use crate::stats::{Interval, benjamini_hochberg, difference_interval, mantel_haenszel};
use std::collections::BTreeMap;

/// p-value at which more pairs may show that a crossing is none of chance.
const RARE: f64 = 0.2;

/// An error rate that both sides have.
struct Counted<'a> {
    place: usize,
    test: &'a Test,
    pairs: Vec<[(u64, u64); 2]>,
    p: f64,
}

/// Judges the error rates of a family.
pub(super) fn judge_counts(
    tests: &[(usize, &Test)],
    slices: Sides<&[Run]>,
    pairing: &Pairing,
    rules: &Rules,
) -> BTreeMap<usize, Judged> {
    let mut judged = BTreeMap::new();
    let mut members = Vec::new();
    for (place, test) in tests {
        let place = *place;
        if let Some(reason) = unmeasured(test) {
            judged.insert(place, Judged::because(reason));
            continue;
        }
        let pairs = counted(test, slices);
        let p = mantel_haenszel(&pairs);
        members.push(Counted { place, test, pairs, p });
    }
    let p: Vec<f64> = members.iter().map(|own| own.p).collect();
    let risk = Q_FAIL_OF_COUNTS * pairing.look.spent();
    let verdicts =
        benjamini_hochberg(&p, risk).into_iter().zip(benjamini_hochberg(&p, Q_SUSPICIOUS));
    for (own, (real, suspicious)) in members.iter().zip(verdicts) {
        let family = Some(RankInFamily::new(own.p, &p));
        let reason = own.reason(real || rules.decide == Decide::Threshold, suspicious);
        let open = own.is_crossed() && !real && own.p < RARE && pairing.look.now < 1.0;
        let found = Judged {
            open,
            interval: own.interval(),
            p: Some(own.p),
            family,
            risk,
            ..Judged::because(reason)
        };
        judged.insert(own.place, found);
    }
    judged
}

/// Why an error rate cannot be judged.
fn unmeasured(test: &Test) -> Option<Reason> {
    test.one_sided.or(test.measured.sides.as_ref().err().map(|missing| Reason::Missing(*missing)))
}

impl Counted<'_> {
    fn is_crossed(&self) -> bool {
        let values = self.test.measured.values.both();
        values.is_some_and(|own| {
            is_crossed(own.baseline, own.current, self.test.threshold, self.test.direction)
        })
    }

    fn reason(&self, real: bool, suspicious: bool) -> Reason {
        match (self.is_crossed(), self.test.control, real, suspicious) {
            (false, ..) => Reason::WithinLimit,
            (true, true, ..) => Reason::Control,
            (true, false, true, _) => Reason::OverThreshold,
            (true, false, false, true) => Reason::MeasureAgain,
            (true, false, false, false) => Reason::WithinNoise,
        }
    }

    /// The 95 % interval of the absolute change.
    fn interval(&self) -> Option<Interval> {
        let sum = |side: usize| {
            self.pairs.iter().fold((0_u64, 0_u64), |(failures, of), own| {
                (failures.saturating_add(own[side].0), of.saturating_add(own[side].1))
            })
        };
        let (before, after) = (sum(0), sum(1));
        let (low, high) = difference_interval(before, after);
        (before.1 > 0 && after.1 > 0).then_some(Interval { low, high })
    }
}
