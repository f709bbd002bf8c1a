//! What is needed to swap an object: what it was when it was read, and the right to.

use std::fs::File;

/// What an object was when it was read. Services tell it by an entity tag, a version, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub(super) e_tag: Option<String>,
    pub(super) version: Option<String>,
}

/// The right to change objects, until it is dropped.
#[derive(Debug)]
pub struct Held {
    pub(super) _file: Option<File>,
}

/// The content of an object, and what it was then.
pub type Versioned = (Vec<u8>, Version);
