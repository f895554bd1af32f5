//! What the README says of its first program.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::process::Command;

use error_tracker_tests::process::BoundedCommand as _;

const README: &str = include_str!("../../README.md");
const PROGRAM: &str = include_str!("../fixtures/readme.rs");

#[test]
fn the_readme_shows_the_program_and_what_it_prints() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_shop"))
        .env("ERROR_TRACKER_DATABASE", folder.path().join("errors.db"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .run();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stderr)
        .unwrap()
        .replace("tests/fixtures/readme.rs", "src/main.rs");
    assert!(README.contains(&format!("```rust,no_run\n{PROGRAM}```\n")), "the program");
    assert!(README.contains(&format!("```text\n{printed}```\n")), "{printed}");
}
