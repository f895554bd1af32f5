//! `error-tracker annotate`, on files as people have them.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use error_tracker_tests::process::BoundedCommand as _;
use tempfile::TempDir;

/// Each `@` stands where an attribute is wanted: a line of its own, or within one.
const MARKED: &str = r#"#!/usr/bin/env run-cargo-script
//! A program.
#![allow(dead_code)]

use std::fmt;

/// Reads a file.
///
/// With two paragraphs.
@
#[inline]
#[must_use]
pub(crate) async fn documented(path: &str) -> std::io::Result<String> {
    @
    fn inner(path: &str) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }
    let text = inner(path)?; // a comment
    Ok(text)
}

const fn never(a: u8) -> u8 { a + 1 }
fn plain() -> u8 { 1 }
fn empty() {}

@
#[doc(hidden)]
unsafe fn one_line(x: *const u8) -> u8 { unsafe { *x } }

struct Cart { prices: Vec<u32> }

@
#[allow(clippy::all)]
impl Cart {
    /// The sum.
    fn sum(&self) -> u32 {
        self.prices.iter().sum()
    }

    #[track_caller] fn first(&self) -> Option<&u32> { self.prices.first() }

    fn name(&self) -> &str { "cart" }
}

impl fmt::Display for Cart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} prices", self.prices.len())
    }
}

@
pub trait Shop {
    fn open(&self);
    fn close(&self) { self.open() }
}

trait Named { fn name(&self) -> String; }

mod inner {
	@
	fn tabbed(a: u8) -> Result<u8, String> {
		a.checked_add(1).ok_or_else(|| "é".to_owned())
	}
}

#[error_tracker::track_exception]
fn decided(error: &dyn std::error::Error) { println!("{error}"); }

#[cfg_attr(feature = "tracking", auto_track_exception)]
fn decided_too(a: &str) { println!("{a}"); }

#[untracked]
fn not_this(a: &str) { println!("{a}"); }

macro_rules! make {
    ($name:ident) => {
        fn $name(a: &str) -> usize { a.len() + 1 }
    };
}

make!(made);

const TEXT: &str = "
fn text() { loop {} }
";

mod one { @ fn line(a: &str) -> usize { a.len() + 1 } }

@
#[tokio::main]
async fn main() { println!("{}", TEXT.len()); }

#[test]
fn a_test() { make!(other); }

#[cfg(test)]
mod tests {
    fn help(a: &str) -> usize { a.len() + 1 }
}
"#;

const ATTRIBUTE: &str = "#[error_tracker::auto_track_exception]";

fn plain() -> String {
    let lines = MARKED.lines().filter(|line| line.trim() != "@");
    lines.map(|line| line.replace("@ ", "") + "\n").collect()
}

fn annotated() -> String {
    MARKED.replace('@', ATTRIBUTE)
}

struct Package(TempDir);

impl Package {
    fn with(files: &[(&str, &str)]) -> Self {
        let package = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = package.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        package
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_error-tracker"));
        command.arg("annotate").args(arguments).env_clear().current_dir(self.0.path()).run()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

const FUNCTION: &str =
    "fn fails(a: &str) -> Result<u8, std::num::ParseIntError> {\n    a.parse()\n}\n";

#[test]
fn attributes_are_lines_that_are_added_and_removed_again() {
    for end in ["\n", "\r\n"] {
        let lines = |text: String| text.replace('\n', end);
        let package = Package::with(&[("src/main.rs", &lines(plain()))]);
        package.ok(&["src"]);
        assert_eq!(package.text("src/main.rs"), lines(annotated()));
        assert!(package.ok(&["src"]).contains("added 0 attributes"), "a second time adds none");
        assert_eq!(package.text("src/main.rs"), lines(annotated()));
        package.ok(&["--remove", "src/main.rs"]);
        assert_eq!(package.text("src/main.rs"), lines(plain()));
    }
}

#[test]
fn functions_that_only_calculate_with_numbers_are_left_out() {
    let left_out = "fn nearest(a: u8, b: u8) -> u8 {\n    \
        let p = (i32::from(a) - i32::from(b)).abs();\n    if p < 3 { a } else { b }\n}\n";
    let others = [
        "fn text(a: u8) -> String { a.to_string() + &a.to_string() }\n",
        "fn list(a: &[u8]) -> u8 { a[0] + 1 }\n",
        "fn calls(a: u8) -> u8 { nearest(a, 1) + 1 }\n",
        "fn fails(a: u8) -> u8 { a.checked_add(1).unwrap() }\n",
        "fn says(a: u8) -> u8 { assert!(a > 1); a }\n",
        "fn turns(a: u8) -> u8 { loop { if a > 1 { return a + 1; } } }\n",
    ];
    let package = Package::with(&[("a.rs", &(left_out.to_owned() + &others.concat()))]);
    package.ok(&["a.rs"]);
    let annotated = others.map(|function| format!("{ATTRIBUTE}\n{function}")).concat();
    assert_eq!(package.text("a.rs"), left_out.to_owned() + &annotated);
}

#[test]
fn remove_keeps_attributes_with_options() {
    let text = format!("#[error_tracker::auto_track_exception(skip(a))]\n{FUNCTION}");
    let own = format!("#[auto_track_exception]\n{FUNCTION}");
    let package = Package::with(&[("a.rs", &text), ("b.rs", &own)]);
    assert!(package.ok(&["--remove", "."]).contains("removed 0 attributes"));
    assert_eq!((package.text("a.rs"), package.text("b.rs")), (text, own));
}

#[test]
fn a_dry_run_changes_nothing_and_prints_a_patch() {
    let package = Package::with(&[("src/main.rs", &plain())]);
    let patch = package.ok(&["--dry-run", "src/main.rs"]);
    assert_eq!(package.text("src/main.rs"), plain());
    let added: Vec<_> =
        patch.lines().filter(|line| line.starts_with('+') && !line.starts_with("+++")).collect();
    assert_eq!(added.len(), annotated().matches(ATTRIBUTE).count());
    assert!(patch.starts_with("--- src/main.rs\n+++ src/main.rs\n@@ "), "{patch}");
    // What it prints is what `patch` makes of the file.
    let mut process = Command::new("patch")
        .args(["-p0", "--quiet"])
        .current_dir(package.path("."))
        .stdin(std::process::Stdio::piped())
        .start();
    std::io::Write::write_all(&mut process.stdin(), patch.as_bytes()).unwrap();
    assert!(process.wait().success());
    assert_eq!(package.text("src/main.rs"), annotated());
}

#[test]
fn a_folder_is_a_package_without_its_tests() {
    let library = "#[cfg(test)]\nmod checks;\nmod deep;\n";
    let files = [
        ("Cargo.toml", "[package]\nname = \"shop\"\n"),
        ("build.rs", FUNCTION),
        ("tests/all.rs", FUNCTION),
        ("benches/all.rs", FUNCTION),
        ("examples/all.rs", FUNCTION),
        ("target/debug/build/out.rs", FUNCTION),
        (".hidden/a.rs", FUNCTION),
        ("src/lib.rs", library),
        ("src/checks.rs", FUNCTION),
        ("src/checks/more.rs", FUNCTION),
        ("src/deep/mod.rs", FUNCTION),
        ("src/deep/tests/kept.rs", FUNCTION),
    ];
    let package = Package::with(&files);
    let said = package.ok(&["."]);
    let changed = |path: &Path| fs::read_to_string(path).unwrap().contains(ATTRIBUTE);
    let found: Vec<_> =
        files.iter().map(|(path, _)| *path).filter(|path| changed(&package.path(path))).collect();
    assert_eq!(found, ["src/deep/mod.rs", "src/deep/tests/kept.rs"]);
    assert!(
        said.contains("added 2 attributes in 2 files") && said.contains("cargo add error-tracker"),
        "{said}"
    );
    // What is named is taken.
    package.ok(&["tests/all.rs", "build.rs"]);
    assert!(changed(&package.path("tests/all.rs")) && changed(&package.path("build.rs")));
}

#[test]
fn files_included_by_the_build_script_are_not_annotated() {
    let script = "include!(\"src/cli.rs\");\n#[path = \"src/words.rs\"]\nmod words;\nfn main() { cli(\"nowhere.rs\") }\n";
    let files = [
        ("Cargo.toml", "[package]\nname = \"shop\"\n"),
        ("build.rs", script),
        ("src/main.rs", FUNCTION),
        ("src/cli.rs", FUNCTION),
        ("src/words.rs", FUNCTION),
    ];
    let package = Package::with(&files);
    assert!(package.ok(&["src"]).contains("added 1 attribute in 1 file"));
    assert!(package.text("src/main.rs").contains(ATTRIBUTE));
}

#[test]
fn files_that_cannot_be_parsed_are_named_and_unchanged_and_others_are_annotated() {
    let broken = "fn good(a: &str) -> usize { a.len() + 1 }\nfn bad( {\n";
    let package = Package::with(&[("a.rs", broken), ("b.rs", FUNCTION)]);
    let output = package.run(&["a.rs", "b.rs"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("a.rs:2:") && said.contains("left as it is"), "{said}");
    assert_eq!(package.text("a.rs"), broken);
    assert_eq!(package.text("b.rs"), format!("{ATTRIBUTE}\n{FUNCTION}"));
    assert_eq!(package.run(&["nowhere.rs"]).status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_mode_and_a_link_stays_one() {
    use std::os::unix::fs::PermissionsExt;
    let package = Package::with(&[("real.rs", FUNCTION)]);
    fs::set_permissions(package.path("real.rs"), fs::Permissions::from_mode(0o751)).unwrap();
    std::os::unix::fs::symlink("real.rs", package.path("link.rs")).unwrap();
    package.ok(&["link.rs"]);
    assert!(package.path("link.rs").symlink_metadata().unwrap().is_symlink());
    assert!(package.text("real.rs").contains(ATTRIBUTE));
    assert_eq!(package.path("real.rs").metadata().unwrap().permissions().mode() & 0o777, 0o751);
    assert_eq!(fs::read_dir(package.0.path()).unwrap().count(), 2);
}
