//! The login, and the permission for the pages of error-tracker.

use actix_web::http::header;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};

use crate::session::{self, Login};
use crate::shop::Shop;

pub(crate) async fn login(shop: Data<Shop>, login: Form<Login>) -> HttpResponse {
    match login.begin(&shop) {
        Some(cookie) => HttpResponse::SeeOther()
            .insert_header((header::SET_COOKIE, cookie))
            .insert_header((header::LOCATION, "/dev/error/"))
            .finish(),
        None => HttpResponse::Unauthorized().body("Wrong user or password."),
    }
}

pub(crate) fn is_staff(shop: &Shop, request: &HttpRequest) -> bool {
    let lines = request.headers().get_all(header::COOKIE);
    session::is_staff(shop, lines.filter_map(|line| line.to_str().ok()))
}
