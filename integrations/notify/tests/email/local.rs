//! Mail by the system's own program, and into files.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use error_tracker_notify::{EmailNotifier, Notifier, SendError};
use error_tracker_tests::SOON;

/// Runs a script in place of `sendmail`, in a folder of its own.
fn sendmail(script: &str) -> (tempfile::TempDir, Result<Vec<String>, SendError>) {
    sendmail_within(script, SOON)
}

fn sendmail_within(
    script: &str,
    limit: Duration,
) -> (tempfile::TempDir, Result<Vec<String>, SendError>) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("sendmail");
    fs::write(&program, format!("#!/bin/sh\ncd {}\n{script}\n", folder.path().display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let email = EmailNotifier::sendmail(program).timeout(limit);
    let sent = email.notify(&crate::hostile().to("-oQ/tmp@shop.example"));
    (folder, sent.map(|receipt| receipt.warnings))
}

#[test]
fn sendmail_gets_the_message_and_addresses_that_are_no_options() {
    let (folder, sent) = sendmail("cat > message; printf '%s\\n' \"$@\" > arguments");
    assert_eq!(sent, Ok(Vec::new()));
    let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(
        read("arguments"),
        "-i\n-f\nerrors@shop.example\n--\nteam@shop.example\n-oQ/tmp@shop.example\n"
    );
    assert!(read("message").contains("multipart/alternative"));
}

#[test]
fn what_sendmail_says_when_it_fails_is_in_the_error() {
    let (_folder, sent) = sendmail("echo 'no such user' >&2; exit 67");
    let error = sent.unwrap_err();
    assert!(!error.is_transient() && error.to_string().contains("no such user"), "{error}");
    let (_folder, sent) = sendmail("exit 75");
    assert!(sent.unwrap_err().is_transient());
    let missing = EmailNotifier::sendmail("/nonexistent/sendmail").notify(&crate::hostile());
    assert!(missing.unwrap_err().to_string().contains("install a mail system"));
}

#[test]
fn a_sendmail_that_hangs_and_reads_nothing_is_killed() {
    let (_folder, sent) = sendmail_within("exec sleep 1000", Duration::from_secs(1));
    let error = sent.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("was killed"), "{error}");
}

#[test]
fn a_message_that_is_sent_again_is_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let email = EmailNotifier::folder(folder.path());
    let mut answers: Vec<PathBuf> =
        (0..2).map(|_| email.notify(&crate::hostile()).unwrap().answer.into()).collect();
    answers.dedup();
    let files: Vec<PathBuf> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, answers);
    let missing = EmailNotifier::folder("/nonexistent").notify(&crate::hostile()).unwrap_err();
    assert!(missing.to_string().contains("must exist and be writable"), "{missing}");
}
