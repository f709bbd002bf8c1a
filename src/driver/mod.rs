//! Driving a load test: the tool's command line from a profile's numbers, the tool as a child that never outlives perfgate and gets none of its tokens, what
//! the machine uses meanwhile, and how fast the machine is.
//!
//! Nothing here reads results or judges them.

mod calibrate;
mod child;
mod command;
mod environment;
mod family;
mod host;
mod order;
mod pressure;
mod sample;
mod script;
mod service;
mod size_limit;
mod stop;
mod supervise;
mod watched;
mod work_tree;

pub use calibrate::calibrate;
pub use child::{Ended, Interrupts, Job, run};
pub use command::{CommandError, Numbers, prepare, tool_of};
pub use host::fingerprint;
pub use order::PairOrder;
pub use pressure::Kernel;
pub use sample::Sampler;
pub use script::script_hash;
pub use service::{NotReady, Probe, Service, await_ready, free_port};
pub use size_limit::survive_size_limit;
pub use stop::{Hopeless, NoStopRule, SoFar, StopRule, StopWatch};
pub use supervise::supervise;
pub use watched::{WatchError, Watched};
pub use work_tree::{WorkTree, WorkTreeError};
