//! From text to formula: a name, a number with or without a unit, `+ - * /`, parentheses, `sum(…)` and `count(…)`.

use super::{Formula, Input, Measure, Number, Operator};
use crate::config::quantity::{QuantityKind, quantity};
use std::str::FromStr;

/// The longest formula, in bytes, and the most parentheses and signs inside each other.
const LONGEST: usize = 1_000;
const DEEPEST: usize = 50;

impl FromStr for Formula {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} bytes"));
        }
        let mut parser = Parser { rest: text, depth: 0 };
        let formula = parser.sum()?;
        match parser.peek() {
            None => Ok(formula),
            Some(_) => Err(format!("an operator is missing before \"{}\"", parser.rest)),
        }
    }
}

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
}

impl<'t> Parser<'t> {
    /// The next character that is no blank.
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn takes(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        found
    }

    /// What stands in front as far as this holds.
    fn while_is(&mut self, holds: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !holds(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn sum(&mut self) -> Result<Formula, String> {
        self.of([('+', Operator::Plus), ('-', Operator::Minus)], Self::product)
    }

    fn product(&mut self) -> Result<Formula, String> {
        self.of([('*', Operator::Times), ('/', Operator::Over)], Self::factor)
    }

    /// Parts with these operators between them, from left to right.
    fn of(
        &mut self,
        operators: [(char, Operator); 2],
        part: fn(&mut Self) -> Result<Formula, String>,
    ) -> Result<Formula, String> {
        let mut left = part(self)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.takes(*sign)) {
            let right = part(self)?;
            left = Formula::Of(*operator, Box::new((left, right)));
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Formula, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        let found = self.inside()?;
        self.depth -= 1;
        Ok(found)
    }

    fn inside(&mut self) -> Result<Formula, String> {
        match self.peek() {
            Some('-') => {
                self.takes('-');
                Ok(Formula::Negative(Box::new(self.factor()?)))
            }
            Some('(') => {
                self.takes('(');
                let inner = self.sum()?;
                self.close()?;
                Ok(inner)
            }
            Some('$') => {
                self.takes('$');
                let number = self.number()?;
                Ok(Formula::Literal(number, Measure::of_unit(&Measure::dollars()).0))
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.quantity(),
            Some(c) if c.is_alphabetic() || c == '_' => self.input(),
            Some(c) => Err(format!("\"{c}\" is no part of a formula")),
            None => Err("something is missing at its end".to_owned()),
        }
    }

    fn close(&mut self) -> Result<(), String> {
        if self.takes(')') { Ok(()) } else { Err("a closing parenthesis is missing".to_owned()) }
    }

    /// A plain number: `20`, `0.5`, `1e6`.
    fn number(&mut self) -> Result<f64, String> {
        self.peek();
        let before = self.rest;
        self.while_is(|c| c.is_ascii_digit() || c == '.');
        // `1e6` has an exponent, and `1example` is a mistake.
        if let Some(rest) = self.rest.strip_prefix(['e', 'E']) {
            let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
            if digits.starts_with(|c: char| c.is_ascii_digit()) {
                self.rest = digits;
                self.while_is(|c| c.is_ascii_digit());
            }
        }
        let text = &before[..before.len() - self.rest.len()];
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| format!("\"{text}\" is no number"))
    }

    /// A number, and its unit where one stands behind it: `20%`, `500ms`, `1h`, `2GB`.
    fn quantity(&mut self) -> Result<Formula, String> {
        let before = self.rest;
        let number = self.number()?;
        let unit = self.while_is(|c| c.is_alphanumeric() || c == '_' || c == '%');
        if unit.is_empty() {
            return Ok(Formula::Literal(number, Measure::default()));
        }
        let text = &before[..before.len() - self.rest.len()];
        let (kind, value) =
            quantity(text).ok_or_else(|| format!("\"{text}\" has an unknown unit"))?;
        let (measure, factor) = match kind {
            QuantityKind::Number => (Measure::default(), 1.0),
            other => Measure::of_quantity(other),
        };
        Ok(Formula::Literal(value * factor, measure))
    }

    fn input(&mut self) -> Result<Formula, String> {
        let name = self.while_is(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':'));
        let input = |name: &str, number| Formula::Input(Input { name: name.to_owned(), number });
        if !self.takes('(') {
            return Ok(input(name, Number::Usual));
        }
        let number = match name {
            "sum" => Number::Sum,
            "count" => Number::Count,
            other => {
                return Err(format!("there is no function \"{other}\": sum and count are known"));
            }
        };
        self.peek();
        let of = self.while_is(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':'));
        if !of.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return Err(format!("{name}( needs the name of a metric"));
        }
        self.close()?;
        Ok(input(of, number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Unit;
    use proptest::prelude::*;

    /// The value with these inputs, all of them plain numbers.
    fn value(text: &str) -> f64 {
        let inputs = |input: &Input| {
            let number = match (input.name.as_str(), input.number) {
                ("a", Number::Usual) => 6.0,
                ("b.c", Number::Usual) => 3.0,
                ("a", Number::Sum) => 60.0,
                ("a", Number::Count) => 10.0,
                _ => return None,
            };
            Some((number, Measure::of_unit(&Unit::Number).0))
        };
        text.parse::<Formula>().unwrap().evaluate(&inputs).unwrap().0
    }

    #[test]
    fn arithmetic_is_that_of_school() {
        for (text, expected) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("8 / 4 / 2", 1.0),
            ("8 - 4 - 2", 2.0),
            ("-a + 1", -5.0),
            ("2 * -3", -6.0),
            ("a / b.c", 2.0),
            ("1e6 / 2.5e-1", 4e6),
            (".5 * a", 3.0),
            ("sum(a) / count( a )", 6.0),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_formula_or_a_mistake(text in ".{0,60}", near in "[a-c0-9.$%+*/() e-]{0,40}") {
            let _ = text.parse::<Formula>();
            let _ = near.parse::<Formula>();
        }

        #[test]
        fn products_bind_stronger_than_sums_and_both_go_from_left_to_right(
            n in prop::array::uniform4(1_u32..1000),
        ) {
            let [a, b, c, d] = n;
            let [p, q, r, s] = n.map(f64::from);
            prop_assert_eq!(value(&format!("{a}+{b}*{c}-{d}")), p + q * r - s);
            prop_assert_eq!(value(&format!("{a}-{b}-{c}/{d}")), p - q - r / s);
            prop_assert_eq!(value(&format!("({a}+{b})*{c}/{d}")), (p + q) * r / s);
            prop_assert_eq!(value(&format!("{a}/{b}*{c}")), p / q * r);
        }
    }

    #[test]
    fn a_mistake_says_what_it_is() {
        for (text, problem) in [
            ("", "something is missing at its end"),
            ("a +", "something is missing at its end"),
            ("a b", "an operator is missing before \"b\""),
            ("(a", "a closing parenthesis is missing"),
            ("a ^ 2", "an operator is missing before \"^ 2\""),
            ("% 2", "\"%\" is no part of a formula"),
            ("1.2.3", "\"1.2.3\" is no number"),
            ("5parsecs", "\"5parsecs\" has an unknown unit"),
            ("max(a)", "there is no function \"max\": sum and count are known"),
            ("sum(1)", "sum( needs the name of a metric"),
        ] {
            let error = text.parse::<Formula>().unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
        let deep = "(".repeat(2 * DEEPEST);
        assert_eq!(deep.parse::<Formula>().unwrap_err(), "it is nested too deeply");
        assert!("a+".repeat(LONGEST).parse::<Formula>().is_err());
    }
}
