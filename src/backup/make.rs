use std::fs;
use std::path::Path;

use super::manifest::{FORMAT, Listed, Manifest};
use super::{ANCHOR_FILE, KEY_FILE, POSTGRES_FILE, SQLITE_FILE, postgres};
use crate::app::App;
use crate::db::{Source, store};
use crate::error::{Error, Result};

/// Makes a backup of the running program's data in `folder`, which must not exist or be empty.
pub fn make(app: &App, folder: &Path) -> Result<Manifest> {
    prepare(folder)?;
    let mut names = Vec::new();
    // The anchor first: the copy of the database is then at least as new as the anchor.
    for (from, name) in [(app.anchor_file(), ANCHOR_FILE), (app.config.key_file(), KEY_FILE)] {
        if from.exists() {
            copy_private(&from, &folder.join(name))?;
            names.push(name);
        }
    }
    let schema = app.db.read_now(store::schema_version)?;
    let database = match app.db.source() {
        Source::Sqlite(_) => {
            store::copy_sqlite(&app.db, &folder.join(SQLITE_FILE))?;
            names.push(SQLITE_FILE);
            "sqlite"
        }
        Source::Postgres(url) => {
            postgres::dump(url, &folder.join(POSTGRES_FILE))?;
            names.push(POSTGRES_FILE);
            "postgres"
        }
    };
    let files = names.into_iter().map(|name| Listed::of(folder, name)).collect::<Result<Vec<_>>>()?;
    let manifest = Manifest {
        format: FORMAT,
        songhe: env!("CARGO_PKG_VERSION").to_owned(),
        database: database.to_owned(),
        schema,
        made_at: app.calendar.rfc3339(app.clock.now()),
        files,
    };
    manifest.write(folder)?;
    Ok(manifest)
}

fn prepare(folder: &Path) -> Result<()> {
    let fault =
        |error: std::io::Error| Error::internal(format!("cannot use {}", folder.display())).because(error);
    fs::create_dir_all(folder).map_err(fault)?;
    if fs::read_dir(folder).map_err(fault)?.next().is_some() {
        return Err(Error::internal(format!(
            "{} is not empty: name a new folder for each backup",
            folder.display()
        )));
    }
    // It holds the keys of the sealed data.
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).map_err(fault)?;
    Ok(())
}

/// A copy that only its owner can read.
pub(super) fn copy_private(from: &Path, to: &Path) -> Result<()> {
    let fault = |error: std::io::Error| {
        Error::internal(format!("cannot copy {} to {}", from.display(), to.display())).because(error)
    };
    fs::copy(from, to).map_err(fault)?;
    #[cfg(unix)]
    fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(fault)?;
    fs::File::open(to).and_then(|file| file.sync_all()).map_err(fault)
}
