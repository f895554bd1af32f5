//! The texts that are searched: the fields of an issue in folded case, one after the other, so that
//! letters of all scripts are found in either case whatever the database's locale is.

use error_tracker::event::Issue;
use error_tracker::store::rules::fold_case;

/// Stands between the fields, and in no field.
pub(crate) const SEPARATOR: char = '\u{1f}';

/// The fields of [`failure_text`] and [`request_text`], as `split_part` counts them.
pub(crate) const TYPE_FIELD: u8 = 1;
pub(crate) const FUNCTION_FIELD: u8 = 3;
pub(crate) const HOST_FIELD: u8 = 1;
pub(crate) const PATH_FIELD: u8 = 2;

/// Returns what a search for a text reads: type, message, function and file.
pub(crate) fn failure_text(issue: &Issue) -> String {
    joined(&[&issue.type_name, &issue.message, &issue.function, &issue.file])
}

/// Returns the host and the path.
pub(crate) fn request_text(issue: &Issue) -> String {
    joined(&[&issue.host, &issue.path])
}

/// Returns the pattern of `LIKE` that finds a part of these texts.
pub(crate) fn pattern(needle: &str) -> String {
    let mut pattern = String::from("%");
    for c in folded(needle).chars() {
        if matches!(c, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn joined(fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| folded(field)).collect();
    fields.join(SEPARATOR.encode_utf8(&mut [0; 4]))
}

fn folded(text: &str) -> String {
    fold_case(&crate::convert::text(text).replace(SEPARATOR, " "))
}
