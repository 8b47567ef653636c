//! Taking a demo city away, and nothing else.

use std::path::Path;

use super::{Holding, files, holding, store};
use crate::config::Config;
use crate::db::{Db, Options, Source};
use crate::error::{Error, Result};

/// Removes the demo city of this configuration. Refuses a database without the mark of a demo city that holds anything.
pub fn remove(config: &Config) -> Result<()> {
    let source = crate::start::source(config);
    if let Source::Sqlite(file) = &source
        && !file.exists()
    {
        return remove_files(config, None);
    }
    let db = Db::open(
        source.clone(),
        &Options { read_connections: 1, write_connections: 1, ..Options::default() },
    )?
    .0;
    let found = db.read_now(holding)?;
    if found == Holding::Real {
        return Err(Error::internal(format!(
            "{} holds a city that is no demo: --fresh removes demo cities only",
            config.database.url
        )));
    }
    match source {
        Source::Sqlite(file) => {
            drop(db);
            remove_files(config, Some(&file))
        }
        Source::Postgres(_) => {
            if found != Holding::Nothing {
                db.write_now(store::drop_everything)?;
            }
            remove_files(config, None)
        }
    }
}

/// The database's files and those whose content belongs to it.
fn remove_files(config: &Config, database: Option<&Path>) -> Result<()> {
    let mut paths = vec![
        config.key_file(),
        config.data_dir.join("audit-anchor.json"),
        files::logins_path(&config.data_dir),
        files::devices_path(&config.data_dir),
    ];
    if let Some(file) = database {
        let with = |ending: &str| {
            let mut name = file.as_os_str().to_owned();
            name.push(ending);
            name.into()
        };
        paths.extend([with("-wal"), with("-shm"), file.to_owned()]);
    }
    for path in paths {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::internal(format!("cannot remove {}", path.display())).because(error));
            }
            _ => {}
        }
    }
    Ok(())
}
