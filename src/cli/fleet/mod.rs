//! Many services at once: where they are, and what each measured.

mod gate_state;
mod index;
mod manifest;
mod repos;
mod services;

#[cfg(all(test, feature = "object-store"))]
#[expect(clippy::unwrap_used, reason = "test code")]
mod tests;

pub(super) use gate_state::{GateRuns, gate_rows};
pub(super) use index::{Indexed, index};
pub(super) use repos::{Clone, in_clone};
pub(super) use services::{FleetHistory, Sources, Unread, each_service, open};

use super::session::Session;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on a terminal: so many services.
pub(super) fn bar(what: &'static str, services: usize, session: &Session<'_>) -> ProgressBar {
    if !session.terminal_err {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos} of {len} services, {eta} left");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(services as u64).with_style(style).with_message(what)
}
