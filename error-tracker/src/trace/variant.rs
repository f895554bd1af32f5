//! The variant of an enum, as its `Debug` text shows it.

/// Whether values of this type may be variants.
pub(super) fn may_have(type_name: &str) -> bool {
    const OPAQUE: [&str; 4] =
        ["anyhow::Error", "eyre::Report", "alloc::string::String", "alloc::boxed::Box<"];
    !OPAQUE.iter().any(|opaque| type_name.trim_start_matches('&').starts_with(opaque))
}

/// `Negative { amount: -3 }` of a type `shop::OrderError` is the variant `Negative`. Texts that no derived `Debug`
/// writes have none, and neither has a struct, whose text starts with the type's own name.
pub(super) fn of(debug: &str, type_name: &str) -> Option<String> {
    if !may_have(type_name) {
        return None;
    }
    let end = debug.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(debug.len());
    let (name, rest) = debug.split_at(end);
    let derived = rest.is_empty() || rest.starts_with('(') || rest.starts_with(" {");
    let own = type_name.split('<').next().and_then(|path| path.rsplit("::").next()).unwrap_or_default();
    let is_variant = derived && name.starts_with(char::is_uppercase) && name != own.trim_start_matches('&');
    is_variant.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_variant_is_what_a_derived_debug_starts_with_and_the_type_is_not_called() {
        assert_eq!(of("Negative { amount: -3 }", "shop::OrderError").as_deref(), Some("Negative"));
        assert_eq!(of("Gone", "shop::OrderError").as_deref(), Some("Gone"));
        assert_eq!(of("Custom(\"x\")", "shop::Error<T>").as_deref(), Some("Custom"));
        assert_eq!(of("ParseIntError { kind: InvalidDigit }", "core::num::error::ParseIntError"), None);
        assert_eq!(of("No such file", "x::E"), None);
        assert_eq!(of("\"text\"", "alloc::string::String"), None);
        assert_eq!(of("Reading", "anyhow::Error"), None);
        assert_eq!(of("", "x::E"), None);
    }
}
