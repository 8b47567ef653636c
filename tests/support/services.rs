//! The servers that `tests/run` starts for the tests.
//!
//! `cargo test` alone runs without them and says once what it leaves out. With `SONGHE_TEST_COMPLETE` set, as
//! `tests/run` does, a missing service is a failure and never a skip.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Mutex;

const COMPLETE: &str = "SONGHE_TEST_COMPLETE";

/// Address of a PostgreSQL database whose user may create databases.
pub fn postgres_url() -> Option<String> {
    service("PostgreSQL", "SONGHE_TEST_POSTGRES_URL")
}

/// Address of a Redis that holds nothing.
pub fn redis_url() -> Option<String> {
    service("Redis", "SONGHE_TEST_REDIS_URL")
}

/// `ADDR:PORT` of a Mosquitto that accepts every client.
pub fn mosquitto_address() -> Option<String> {
    service("Mosquitto", "SONGHE_TEST_MOSQUITTO")
}

/// A Python that has the MQTT client paho: the named one, or the system's.
pub fn paho() -> Option<String> {
    const VARIABLE: &str = "SONGHE_TEST_PYTHON";
    let python = std::env::var(VARIABLE).ok().filter(|value| !value.is_empty());
    let python = python.unwrap_or_else(|| "/usr/bin/python3".to_owned());
    let tried = std::process::Command::new(&python).args(["-c", "import paho.mqtt.client"]).output();
    let is_there = tried.is_ok_and(|output| output.status.success());
    let complete = std::env::var(COMPLETE).is_ok_and(|value| !value.is_empty());
    match decide("Python's paho (python3-paho-mqtt)", VARIABLE, is_there.then_some(python), complete) {
        Ok(python) => Some(python),
        Err(notice) => {
            say_once(&notice);
            None
        }
    }
}

/// The browser's program and its driver's.
pub fn chromium() -> Option<Chromium> {
    let browser = service("Chromium", "SONGHE_TEST_CHROMIUM")?;
    let driver = service("the driver of Chromium", "SONGHE_TEST_CHROMEDRIVER")?;
    Some(Chromium { browser, driver })
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chromium {
    pub browser: String,
    pub driver: String,
}

fn service(name: &str, variable: &str) -> Option<String> {
    let given = |variable: &str| std::env::var(variable).ok().filter(|value| !value.is_empty());
    match decide(name, variable, given(variable), given(COMPLETE).is_some()) {
        Ok(value) => Some(value),
        Err(notice) => {
            say_once(&notice);
            None
        }
    }
}

/// The value, or what to say about its absence; panics when the run must be complete.
fn decide(name: &str, variable: &str, value: Option<String>, complete: bool) -> Result<String, String> {
    match value {
        Some(value) => Ok(value),
        None if complete => panic!("{variable} is not set, and a complete run was asked for: start {name}"),
        None => Err(format!("LEFT OUT: tests with {name}, since {variable} is not set; tests/run starts it")),
    }
}

/// Says that something is not tested since the machine does not allow it, whatever is started; fails a complete run.
pub fn left_out(what: &str) {
    say_once(&not_tested(what, std::env::var(COMPLETE).is_ok_and(|value| !value.is_empty())));
}

fn not_tested(what: &str, complete: bool) -> String {
    assert!(!complete, "a complete run was asked for: {what}");
    format!("LEFT OUT: {what}")
}

fn say_once(notice: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let is_new = SAID.lock().unwrap().insert(notice.to_owned());
    if is_new {
        // Past the test runner's capture, which would swallow it for a test that passes.
        let mut terminal = std::io::stderr().lock();
        writeln!(terminal, "\n*** {notice} ***").unwrap();
    }
}

#[test]
fn a_service_that_is_there_is_used() {
    assert_eq!(decide("Redis", "X", Some("redis://h".to_owned()), true), Ok("redis://h".to_owned()));
}

#[test]
fn a_missing_service_is_named_when_the_run_need_not_be_complete() {
    let notice = decide("Redis", "SONGHE_TEST_REDIS_URL", None, false).unwrap_err();
    assert!(notice.contains("LEFT OUT") && notice.contains("SONGHE_TEST_REDIS_URL"), "{notice}");
}

#[test]
#[should_panic(expected = "a complete run was asked for: start Redis")]
fn a_missing_service_fails_a_complete_run() {
    let _ = decide("Redis", "SONGHE_TEST_REDIS_URL", None, true);
}

#[test]
fn what_a_machine_does_not_allow_is_named_when_the_run_need_not_be_complete() {
    assert_eq!(not_tested("a small disk", false), "LEFT OUT: a small disk");
}

#[test]
#[should_panic(expected = "a complete run was asked for: a small disk")]
fn what_a_machine_does_not_allow_fails_a_complete_run() {
    not_tested("a small disk", true);
}

#[test]
fn every_service_is_there_in_a_complete_run() {
    // Each call panics when it is not.
    let _ = (postgres_url(), redis_url(), mosquitto_address(), chromium());
}
