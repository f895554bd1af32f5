//! Login sessions, which give access to the pages of error-tracker.

use serde::Deserialize;

use crate::shop::Shop;

const COOKIE: &str = "shop_session";
/// The only user who can log in.
pub(crate) const USER: &str = "staff";

#[derive(Deserialize)]
pub(crate) struct Login {
    user: String,
    password: String,
}

impl Login {
    /// Begins a session, and returns the value of the header `set-cookie`. Returns `None` if the
    /// user or the password is wrong.
    pub(crate) fn begin(&self, shop: &Shop) -> Option<String> {
        if (self.user.as_str(), self.password.as_str()) != (USER, "kettle") {
            return None;
        }
        error_tracker::configure_scope(|scope| scope.set_user([("id", &self.user)]));
        Some(format!("{COOKIE}={}; HttpOnly; SameSite=Lax; Path=/", shop.begin_session()))
    }
}

/// Returns whether one of the `cookie` headers of a request contains a valid session.
pub(crate) fn is_staff<'a>(shop: &Shop, lines: impl Iterator<Item = &'a str>) -> bool {
    let mut cookies =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    cookies.any(|(name, value)| name == COOKIE && shop.has_session(value))
}
