//! The current scope of each thread.

use std::cell::Cell;

use super::{CurrentWork, Scope};

thread_local! {
    static CURRENT: Cell<Scope> = const { Cell::new(Scope::new()) };
}

/// Makes `scope` the current one, and returns the former one. On a thread that is ending no scope
/// is current.
pub(super) fn swap(scope: Scope) -> Scope {
    CURRENT.try_with(|current| current.replace(scope)).unwrap_or_default()
}

/// Returns a copy of the current scope.
pub(super) fn current() -> Scope {
    let scope = swap(Scope::new());
    let copy = scope.clone();
    swap(scope);
    copy
}

/// Returns the piece of work that the current scope belongs to.
pub(crate) fn current_work() -> CurrentWork {
    let scope = swap(Scope::new());
    let work = CurrentWork::new(scope.work());
    swap(scope);
    work
}

/// Makes a scope the current one until it is dropped. Then the scope is back in its place, with the
/// changes made meanwhile.
pub(crate) struct EnteredScope<'a> {
    scope: &'a mut Scope,
}

impl<'a> EnteredScope<'a> {
    pub(crate) fn new(scope: &'a mut Scope) -> Self {
        *scope = swap(std::mem::take(scope));
        Self { scope }
    }
}

impl Drop for EnteredScope<'_> {
    fn drop(&mut self) {
        *self.scope = swap(std::mem::take(self.scope));
    }
}

/// Changes the current scope for what follows on this thread or in this task.
///
/// While `configure` runs, the current scope reads as empty.
///
/// ```
/// use error_tracker::scope::configure_scope;
///
/// configure_scope(|scope| {
///     scope.set_user([("id", 42)]);
///     scope.set_tag("tenant", "acme");
/// });
/// ```
pub fn configure_scope<R>(configure: impl FnOnce(&mut Scope) -> R) -> R {
    /// Restores the scope, also when `configure` panics.
    struct TakenScope(Scope);
    impl Drop for TakenScope {
        fn drop(&mut self) {
            swap(std::mem::take(&mut self.0));
        }
    }
    let mut taken = TakenScope(swap(Scope::new()));
    configure(&mut taken.0)
}

/// Runs `body` with a copy of the current scope that `configure` has changed, and returns its
/// value. Afterwards, also after a panic, the current scope is the former one.
///
/// ```
/// use error_tracker::scope::with_scope;
///
/// let total = with_scope(|scope| scope.set_extra("order", 1007), || 12 + 30);
/// assert_eq!(total, 42);
/// ```
pub fn with_scope<R>(configure: impl FnOnce(&mut Scope), body: impl FnOnce() -> R) -> R {
    let mut scope = current();
    configure(&mut scope);
    let _entered = EnteredScope::new(&mut scope);
    body()
}

/// Returns a closure that runs `body` with the scope that is current now, for example on another
/// thread.
///
/// ```
/// use error_tracker::scope::{Scope, propagate, configure_scope};
///
/// configure_scope(|scope| scope.set_tag("job", "import"));
/// let thread = std::thread::spawn(propagate(|| Scope::current().tag("job").map(str::to_owned)));
/// assert_eq!(thread.join().unwrap().as_deref(), Some("import"));
/// ```
pub fn propagate<R>(body: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let scope = current();
    move || scope.run(body)
}
