//! Texts that whoever uses the columns keeps beside them.

use super::folder::{ACCEPTS, Folder, MARKS, Sort};
use crate::trend::parquet::FrameError;
use flate2::Crc;
use std::fs::File;
use std::io::Read as _;

/// What a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// What commits accept.
    Accepts,
    /// What a policy says of commits.
    Marks,
}

impl Note {
    fn sort(self) -> Sort {
        match self {
            Self::Accepts => ACCEPTS,
            Self::Marks => MARKS,
        }
    }
}

/// The text that is kept.
pub(super) fn known(folder: &Folder, note: Note) -> Option<String> {
    Some(folder.files_of(note.sort(), read).pop()?.0)
}

/// Keeps a text in the place of any other.
pub(super) fn keep(folder: &mut Folder, note: Note, text: &str) {
    let before = folder.files_of(note.sort(), |_| Ok(()));
    let text = format!("{:08x}{text}", sum(text));
    let written =
        |out: &mut dyn std::io::Write| out.write_all(text.as_bytes()).map_err(FrameError::new);
    if folder.write(note.sort(), written).is_some() {
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
