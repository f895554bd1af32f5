//! Converts errors to responses.

use actix_web::ResponseError;
use actix_web::http::StatusCode;

use crate::shop_error::ShopError;

/// actix stores the error in the response, from which the middleware of error-tracker reads it.
impl ResponseError for ShopError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoOrder(_) => StatusCode::NOT_FOUND,
            Self::Payment { .. } => StatusCode::BAD_GATEWAY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
