use std::borrow::Cow;

use crate::user_code::catch_panic;

/// An own rule for masking by name, beside or in place of the lists of names.
///
/// Closures implement it:
///
/// ```
/// use std::borrow::Cow;
/// use error_tracker::mask::Masking;
///
/// let masking = Masking::default().rule(|name: &str| name.starts_with("patient_").then_some(Cow::Borrowed("<patient>")));
/// assert_eq!(&*masking.name("patient_born").unwrap().text, "<patient>");
/// ```
pub trait MaskRule: Send + Sync {
    /// Returns the text that stands in place of the value called `name`; `None` when this rule does
    /// not mask it.
    ///
    /// It runs on the failing thread, once for each variable, field and key: keep it short. A rule
    /// that panics masks the value.
    fn mask(&self, name: &str) -> Option<Cow<'static, str>>;
}

impl<F: Fn(&str) -> Option<Cow<'static, str>> + Send + Sync> MaskRule for F {
    fn mask(&self, name: &str) -> Option<Cow<'static, str>> {
        self(name)
    }
}

/// Returns what `rule` says of `name`; `Err` when it panicked.
pub(super) fn ask(rule: &dyn MaskRule, name: &str) -> Result<Option<Cow<'static, str>>, ()> {
    catch_panic(|| rule.mask(name)).ok_or(())
}
