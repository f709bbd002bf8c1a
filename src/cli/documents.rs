//! Documents that say what a policy demands.

use super::error::CliError;
use super::read_file::read_text;
use crate::document::Document;
use crate::model::limits;
use std::path::{Component, Path, PathBuf};

/// Reads documents; in a policy of this folder, they are called by the paths that lead to them from there.
pub(super) fn read_documents(folder: &Path, paths: &[PathBuf]) -> Result<Vec<Document>, CliError> {
    let read = |path: &PathBuf| {
        let text = read_text(path, limits::MARKDOWN_BYTES)?;
        Ok(Document { name: relative(folder, path).display().to_string(), text })
    };
    paths.iter().map(read).collect()
}

/// The path from a folder on.
fn relative(folder: &Path, path: &Path) -> PathBuf {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (folder, path) = (real(folder), real(path));
    let common = folder.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    // Two drives have nothing in common.
    if common == 0 {
        return path;
    }
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_called_by_the_path_from_the_policy_on() {
        let is = |folder: &str, path: &str, name: &str| {
            assert_eq!(relative(Path::new(folder), Path::new(path)), Path::new(name));
        };
        is("/a/b", "/a/b/docs/x.md", "docs/x.md");
        is("/a/b", "/a/x.md", "../x.md");
    }
}
