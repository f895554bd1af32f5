//! Removes from names of types, expressions and files what differs between builds.

/// Returns the path of a type or function without generics and lifetimes; of a box that of its
/// content.
pub(super) fn plain_type(path: &str) -> String {
    let path = unboxed(path);
    let mut plain = String::with_capacity(path.len());
    let mut depth = 0_u32;
    let mut previous = ' ';
    for c in path.chars() {
        match c {
            '<' => depth += 1,
            // `fn() -> T` has an arrow.
            '>' if previous != '-' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
        previous = c;
    }
    plain
}

/// Returns whether errors of this type may have any cause, so that only their text identifies them.
pub(super) fn is_opaque(path: &str) -> bool {
    let path = unboxed(path);
    path.starts_with("dyn ")
        || path.starts_with("alloc::borrow::Cow<")
        || matches!(
            path,
            "" | "()"
                | "str"
                | "alloc::string::String"
                | "anyhow::Error"
                | "eyre::Report"
                | "panic"
                | "message"
        )
}

/// Returns the type inside references and boxes.
fn unboxed(path: &str) -> &str {
    let mut path = path.trim_start_matches('&').trim_start_matches("mut ");
    while let Some(inner) = ["alloc::boxed::Box<", "alloc::sync::Arc<", "alloc::rc::Rc<"]
        .iter()
        .find_map(|outer| path.strip_prefix(outer)?.strip_suffix('>'))
    {
        path = inner.trim_start_matches('&');
    }
    path
}

/// Returns source text without the blanks and trailing commas that formatting adds.
pub(super) fn without_formatting(expression: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut compact = String::with_capacity(expression.len());
    let mut blank = false;
    for c in expression.chars() {
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        if blank && is_word(c) && compact.ends_with(is_word) {
            compact.push(' ');
        }
        blank = false;
        if matches!(c, ')' | ']' | '}') && compact.ends_with(',') {
            compact.pop();
        }
        compact.push(c);
    }
    compact
}

/// Returns the path of a source file relative to the folder that contains its crate, without the
/// versions of dependencies.
pub(super) fn relative_file(file: &str) -> String {
    let file = file.replace('\\', "/");
    if let Some((_, library)) = file.strip_prefix("/rustc/").and_then(|rest| rest.split_once('/')) {
        return library.to_owned();
    }
    if let Some((_, rest)) = file.split_once("/registry/src/") {
        let in_crate = rest.split_once('/').map_or(rest, |(_, in_crate)| in_crate);
        return match in_crate.split_once('/') {
            Some((name, path)) => format!("{}/{path}", without_version(name)),
            None => in_crate.to_owned(),
        };
    }
    if let Some((_, rest)) = file.split_once("/git/checkouts/") {
        let mut parts = rest.splitn(3, '/');
        if let (Some(name), Some(_revision), Some(path)) =
            (parts.next(), parts.next(), parts.next())
        {
            return format!("{}/{path}", name.rsplit_once('-').map_or(name, |(name, _)| name));
        }
    }
    let folders = ["/src/", "/tests/", "/examples/", "/benches/"];
    let in_crate = folders.iter().find_map(|folder| file.rfind(folder));
    let from = match in_crate {
        Some(at) => file[..at].rfind('/').map_or(0, |slash| slash + 1),
        None if file.starts_with('/') || file.get(1..2) == Some(":") => {
            file.rfind('/').map_or(0, |slash| slash + 1)
        }
        None => 0,
    };
    file[from..].to_owned()
}

/// Returns `name` for `name-1.2.3`.
fn without_version(name: &str) -> &str {
    let version = name
        .match_indices('-')
        .find(|(at, _)| name[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    version.map_or(name, |(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::{is_opaque, plain_type, relative_file, without_formatting};

    #[test]
    fn types_lose_generics_lifetimes_and_boxes() {
        for (path, expected) in [
            ("shop::Error<alloc::string::String>", "shop::Error"),
            ("alloc::boxed::Box<shop::Error<u8>>", "shop::Error"),
            ("&shop::Error<'_>", "shop::Error"),
            ("shop::Called<fn(u8) -> u8>::Error", "shop::Called::Error"),
        ] {
            assert_eq!(plain_type(path), expected);
        }
    }

    #[test]
    fn types_that_may_be_anything_are_opaque() {
        for path in [
            "anyhow::Error",
            "eyre::Report",
            "alloc::string::String",
            "&str",
            "alloc::boxed::Box<dyn core::error::Error + core::marker::Send>",
            "alloc::borrow::Cow<str>",
            "",
        ] {
            assert!(is_opaque(path), "{path}");
        }
        assert!(!is_opaque("shop::Error"));
        assert!(!is_opaque("alloc::boxed::Box<shop::Error>"));
    }

    #[test]
    fn formatting_does_not_change_an_expression() {
        assert_eq!(
            without_formatting("load(\n    path,\n    as_of,\n)?"),
            without_formatting("load(path, as_of)?")
        );
        assert_eq!(without_formatting("x  as\tu8"), "x as u8");
    }

    #[test]
    fn a_file_is_named_from_its_crate_on() {
        for (file, expected) in [
            ("/home/a/shop/src/cart/mod.rs", "shop/src/cart/mod.rs"),
            ("C:\\work\\shop\\src\\main.rs", "shop/src/main.rs"),
            ("src/main.rs", "src/main.rs"),
            ("crates/shop/src/main.rs", "shop/src/main.rs"),
            (
                "/root/.cargo/registry/src/index.crates.io-6f17/serde-json-1.0.1/src/de.rs",
                "serde-json/src/de.rs",
            ),
            ("/root/.cargo/git/checkouts/shop-1a2b/3c4d/src/lib.rs", "shop/src/lib.rs"),
            ("/rustc/0123abc/library/core/src/option.rs", "library/core/src/option.rs"),
            ("/tmp/x.rs", "x.rs"),
            ("build.rs", "build.rs"),
        ] {
            assert_eq!(relative_file(file), expected);
        }
    }
}
