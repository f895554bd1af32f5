//! The login, and the permission for the pages of error-tracker.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::session::{self, Login};
use crate::shop::Shop;

pub(crate) async fn login(State(shop): State<Shop>, Form(login): Form<Login>) -> Response {
    match login.begin(&shop) {
        Some(cookie) => {
            ([(header::SET_COOKIE, cookie)], Redirect::to("/dev/error/")).into_response()
        }
        None => (StatusCode::UNAUTHORIZED, "Wrong user or password.").into_response(),
    }
}

pub(crate) fn is_staff(shop: &Shop, headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    session::is_staff(shop, lines)
}
