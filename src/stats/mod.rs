//! Pure mathematics: slices in, numbers out. Knows nothing of load tests, files or policies.

mod beta;
mod fisher;
mod multiple;
mod normal;
mod order;
mod proportion;

pub use beta::{beta_inverse, beta_regularized};
pub use fisher::fisher_one_sided;
pub use multiple::benjamini_hochberg;
pub use normal::normal_upper_tail;
pub use order::{Interval, QuantileGrid, median, rank_interval};
pub use proportion::difference_interval;
