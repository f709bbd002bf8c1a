//! The endpoints of raw samples, each with what is counted of it.

use super::endpoint_stats::EndpointStats;
use super::error::Problem;
use crate::config::Pattern;
use crate::model::limits::{Census, Exceeded, PART_ENDPOINTS};
use crate::model::{EndpointKey, Raw};
use std::collections::{BTreeMap, HashMap};

/// The endpoints in the order in which they came, each known by its place.
#[derive(Default)]
pub(super) struct EndpointTable {
    all: Vec<(EndpointKey, EndpointStats)>,
    places: HashMap<EndpointKey, u32>,
    census: Census,
}

impl EndpointTable {
    /// The place of an endpoint.
    pub(super) fn place(&mut self, key: EndpointKey) -> Result<u32, Problem> {
        if let Some(at) = self.places.get(&key) {
            return Ok(*at);
        }
        self.census.count(&key).map_err(|exceeded| match exceeded {
            Exceeded::Number { limit, .. } => {
                let example = offenders(&key, self.all.iter().map(|(known, _)| known));
                Problem::TooManyEndpoints { limit, example }
            }
            other => Problem::Exceeded(other),
        })?;
        let at = self.all.len() as u32;
        self.all.push((key.clone(), EndpointStats::default()));
        self.places.insert(key, at);
        self.keep_means_of_many(at as usize);
        Ok(at)
    }

    /// All times of the parts of so many requests would be too much: the number of endpoints decides, so that it does not matter
    /// who read which of them.
    fn keep_means_of_many(&mut self, newest: usize) {
        let from = match self.all.len() {
            ..=PART_ENDPOINTS => return,
            n if n == PART_ENDPOINTS + 1 => 0,
            _ => newest,
        };
        self.all[from..].iter_mut().for_each(|(_, stats)| stats.parts.keep_means());
    }

    /// What is counted of the endpoint at this place.
    pub(super) fn at(&mut self, place: u32) -> &mut EndpointStats {
        &mut self.all[place as usize].1
    }

    /// The endpoint at this place.
    pub(super) fn key(&self, place: u32) -> &EndpointKey {
        &self.all[place as usize].0
    }

    /// Bytes of what is counted, as far as they grow.
    pub(super) fn bytes(&self) -> usize {
        self.all.iter().map(|(_, stats)| stats.bytes()).sum()
    }

    pub(super) fn merge(&mut self, other: Self) -> Result<(), Problem> {
        for (key, stats) in other.all {
            let place = self.place(key)?;
            self.at(place).merge(&stats);
        }
        Ok(())
    }

    /// All of which anything was counted, in the order of their names.
    pub(super) fn sorted(mut self) -> Vec<(EndpointKey, EndpointStats)> {
        self.all.retain(|(_, stats)| !stats.is_empty());
        self.all.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.all
    }
}

/// The endpoint that a pattern of the policy makes of this one and others.
pub(super) fn collapsed(key: EndpointKey, collapse: &[Pattern]) -> EndpointKey {
    let pattern = collapse.iter().find(|pattern| pattern.matches(&key));
    match (pattern, &key) {
        (Some(pattern), EndpointKey::Named { kind, method, .. }) => {
            EndpointKey::named(*kind, method.as_ref().map(Raw::raw), pattern.name())
        }
        _ => key,
    }
}

/// The name that was too much, and the shapes that most of them have.
fn offenders<'a>(last: &EndpointKey, all: impl Iterator<Item = &'a EndpointKey>) -> String {
    let shape = |key: &EndpointKey| -> String {
        let text = key.text();
        let parts = text.raw().split('/').map(|part| {
            let id = part.len() > 20 || part.bytes().any(|b| b.is_ascii_digit());
            if id { "*" } else { part }
        });
        parts.collect::<Vec<_>>().join("/")
    };
    let mut shapes: BTreeMap<String, usize> = BTreeMap::new();
    all.for_each(|key| *shapes.entry(shape(key)).or_default() += 1);
    let mut shapes: Vec<(usize, String)> =
        shapes.into_iter().map(|(shape, n)| (n, shape)).collect();
    shapes.sort_by(|a, b| b.cmp(a));
    let most = shapes.iter().take(3).filter(|(n, _)| *n > 1);
    let most: Vec<String> = most.map(|(n, shape)| format!("{n} like {}", cut(shape))).collect();
    format!("{} ({})", cut(last.text().raw()), most.join(", "))
}

fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}
