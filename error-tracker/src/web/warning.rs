//! Warnings of integrations.

/// Writes a line to standard error, after `error-tracker: `, about a middleware at a wrong place.
/// Unlike [`eprintln!`] it neither waits nor panics: a standard error that takes nothing gets
/// nothing.
pub fn warn(message: &str) {
    crate::warning::warn(format_args!("{message}"));
}
