//! Many services at once: what got worse, and whose gate can be trusted.

mod gates;
mod steps;
mod wire;

pub use gates::{GateRow, GateState, Gates};
pub use steps::{FleetStep, Standing, Steps, Unjudged};
