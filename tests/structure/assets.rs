//! Vendored files are the ones that were reviewed: listed with version and licence, unchanged to the byte.

use std::collections::BTreeSet;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::source::{paths, root};
use super::{assert_none, is_whole};

/// One line of `MANIFEST.json`; `file` and `licence_file` are relative to its folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vendored {
    name: String,
    version: String,
    licence: String,
    #[serde(rename = "source")]
    _source: String,
    file: String,
    sha256: String,
    licence_file: String,
}

const FOLDERS: [&str; 2] = ["static/vendor", "tests/support/vendor"];

/// What is wrong with one listed file, given its bytes.
fn offence(vendored: &Vendored, bytes: Option<&[u8]>, has_licence: bool) -> Option<String> {
    let Vendored { name, version, licence, file, sha256, .. } = vendored;
    let Some(bytes) = bytes else { return Some(format!("{file}: listed and absent")) };
    let found = hex::encode(Sha256::digest(bytes));
    if found != *sha256 {
        return Some(format!("{file}: sha256 is {found}, the list says {sha256}"));
    }
    if name.is_empty() || version.is_empty() || licence.is_empty() || !has_licence {
        return Some(format!("{file}: name, version, licence and the licence's text must be there"));
    }
    None
}

fn offenders(folder: &str) -> Vec<String> {
    let base = root().join(folder);
    if !base.exists() {
        return Vec::new();
    }
    let Ok(manifest) = std::fs::read(base.join("MANIFEST.json")) else {
        return vec![format!("{folder}/MANIFEST.json: absent")];
    };
    let listed: Vec<Vendored> = serde_json::from_slice(&manifest).unwrap();
    let mut known: BTreeSet<String> = BTreeSet::from([format!("{folder}/MANIFEST.json")]);
    let mut found = Vec::new();
    for vendored in &listed {
        known.insert(format!("{folder}/{}", vendored.file));
        known.insert(format!("{folder}/{}", vendored.licence_file));
        let bytes = std::fs::read(base.join(&vendored.file)).ok();
        found.extend(offence(vendored, bytes.as_deref(), base.join(&vendored.licence_file).exists()));
    }
    found.extend(
        paths(folder)
            .into_iter()
            .filter(|path| !known.contains(path))
            .map(|path| format!("{path}: not listed")),
    );
    found
}

#[test]
fn vendored_files_are_listed_and_unchanged() {
    let found: Vec<String> = FOLDERS.iter().flat_map(|folder| offenders(folder)).collect();
    assert_none("vendored files match MANIFEST.json", &found);
    assert!(!is_whole() || root().join(FOLDERS[0]).exists(), "the pages need {}", FOLDERS[0]);
}

#[test]
fn a_changed_an_absent_and_an_unlicensed_file_are_found() {
    let vendored = Vendored {
        name: "a".to_owned(),
        version: "1".to_owned(),
        licence: "MIT".to_owned(),
        _source: String::new(),
        file: "a.js".to_owned(),
        sha256: hex::encode(Sha256::digest(b"good")),
        licence_file: "LICENSE".to_owned(),
    };
    assert_eq!(offence(&vendored, Some(b"good"), true), None);
    assert!(offence(&vendored, Some(b"bad"), true).unwrap().contains("sha256 is"));
    assert!(offence(&vendored, None, true).unwrap().contains("absent"));
    assert!(offence(&vendored, Some(b"good"), false).unwrap().contains("licence"));
}
