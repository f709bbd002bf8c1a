//! A text that whoever uses the columns keeps beside them.

use super::folder::{Folder, NOTE};
use crate::trend::parquet::FrameError;
use flate2::Crc;
use std::fs::File;
use std::io::Read as _;

/// The note that is kept.
pub(super) fn known(folder: &Folder) -> Option<String> {
    Some(folder.files_of(NOTE, read).pop()?.0)
}

/// Keeps a note in the place of any other.
pub(super) fn keep(folder: &mut Folder, text: &str) {
    let before = folder.files_of(NOTE, |_| Ok(()));
    let kept =
        folder.write(NOTE, |out| write!(out, "{:08x}{text}", sum(text)).map_err(FrameError::new));
    if kept.is_some() {
        before.into_iter().for_each(|(_, kept)| folder.give_up(Some(kept)));
        folder.sweep();
    }
}

fn read(mut file: File) -> Result<String, FrameError> {
    let damaged = || FrameError::new("it is damaged");
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(FrameError::new)?;
    let (told, text) = text.split_at_checked(8).ok_or_else(damaged)?;
    let sound = u32::from_str_radix(told, 16).ok() == Some(sum(text));
    if sound { Ok(text.to_owned()) } else { Err(damaged()) }
}

fn sum(text: &str) -> u32 {
    let mut sum = Crc::new();
    sum.update(text.as_bytes());
    sum.sum()
}
