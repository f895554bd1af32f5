use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

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
    /// The text that stands in place of the value called `name`; `None` when this rule does not mask it.
    ///
    /// It runs on the failing thread, once for each variable, field and key: keep it short. A rule that
    /// panics masks the value.
    fn mask(&self, name: &str) -> Option<Cow<'static, str>>;
}

impl<F: Fn(&str) -> Option<Cow<'static, str>> + Send + Sync> MaskRule for F {
    fn mask(&self, name: &str) -> Option<Cow<'static, str>> {
        self(name)
    }
}

/// What `rule` says of `name`; `Err` when it panicked.
pub(super) fn ask(rule: &dyn MaskRule, name: &str) -> Result<Option<Cow<'static, str>>, ()> {
    let _rendering = Rendering::start();
    catch_unwind(AssertUnwindSafe(|| rule.mask(name))).map_err(drop_quietly)
}

/// Drops a panic's payload, whose own `Drop` may panic.
pub(crate) fn drop_quietly(payload: Box<dyn std::any::Any + Send>) {
    let _rendering = Rendering::start();
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// While one lives, this thread runs the user's `Debug` or `MaskRule` code on the tracker's behalf:
/// guards record nothing and the panic hook keeps quiet.
#[must_use]
pub(crate) struct Rendering(());

impl Rendering {
    /// Sets the flag until the value is dropped; they nest.
    pub(crate) fn start() -> Self {
        // A thread that is ending has no thread-locals any more and no guards that would read this.
        let _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_add(1)));
        Self(())
    }
}

impl Drop for Rendering {
    fn drop(&mut self) {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

/// Whether this thread is inside user code that the tracker itself called, or takes a variable.
pub(crate) fn rendering() -> bool {
    DEPTH.try_with(|depth| depth.get() > 0).unwrap_or(false)
}
