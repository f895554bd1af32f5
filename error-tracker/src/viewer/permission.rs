use super::ViewerRequest;

/// Decides who may view the pages and change issues. Closures implement it.
///
/// A viewer without a permission denies every request.
///
/// ```
/// # use error_tracker::viewer::{ViewerRequest, ViewPermission};
/// # fn takes(_: impl ViewPermission) {}
/// takes(|request: &ViewerRequest| request.header("x-staff") == Some("yes"));
/// ```
pub trait ViewPermission: Send + Sync + 'static {
    /// Returns whether the request is allowed; otherwise it is answered with 401. A panic denies
    /// it.
    ///
    /// If only a session layer knows the user, check the session first, and call
    /// [`Viewer::handle`](super::Viewer::handle) for users who may view the pages.
    fn may_view(&self, request: &ViewerRequest) -> bool;
}

impl<F: Fn(&ViewerRequest) -> bool + Send + Sync + 'static> ViewPermission for F {
    fn may_view(&self, request: &ViewerRequest) -> bool {
        self(request)
    }
}
