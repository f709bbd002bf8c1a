//! `checklist`: which items perfgate checks, and which are for people.

use super::source::Source;
use crate::config::checklist::{ChecklistItem, KnownItem};
use crate::config::error::ConfigError;
use crate::config::file::{At, ItemFile};
use crate::config::suggest::suggest;
use crate::model::Named as _;
use crate::model::limits::NAME_BYTES;

/// The items of a checklist.
pub(super) fn checklist(
    source: &Source<'_>,
    written: Vec<At<ItemFile>>,
) -> Result<Vec<ChecklistItem>, ConfigError> {
    written.into_iter().map(|file| item(source, file)).collect()
}

fn item(source: &Source<'_>, written: At<ItemFile>) -> Result<ChecklistItem, ConfigError> {
    let At { value: ItemFile { item, severity }, place } = written;
    let text = item.trim();
    if text.is_empty() || text.len() > NAME_BYTES {
        let problem = format!("an item of a checklist has 1 to {NAME_BYTES} bytes");
        return Err(source.error(place, problem));
    }
    let key = KnownItem::of(text);
    let known = KnownItem::spellings().chain(KnownItem::ALL.iter().map(|known| known.name()));
    // A slip must not make an item that is checked one that nobody checks.
    if key.is_none()
        && let Some(meant) = suggest(text, known)
    {
        let problem = format!(
            "\"{text}\" is almost \"{meant}\", which perfgate checks: write that, or reword an item that is for people"
        );
        return Err(source.error(place, problem));
    }
    Ok(ChecklistItem { text: text.to_owned(), key, severity })
}
