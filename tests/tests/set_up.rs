//! Setting up, in programs as people have them.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use error_tracker::event::Event;
use error_tracker::store::{SqliteStore, Store};
use error_tracker_tests::events_in;
use error_tracker_tests::process::BoundedCommand as _;
use tempfile::TempDir;

struct Run {
    folder: TempDir,
    output: Output,
}

impl Run {
    fn of(arguments: &[&str], variables: &[(&str, &OsStr)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_set_up"));
        command
            .args(arguments)
            .env_clear()
            .envs(variables.iter().copied())
            .env("HOME", folder.path());
        let output = command.current_dir(folder.path()).run();
        assert!(output.status.code().is_some(), "{output:?}");
        Self { folder, output }
    }

    fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).unwrap()
    }

    fn stderr(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).unwrap()
    }

    fn path(&self, file: impl AsRef<Path>) -> std::path::PathBuf {
        self.folder.path().join(file)
    }

    /// The only event that the file keeps.
    fn event_in(&self, file: impl AsRef<Path>) -> Event {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open_read_only(self.path(file)).unwrap());
        let mut events = events_in(&store);
        assert_eq!(events.len(), 1);
        events.remove(0)
    }
}

fn value(text: &str) -> &OsStr {
    OsStr::new(text)
}

#[test]
fn install_or_warn_warns_of_an_invalid_setting_and_uses_the_others() {
    let variables =
        [("ERROR_TRACKER_QUEUE", value("many")), ("ERROR_TRACKER_DATABASE", value("own.db"))];
    let run = Run::of(&["environment"], &variables);
    assert!(run.output.status.success());
    let said = run.stderr();
    assert!(said.contains("`ERROR_TRACKER_QUEUE`") && said.contains("whole number"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(run.event_in("own.db").message.contains("invalid digit"));
    // Out of its bounds, by the environment and by the builder.
    for (scenario, variables) in
        [("environment", vec![("ERROR_TRACKER_QUEUE", value("0"))]), ("builder", vec![])]
    {
        let run = Run::of(&[scenario], &variables);
        assert!(run.stderr().contains("`queue`: must be from 1 to 1000000"), "{}", run.stderr());
        run.event_in("errors.db");
    }
}

#[test]
fn install_or_warn_warns_of_a_second_setup_and_returns_the_first() {
    let run = Run::of(&["twice"], &[]);
    assert!(run.stdout().contains("same: true"), "{}", run.stdout());
    assert!(run.stderr().contains("already installed"), "{}", run.stderr());
    run.event_in("errors.db");
}

#[test]
fn variables_of_a_clusters_service_are_ignored_with_one_warning() {
    let address = value("tcp://10.0.0.11:8765");
    let variables = [
        ("ERROR_TRACKER_SERVICE_HOST", value("10.0.0.11")),
        ("ERROR_TRACKER_PORT", address),
        ("ERROR_TRACKER_PORT_8765_TCP_ADDR", value("10.0.0.11")),
    ];
    let run = Run::of(&["result"], &variables);
    assert!(run.output.status.success(), "{}", run.stdout());
    let said = run.stderr();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(variables.iter().all(|(name, _)| said.contains(name)), "{said}");
    run.event_in("errors.db");
    // What is misspelt is no cluster's.
    let run = Run::of(&["result"], &[("ERROR_TRACKER_DATABSE", value("own.db"))]);
    assert_eq!(run.output.status.code(), Some(2));
    assert!(run.stdout().contains("is ERROR_TRACKER_DATABASE meant?"), "{}", run.stdout());
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_may_have_any_name() {
    use std::os::unix::ffi::OsStrExt;
    let name = OsStr::from_bytes(b"caf\xe9.db");
    let run = Run::of(&["result"], &[("ERROR_TRACKER_DATABASE", name)]);
    run.event_in(name);
    let run = Run::of(&["result"], &[("ERROR_TRACKER_RELEASE", name)]);
    assert_eq!(run.output.status.code(), Some(2));
    assert!(run.stdout().contains("`ERROR_TRACKER_RELEASE`"), "{}", run.stdout());
}

#[cfg(target_os = "linux")]
#[test]
fn a_state_folder_is_private_and_created_with_the_first_event() {
    use std::os::unix::fs::PermissionsExt;
    let run = Run::of(&["state"], &[]);
    assert_eq!(run.stderr(), "");
    run.event_in(".local/state/shop/errors.db");
    let mode = run.path(".local/state/shop").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let elsewhere = tempfile::tempdir().unwrap();
    let run = Run::of(&["state"], &[("XDG_STATE_HOME", elsewhere.path().as_os_str())]);
    run.event_in(elsewhere.path().join("shop/errors.db"));
    assert!(!run.path(".local").exists());
}

#[test]
fn values_of_a_skipped_type_are_never_read() {
    let run = Run::of(&["skip"], &[]);
    assert_eq!(run.stdout(), "raised: 1\n", "nothing was read");
    let event = run.event_in("errors.db");
    let frame = &event.frames[0];
    let variables: Vec<_> =
        frame.arguments.iter().chain(&frame.locals).chain(&event.globals).collect();
    for name in ["reference", "owned", "shared", "local", "ALL"] {
        let variable = variables.iter().find(|variable| variable.name.ends_with(name)).unwrap();
        assert_eq!(variable.value, None);
        assert!(variable.note.as_deref().unwrap().contains("skip_type"), "{variable:?}");
    }
    let digits = variables.iter().find(|variable| variable.name == "digits").unwrap();
    assert_eq!(digits.value.as_deref(), Some("\"12x\""));
    // Else they are.
    assert!(Run::of(&["environment"], &[]).stdout().contains("read\n"));
}

#[test]
fn the_password_after_a_user_name_is_masked_in_the_arguments() {
    let run = Run::of(
        &["environment", "--user", "ann:hunter2", "-u", "bo:hunter3", "--proxy-user=cy:hunter4"],
        &[],
    );
    let mask = error_tracker::mask::MASK;
    assert_eq!(
        run.event_in("errors.db").origin.command_line(),
        format!("set_up environment --user ann:{mask} -u bo:{mask} --proxy-user=cy:{mask}")
    );
    let run = Run::of(&["environment", "--user", "ann", "-u", "https://shop.example/x"], &[]);
    let line = run.event_in("errors.db").origin.command_line();
    assert_eq!(line, "set_up environment --user ann -u https://shop.example/x");
}

#[test]
fn an_event_has_the_program_and_its_arguments_without_secrets() {
    let arguments = [
        "environment",
        "--name",
        "ann",
        "--password",
        "hunter2-hunter2",
        "--api-token=abc-def-123",
    ];
    let more = [
        "-v",
        "DB_PASSWORD=hunter3-hunter3",
        "Bearer abcdefgh12345678",
        "two words",
        "hunter2-hunter2",
    ];
    let run = Run::of(&[&arguments[..], &more[..]].concat(), &[]);
    let origin = run.event_in("errors.db").origin;
    assert_eq!(origin.program, "set_up");
    let mask = error_tracker::mask::MASK;
    let line = origin.command_line();
    let start = format!(
        "set_up environment --name ann --password {mask} --api-token={mask} -v DB_PASSWORD={mask} "
    );
    assert!(line.starts_with(&start) && line.ends_with(&format!("\"two words\" {mask}")), "{line}");
    assert!(!line.contains("abcdefgh"), "{line}");
    for argument in ["hunter2", "hunter3", "abc-def", "abcdefgh"] {
        for file in std::fs::read_dir(run.folder.path()).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                let found =
                    bytes.windows(argument.len()).any(|window| window == argument.as_bytes());
                assert!(!found, "{argument} in {}", path.display());
            }
        }
    }
}
