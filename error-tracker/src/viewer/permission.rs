/// Decides who may look at the pages and change issues. Closures implement it.
///
/// A viewer without a permission shows nothing to anybody.
///
/// ```
/// # use error_tracker::viewer::ViewPermission;
/// # fn takes(_: impl ViewPermission) {}
/// takes(|request: &http::Request<()>| {
///     request.headers().get("x-staff").is_some_and(|value| value == "yes")
/// });
/// ```
pub trait ViewPermission: Send + Sync + 'static {
    /// Whether this request may go on; else it is answered with 401. A panic denies.
    ///
    /// The request has its headers and extensions, so what a session layer put there can be read.
    fn may_view(&self, request: &http::Request<()>) -> bool;
}

impl<F: Fn(&http::Request<()>) -> bool + Send + Sync + 'static> ViewPermission for F {
    fn may_view(&self, request: &http::Request<()>) -> bool {
        self(request)
    }
}
