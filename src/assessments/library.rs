//! The scales that this program knows: those in the binary, and those of a folder that the office keeps.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::de::DeserializeOwned;

use super::model::{Contradictions, Package, VectorFailure, VectorFile};
use crate::config::Config;
use crate::error::{Error, Result};

const PACKAGES: [(&str, &str); 3] = [
    ("gbt42195-2022.json", include_str!("scales/gbt42195-2022.json")),
    ("hardship-2021.json", include_str!("scales/hardship-2021.json")),
    ("ltci_gate-2021.json", include_str!("scales/ltci_gate-2021.json")),
];
const CONTRADICTIONS: &str = "contradictions.json";
const OWN_CONTRADICTIONS: &str = include_str!("scales/contradictions.json");
const VECTORS_ENDING: &str = ".vectors.json";
/// Bytes of one file of the office's.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// All packages, every one without a hole.
#[derive(Clone, Debug)]
pub struct Library {
    /// In order of code, then of the day from which they are used.
    packages: Vec<Package>,
    pub contradictions: Contradictions,
}

/// How assessments are made here: the scales, and what the office has set.
#[derive(Clone, Debug)]
pub struct Practice {
    pub scales: Library,
    /// By how many levels all worsening findings together worsen a result at most.
    pub worsening_steps_max: u32,
    /// An assessment within so many days of the last one needs a reason; 0 asks for none.
    pub repeat_days: u32,
    /// Months after which a result is to be renewed; 0 renews none.
    pub renewal_months: u32,
}

impl Practice {
    pub fn open(config: &Config) -> Result<Practice> {
        let set = &config.assessments;
        let folder = set.scales_dir.as_ref().map(|folder| config.data_dir.join(folder));
        Ok(Practice {
            scales: Library::open(folder.as_deref())?,
            worsening_steps_max: set.worsening_steps_max,
            repeat_days: set.repeat_days,
            renewal_months: set.renewal_months,
        })
    }
}

impl Library {
    /// The packages of the binary, and those of the folder beside them. A hole refuses all, and says where it is.
    pub fn open(folder: Option<&Path>) -> Result<Library> {
        let mut packages = Vec::new();
        for (name, text) in PACKAGES {
            packages.push(read::<Package>(name, text)?);
        }
        let mut contradictions: Contradictions = read(CONTRADICTIONS, OWN_CONTRADICTIONS)?;
        for file in folder.map(files).transpose()?.unwrap_or_default() {
            let (name, text) = (file.display().to_string(), load(&file)?);
            if file.file_name().is_some_and(|name| name == CONTRADICTIONS) {
                contradictions = read(&name, &text)?;
            } else {
                packages.push(read(&name, &text)?);
            }
        }
        packages.sort_by(|a, b| (&a.code, a.effective_from).cmp(&(&b.code, b.effective_from)));
        for package in &packages {
            package.check().map_err(|hole| Error::internal(format!("scale {hole}")))?;
        }
        if let Some(pair) = packages.windows(2).find(|pair| is_same(&pair[0], &pair[1])) {
            let rule = "stands twice: a package that is in use is never changed, a correction is a new version \
                        from a later day on";
            return Err(Error::internal(format!("scale {}: {rule}", pair[1].title())));
        }
        contradictions.check(&packages).map_err(|hole| Error::internal(hole.to_string()))?;
        Ok(Library { packages, contradictions })
    }

    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    pub fn get(&self, code: &str, version: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.code == code && package.version == version)
    }

    /// The package to score with on a day.
    pub fn current(&self, code: &str, on: NaiveDate) -> Option<&Package> {
        self.packages.iter().rfind(|package| package.code == code && package.effective_from <= on)
    }

    /// The package that a record names, or the one of the day for a record that is not scored yet.
    pub fn of_record(&self, code: &str, version: Option<&str>, on: NaiveDate) -> Option<&Package> {
        match version {
            Some(version) => self.get(code, version),
            None => self.current(code, on),
        }
    }

    /// The newest package of each scale that is used on a day.
    pub fn all_current(&self, on: NaiveDate) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(move |package| {
            self.current(&package.code, on).is_some_and(|one| one.version == package.version)
        })
    }
}

/// Runs the vectors of a file with the package that it names; gives how many there are, and those that fail.
pub fn check_file(library: &Library, file: &Path) -> Result<(usize, Vec<VectorFailure>)> {
    let vectors: VectorFile = read(&file.display().to_string(), &load(file)?)?;
    let package = library.get(&vectors.code, &vectors.version).ok_or_else(|| {
        Error::internal(format!("{}: there is no scale {} {}", file.display(), vectors.code, vectors.version))
    })?;
    Ok((vectors.vectors.len(), vectors.run(package)))
}

fn is_same(a: &Package, b: &Package) -> bool {
    a.code == b.code && (a.version == b.version || a.effective_from == b.effective_from)
}

fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::internal(format!("{name}: {error}")))
}

fn load(file: &Path) -> Result<String> {
    let fault =
        |error: std::io::Error| Error::internal(format!("cannot read {}", file.display())).because(error);
    if std::fs::metadata(file).map_err(fault)?.len() > FILE_BYTES_MAX {
        return Err(Error::internal(format!("{} is larger than {FILE_BYTES_MAX} bytes", file.display())));
    }
    std::fs::read_to_string(file).map_err(fault)
}

/// The packages and rules of a folder; vectors may lie beside them.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let fault =
        |error: std::io::Error| Error::internal(format!("cannot read {}", folder.display())).because(error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_some_and(|ending| ending == "json") && !name.ends_with(VECTORS_ENDING) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
