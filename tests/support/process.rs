//! The real program in a temporary folder: started on free ports, killed, started again.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

/// Generous, since a loaded machine with two cores runs the debug build.
pub const READY_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);

/// `DIR/addresses.json`, as the program writes it for scripts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Addresses {
    pub http: SocketAddr,
    /// Absent when the broker is off or external.
    pub mqtt: Option<SocketAddr>,
    /// Absent where no port for fire panels is set.
    pub fire: Option<SocketAddr>,
}

/// The program without the caller's own settings in its environment. `SONGHE_TEST_PROGRAM` names another build of it, such as
/// the release build for a long run.
pub fn songhe_command() -> Command {
    let program = std::env::var_os("SONGHE_TEST_PROGRAM").filter(|program| !program.is_empty());
    let mut command = Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_songhe").into()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("SONGHE_")) {
            command.env_remove(name);
        }
    }
    command
}

/// A running program; killed when dropped.
pub struct Songhe {
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    /// What is on the disk of its own at first, and that disk's size in MiB.
    disk: Option<(PathBuf, u32)>,
    child: Option<Child>,
    pub addresses: Addresses,
}

impl Songhe {
    /// Starts `songhe ARGUMENTS... --data DIR --http 127.0.0.1:0 --mqtt 127.0.0.1:0` and waits until it is
    /// ready. Panics with the program's output when it ends or is not ready within [`READY_LIMIT`].
    pub fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Songhe::start_in(tempfile::tempdir().unwrap(), arguments, variables)
    }

    /// `songhe serve` whose folder is a small disk of its own, which ends with it; `filled_from` is copied there first.
    pub fn start_on_small_disk(filled_from: &Path, size_mib: u32, variables: &[(&str, &str)]) -> Self {
        let disk = Some((filled_from.to_owned(), size_mib));
        Songhe::start_on(tempfile::tempdir().unwrap(), disk, &["serve"], variables)
    }

    fn start_in(folder: tempfile::TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Songhe::start_on(folder, None, arguments, variables)
    }

    fn start_on(
        folder: tempfile::TempDir,
        disk: Option<(PathBuf, u32)>,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let data = folder.path().join("data").display().to_string();
        for argument in ["--data", &data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"] {
            arguments.push(argument.to_owned());
        }
        let variables =
            variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>();
        let (child, addresses) = launch(folder.path(), disk.as_ref(), &arguments, &variables);
        Self { folder, arguments, variables, disk, child: Some(child), addresses }
    }

    /// Another program with the key file of this one, in a folder of its own: a replica, where both use one database server.
    pub fn beside(other: &Songhe, command: &[&str]) -> Self {
        Songhe::start_with_keys(&other.data_dir(), command, &[])
    }

    /// The same with the key file of a folder: for a database that was written with those keys.
    pub fn start_with_keys(keys_in: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::copy(keys_in.join("keys.json"), data.join("keys.json")).unwrap();
        Songhe::start_in(folder, arguments, variables)
    }

    pub fn data_dir(&self) -> PathBuf {
        let data = self.folder.path().join("data");
        if self.disk.is_some() { seen_by(self.process_id(), &data) } else { data }
    }

    /// Stops the program where it is, as a power cut would, without ending it: its files stay as they are.
    pub fn freeze(&self) {
        let asked = Command::new("kill").args(["-STOP", &self.process_id().to_string()]).status().unwrap();
        assert!(asked.success());
    }

    /// `http://ADDR:PORT` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addresses.http)
    }

    /// Everything the program has written to both outputs since the first start.
    pub fn output(&self) -> String {
        read_output(self.folder.path())
    }

    pub fn process_id(&self) -> u32 {
        self.child.as_ref().expect("the program is running").id()
    }

    /// kill -9: no handler of the program runs.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Asks the program to end (SIGTERM) and waits for its status.
    pub fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("the program is running");
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        let started = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            if started.elapsed() > STOP_LIMIT {
                child.kill().unwrap();
                panic!("the program did not end within {STOP_LIMIT:?}:\n{}", self.output());
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Starts the same program again on the same folder; the ports are new.
    pub fn restart(&mut self) {
        self.kill();
        let (child, addresses) =
            launch(self.folder.path(), self.disk.as_ref(), &self.arguments, &self.variables);
        self.child = Some(child);
        self.addresses = addresses;
    }

    /// Starts another command on the same folder, with the HTTP port that it had.
    pub fn restart_as(&mut self, command: &[&str]) {
        let common = self.arguments.iter().position(|argument| argument == "--data").unwrap();
        self.arguments.splice(..common, command.iter().map(|&argument| argument.to_owned()));
        self.restart_in_place();
    }

    /// As [`Songhe::restart`], with the HTTP port that it had.
    pub fn restart_in_place(&mut self) {
        let flag = self.arguments.iter().position(|argument| argument == "--http").unwrap();
        self.arguments[flag + 1] = self.addresses.http.to_string();
        self.restart();
    }
}

impl Drop for Songhe {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A path as the process sees it, whose disks are its own.
fn seen_by(process: u32, path: &Path) -> PathBuf {
    Path::new("/proc").join(process.to_string()).join("root").join(path.strip_prefix("/").unwrap())
}

/// The program behind a shell that gives it a disk and becomes it.
fn on_disk((filled_from, size_mib): &(PathBuf, u32), data: &Path) -> Command {
    const MOUNT: &str =
        r#"mount -t tmpfs -o "size=$1m" tmpfs "$2" && cp -r "$0"/. "$2" && shift 2 && exec "$@""#;
    std::fs::create_dir(data).unwrap();
    let program = songhe_command();
    let mut shell = Command::new("unshare");
    for (name, _) in program.get_envs() {
        shell.env_remove(name);
    }
    shell
        .args(["-m", "--", "sh", "-c", MOUNT])
        .arg(filled_from)
        .arg(size_mib.to_string())
        .arg(data)
        .arg(program.get_program());
    shell
}

fn launch(
    folder: &Path,
    disk: Option<&(PathBuf, u32)>,
    arguments: &[String],
    variables: &[(String, String)],
) -> (Child, Addresses) {
    let data = folder.join("data");
    let addresses_file = data.join("addresses.json");
    // A file of an earlier start would send the tests to ports that are gone.
    let _ = std::fs::remove_file(&addresses_file);
    let output = File::options().create(true).append(true).open(folder.join("output.log")).unwrap();
    let mut command = disk.map_or_else(songhe_command, |disk| on_disk(disk, &data));
    let mut child = command
        .current_dir(folder)
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let addresses_file = match disk {
        Some(_) => seen_by(child.id(), &addresses_file),
        None => addresses_file,
    };
    match wait_ready(&mut child, &addresses_file, READY_LIMIT) {
        Ok(addresses) => (child, addresses),
        Err(reason) => {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{reason}; its output:\n{}", read_output(folder));
        }
    }
}

/// Until the file of addresses is whole and `/health/ready` answers 200 at its HTTP address.
pub(super) fn wait_ready(
    child: &mut Child,
    addresses_file: &Path,
    limit: Duration,
) -> Result<Addresses, String> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Err(format!("the program ended with {status} before it was ready"));
        }
        let addresses =
            std::fs::read(addresses_file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(addresses) = addresses.filter(|addresses: &Addresses| is_ready(addresses.http)) {
            return Ok(addresses);
        }
        if started.elapsed() > limit {
            return Err(format!("the program was not ready within {limit:?}"));
        }
        std::thread::sleep(PAUSE);
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut status_line = [0; 12];
        stream.read_exact(&mut status_line)?;
        Ok(&status_line == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

fn read_output(folder: &Path) -> String {
    std::fs::read(folder.join("output.log"))
        .map_or(String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}
