//! The source files below some paths.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

use crate::failure::CommandError;

use super::attributes::is_test_only;

/// A Rust file.
pub(super) struct SourceFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// How many bytes are in front of the parsed text: a byte-order mark, a `#!` line.
    pub(super) header: usize,
    pub(super) parsed: syn::File,
}

/// The files below some paths.
#[derive(Default)]
pub(super) struct FoundFiles {
    pub(super) files: Vec<SourceFile>,
    /// A message for each file that could not be read.
    pub(super) problems: Vec<String>,
}

/// Reads the Rust files at and below `paths`, except those that only tests or build scripts use.
///
/// # Errors
/// A path does not exist, or a folder cannot be read.
pub(super) fn below(paths: &[PathBuf]) -> Result<FoundFiles, CommandError> {
    let mut sources = Vec::new();
    for path in paths {
        let kind = fs::metadata(path)
            .map_err(|error| CommandError::Impossible(format!("{}: {error}", path.display())))?;
        if kind.is_dir() {
            in_folder(path, &mut sources).map_err(|error| {
                CommandError::Impossible(format!("{}: {error}", path.display()))
            })?;
        } else {
            sources.push(path.clone());
        }
    }
    sources.sort();
    sources.dedup();
    let mut found = FoundFiles::default();
    for path in sources {
        match read(path) {
            Ok(file) => found.files.push(file),
            Err(problem) => found.problems.push(problem),
        }
    }
    let mut test_modules = Vec::new();
    let (mut scripts, mut built_in) = (Vec::new(), Vec::new());
    for file in &found.files {
        test_modules_of(&file.path, &file.parsed.items, &mut test_modules);
        if let Some(manifest) = manifest_of(&file.path) {
            let script = manifest.with_file_name("build.rs");
            if !scripts.contains(&script) {
                files_of_build_script(&script, &mut built_in);
                scripts.push(script);
            }
        }
    }
    found.files.retain(|file| {
        let in_test_module = test_modules
            .iter()
            .any(|module| file.path == *module || file.path.starts_with(module.with_extension("")));
        let is_built_in =
            || fs::canonicalize(&file.path).is_ok_and(|path| built_in.contains(&path));
        !in_test_module && !is_test_only(&file.parsed.attrs) && !is_built_in()
    });
    Ok(found)
}

/// Returns the nearest `Cargo.toml` above a file.
pub(super) fn manifest_of(file: &Path) -> Option<PathBuf> {
    let file = fs::canonicalize(file).ok()?;
    file.ancestors()
        .skip(1)
        .map(|folder| folder.join("Cargo.toml"))
        .find(|manifest| manifest.is_file())
}

/// Adds the Rust files of a folder and its subfolders.
fn in_folder(folder: &Path, sources: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let is_package = folder.join("Cargo.toml").is_file();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_left_out = name.starts_with('.')
            || (is_package
                && matches!(&*name, "target" | "tests" | "benches" | "examples" | "build.rs"));
        if is_left_out {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            in_folder(&entry.path(), sources)?;
        } else if kind.is_file() && name.ends_with(".rs") {
            sources.push(entry.path());
        }
    }
    Ok(())
}

/// Reads and parses a file; an error is a message.
fn read(path: PathBuf) -> Result<SourceFile, String> {
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let header = header(&text);
    match syn::parse_file(&text[header..]) {
        Ok(parsed) => Ok(SourceFile { path, text, header, parsed }),
        Err(error) => {
            let at = error.span().start();
            let line = at.line + text[..header].matches('\n').count();
            Err(format!("{}:{line}:{}: is left as it is: {error}", path.display(), at.column + 1))
        }
    }
}

/// Returns the length of a byte-order mark and a `#!` line at the start of a file, in bytes.
fn header(text: &str) -> usize {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let rest = &text[mark..];
    // `#![..]` is an attribute.
    let has_command =
        rest.strip_prefix("#!").is_some_and(|rest| !rest.trim_start().starts_with('['));
    mark + if has_command { rest.find('\n').unwrap_or(rest.len()) } else { 0 }
}

/// Adds the files that a build script includes. They are compiled without the package's
/// dependencies.
fn files_of_build_script(script: &Path, files: &mut Vec<PathBuf>) {
    let Ok(Ok(tokens)) = fs::read_to_string(script).map(|text| text.parse::<TokenStream>()) else {
        return;
    };
    let mut names = Vec::new();
    string_literals(tokens, &mut names);
    let package = script.parent().unwrap_or(Path::new(""));
    let named = names.iter().filter(|name| name.ends_with(".rs"));
    files.extend(
        named.filter_map(|name| fs::canonicalize(package.join(name.trim_start_matches('/'))).ok()),
    );
}

/// Adds the string literals in code.
fn string_literals(tokens: TokenStream, all: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => string_literals(group.stream(), all),
            TokenTree::Literal(literal) => {
                all.extend(
                    syn::parse_str::<syn::LitStr>(&literal.to_string()).map(|text| text.value()),
                );
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// Adds the files of modules such as `#[cfg(test)] mod tests;`.
fn test_modules_of(path: &Path, items: &[syn::Item], modules: &mut Vec<PathBuf>) {
    let folder = path.parent().unwrap_or(Path::new(""));
    let own = match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "main" | "mod") => folder.to_owned(),
        _ => path.with_extension(""),
    };
    for item in items {
        let syn::Item::Mod(module) = item else { continue };
        if module.content.is_some() || !is_test_only(&module.attrs) {
            continue;
        }
        modules.push(own.join(format!("{}.rs", module.ident)));
        modules.push(own.join(module.ident.to_string()).join("mod.rs"));
        for attribute in &module.attrs {
            if let syn::Meta::NameValue(meta) = &attribute.meta
                && attribute.path().is_ident("path")
                && let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(file), .. }) = &meta.value
            {
                modules.push(folder.join(file.value()));
            }
        }
    }
}
