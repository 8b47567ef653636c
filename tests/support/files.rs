//! Files of the repository, for tests that read them.

use std::path::{Path, PathBuf};

/// Every file below `folder` whose name ends in `.EXTENSION`, in order of its path.
pub fn under(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(under(&path, extension));
        } else if path.extension().is_some_and(|end| end == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}
