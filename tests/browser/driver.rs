//! A browser of its own for each test: the driver's process, headless Chromium, and what is kept when a test fails.

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use futures_util::FutureExt;
use serde_json::json;
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel};

use super::page::Browser;
use crate::support::services::{self, Chromium};

const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--no-first-run",
    "--lang=zh-CN",
    "--window-size=1400,900",
];

/// Runs `test` in a fresh browser on the pages of `base_url`, and always ends the browser. Without Chromium it says
/// that the test is left out, and fails where the run must be complete.
///
/// When the test panics, a picture, the HTML and the console of every tab are kept in `tests/failures/NAME`.
pub fn browse(name: &str, base_url: &str, test: impl AsyncFnOnce(&Browser)) {
    let Some(programs) = services::chromium() else { return };
    let process = DriverProcess::start(&programs);
    let profile = process.folder.path().join("profile");
    drive(name, base_url, (&programs, &process, &profile), test);
}

/// The same with a profile that outlives the browser: another one may go on with it.
pub fn browse_on(profile: &Path, name: &str, base_url: &str, test: impl AsyncFnOnce(&Browser)) {
    let Some(programs) = services::chromium() else { return };
    let process = DriverProcess::start(&programs);
    drive(name, base_url, (&programs, &process, profile), test);
}

/// kill -9 of the browser that has this profile, with all its processes: none of them does anything any more.
pub fn kill_browser(profile: &Path) {
    for process in processes_naming(profile) {
        let _ = Command::new("kill").args(["-KILL", &process]).stderr(Stdio::null()).status();
    }
}

fn drive(
    name: &str,
    base_url: &str,
    (programs, process, profile): (&Chromium, &DriverProcess, &Path),
    test: impl AsyncFnOnce(&Browser),
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let driver = connect(process, programs, profile).await;
        let browser = Browser::new(driver.clone(), base_url);
        // A panic that left without `quit` would stall for minutes and leave Chromium behind.
        let outcome = AssertUnwindSafe(test(&browser)).catch_unwind().await;
        if outcome.is_err() {
            keep(name, &driver).await;
        }
        let was_killed = processes_naming(profile).is_empty();
        let ended = driver.quit().await;
        kill_browser(profile);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
        assert!(ended.is_ok() || was_killed, "the browser ends when it is told to");
    });
}

async fn connect(process: &DriverProcess, programs: &Chromium, profile: &Path) -> WebDriver {
    let mut wishes = DesiredCapabilities::chrome();
    wishes.set_binary(&programs.browser).unwrap();
    wishes.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
    // Headless Chromium takes its language from here alone.
    wishes.add_experimental_option("prefs", json!({ "intl.accept_languages": "zh-CN" })).unwrap();
    for flag in FLAGS {
        wishes.add_arg(flag).unwrap();
    }
    wishes.add_arg(&format!("--user-data-dir={}", profile.display())).unwrap();
    WebDriver::new(format!("http://127.0.0.1:{}", process.port), wishes).await.unwrap()
}

/// chromedriver on a port that it chose, with a folder of its own for everything temporary.
struct DriverProcess {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl DriverProcess {
    fn start(programs: &Chromium) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(&programs.driver)
            .arg("--port=0")
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| port_of(&line));
        // Read on: a driver whose output nobody takes would stop at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let Some(port) = port else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("chromedriver ended before it named its port");
        };
        DriverProcess { child, port, folder }
    }
}

impl Drop for DriverProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Chromium leads a group of its own: after a failed `quit` it is known only by its folder.
        kill_browser(self.folder.path());
    }
}

/// The port in "ChromeDriver was started successfully on port 40123."
fn port_of(line: &str) -> Option<u16> {
    line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

/// Numbers of the processes whose command line names the path.
fn processes_naming(path: &Path) -> Vec<String> {
    let wanted = path.display().to_string();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            std::fs::read(entry.path().join("cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&wanted))
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.chars().all(|character| character.is_ascii_digit()))
        .collect()
}

/// Keeps what there is to see of every tab; what cannot be had is left out, since the test's own panic is the story.
async fn keep(name: &str, driver: &WebDriver) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/failures").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut console = String::new();
    for (number, window) in driver.windows().await.unwrap_or_default().into_iter().enumerate() {
        let _ = driver.switch_to_window(window).await;
        let _ = driver.screenshot(&folder.join(format!("tab-{number}.png"))).await;
        if let Ok(source) = driver.source().await {
            let _ = std::fs::write(folder.join(format!("tab-{number}.html")), source);
        }
        if let Ok(address) = driver.current_url().await {
            let _ = writeln!(console, "== tab {number}: {address}");
        }
        for entry in driver.browser_log().await.unwrap_or_default() {
            let _ = writeln!(console, "{} {}", entry.level, entry.message);
        }
    }
    let _ = std::fs::write(folder.join("console.txt"), console);
    // The runner shows this with the failed test.
    let where_to = format!("pictures, HTML and console of the failed test: {}\n", folder.display());
    let _ = std::io::Write::write_all(&mut std::io::stderr(), where_to.as_bytes());
}

#[test]
fn the_browsers_driver_names_its_port() {
    assert_eq!(port_of("ChromeDriver was started successfully on port 40123."), Some(40123));
    assert_eq!(port_of("Starting ChromeDriver 156.0 on port 0"), None);
}
