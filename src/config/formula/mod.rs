//! Formulas of derived metrics: `(prompt_tokens * $3 + completion_tokens * $15) / 1e6 / requests`. Arithmetic and names, and
//! nothing more.

mod measure;
mod operator;
mod parse;

pub use measure::Measure;
pub use operator::Operator;

use measure::Mismatch;

/// A formula.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// A number as written, with its unit.
    Literal(f64, Measure),
    /// What a run knows by a name.
    Input(Input),
    /// The opposite.
    Negative(Box<Formula>),
    /// Two formulas and what is done with them.
    Of(Operator, Box<(Formula, Formula)>),
}

/// What a formula takes from a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The name.
    pub name: String,
    /// Which number of it.
    pub number: Number,
}

/// Which number of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// The usual one: the value of a counter, a gauge or a rate, the mean of samples.
    Usual,
    /// `sum(name)`: the sum of its samples.
    Sum,
    /// `count(name)`: how many samples it has.
    Count,
}

/// Why a formula has no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Undefined {
    /// The run does not have this.
    Missing(String),
    /// Something is divided by zero, or too large.
    NotFinite,
    /// Two things are added that are not of one sort.
    Mismatch(String, String),
}

impl From<Mismatch> for Undefined {
    fn from(Mismatch(left, right): Mismatch) -> Self {
        Self::Mismatch(left, right)
    }
}

impl Formula {
    /// What it takes from a run.
    pub fn inputs(&self) -> Vec<&Input> {
        match self {
            Self::Literal(..) => Vec::new(),
            Self::Input(input) => vec![input],
            Self::Negative(inner) => inner.inputs(),
            Self::Of(_, sides) => {
                let mut all = sides.0.inputs();
                all.extend(sides.1.inputs());
                all
            }
        }
    }

    /// Its value, in the base unit of its measure.
    pub fn evaluate(
        &self,
        input: &dyn Fn(&Input) -> Option<(f64, Measure)>,
    ) -> Result<(f64, Measure), Undefined> {
        let (number, measure) = match self {
            Self::Literal(number, measure) => (*number, measure.clone()),
            Self::Input(own) => input(own).ok_or_else(|| Undefined::Missing(own.name.clone()))?,
            Self::Negative(inner) => {
                let (number, measure) = inner.evaluate(input)?;
                (-number, measure)
            }
            Self::Of(operator, sides) => {
                let (left, of_left) = sides.0.evaluate(input)?;
                let (right, of_right) = sides.1.evaluate(input)?;
                (operator.apply(left, right), of_left.with(*operator, &of_right)?)
            }
        };
        if number.is_finite() { Ok((number, measure)) } else { Err(Undefined::NotFinite) }
    }

    /// Its measure, as far as it is known of what it takes.
    pub fn measure(
        &self,
        input: &dyn Fn(&Input) -> Option<Measure>,
    ) -> Result<Option<Measure>, Undefined> {
        Ok(match self {
            Self::Literal(_, measure) => Some(measure.clone()),
            Self::Input(own) => input(own),
            Self::Negative(inner) => inner.measure(input)?,
            Self::Of(operator, sides) => {
                let sides = (sides.0.measure(input)?, sides.1.measure(input)?);
                let (Some(left), Some(right)) = sides else { return Ok(None) };
                Some(left.with(*operator, &right)?)
            }
        })
    }
}
