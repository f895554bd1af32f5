//! Who may see the pages of failures.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::shop::Shop;

const COOKIE: &str = "shop_session";

#[derive(Deserialize)]
pub(crate) struct Login {
    user: String,
    password: String,
}

pub(crate) async fn login(State(shop): State<Shop>, Form(login): Form<Login>) -> Response {
    if (login.user.as_str(), login.password.as_str()) != ("staff", "kettle") {
        return (StatusCode::UNAUTHORIZED, "Wrong user or password.").into_response();
    }
    error_tracker::configure_scope(|scope| scope.set_user([("id", &login.user)]));
    let cookie = format!("{COOKIE}={}; HttpOnly; SameSite=Lax; Path=/", shop.begin_session());
    ([(header::SET_COOKIE, cookie)], Redirect::to("/dev/error/")).into_response()
}

pub(crate) fn is_staff(shop: &Shop, headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut cookies =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    cookies.any(|(name, value)| name == COOKIE && shop.has_session(value))
}
