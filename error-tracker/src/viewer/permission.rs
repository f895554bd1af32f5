use super::ViewerRequest;

/// Decides who may look at the pages and change issues. Closures implement it.
///
/// A viewer without a permission shows nothing to anybody.
///
/// ```
/// # use error_tracker::viewer::{ViewerRequest, ViewPermission};
/// # fn takes(_: impl ViewPermission) {}
/// takes(|request: &ViewerRequest| request.header("x-staff") == Some("yes"));
/// ```
pub trait ViewPermission: Send + Sync + 'static {
    /// Returns whether this request may go on; else it is answered with 401. A panic denies.
    ///
    /// What only a session layer knows is not in the request: there, ask the session first, and call
    /// [`Viewer::handle`](super::Viewer::handle) for those who may look.
    fn may_view(&self, request: &ViewerRequest) -> bool;
}

impl<F: Fn(&ViewerRequest) -> bool + Send + Sync + 'static> ViewPermission for F {
    fn may_view(&self, request: &ViewerRequest) -> bool {
        self(request)
    }
}
