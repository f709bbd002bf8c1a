//! Versions of what is under load: checked out, built, started on a port of their own, and ended whatever happens. The commands `ab`
//! and `bisect` say which.

mod build;
mod place;
mod repository;
mod serve;

pub(super) use build::build;
pub(super) use place::{Place, refuse_no_place, split};
pub(super) use repository::Repository;
pub(super) use serve::{Running, serve};
