//! Pure mathematics: slices in, numbers out. Knows nothing of load tests, files or policies.

mod beta;
mod fisher;
mod mann_whitney;
mod matrix;
mod multiple;
mod noise;
mod normal;
mod order;
mod others;
mod pelt;
mod place;
mod proportion;
mod ranked;
mod shared;
mod steps;
mod student;
mod theil_sen;
mod trigamma;
mod witness;

pub use beta::{beta_inverse, beta_regularized};
pub use fisher::fisher_one_sided;
pub use mann_whitney::mann_whitney;
pub use matrix::{Matrix, quantile, variance};
pub use multiple::benjamini_hochberg;
pub use noise::{Distance, Noise};
pub use normal::normal_upper_tail;
pub use order::{Interval, MAD_TO_SD, QuantileGrid, median, rank_interval};
pub use pelt::pelt;
pub use place::places;
pub use proportion::difference_interval;
pub use shared::Shared;
pub use steps::{Step, steps};
pub use student::{student_quantile, student_upper_tail};
pub use theil_sen::{Slope, steady_trend, theil_sen};
pub use trigamma::trigamma;
pub use witness::{Cleared, Witness};
