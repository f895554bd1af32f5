//! Distinguishes errors of one type by their `Debug` text: the variant of an enum, the kind of an
//! `io::Error`.

use crate::snapshot::debug::DebugText;

/// What distinguishes an error from others of its type.
#[derive(Clone, Debug, Default)]
pub(crate) struct ErrorDistinction {
    /// The variant of an enum, or the kind of an `io::Error`; else empty.
    pub(crate) variant: String,
    /// The kind of the `io::Error` that it is or contains; else empty.
    pub(crate) io_kind: String,
    /// Whether its `Debug` equals its `Display`, so that only the text distinguishes it.
    pub(crate) by_text: bool,
}

/// Limit of the name of a variant, in bytes.
const MAX_NAME: usize = 100;

impl ErrorDistinction {
    /// Reads an error's `Debug`, into the memory of `self`. `message` is the error's `Display`.
    ///
    /// `Negative { amount: -3 }` of a type `shop::OrderError` is the variant `Negative`. A text
    /// that no derived `Debug` writes has no variant, and neither has a struct, whose text starts
    /// with the type's own name.
    pub(super) fn read(mut self, debug: DebugText<'_>, type_name: &str, message: &str) -> Self {
        (self.by_text, self.io_kind) = (false, String::new());
        self.variant = debug.name(self.variant);
        let is_io = is_io(type_name);
        let is_opaque = is_opaque(type_name);
        let text = &self.variant;
        let forwards = text == "Os { code:" || text == "Custom { kind:";
        let simple = (is_io || is_opaque) && (text == "Kind(" || text == "Error { kind:");
        if forwards || simple || text.ends_with('(') {
            self.io_kind = io_kind(&debug.start(&io_end)).unwrap_or_default().to_owned();
        }
        if !self.io_kind.is_empty() && (forwards || simple) {
            self.variant.clone_from(&self.io_kind);
            return self;
        }
        let length = if is_opaque { 0 } else { length(&self.variant, type_name) };
        self.by_text = length > 0 && message.starts_with(&self.variant) && is_same(debug, message);
        self.variant.truncate(if self.by_text { 0 } else { length });
        self
    }

    /// Returns an empty value with the memory of this one.
    pub(super) fn cleared(mut self) -> Self {
        self.variant.clear();
        Self { variant: self.variant, ..Self::default() }
    }
}

fn is_io(type_name: &str) -> bool {
    type_name.trim_end_matches('>').ends_with("std::io::error::Error")
}

/// Returns whether values of this type may contain any error.
fn is_opaque(type_name: &str) -> bool {
    const OPAQUE: [&str; 5] = [
        "anyhow::Error",
        "eyre::Report",
        "miette::eyreish::Report",
        "alloc::string::String",
        "alloc::boxed::Box<dyn ",
    ];
    OPAQUE.iter().any(|opaque| type_name.trim_start_matches('&').starts_with(opaque))
}

/// Returns the length of the variant's name at the start of a `Debug` text; 0 if there is none.
fn length(debug: &str, type_name: &str) -> usize {
    let end = debug.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(debug.len());
    let (name, rest) = debug.split_at(end);
    let has_field =
        |fields: &str| fields.trim_end_matches(is_word).is_empty() && !fields.is_empty();
    let derived = match rest.strip_prefix(" { ") {
        Some(fields) => fields == "." || fields.strip_suffix(':').is_some_and(has_field),
        None => rest.is_empty() || rest == "(",
    };
    let path = type_name.split('<').next().unwrap_or_default();
    let is_own = |before: &str| before.is_empty() || before.ends_with([':', '&']);
    let is_variant = derived
        && end <= MAX_NAME
        && name.starts_with(char::is_uppercase)
        && !path.strip_suffix(name).is_some_and(is_own);
    if is_variant { end } else { 0 }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns whether the whole `Debug` text is `message`.
fn is_same(debug: DebugText<'_>, message: &str) -> bool {
    let differs = |text: &str| (!message.starts_with(text)).then_some(text.len());
    debug.start(&differs) == message
}

/// Forms of the `Debug` text of an `io::Error`: the text before and behind its kind.
const IO_FORMS: [(&str, &str); 4] = [
    ("Os { code: ", ", message: "),
    ("Custom { kind: ", ", error: "),
    ("Error { kind: ", ", message: "),
    ("Kind(", ")"),
];

/// Returns the length of a text that suffices to decide whether it is that of an `io::Error`, or of
/// a wrapper of one; `None` while more is needed.
fn io_end(text: &str) -> Option<usize> {
    let inner = io_text(text);
    let may_go_on = text.chars().all(is_word)
        || IO_FORMS
            .iter()
            .any(|(before, _)| before.starts_with(inner) || inner.starts_with(before));
    (io_kind(text).is_some() || !may_go_on).then_some(text.len())
}

/// Returns the text without the name of a wrapper.
fn io_text(text: &str) -> &str {
    match text.split_once('(') {
        Some((name, inner)) if name != "Kind" && name.chars().all(is_word) => inner,
        _ => text,
    }
}

/// Returns the kind in the `Debug` text of an `io::Error`.
fn io_kind(text: &str) -> Option<&str> {
    let text = io_text(text);
    IO_FORMS.iter().find_map(|(before, behind)| {
        let mut rest = text.strip_prefix(before)?;
        if let Some((code, behind_code)) = rest.split_once(", kind: ")
            && code.parse::<i32>().is_ok()
        {
            rest = behind_code;
        }
        let (kind, rest) = rest.split_at(rest.find(|c| !is_word(c))?);
        (!kind.is_empty() && rest.starts_with(behind)).then_some(kind)
    })
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::io::{Error, ErrorKind};

    use super::ErrorDistinction;
    use crate::mask::{EventTaint, Masking};
    use crate::snapshot::debug::{self, DebugHead, DebugText, RenderLimits};

    fn read(debug: &dyn fmt::Debug, type_name: &str, message: &str) -> (String, String, bool) {
        let read = |text| ErrorDistinction::default().read(text, type_name, message);
        let (mut head, mut taint) = (DebugHead::default(), EventTaint::default());
        let (limits, masking) = (RenderLimits::default(), Masking::default());
        debug::render_error(debug, &limits, &masking, &mut taint, &mut String::new(), &mut head);
        let known = read(DebugText::Read(&head));
        let ErrorDistinction { variant, io_kind, by_text } = read(DebugText::Unread(debug));
        assert_eq!(
            (&known.variant, &known.io_kind, known.by_text),
            (&variant, &io_kind, by_text),
            "a text that was rendered says the same"
        );
        let io_kind = if variant == io_kind { String::new() } else { io_kind };
        (variant, io_kind, by_text)
    }

    fn variant(debug: &str, type_name: &str) -> String {
        read(&format_args!("{debug}"), type_name, "").0
    }

    #[test]
    fn a_variant_is_the_start_of_a_derived_debug_that_is_not_the_name_of_the_type() {
        assert_eq!(variant("Negative { amount: -3 }", "shop::OrderError"), "Negative");
        assert_eq!(variant("Negative { .. }", "shop::OrderError"), "Negative");
        assert_eq!(variant("Gone", "shop::OrderError"), "Gone");
        assert_eq!(variant("Custom(\"x\")", "shop::Error<T>"), "Custom");
        for (debug, type_name) in [
            ("ParseIntError { kind: InvalidDigit }", "core::num::error::ParseIntError"),
            ("No such file", "x::E"),
            ("Timeout: 5 s", "x::E"),
            ("Timeout (5 s)", "x::E"),
            ("Timeout { after 5 s }", "x::E"),
            ("Timeout { : }", "x::E"),
            ("Timeout.", "x::E"),
            ("timeout", "x::E"),
            ("\"text\"", "alloc::string::String"),
            ("Reading", "anyhow::Error"),
            ("Reading", "alloc::boxed::Box<dyn core::error::Error>"),
            ("", "x::E"),
        ] {
            assert_eq!(variant(debug, type_name), "", "{debug} of {type_name}");
        }
        assert_eq!(variant(&"A".repeat(200), "x::E"), "");
    }

    #[test]
    fn a_debug_that_equals_the_display_is_distinguished_by_its_text() {
        assert_eq!(read(&format_args!("E17"), "x::E", "E17"), (String::new(), String::new(), true));
        assert!(read(&format_args!("E(17, 3)"), "x::Other", "E(17, 3)").2);
        assert_eq!(
            read(&format_args!("Gone"), "x::E", "it is gone"),
            ("Gone".into(), String::new(), false)
        );
        assert_eq!(
            read(&format_args!("Gone(17)"), "x::E", "Gone(18)"),
            ("Gone".into(), String::new(), false)
        );
    }

    #[test]
    fn an_io_error_is_distinguished_by_its_kind_for_all_ways_to_create_it() {
        #[derive(Debug)]
        enum Wrong {
            Io(#[allow(dead_code, reason = "shown")] Error),
            Other(#[allow(dead_code, reason = "shown")] u8),
        }
        let io = "std::io::error::Error";
        let not_found = || {
            [
                Error::from_raw_os_error(2),
                Error::new(ErrorKind::NotFound, "gone"),
                Error::from(ErrorKind::NotFound),
            ]
        };
        for error in not_found() {
            for type_name in [io, "anyhow::Error", "alloc::boxed::Box<dyn core::error::Error>"] {
                assert_eq!(read(&error, type_name, "").0, "NotFound", "{error:?} {type_name}");
            }
            let wrong = Wrong::Io(error);
            assert_eq!(read(&wrong, "x::Wrong", ""), ("Io".into(), "NotFound".into(), false));
        }
        let parsed = "x".parse::<u8>().unwrap_err();
        assert_eq!(read(&Error::new(ErrorKind::InvalidData, parsed), io, "").0, "InvalidData");
        // One with a text of its own that takes no memory.
        let simple = std::io::Read::read_exact(&mut &b""[..], &mut [0]).unwrap_err();
        assert_eq!(read(&simple, io, "").0, "UnexpectedEof");
        assert_eq!(read(&Wrong::Other(7), "x::Wrong", ""), ("Other".into(), String::new(), false));
        assert_eq!(variant("Custom { kind: 3 }", "x::E"), "Custom");
        assert_eq!(variant("Kind(7)", "x::E"), "Kind");
    }
}
