//! What keeps a budget from being judged: in words, and in files.

use super::escape::Show;
use crate::gate::Lack;
use crate::schema::LackV1;

/// What is missing, behind "not measured: ".
pub(super) fn text(lack: &Lack, _show: Show<'_>) -> String {
    match lack {
        Lack::Load => "the results do not say how much there was".to_owned(),
    }
}

/// As a file has it.
pub(super) fn to_wire(lack: &Lack) -> LackV1 {
    match lack {
        Lack::Load => LackV1::Load,
    }
}

/// From a file.
pub(super) fn from_wire(file: LackV1) -> Lack {
    match file {
        LackV1::Load => Lack::Load,
    }
}
