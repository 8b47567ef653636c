//! Running it: backup and restore, a kill at any moment, refusals at the start, exit statuses.

mod backup;
mod crash;
mod demo;
mod refusals;

use std::process::{Command, Output};

use songhe::db::Kind;

use crate::support::database::Database;
use crate::support::process::songhe_command;

/// A folder and a database without tables, for the real program.
struct Place {
    folder: tempfile::TempDir,
    database: Database,
}

impl Place {
    fn new(kind: Kind) -> Option<Place> {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let database = Database::bare(kind, &data)?;
        Some(Place { folder, database })
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// `songhe ARGUMENTS... --data DIR --database URL`.
    fn songhe(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = songhe_command();
        command.current_dir(self.folder.path()).args(arguments);
        command.args(["--data", &self.data(), "--database", &self.database.url]);
        command
    }
}

/// Both outputs of a program that ended with status `wanted`; panics otherwise.
#[track_caller]
fn said(output: &Output, wanted: i32) -> String {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(wanted), "{text}");
    text
}
