//! What keeps a budget from being judged: in words, and in files.

use super::escape::Show;
use crate::gate::Lack;
use crate::schema::LackV1;

/// What is missing, behind "not measured: ".
pub(super) fn text(lack: &Lack, show: Show<'_>) -> String {
    match lack {
        Lack::Load => "the results do not say how much there was".to_owned(),
        Lack::Windows => {
            "the results have no windows of the load; give the tool's raw output".to_owned()
        }
        Lack::WindowPercentiles => {
            "the results have no percentiles of windows; give the tool's raw output".to_owned()
        }
        Lack::LongWindows { seconds } => format!("the results have windows of {seconds} s"),
        Lack::NoWindow => "the load was too short for it".to_owned(),
        Lack::Input { name, meant: None } => format!("the run has no {}", show(name)),
        Lack::Input { name, meant: Some(meant) } => {
            format!("the run has no {}; did you mean {}?", show(name), show(meant))
        }
        Lack::NotFinite => "its formula divides by zero".to_owned(),
        Lack::Units { left, right } => {
            format!("its formula adds {} and {}", show(left), show(right))
        }
        Lack::Unit { is } => {
            format!("its formula gives {}, which is not a unit of it", show(is))
        }
    }
}

/// From a file.
pub(super) fn from_wire(file: LackV1) -> Lack {
    match file {
        LackV1::Load => Lack::Load,
        LackV1::Windows => Lack::Windows,
        LackV1::WindowPercentiles => Lack::WindowPercentiles,
        LackV1::LongWindows { seconds } => Lack::LongWindows { seconds },
        LackV1::NoWindow => Lack::NoWindow,
        LackV1::Input { name, meant } => {
            Lack::Input { name: name.into(), meant: meant.map(Into::into) }
        }
        LackV1::NotFinite => Lack::NotFinite,
        LackV1::Units { left, right } => Lack::Units { left: left.into(), right: right.into() },
        LackV1::Unit { is } => Lack::Unit { is: is.into() },
    }
}
