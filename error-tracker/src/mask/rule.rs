use std::borrow::Cow;

use crate::user_code::catch_panic;

/// A rule of the program that masks values by their name, in addition to the lists or instead of
/// them.
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
    /// Returns the text that replaces the value called `name`; `None` if this rule does not mask
    /// it.
    ///
    /// Runs on the failing thread, once for each variable, field and key, so it should be fast. A
    /// rule that panics masks the value.
    fn mask(&self, name: &str) -> Option<Cow<'static, str>>;
}

impl<F: Fn(&str) -> Option<Cow<'static, str>> + Send + Sync> MaskRule for F {
    fn mask(&self, name: &str) -> Option<Cow<'static, str>> {
        self(name)
    }
}

/// Calls `rule` with `name`; returns `Err` if it panicked.
pub(super) fn ask(rule: &dyn MaskRule, name: &str) -> Result<Option<Cow<'static, str>>, ()> {
    catch_panic(|| rule.mask(name)).ok_or(())
}
