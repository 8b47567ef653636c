use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::MANIFEST_FILE;
use crate::error::{Error, Result};

/// What a backup holds, with a digest for each file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this description.
    pub format: u32,
    /// Version of the program that made it.
    pub songhe: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// Number of the newest schema step, such as 0005.
    pub schema: String,
    /// RFC 3339.
    pub made_at: String,
    pub files: Vec<Listed>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub name: String,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

pub const FORMAT: u32 = 1;

impl Listed {
    pub fn of(folder: &Path, name: &str) -> Result<Listed> {
        let path = folder.join(name);
        let fault =
            |error: std::io::Error| Error::internal(format!("cannot read {}", path.display())).because(error);
        let bytes = fs::metadata(&path).map_err(fault)?.len();
        Ok(Listed { name: name.to_owned(), bytes, sha256: digest(&path).map_err(fault)? })
    }
}

impl Manifest {
    /// Written last: a folder without it is no backup.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let text =
            serde_json::to_vec_pretty(self).map_err(|error| Error::internal("manifest").because(error))?;
        fs::write(folder.join(MANIFEST_FILE), text).map_err(|error| {
            Error::internal(format!("cannot write into {}", folder.display())).because(error)
        })
    }

    /// Reads a backup's manifest and proves every file of it.
    pub fn read_and_check(folder: &Path) -> Result<Manifest> {
        let path = folder.join(MANIFEST_FILE);
        let bytes = fs::read(&path).map_err(|error| {
            Error::internal(format!("{} is not a backup: {MANIFEST_FILE} cannot be read", folder.display()))
                .because(error)
        })?;
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|error| Error::internal(format!("{} is damaged", path.display())).because(error))?;
        if manifest.format != FORMAT {
            return Err(Error::internal(format!(
                "the backup has format {}, this version reads {FORMAT}",
                manifest.format
            )));
        }
        for listed in &manifest.files {
            // A name is a plain file of the folder, never a way out of it.
            if Path::new(&listed.name).file_name().is_none_or(|name| name != listed.name.as_str()) {
                return Err(Error::internal(format!(
                    "the manifest names {:?}, which is no file of the backup",
                    listed.name
                )));
            }
            if Listed::of(folder, &listed.name)? != *listed {
                return Err(Error::internal(format!(
                    "{} is damaged: its digest is not the one in the manifest",
                    folder.join(&listed.name).display()
                )));
            }
        }
        Ok(manifest)
    }

    pub fn holds(&self, name: &str) -> bool {
        self.files.iter().any(|listed| listed.name == name)
    }
}

fn digest(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex::encode(hasher.finalize()));
        }
        hasher.update(&buffer[..read]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup() -> (tempfile::TempDir, Manifest) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), b"abc").unwrap();
        let manifest = Manifest {
            format: FORMAT,
            songhe: "0".into(),
            database: "sqlite".into(),
            schema: "0001".into(),
            made_at: "2026-11-23T09:00:00+08:00".into(),
            files: vec![Listed::of(folder.path(), "a").unwrap()],
        };
        manifest.write(folder.path()).unwrap();
        (folder, manifest)
    }

    #[test]
    fn a_whole_backup_is_read_as_it_was_written() {
        let (folder, manifest) = backup();
        assert_eq!(Manifest::read_and_check(folder.path()).unwrap(), manifest);
        assert_eq!(
            manifest.files[0].sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn an_altered_or_missing_file_is_named() {
        let (folder, _) = backup();
        fs::write(folder.path().join("a"), b"abd").unwrap();
        assert!(Manifest::read_and_check(folder.path()).unwrap_err().for_log().contains("/a is damaged"));
        fs::remove_file(folder.path().join("a")).unwrap();
        assert!(Manifest::read_and_check(folder.path()).unwrap_err().for_log().contains("cannot read"));
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_refused() {
        let (folder, mut manifest) = backup();
        manifest.files[0].name = "../a".into();
        manifest.write(folder.path()).unwrap();
        assert!(
            Manifest::read_and_check(folder.path()).unwrap_err().for_log().contains("no file of the backup")
        );
    }
}
