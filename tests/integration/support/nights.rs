//! A branch that is measured every night: series with the noise of real machines, and steps that come and go.

use super::random::Random;
use perfgate::model::{
    Direction, EndpointKey, Kind, MeasurementKey, Metric, Quantile, Statistic, Unit,
};
use perfgate::trend::{Action, Cell, Column, Known, Row, Table, Watch, actions, causes};

/// A change for the worse: of these series, by this factor, on these nights.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) series: Vec<usize>,
    pub(crate) factor: f64,
    pub(crate) nights: std::ops::Range<usize>,
}

/// What happened on a branch.
pub(crate) struct Nights {
    /// The values, by night and series.
    pub(crate) values: Vec<Vec<f64>>,
    pub(crate) changes: Vec<Change>,
}

/// How the values of one series vary.
#[derive(Clone, Copy)]
enum Noise {
    Normal,
    /// Student's t with three degrees of freedom.
    Heavy,
    /// Now and then half as much again.
    Outliers,
    /// Three nights in ten on a machine of another kind, twice the noise slower.
    Bimodal,
    /// Each night is half like the one before.
    Correlated,
}

const NOISES: [Noise; 5] =
    [Noise::Normal, Noise::Heavy, Noise::Outliers, Noise::Bimodal, Noise::Correlated];

impl Nights {
    /// So many nights and series, with these changes. Each series has noise of its own, a CV of 3 to 8 % and one of five shapes;
    /// all of them share the machine, which is slow as a whole on one night in thirty.
    pub(crate) fn new(nights: usize, series: usize, changes: Vec<Change>, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let own: Vec<(f64, f64)> = (0..series)
            .map(|_| (20.0 + 200.0 * random.uniform(), 0.03 + 0.05 * random.uniform()))
            .collect();
        let mut before = vec![0.0; series];
        let night = |night: usize| {
            let slow =
                if random.uniform() < 1.0 / 30.0 { 0.1 + 0.3 * random.uniform() } else { 0.0 };
            let machine = slow + 0.01 * random.normal();
            let value = |s: usize| {
                let (level, cv) = own[s];
                let noise = NOISES[s % NOISES.len()].draw(&mut random, &mut before[s]);
                let changed = changes.iter().filter(|own| own.series.contains(&s));
                let change: f64 = changed
                    .filter(|own| own.nights.contains(&night))
                    .map(|own| own.factor.ln())
                    .sum();
                level * (machine + cv * noise + change).exp()
            };
            (0..series).map(value).collect()
        };
        Self { values: (0..nights).map(night).collect(), changes }
    }

    /// Ninety nights of sixty series with three changes of 25 to 40 % in one to five series, each taken back after twelve to
    /// eighteen nights.
    pub(crate) fn with_three_changes(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x5eed);
        let mut between = |from: f64, to: f64| from + (to - from) * random.uniform();
        let changes = [17.0, 40.0, 63.0].map(|start| {
            let first = between(start, start + 3.0) as usize;
            let last = first + between(12.0, 18.99) as usize;
            let count = between(1.0, 5.99) as usize;
            Change {
                series: (0..count).map(|_| between(0.0, 60.0) as usize).collect(),
                factor: between(1.25, 1.4),
                nights: first..last,
            }
        });
        Self::new(90, 60, changes.to_vec(), seed)
    }

    /// The history up to a night, of which it holds the last.
    pub(crate) fn history(&self, nights: usize) -> Table {
        let column = |s: usize| Column {
            key: MeasurementKey {
                endpoint: EndpointKey::named(Kind::Http, Some("GET"), &format!("/{s}")),
                metric: Metric::Latency,
                statistic: Statistic::Quantile(Quantile::P95),
            },
            unit: Unit::Milliseconds,
            direction: Direction::Lower,
            heading: None,
        };
        let row = |night: usize| Row {
            commit: format!("{:040x}", night + 1).parse().unwrap(),
            date: jiff::Timestamp::from_second(1_790_000_000 + 86_400 * night as i64).unwrap(),
            author: "Ann".into(),
            subject: format!("commit {night}").as_str().into(),
            runs: 1,
            cells: self.values[night]
                .iter()
                .map(|value| Cell { value: Some(*value), ..Cell::default() })
                .collect(),
        };
        let columns = (0..self.values[0].len()).map(column).collect();
        Table::new("main".into(), columns, (0..nights).map(row).collect(), 0.0)
    }
}

impl Noise {
    /// A deviation in units of the CV.
    fn draw(self, random: &mut Random, before: &mut f64) -> f64 {
        let normal = random.normal();
        match self {
            Self::Normal => normal,
            Self::Heavy => {
                let chi2: f64 = (0..3).map(|_| random.normal().powi(2)).sum();
                normal / (chi2 / 3.0).sqrt() / 3_f64.sqrt()
            }
            Self::Outliers => {
                if random.uniform() < 0.03 {
                    normal + 8.0
                } else {
                    normal
                }
            }
            Self::Bimodal => {
                if random.uniform() < 0.3 {
                    0.6 * normal + 2.0
                } else {
                    0.6 * normal
                }
            }
            Self::Correlated => {
                *before = 0.5 * *before + 0.75_f64.sqrt() * normal;
                *before
            }
        }
    }
}

/// What people were told over all nights: on which night, from 1.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    pub(crate) opened: Vec<usize>,
    pub(crate) closed: Vec<usize>,
    pub(crate) reopened: Vec<usize>,
    pub(crate) gone: Vec<usize>,
}

impl Replayed {
    /// Whether three causes were opened and closed, and nothing else happened but that more series were told.
    pub(crate) fn is_exact(&self) -> bool {
        let lost = self.reopened.len() + self.gone.len();
        (self.opened.len(), self.closed.len(), lost) == (3, 3, 0)
    }
}

/// Looks at the history every night, and does what is to be done.
pub(crate) fn replay(nights: &Nights) -> Replayed {
    let mut known: Vec<Known> = Vec::new();
    let mut done = Replayed::default();
    let series = nights.values[0].len();
    let watch = Watch { min_effect: 0.05, least: vec![None; series], accepts: Vec::new() };
    for night in 1..=nights.values.len() {
        let table = nights.history(night);
        let found = causes(&table, &watch);
        for action in actions(&table, &found, &known, 30) {
            match &action {
                Action::Open(cause) => {
                    done.opened.push(night);
                    known.push(Known::new(known.len() as u64, cause, &table));
                }
                Action::Update(..) => {}
                Action::Reopen(..) => done.reopened.push(night),
                Action::Close(..) => done.closed.push(night),
                Action::Gone(_) => done.gone.push(night),
            }
            if let Some(own) = known.iter_mut().find(|own| Some(own.number) == action.number()) {
                *own = own.clone().after(&action);
            }
        }
    }
    done
}
