//! A [`Report`](crate::gate::Report) in the forms that people and programs read.
//!
//! Every renderer is `render(&Report, &mut impl Write)`. Texts about findings live in `words.rs`, numbers are scaled and
//! rounded in `number.rs`, and everything that came from a file is escaped for its place in `escape.rs`.

mod escape;
mod explain;
mod grid;
mod json;
mod markdown;
mod number;
mod selftest;
mod table;
mod words;

pub use escape::{harmless, terminal as escape_terminal};
pub use explain::render as render_explanation;
pub use grid::{Column, write_grid};
pub use json::{render as render_json, to_wire};
pub use markdown::render as render_markdown;
pub use number::{plural, signed_percent, significant};
pub use selftest::render as render_selftest;
pub use table::{TableStyle, render as render_table};
pub use words::ago;
