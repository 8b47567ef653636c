//! PostgreSQL's own tools, found on the PATH or where Debian keeps them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

const DEBIAN: &str = "/usr/lib/postgresql";

/// Writes a consistent dump in the custom format.
pub fn dump(url: &str, to: &Path) -> Result<()> {
    let mut command = tool("pg_dump", url)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(to);
    run(command, "pg_dump")
}

/// Fills a database from a dump in one transaction; `replace` drops what the dump holds first.
pub fn load(url: &str, from: &Path, replace: bool) -> Result<()> {
    let mut command = tool("pg_restore", url)?;
    command.args([
        "--no-owner",
        "--no-privileges",
        "--no-comments",
        "--exit-on-error",
        "--single-transaction",
    ]);
    if replace {
        command.args(["--clean", "--if-exists"]);
    }
    command.arg(from);
    run(command, "pg_restore")
}

/// The tool with its database; the password goes by the environment, since arguments are visible to every user.
fn tool(name: &str, url: &str) -> Result<Command> {
    let program = find(name).ok_or_else(|| {
        Error::internal(format!(
            "{name} is neither on the PATH nor in {DEBIAN}/*/bin: install the PostgreSQL client"
        ))
    })?;
    let (address, password) = split_password(url);
    let mut command = Command::new(program);
    command.arg("--dbname").arg(address);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    Ok(command)
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut debian: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    // The newest reads every older server.
    debian.sort_by(|one, other| other.cmp(one));
    places.extend(debian.into_iter().map(|(_, folder)| folder));
    places.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn run(mut command: Command, name: &str) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::internal(format!("{name} cannot be started")).because(error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::internal(format!("{name} failed: {said}")))
}

/// `postgres://user:password@host/name` without its password, and the password decoded.
fn split_password(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let Some((login, host)) = rest[..end].rsplit_once('@') else { return (url.to_owned(), None) };
    let Some((user, password)) = login.split_once(':') else { return (url.to_owned(), None) };
    (format!("{scheme}://{user}@{host}{}", &rest[end..]), Some(decode(password)))
}

/// Undoes percent-encoding; what is not encoded properly stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        if let Some(byte) = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_never_stays_in_the_arguments() {
        let (address, password) = split_password("postgres://songhe:p%40ss%2F1@db:5432/city?sslmode=require");
        assert_eq!(address, "postgres://songhe@db:5432/city?sslmode=require");
        assert_eq!(password.as_deref(), Some("p@ss/1"));
        for bare in ["postgres://songhe@db/city", "postgres:///city", "postgres://db/city?user=a@b:c"] {
            assert_eq!(split_password(bare), (bare.to_owned(), None));
        }
    }
}
