//! The configuration as an operator meets it: through the program itself.

use std::process::{Command, Output};

use crate::support::process::songhe_command;

fn config(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command: Command = songhe_command();
    command.current_dir(folder.path()).arg("config").args(arguments).envs(variables.iter().copied());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn check_says_that_the_defaults_are_good() {
    let output = config(&["check"], &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("The configuration is good: 0 values from no file"));
}

#[test]
fn check_accepts_both_files_of_the_repository() {
    for name in ["songhe.toml", "cluster.toml"] {
        let path = format!("{}/config/{name}", env!("CARGO_MANIFEST_DIR"));
        let output = config(&["check", &path], &[]);
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    }
}

#[test]
fn a_mistyped_variable_stops_the_program_with_status_1_and_its_name() {
    let output = config(&["check"], &[("SONGHE_HTTP__LISEN", "127.0.0.1:1")]);
    assert_eq!(output.status.code(), Some(1));
    let reason = text(&output.stderr);
    assert!(reason.contains("http.lisen") && reason.contains("SONGHE_HTTP__LISEN"), "{reason}");
    assert!(reason.contains("did you mean http.listen?"), "{reason}");
}

#[test]
fn a_mistyped_flag_is_a_usage_error_with_status_2() {
    let output = config(&["check", "--htp", "127.0.0.1:1"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--http"));
}

#[test]
fn print_shows_the_value_in_force_and_masks_passwords() {
    let url = "postgres://songhe:s3cret@127.0.0.1/songhe";
    let output = config(&["print", "--database", url, "--http", "127.0.0.1:0"], &[]);
    let shown = text(&output.stdout);
    assert!(shown.contains("listen = \"127.0.0.1:0\"  # from the flag --http"), "{shown}");
    assert!(shown.contains("songhe:***@127.0.0.1") && !shown.contains("s3cret"), "{shown}");
}
