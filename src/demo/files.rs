//! The two files beside a demo database: logins to print, and what the simulated devices sign in with.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

pub(super) fn logins_path(data_dir: &Path) -> PathBuf {
    data_dir.join("demo-logins.json")
}

pub(super) fn devices_path(data_dir: &Path) -> PathBuf {
    data_dir.join("demo-devices.json")
}

/// Replaces the file whole; only its owner can read it.
pub(super) fn write_private(path: &Path, content: &impl Serialize) -> Result<()> {
    let fault =
        |error: std::io::Error| Error::internal(format!("cannot write {}", path.display())).because(error);
    let text =
        serde_json::to_vec_pretty(content).map_err(|error| Error::internal("demo file").because(error))?;
    let fresh = path.with_extension("new");
    if fresh.exists() {
        std::fs::remove_file(&fresh).map_err(fault)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh).map_err(fault)?;
    file.write_all(&text).map_err(fault)?;
    file.sync_all().map_err(fault)?;
    std::fs::rename(&fresh, path).map_err(fault)
}

pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let fault = || format!("cannot read {}; songhe demo --fresh makes the city anew", path.display());
    let text = std::fs::read(path).map_err(|error| Error::internal(fault()).because(error))?;
    serde_json::from_slice(&text).map_err(|error| Error::internal(fault()).because(error))
}
