//! What a text for people is written on: how wide it is, and whether it takes color.

use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// The narrowest paper that texts are fitted to, in columns.
const NARROWEST: usize = 40;
/// Columns of a log, which has no width of its own.
const LOG: usize = 120;

/// How wide the paper is, and whether it takes color.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    /// Columns that a line may have.
    columns: usize,
    /// Whether long names are shortened: in a terminal, where they would break the lines. In a log they are searched for.
    shortens: bool,
    /// Whether colors are used.
    pub color: bool,
}

impl Default for Paper {
    fn default() -> Self {
        Self::log(false)
    }
}

impl Paper {
    /// A terminal of so many columns.
    pub fn terminal(columns: usize, color: bool) -> Self {
        Self { columns: columns.max(NARROWEST), shortens: true, color }
    }

    /// A log, or a file.
    pub fn log(color: bool) -> Self {
        Self { columns: LOG, shortens: false, color }
    }

    /// Columns that a line may have.
    pub(super) fn columns(self) -> usize {
        self.columns
    }

    /// The text without its end where it has more columns than this and may not.
    pub(super) fn cut(self, text: &str, most: usize) -> String {
        if self.shortens { beginning(text, most) } else { text.to_owned() }
    }

    /// The text with its middle left out where it has more columns than this and may not.
    pub(super) fn shortened(self, text: &str, most: usize) -> String {
        if self.shortens { middle(text, most) } else { text.to_owned() }
    }

    /// Whether long names are shortened.
    pub(super) fn shortens(self) -> bool {
        self.shortens
    }

    /// Text in lines that fit; all but the first begin with so many blanks. A number stays with what follows it.
    pub fn folded(self, text: &str, hang: usize) -> String {
        let blanks = " ".repeat(hang);
        let options = Options::new(self.columns)
            .subsequent_indent(&blanks)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation)
            .wrap_algorithm(WrapAlgorithm::FirstFit)
            .break_words(self.shortens);
        let text = glued(text);
        let lines = textwrap::wrap(&text, options).into_iter();
        lines.map(|line| line.replace('\u{a0}', " ")).collect::<Vec<_>>().join("\n")
    }

    /// A note under a head of at most nine letters, its further lines beneath its first word.
    pub fn note(self, head: &str, text: &str) -> String {
        self.folded(&format!("  {head:9} {text}"), 12)
    }

    /// The text in an ink, where there is color.
    pub(super) fn painted(self, text: &str, ink: Ink) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let line = |line: &str| format!("\u{1b}[{}m{line}\u{1b}[0m", ink.code());
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// How a text is colored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Red,
    Orange,
    Magenta,
    Green,
    /// What may be passed over.
    Dim,
}

impl Ink {
    /// What a terminal calls it. The colors are those of the palette of 256, which no theme changes, and can be read on
    /// white and on black.
    fn code(self) -> String {
        match self.color() {
            Some(color) => format!("1;38;5;{color}"),
            None => "2".to_owned(),
        }
    }

    /// The number of a color of the palette; none of what is dim.
    pub(super) fn color(self) -> Option<u8> {
        match self {
            Self::Red => Some(160),
            Self::Orange => Some(166),
            Self::Magenta => Some(163),
            Self::Green => Some(28),
            Self::Dim => None,
        }
    }
}

/// A number, and a sign before one, holds on to the word that follows.
fn glued(text: &str) -> String {
    let number = |c: char| c.is_ascii_digit() || "+−±.→<>≤≥".contains(c);
    let mut glued = String::with_capacity(text.len());
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            let last = glued.rsplit([' ', '\u{a0}']).next().unwrap_or_default();
            let holds = !last.is_empty() && last.chars().all(number);
            glued.push(if holds { '\u{a0}' } else { ' ' });
        }
        glued.push_str(word);
    }
    glued
}

/// At most so many columns of a text, with `…` for its middle.
fn middle(text: &str, most: usize) -> String {
    if display_width(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(1);
    let head = taken(text.chars(), room.div_ceil(2));
    let tail = taken(text.chars().rev(), room / 2);
    format!("{head}…{}", tail.chars().rev().collect::<String>())
}

/// At most so many columns of a text, with `…` for its end.
pub(super) fn beginning(text: &str, most: usize) -> String {
    if display_width(text) <= most {
        return text.to_owned();
    }
    format!("{}…", taken(text.chars(), most.saturating_sub(1)).trim_end())
}

/// The first characters that take no more than so many columns.
fn taken(chars: impl Iterator<Item = char>, most: usize) -> String {
    let mut width = 0;
    let fits = |c: &char| {
        width += display_width(c.encode_utf8(&mut [0; 4]));
        width <= most
    };
    chars.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_ends() {
        assert_eq!(middle("POST /api/workflows/execute", 15), "POST /a…execute");
        assert_eq!(middle("POST /a", 7), "POST /a");
        // Two columns each.
        assert_eq!(middle("性能性能性能", 7), "性…能");
        assert_eq!(display_width(&middle("性能性能性能", 9)), 9);
        assert_eq!(beginning("Retry on 429", 9), "Retry on…");
    }

    #[test]
    fn a_note_hangs_under_its_first_word_and_keeps_numbers_with_their_units() {
        let note =
            Paper::terminal(40, false).note("noise", "a change of no less than +20 % is seen");
        // `+20` alone would fit.
        assert_eq!(note, "  noise     a change of no less than\n            +20 % is seen");
    }

    #[test]
    fn a_log_breaks_no_word() {
        let long = "x".repeat(200);
        assert_eq!(Paper::log(false).folded(&long, 2), long);
        assert!(Paper::terminal(60, false).folded(&long, 2).lines().all(|line| line.len() <= 60));
    }

    /// Contrast of a color of the palette with white and with black, as WCAG has it.
    fn contrasts(color: u8) -> [f64; 2] {
        const LEVELS: [f64; 6] = [0.0, 95.0, 135.0, 175.0, 215.0, 255.0];
        let at = usize::from(color - 16);
        let linear = |level: usize| match LEVELS[level] / 255.0 {
            v if v <= 0.03928 => v / 12.92,
            v => ((v + 0.055) / 1.055_f64).powf(2.4),
        };
        let [r, g, b] = [at / 36, at / 6 % 6, at % 6].map(linear);
        let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        [1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05]
    }

    #[test]
    fn every_color_is_read_on_white_and_on_black() {
        for ink in [Ink::Red, Ink::Orange, Ink::Magenta, Ink::Green] {
            let contrasts = contrasts(ink.color().unwrap());
            assert!(contrasts.iter().all(|contrast| *contrast > 3.5), "{ink:?} {contrasts:?}");
        }
    }
}
