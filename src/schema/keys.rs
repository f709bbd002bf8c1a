//! How many keys a document has, told before any of it is in memory: each takes some hundred bytes there and half a dozen in the
//! file.

use crate::model::limits::{self, Exceeded, check_number};

/// Refuses a document with more keys than a run may have.
pub(super) fn check_keys(json: &[u8]) -> Result<(), Exceeded> {
    // Colons are quickly counted, and most documents have few of them, in names and out of names.
    let colons = json.iter().filter(|byte| **byte == b':').count();
    if colons <= limits::KEYS {
        return Ok(());
    }
    check_number("keys", keys(json), limits::KEYS)
}

/// The colons outside of strings.
fn keys(json: &[u8]) -> usize {
    let (mut keys, mut in_string, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b':' if !in_string => keys += 1,
            _ => {}
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colon_of_a_name_is_no_key() {
        assert_eq!(keys(br#"{"a:b": "\":\\", "c" : {"d":[1, "::"]}}"#), 3);
    }

    #[test]
    fn a_document_with_one_key_too_many_is_refused_and_names_with_colons_are_not() {
        let key = br#""p1":1,"#;
        assert_eq!(check_keys(&key.repeat(limits::KEYS)), Ok(()));
        let error = check_keys(&key.repeat(limits::KEYS + 1)).unwrap_err();
        assert_eq!(error.to_string(), "more than 2000000 keys");
        let name = format!("{{\"name\":\"{}\"}}", ":".repeat(limits::KEYS + 1));
        assert_eq!(check_keys(name.as_bytes()), Ok(()));
    }
}
