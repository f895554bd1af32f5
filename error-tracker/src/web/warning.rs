//! Writes warnings of integrations.

/// Writes `error-tracker: ` and the message to standard error, as one line. Integrations use it to
/// warn of a middleware in the wrong place. Unlike [`eprintln!`] it neither blocks nor panics: if
/// standard error cannot take the line at once, the line is discarded.
pub fn warn(message: &str) {
    crate::warning::warn(format_args!("{message}"));
}
