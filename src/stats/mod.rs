//! Pure mathematics: slices in, numbers out. Knows nothing of load tests, files or policies.

mod beta;
mod fisher;
mod mann_whitney;
mod multiple;
mod normal;
mod order;
mod pelt;
mod proportion;
mod steps;
mod student;

pub use beta::{beta_inverse, beta_regularized};
pub use fisher::fisher_one_sided;
pub use mann_whitney::mann_whitney;
pub use multiple::benjamini_hochberg;
pub use normal::normal_upper_tail;
pub use order::{Interval, QuantileGrid, median, rank_interval};
pub use pelt::pelt;
pub use proportion::difference_interval;
pub use steps::{Step, steps};
pub use student::student_upper_tail;
