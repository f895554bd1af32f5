//! With the feature `disabled` a program is as if it knew nothing of error-tracker. `fixtures/disabled` is built with its
//! attributes and calls, and without them.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Once;

use error_tracker_tests::process::{BoundedCommand as _, LIMIT};
use regex::{Captures, Regex};
use rustc_demangle::demangle;

/// One optimizer run sees all, and symbols are of one kind.
const COMPARABLE: [&str; 2] = ["-Ccodegen-units=1", "-Csymbol-mangling-version=v0"];

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/disabled")
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("disabled")
}

/// Cargo, for the fixture in release with these features.
fn cargo(command: &str, features: &str) -> Command {
    static LOCKED: Once = Once::new();
    // The same versions as here.
    LOCKED.call_once(|| {
        fs::copy(fixture().join("../../../Cargo.lock"), fixture().join("Cargo.lock")).unwrap();
    });
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([command, "--release", "--offline", "--quiet", "--features", features]);
    cargo
        .arg("--manifest-path")
        .arg(fixture().join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target());
    cargo
}

#[track_caller]
fn succeed(command: &mut Command) -> Output {
    let output = command.run_within(LIMIT * 2);
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{}{}", said[0], said[1]);
    output
}

/// The assembly of the fixture's library.
fn assembly(features: &str) -> String {
    let mut rustc = cargo("rustc", features);
    rustc
        .args(["--message-format=json-render-diagnostics", "--lib", "--", "--emit=asm"])
        .args(COMPARABLE);
    let output = succeed(&mut rustc);
    // It lies beside what cargo names, which is this build's own.
    let path = Regex::new(r#"[^"]*/deps/libdisabled-[0-9a-f]+\.rmeta"#).unwrap();
    let messages = String::from_utf8(output.stdout).unwrap();
    let made = path.find(&messages).unwrap().as_str();
    fs::read_to_string(made.replace("/deps/lib", "/deps/").replace(".rmeta", ".s")).unwrap()
}

/// Each function and constant by its symbol, without what is of the whole file: its hashes, and numbers that count through.
fn symbols(assembly: &str) -> BTreeMap<String, Vec<String>> {
    let mangled = Regex::new(r"_R[0-9A-Za-z_]+").unwrap();
    let hashes = Regex::new(r"(Lanon)\.[0-9a-f]+|\.[0-9]+(\.rel)").unwrap();
    let counters =
        Regex::new(r"(\.LBB|\.Ltmp|\.Lfunc_begin|\.Lfunc_end|GCC_except_table)[0-9]+").unwrap();
    let text =
        mangled.replace_all(assembly, |name: &Captures<'_>| format!("{:#}", demangle(&name[0])));
    let text = hashes.replace_all(&text, "$1$2");
    let text = counters.replace_all(&text, "$1");
    let mut symbols = BTreeMap::new();
    let mut symbol = None;
    for line in text.lines().map(str::trim) {
        if let Some((name, _)) =
            line.strip_prefix(".type\t").and_then(|line| line.rsplit_once(",@"))
        {
            symbol = Some(name.to_owned());
        }
        if let Some(name) = &symbol {
            symbols.entry(name.clone()).or_insert_with(Vec::new).push(line.to_owned());
        }
    }
    symbols
}

#[test]
#[ignore = "needs a build of its own: ./run-tests"]
fn annotated_functions_are_compiled_to_the_same_instructions_as_plain_ones() {
    let (disabled, plain) = (assembly("disabled"), assembly(""));
    let (mut with, mut without) = (symbols(&disabled), symbols(&plain));
    for function in [
        "order",
        "page_size",
        "import",
        "position",
        "answer",
        "of_type",
        "polled",
        "price",
        "greeting",
        "sum",
    ] {
        let named = |symbol: &String| symbol.ends_with(&format!("::{function}"));
        assert!(without.keys().any(named), "{function} is not compared");
    }
    // A borrow that is gone again has cost the optimizer an idea there; that nothing is called is what can be promised.
    let captures = |symbols: &mut BTreeMap<String, Vec<String>>| symbols.remove("disabled::sum");
    assert!(captures(&mut with).is_some() && captures(&mut without).is_some());
    assert!(!disabled.contains("error_tracker"), "nothing of the library is called or kept");
    let more: Vec<_> = with.keys().filter(|symbol| !without.contains_key(*symbol)).collect();
    let less: Vec<_> = without.keys().filter(|symbol| !with.contains_key(*symbol)).collect();
    assert!(
        more.is_empty() && less.is_empty(),
        "only when annotated: {more:#?}, only when not: {less:#?}"
    );
    for (symbol, lines) in with {
        assert_eq!(lines, without[&symbol], "{symbol}");
    }
}

#[test]
#[ignore = "needs a build of its own: ./run-tests"]
fn a_program_runs_as_one_without_it_and_makes_no_file_and_no_thread() {
    let [with, without] = ["disabled", ""].map(|features| {
        succeed(&mut cargo("build", features));
        let folder = tempfile::tempdir().unwrap();
        let output =
            succeed(Command::new(target().join("release/disabled")).current_dir(folder.path()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no file");
        output
    });
    let stdout = String::from_utf8(with.stdout).unwrap();
    assert_eq!(stdout, String::from_utf8(without.stdout).unwrap());
    assert!(stdout.ends_with("hook of 0 bytes\nthreads 1\n"), "{stdout}");
    insta::assert_snapshot!(String::from_utf8(with.stderr).unwrap(), @r"
    Traceback (most recent call last):
      File src/tracked.rs:67:5 (captured here)
    disabled::tracked::Outer: not read
    Caused by:
        std::io::error::Error: No such file or directory (os error 2)
    (handled, the program went on)
    ");
}

#[test]
#[ignore = "needs a build of its own: ./run-tests"]
fn a_wrong_option_is_an_error_all_the_same() {
    let output =
        cargo("build", "disabled").args(["--example", "wrong_option"]).run_within(LIMIT * 2);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && stderr.contains("error: there is no option `skipp`"),
        "{stderr}"
    );
    assert!(stderr.contains(
        "could not compile `disabled` (example \"wrong_option\") due to 1 previous error"
    ));
}
