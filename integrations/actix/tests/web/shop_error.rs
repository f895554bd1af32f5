//! The error type of an application, written as in the examples of actix.

use std::num::ParseIntError;

use actix_web::ResponseError;
use actix_web::http::StatusCode;
use thiserror::Error;

#[derive(Debug, Error)]
pub(crate) enum ShopError {
    #[error("{0} is out of stock")]
    OutOfStock(String),
    #[error("there is no {0}")]
    NotFound(String),
    #[error("the number of pieces {text:?} is wrong")]
    Pieces { text: String, source: ParseIntError },
}

impl ResponseError for ShopError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
