//! A small command line program: adds the numbers in the files that it is given.
//!
//!     cargo run --example command_line -- Cargo.toml
//!
//! Its errors read like a Python traceback, and are kept in `errors.db`. It exits with 1 when a file could not be added.

use std::fs;
use std::process::ExitCode;

use anyhow::Context;
use error_tracker::{auto_track_exception, print_exception};

#[auto_track_exception]
fn sum(path: &str) -> anyhow::Result<i64> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {path}"))?;
    let mut sum = 0;
    for (line, number) in (1..).zip(text.lines()) {
        sum += number.trim().parse::<i64>().with_context(|| format!("line {line} of {path}"))?;
    }
    Ok(sum)
}

fn main() -> ExitCode {
    let _tracker = match error_tracker::init() {
        Ok(tracker) => tracker,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let mut code = ExitCode::SUCCESS;
    for path in std::env::args().skip(1).filter(|argument| argument != "--exit") {
        match sum(&path) {
            Ok(sum) => println!("{path}: {sum}"),
            Err(error) => {
                print_exception!(error);
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
