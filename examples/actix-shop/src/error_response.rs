//! How an error is answered.

use actix_web::ResponseError;
use actix_web::http::StatusCode;

use crate::shop_error::ShopError;

/// actix keeps the error with the response, where the middleware of error-tracker finds it.
impl ResponseError for ShopError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoOrder(_) => StatusCode::NOT_FOUND,
            Self::Payment { .. } => StatusCode::BAD_GATEWAY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
