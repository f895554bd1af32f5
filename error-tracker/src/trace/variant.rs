//! The variant of an enum, as its `Debug` text shows it.

/// Whether values of this type may be variants.
pub(super) fn may_have(type_name: &str) -> bool {
    const OPAQUE: [&str; 4] =
        ["anyhow::Error", "eyre::Report", "alloc::string::String", "alloc::boxed::Box<"];
    !OPAQUE.iter().any(|opaque| type_name.trim_start_matches('&').starts_with(opaque))
}

/// How much of a `Debug` text names a variant, from its start: `Negative { amount: -3 }` of a type `shop::OrderError` is the
/// variant `Negative`. Texts that no derived `Debug` writes name none, and neither does that of a struct, which starts with
/// the type's own name.
pub(super) fn length(debug: &str, type_name: &str) -> usize {
    let end = debug.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(debug.len());
    let (name, rest) = debug.split_at(end);
    let derived = rest.is_empty() || rest.starts_with('(') || rest.starts_with(" {");
    let path = type_name.split('<').next().unwrap_or_default();
    let is_own = |before: &str| before.is_empty() || before.ends_with([':', '&']);
    let is_variant =
        derived && name.starts_with(char::is_uppercase) && !path.strip_suffix(name).is_some_and(is_own);
    if is_variant { end } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::{length, may_have};

    fn of<'a>(debug: &'a str, type_name: &str) -> Option<&'a str> {
        let length = if may_have(type_name) { length(debug, type_name) } else { 0 };
        (length > 0).then(|| &debug[..length])
    }

    #[test]
    fn a_variant_is_what_a_derived_debug_starts_with_and_the_type_is_not_called() {
        assert_eq!(of("Negative { amount: -3 }", "shop::OrderError"), Some("Negative"));
        assert_eq!(of("Gone", "shop::OrderError"), Some("Gone"));
        assert_eq!(of("Custom(\"x\")", "shop::Error<T>"), Some("Custom"));
        assert_eq!(of("ParseIntError { kind: InvalidDigit }", "core::num::error::ParseIntError"), None);
        assert_eq!(of("No such file", "x::E"), None);
        assert_eq!(of("\"text\"", "alloc::string::String"), None);
        assert_eq!(of("Reading", "anyhow::Error"), None);
        assert_eq!(of("", "x::E"), None);
    }
}
